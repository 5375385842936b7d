#include "agent/lookout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/conditions.h"
#include "apply/inventory.h"
#include "diff/hash.h"
#include "diff/ignore.h"

#define GONE "" /* the digest of an object that does not exist */

/* One object of the app. */
struct watched {
	char *name;
	cJSON *wanted;    /* what of the manifest the digest depends on; NULL: nothing */
	uint64_t version; /* a hash of the resourceVersion that was judged last; 0: none was */
	char *judged;     /* the digest that was judged last; NULL: the inventory's */
	char *seen;       /* the digest that a watch told since, where it is another; NULL: none */
	bool heard;       /* the watch, as long as it runs, has told of it */
	bool kept;        /* by the pass over everything that runs */
};

/* Those of one resource in one namespace. The first `sorted` are, by name. */
struct area {
	const struct resource *resource;
	char *namespace;
	struct watched *items;
	size_t count, capacity, sorted;
};

struct lookout {
	struct lookout_options options;
	struct owned_follower *follower;
	struct area *areas;
	size_t area_count;
	size_t *places;  /* that were taken last */
	bool has_missed; /* a change, for lack of memory, since a pass has looked at all */
	struct conditions forbidden;
};

static void watched_release(struct watched *watched)
{
	free(watched->name);
	cJSON_Delete(watched->wanted);
	free(watched->judged);
	free(watched->seen);
}

static void area_release(struct area *area)
{
	for (size_t i = 0; i < area->count; i++)
		watched_release(&area->items[i]);
	free(area->items);
	free(area->namespace);
}

/* --- finding ---------------------------------------------------------------------------------- */

static bool is_area(const struct area *area, const struct resource *resource, const char *namespace)
{
	return strcmp(area->namespace, namespace) == 0 &&
	       (area->resource == resource ||
		(strcmp(area->resource->plural, resource->plural) == 0 &&
		 strcmp(area->resource->group, resource->group) == 0 &&
		 strcmp(area->resource->version, resource->version) == 0));
}

static struct area *find_area(const struct lookout *lookout, const struct resource *resource,
			      const char *namespace)
{
	for (size_t i = 0; i < lookout->area_count; i++)
		if (is_area(&lookout->areas[i], resource, namespace))
			return &lookout->areas[i];
	return NULL;
}

static int compare_name(const void *name, const void *item)
{
	return strcmp(name, ((const struct watched *)item)->name);
}

static int compare_watched(const void *a, const void *b)
{
	return strcmp(((const struct watched *)a)->name, ((const struct watched *)b)->name);
}

static struct watched *find_in(const struct area *area, const char *name)
{
	struct watched *found = area->sorted ? bsearch(name, area->items, area->sorted,
						       sizeof(*found), compare_name)
					     : NULL;

	for (size_t i = area->sorted; i < area->count && !found; i++)
		if (strcmp(area->items[i].name, name) == 0)
			found = &area->items[i];
	return found;
}

static struct watched *find(const struct lookout *lookout, const struct resource *resource,
			    const char *namespace, const char *name)
{
	const struct area *area = find_area(lookout, resource, namespace);

	return area ? find_in(area, name) : NULL;
}

/* --- adding ----------------------------------------------------------------------------------- */

static struct area *need_area(struct lookout *lookout, const struct resource *resource,
			      const char *namespace, struct err *err)
{
	struct area *area = find_area(lookout, resource, namespace);

	if (area)
		return area;
	struct area *areas =
		reallocarray(lookout->areas, lookout->area_count + 1, sizeof(*lookout->areas));
	char *copy = strdup(namespace);
	if (areas)
		lookout->areas = areas;
	if (!areas || !copy) {
		free(copy);
		err_no_memory(err);
		return NULL;
	}
	area = &lookout->areas[lookout->area_count++];
	*area = (struct area){.resource = resource, .namespace = copy};
	return area;
}

static struct watched *add(struct area *area, const char *name, struct err *err)
{
	if (area->count == area->capacity) {
		size_t capacity = area->capacity ? 2 * area->capacity : 8;
		struct watched *items = reallocarray(area->items, capacity, sizeof(*items));

		if (!items) {
			err_no_memory(err);
			return NULL;
		}
		area->items = items;
		area->capacity = capacity;
	}
	char *copy = strdup(name);
	if (!copy) {
		err_no_memory(err);
		return NULL;
	}
	struct watched *watched = &area->items[area->count++];
	*watched = (struct watched){.name = copy};
	/* As they mostly come in order, there is mostly nothing to sort. */
	if (area->sorted + 1 == area->count &&
	    (area->sorted == 0 || strcmp(watched[-1].name, name) < 0))
		area->sorted++;
	return watched;
}

static void sort(struct area *area)
{
	if (area->sorted == area->count)
		return;
	qsort(area->items, area->count, sizeof(*area->items), compare_watched);
	area->sorted = area->count;
}

/* The target's, made if it is new. NULL without *err: it cannot be followed. */
static struct watched *need(struct lookout *lookout, const struct target *target, struct err *err)
{
	*err = (struct err){0};
	if (!target->resource)
		return NULL;
	struct area *area = need_area(lookout, target->resource, target->ref.namespace, err);
	if (!area)
		return NULL;
	struct watched *watched = find_in(area, target->ref.name);
	return watched ? watched : add(area, target->ref.name, err);
}

/* --- digests ---------------------------------------------------------------------------------- */

/*
 * What inventory_digest_live reads of what is wanted: the annotation that names ignored fields, which
 * may lead through lists of the manifest, and replicas that are Git's to say.
 */
static int keep_wanted(struct watched *watched, const struct target *target, struct err *err)
{
	const cJSON *desired = target->manifest->desired;
	const cJSON *annotations = json_at(desired, "metadata.annotations");
	int64_t replicas;
	bool ignores = json_get(annotations, IGNORE_ANNOTATION);
	bool has_replicas = json_int(desired, "spec.replicas", &replicas);

	cJSON_Delete(STEAL(watched->wanted));
	if (!ignores && !has_replicas)
		return 0;
	watched->wanted = ignores ? json_copy(desired) : cJSON_CreateObject();
	if (!watched->wanted)
		return err_no_memory(err);
	if (target->autoscaler)
		json_remove(watched->wanted, "spec.replicas");
	else if (!ignores)
		return json_set_int(watched->wanted, "spec.replicas", replicas, err);
	return 0;
}

static int digest_of(const struct watched *watched, const struct resource *resource,
		     const cJSON *live, char **ret_digest, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *nothing = cJSON_CreateObject();
	/* Only the group and kind matter, and are not changed. */
	const struct ref ref = {.group = (char *)(uintptr_t)resource->group,
				.kind = (char *)(uintptr_t)resource->kind};

	if (!nothing)
		return err_no_memory(err);
	return inventory_digest_live(&ref, watched->wanted ? watched->wanted : nothing, live,
				     ret_digest, err);
}

/* Never 0. */
static uint64_t hash_version(const cJSON *object)
{
	const char *version = json_str(object, "metadata.resourceVersion");
	uint64_t hash = hash_bytes(HASH_SEED, version, version ? strlen(version) : 0);

	return hash ? hash : 1;
}

static struct ref ref_of_watched(const struct area *area, const struct watched *watched)
{
	return ref_view(area->resource->group, area->resource->version, area->resource->kind,
			area->namespace, watched->name);
}

/* The digest that was judged last; NULL where none was. */
static const char *judged_of(const struct lookout *lookout, const struct area *area,
			     const struct watched *watched)
{
	if (watched->judged || !watched->version)
		return watched->judged;
	const struct ref ref = ref_of_watched(area, watched);
	const struct inventory_entry *entry =
		inventory_find(&lookout->options.app->inventory, &ref);
	return entry ? entry->live : NULL;
}

static bool is_suspect(const struct lookout *lookout, const struct area *area,
		       const struct watched *watched)
{
	const char *judged = watched->seen ? judged_of(lookout, area, watched) : NULL;

	return watched->seen && (!judged || strcmp(judged, watched->seen) != 0);
}

/* --- what the watches tell -------------------------------------------------------------------- */

static bool wants(void *ctx, const struct resource *resource, const char *namespace,
		  const char *name)
{
	return find(ctx, resource, namespace, name);
}

static void see(struct lookout *lookout, const struct area *area, struct watched *watched,
		char *take_digest)
{
	free(watched->seen);
	watched->seen = take_digest;
	if (is_suspect(lookout, area, watched))
		lookout->options.on_suspect(lookout->options.context);
}

static void on_change(void *ctx, const struct resource *resource, const char *namespace,
		      const char *name, const cJSON *object)
{
	struct lookout *lookout = ctx;
	const struct area *area = find_area(lookout, resource, namespace);
	struct watched *watched = area ? find_in(area, name) : NULL;
	char *digest = NULL;
	struct err ignored;

	if (!watched)
		return;
	watched->heard = object;
	if (object && hash_version(object) == watched->version) {
		free(STEAL(watched->seen));
		return;
	}
	if (!object)
		digest = strdup(GONE);
	else if (digest_of(watched, resource, object, &digest, &ignored) < 0)
		digest = NULL;
	if (!digest)
		lookout->has_missed = true; /* the interval's pass looks at it */
	else
		see(lookout, area, watched, digest);
}

static void on_listed(void *ctx, const struct resource *resource, const char *namespace,
		      bool begins)
{
	struct lookout *lookout = ctx;

	for (size_t i = 0; i < lookout->area_count; i++) {
		const struct area *area = &lookout->areas[i];

		if (!is_area(area, resource, *namespace ? namespace : area->namespace))
			continue;
		for (size_t k = 0; k < area->count; k++) {
			struct watched *watched = &area->items[k];
			char *digest;

			if (begins)
				watched->heard = false;
			else if (!watched->heard && (digest = strdup(GONE)))
				see(lookout, area, watched, digest);
			else
				lookout->has_missed |= !watched->heard;
		}
	}
}

static void on_forbidden(void *ctx, const struct resource *resource, const char *namespace,
			 const struct err *err)
{
	struct lookout *lookout = ctx;
	CLEANUP(buf_release) struct buf key = BUF_INIT(1024);
	bool is_new = true;
	struct err ignored;

	buf_printf(&key, "%s/%s %s", resource->group, resource->plural, namespace);
	(void)conditions_hold(&lookout->forbidden, buf_str(&key), "", &is_new, &ignored);
	if (is_new)
		lookout->options.on_forbidden(lookout->options.context, err->message);
}

/* --- passes ----------------------------------------------------------------------------------- */

int lookout_resolved(struct lookout *lookout, const struct targets *targets, bool all,
		     struct err *err)
{
	if (all)
		lookout->has_missed = false;
	for (size_t i = 0; all && i < lookout->area_count; i++)
		for (size_t k = 0; k < lookout->areas[i].count; k++)
			lookout->areas[i].items[k].kept = false;
	for (size_t i = 0; i < targets->count; i++) {
		struct watched *watched = need(lookout, &targets->items[i], err);

		if (!watched && err->class != ERR_NONE)
			return -1;
		if (!watched)
			continue;
		watched->kept = true;
		free(STEAL(watched->seen)); /* what is read now is newer */
	}
	for (size_t i = 0; i < lookout->area_count; i++)
		sort(&lookout->areas[i]);
	return 0;
}

static int settle(struct lookout *lookout, const struct target *target, bool as_recorded,
		  struct err *err)
{
	const cJSON *live = target->written ? target->written : target->live;
	struct watched *watched = need(lookout, target, err);

	if (!watched)
		return err->class == ERR_NONE ? 0 : -1;
	watched->kept = true;
	if (keep_wanted(watched, target, err) < 0)
		return -1;
	if (!live && !target->live_known) {
		/* It could not be read: told, and tried again, without a watch's help. */
		if (watched->seen) {
			free(watched->judged);
			watched->judged = STEAL(watched->seen);
		}
		return 0;
	}
	free(STEAL(watched->judged));
	watched->version = live ? hash_version(live) : 1;
	if (!live && !(watched->judged = strdup(GONE)))
		return err_no_memory(err);
	return as_recorded || !live
		       ? 0
		       : digest_of(watched, target->resource, live, &watched->judged, err);
}

int lookout_settled(struct lookout *lookout, const struct target *target, bool as_recorded,
		    struct err *err)
{
	int result = settle(lookout, target, as_recorded, err);

	lookout->has_missed |= result < 0;
	return result;
}

/* Those that the pass has not seen have left Git. */
static void forget_others(struct area *area)
{
	size_t kept = 0;

	for (size_t i = 0; i < area->count; i++) {
		if (area->items[i].kept)
			area->items[kept++] = area->items[i];
		else
			watched_release(&area->items[i]);
	}
	area->count = area->sorted = kept;
}

int lookout_follow(struct lookout *lookout, struct err *err)
{
	CLEANUP(free_p) struct owned_area *areas = calloc(lookout->area_count + 1, sizeof(*areas));
	size_t kept = 0;

	if (!areas)
		return err_no_memory(err);
	for (size_t i = 0; i < lookout->area_count; i++) {
		struct area *area = &lookout->areas[i];

		sort(area);
		forget_others(area);
		if (area->count)
			lookout->areas[kept++] = *area;
		else
			area_release(area);
	}
	lookout->area_count = kept;
	for (size_t i = 0; i < kept; i++) {
		const struct area *area = &lookout->areas[i];

		areas[i] = (struct owned_area){
			.resource = area->resource,
			.namespace = area->namespace,
			.count = area->count,
			.single = area->count == 1 ? area->items[0].name : NULL,
		};
	}
	return owned_set_areas(lookout->follower, areas, kept, err);
}

static size_t count_all(const struct lookout *lookout)
{
	size_t count = 0;

	for (size_t i = 0; i < lookout->area_count; i++)
		count += lookout->areas[i].count;
	return count;
}

static bool is_ref(const struct area *area, const struct watched *watched, const struct ref *ref)
{
	return ref && strcmp(watched->name, ref->name) == 0 &&
	       strcmp(area->namespace, ref->namespace) == 0 &&
	       ref_is(ref, area->resource->group, area->resource->kind);
}

/* The place of its manifest; false: it is not in Git any more. */
static bool find_manifest(const struct lookout *lookout, const struct area *area,
			  const struct watched *watched, size_t *ret_place)
{
	const struct app *app = lookout->options.app;
	struct ref ref = ref_of_watched(area, watched);
	const struct manifest *manifest =
		manifest_set_find(&app->fetched.manifests, &ref, app->namespace);

	/* What is known of the scope of a kind is the cluster's word; the set goes by what is written. */
	if (!manifest && !*ref.namespace) {
		ref.namespace = app->namespace;
		manifest = manifest_set_find(&app->fetched.manifests, &ref, app->namespace);
	}
	if (manifest)
		*ret_place = (size_t)(manifest - app->fetched.manifests.items);
	return manifest;
}

int lookout_take(struct lookout *lookout, const struct ref *also, const size_t **ret_places,
		 size_t *ret_count, struct err *err)
{
	size_t *places = calloc(count_all(lookout) + 1, sizeof(*places));
	size_t count = 0;

	if (!places)
		return err_no_memory(err);
	free(lookout->places);
	lookout->places = places;
	for (size_t i = 0; i < lookout->area_count; i++) {
		const struct area *area = &lookout->areas[i];

		for (size_t k = 0; k < area->count; k++) {
			struct watched *watched = &area->items[k];
			size_t place;

			if (!(is_suspect(lookout, area, watched) || is_ref(area, watched, also)) ||
			    !find_manifest(lookout, area, watched, &place))
				continue;
			places[count++] = place;
			free(STEAL(watched->seen)); /* what is read now is newer */
		}
	}
	*ret_places = places;
	*ret_count = count;
	return 0;
}

bool lookout_vouches(const struct lookout *lookout, size_t count)
{
	size_t judged = 0;

	for (size_t i = 0; i < lookout->area_count; i++)
		for (size_t k = 0; k < lookout->areas[i].count; k++)
			judged += lookout->areas[i].items[k].version != 0;
	return judged == count && judged == count_all(lookout) && !lookout->has_missed &&
	       owned_flows(lookout->follower);
}

/* --- beginning and end ------------------------------------------------------------------------ */

int lookout_new(const struct lookout_options *options, struct lookout **ret_lookout,
		struct err *err)
{
	struct lookout *lookout = calloc(1, sizeof(*lookout));
	const struct owned_options follow = {
		.wants = wants,
		.on_change = on_change,
		.on_listed = on_listed,
		.on_forbidden = on_forbidden,
		.ctx = lookout,
	};

	if (!lookout)
		return err_no_memory(err);
	lookout->options = *options;
	lookout->follower = owned_follow(options->owned, &follow, err);
	if (!lookout->follower) {
		lookout_free(lookout);
		return -1;
	}
	*ret_lookout = lookout;
	return 0;
}

void lookout_free(struct lookout *lookout)
{
	if (!lookout)
		return;
	owned_leave(lookout->follower);
	for (size_t i = 0; i < lookout->area_count; i++)
		area_release(&lookout->areas[i]);
	free(lookout->areas);
	free(lookout->places);
	conditions_release(&lookout->forbidden);
	free(lookout);
}

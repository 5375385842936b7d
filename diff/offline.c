#include "diff/offline.h"

#include <stdlib.h>
#include <string.h>

#include "diff/autoscaler.h"
#include "diff/notes.h"
#include "diff/offline_rollout.h"
#include "diff/prediction.h"
#include "diff/schema.h"

#define LEFT_GIT "a sync with --prune deletes it; without, it stays in the cluster"

/* A live object with its namespace filled in; everything is borrowed. */
struct entry {
	struct ref ref;
	const cJSON *object;
	const struct manifest *manifest;
	bool is_own; /* of an earlier revision: it can leave Git */
	bool is_met; /* a manifest is of the same object */
};

struct index {
	struct entry *entries; /* sorted by ref */
	size_t count;
	const struct offline_options *options;
	struct autoscaler_set autoscalers; /* of the manifests */
};

static int by_ref(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return ref_compare(&left->ref, &right->ref);
}

static bool is_known(const struct ref *ref)
{
	return schema_kind(ref->group, ref->version, ref->kind);
}

/* The ref in the namespace; a view that owns nothing. */
static struct ref place_in(const struct ref *ref, const char *namespace)
{
	struct ref placed = *ref;

	placed.namespace = (char *)(uintptr_t) namespace;
	return placed;
}

static int index_init(struct index *index, const struct manifest_set *live,
		      const struct offline_options *options, struct err *err)
{
	const char *default_namespace = options->default_namespace;

	index->options = options;
	index->entries = calloc(live->count + 1, sizeof(*index->entries));
	if (!index->entries)
		return err_no_memory(err);
	for (size_t i = 0; i < live->count; i++) {
		const struct ref *ref = &live->items[i].ref;
		const char *namespace =
			is_known(ref) ? manifest_namespace(ref, default_namespace) : ref->namespace;

		index->entries[index->count++] = (struct entry){.ref = place_in(ref, namespace),
								.object = live->items[i].desired,
								.manifest = &live->items[i],
								.is_own = i < options->base_count};
	}
	qsort(index->entries, index->count, sizeof(*index->entries), by_ref);
	return 0;
}

static void index_release(struct index *index)
{
	autoscaler_set_release(&index->autoscalers);
	free(index->entries);
	autoscaler_set_release(&index->autoscalers);
}

static struct entry *find(const struct index *index, const struct ref *ref)
{
	const struct entry wanted = {.ref = *ref};

	return bsearch(&wanted, index->entries, index->count, sizeof(wanted), by_ref);
}

/* The objects of a kind in a namespace; the caller frees *ret_objects. */
static int collect(const struct index *index, const char *namespace, const char *group,
		   const char *kind, const cJSON ***ret_objects, size_t *ret_count, struct err *err)
{
	const cJSON **objects = calloc(index->count + 1, sizeof(*objects));
	size_t count = 0;

	if (!objects)
		return err_no_memory(err);
	for (size_t i = 0; i < index->count; i++) {
		const struct ref *ref = &index->entries[i].ref;

		if (ref_is(ref, group, kind) && strcmp(ref->namespace, namespace) == 0)
			objects[count++] = index->entries[i].object;
	}
	*ret_objects = objects;
	*ret_count = count;
	return 0;
}

/* --- autoscalers ----------------------------------------------------------------------------- */

/* The name of the one that scales the object: of the commit, else of the live ones. */
static const char *find_autoscaler(const struct index *index, const struct ref *ref)
{
	const char *brought = autoscaler_set_find(&index->autoscalers, ref);

	if (brought)
		return brought;
	for (size_t i = 0; i < index->count; i++) {
		const struct ref *its = &index->entries[i].ref;

		if (ref_is(its, AUTOSCALER_GROUP, AUTOSCALER_KIND) &&
		    !strcmp(its->namespace, ref->namespace) &&
		    autoscaler_scales(index->entries[i].object, ref) &&
		    !autoscaler_set_has(&index->autoscalers, its->namespace, its->name))
			return its->name;
	}
	return NULL;
}

/* What is wanted where an autoscaler decides the replicas, noted on the item; NULL: the manifest's. */
static int yield_replicas(const struct index *index, const struct manifest *manifest,
			  const cJSON *live, struct plan_item *item, cJSON **ret_wanted,
			  struct err *err)
{
	const char *autoscaler;

	if (!autoscaler_matters(manifest->desired, live) ||
	    !(autoscaler = find_autoscaler(index, &item->ref)))
		return 0;
	if (autoscaler_note(item, autoscaler, manifest->desired, live, err) < 0)
		return -1;
	return autoscaler_yield(manifest->desired, ret_wanted, err);
}

/* --- items ----------------------------------------------------------------------------------- */

static int refuse_version(const struct ref *live, const struct ref *desired, struct err *err)
{
	CLEANUP(buf_release) struct buf is = BUF_INIT(1024);
	CLEANUP(buf_release) struct buf wanted = BUF_INIT(1024);

	ref_print_api_version(live, &is);
	ref_print_api_version(desired, &wanted);
	return err_set(err, ERR_UNSUPPORTED,
		       "the live object is in %s, the manifest in %s, and only a server converts "
		       "them; ask kubectl for that version",
		       buf_str(&is), buf_str(&wanted));
}

/* What was saved from a cluster holds more than a manifest can say. */
static int compare(const struct index *index, struct plan_item *item, struct err *err)
{
	return index->options->has_base
		       ? compare_objects(item->from, item->to, &item->changes, err)
		       : prediction_compare(item->to, item->from, &item->changes, err);
}

static int foretell(const struct index *index, const struct manifest *manifest, const cJSON *live,
		    const cJSON *expected, struct plan_item *item, struct err *err)
{
	CLEANUP(free_p) const cJSON **pods = NULL;
	CLEANUP(free_p) const cJSON **revisions = NULL;
	const char *namespace = item->ref.namespace;
	struct offline_rollout rollout = {
		.manifest = manifest->desired,
		.live = live,
		.expected = expected,
		.has_base = index->options->has_base,
		.says_replicas = json_at(manifest->desired, "spec.replicas") != NULL,
		.now_ms = index->options->now_ms,
	};

	if (collect(index, namespace, "", "Pod", &pods, &rollout.pod_count, err) < 0 ||
	    collect(index, namespace, "apps", "ControllerRevision", &revisions,
		    &rollout.revision_count, err) < 0)
		return -1;
	rollout.pods = pods;
	rollout.revisions = revisions;
	return offline_rollout_foretell(&rollout, item, err);
}

/* Compares one manifest with its live object (NULL: there is none). */
static int decide(const struct index *index, const struct manifest *manifest,
		  const struct entry *entry, struct plan_item *item, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *wanted = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *expected = NULL;
	const cJSON *live = entry ? entry->object : NULL;
	const char *namespace = *item->ref.namespace ? item->ref.namespace : NULL;

	item->client_side = !index->options->has_base;
	if (entry && strcmp(entry->ref.version, manifest->ref.version) != 0)
		return refuse_version(&entry->ref, &manifest->ref, err);
	if (yield_replicas(index, manifest, live, item, &wanted, err) < 0 ||
	    prediction_build(wanted ? wanted : manifest->desired, live, namespace, &expected, err) <
		    0)
		return -1;
	item->to = object_normalised(expected);
	item->from = live ? object_normalised(live) : NULL;
	if (!item->to || (live && !item->from))
		return err_no_memory(err);
	if (live && namespace && json_set_str(item->from, "metadata.namespace", namespace, err) < 0)
		return -1;
	if (live && compare(index, item, err) < 0)
		return -1;
	item->action = plan_decide(live != NULL, item->changes.count > 0, NULL, NULL, NULL, false);
	if (notes_ignored(item, manifest->desired, live, err) < 0)
		return -1;
	if (item->action == PLAN_IN_SYNC || !ref_is(&item->ref, "apps", "StatefulSet"))
		return 0;
	return foretell(index, manifest, live, expected, item, err);
}

/*
 * The live object of a manifest and the ref it goes by. An instance of a kind that is not known may
 * be cluster-scoped: then the live one has no namespace.
 */
static struct entry *find_live(const struct index *index, const struct ref *written,
			       struct ref *ret_ref)
{
	const char *namespace = manifest_namespace(written, index->options->default_namespace);
	struct entry *entry;

	*ret_ref = place_in(written, namespace);
	entry = find(index, ret_ref);
	if (entry || is_known(written) || *written->namespace)
		return entry;
	const struct ref cluster_scoped = place_in(written, "");
	entry = find(index, &cluster_scoped);
	if (entry)
		*ret_ref = cluster_scoped;
	return entry;
}

static int add_item(const struct index *index, const struct manifest *manifest, struct plan *plan,
		    struct err *err)
{
	struct plan_item *item = plan_add(plan);
	struct ref ref;
	struct entry *entry = find_live(index, &manifest->ref, &ref);

	if (entry)
		entry->is_met = true;
	if (!item || !(item->file = strdup(manifest->file)))
		return err_no_memory(err);
	item->mark = manifest->mark;
	if (ref_copy(&ref, &item->ref, err) < 0)
		return -1;
	if (decide(index, manifest, entry, item, &item->error) == 0)
		return 0;
	item->action = PLAN_FAILED;
	if (item->error.class != ERR_NO_MEMORY)
		return 0;
	*err = item->error;
	return -1;
}

/* An object of the earlier revision that no manifest is of. */
static int add_left(const struct entry *entry, struct plan *plan, struct err *err)
{
	struct plan_item *item = plan_add(plan);

	if (!item || !(item->file = strdup(entry->manifest->file)))
		return err_no_memory(err);
	item->action = PLAN_ORPHAN;
	item->mark = entry->manifest->mark;
	item->from = object_normalised(entry->object);
	if (!item->from)
		return err_no_memory(err);
	if (ref_copy(&entry->ref, &item->ref, err) < 0)
		return -1;
	return plan_item_note(item, err, "%s", LEFT_GIT);
}

int offline_plan(const struct manifest_set *manifests, const struct manifest_set *live,
		 const struct offline_options *options, struct plan *plan, struct err *err)
{
	CLEANUP(index_release) struct index index = {0};

	if (index_init(&index, live, options, err) < 0 ||
	    autoscaler_set_of(manifests, options->default_namespace, &index.autoscalers, err) < 0)
		return -1;
	for (size_t i = 0; i < manifests->count; i++)
		if (add_item(&index, &manifests->items[i], plan, err) < 0)
			return -1;
	for (size_t i = 0; i < index.count; i++)
		if (index.entries[i].is_own && !index.entries[i].is_met &&
		    add_left(&index.entries[i], plan, err) < 0)
			return -1;
	return 0;
}

#include "apply/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "apply/discovery_cache.h"
#include "apply/fanout.h"
#include "diff/cleanup.h"

#define AGGREGATED_FROM 4 /* that many group versions are read with aggregated discovery */

/* Servers since 1.26 answer with v2beta1, since 1.30 with v2, older ones with what they have. */
#define ACCEPT_AGGREGATED                                                            \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"      \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList," \
	"application/json"

struct discovery {
	struct cluster *cluster;
	struct discovery_cache cache;
};

/* A group version that a stage needs and the cache has not, or not with the kind wanted. */
struct wanted {
	const char *group, *version; /* borrowed from a target's ref */
	bool asked;                  /* the server was asked for it by itself */
	struct err *error;           /* why it could not tell; NULL if it could */
};

struct resolve {
	struct fanout fanout;
	struct discovery *discovery;
	struct targets *targets;
	char *default_namespace;
	struct wanted *wanted;
	size_t wanted_count;
	bool aggregated; /* the items under way are /apis and /api */
	stage_done *done;
	void *ctx;
};

struct discovery *discovery_new(struct cluster *cluster)
{
	struct discovery *discovery = calloc(1, sizeof(*discovery));

	if (discovery)
		discovery->cluster = cluster;
	return discovery;
}

void discovery_free(struct discovery *discovery)
{
	if (!discovery)
		return;
	discovery_cache_release(&discovery->cache);
	free(discovery);
}

const struct resource *discovery_find(const struct discovery *discovery, const char *group,
				      const char *version, const char *kind)
{
	return discovery_cache_find(&discovery->cache, group, version, kind);
}

void discovery_doubt(struct discovery *discovery, const struct resource *resource)
{
	struct err ignored;

	/* Nothing is added to a group version that is known, so no memory is needed. */
	(void)discovery_cache_learn(&discovery->cache, resource->group, resource->version, NULL,
				    &ignored);
}

bool discovery_crd_brings(const cJSON *crd, const struct ref *ref)
{
	const char *group = json_str(crd, "spec.group"), *kind = json_str(crd, "spec.names.kind");
	const char *only_version = json_str(crd, "spec.version"); /* v1beta1 */
	const cJSON *version;

	if (!group || !kind || strcmp(group, ref->group) != 0 || strcmp(kind, ref->kind) != 0)
		return false;
	if (only_version && strcmp(only_version, ref->version) == 0)
		return true;
	json_each (version, json_at(crd, "spec.versions")) {
		const char *name = json_str(version, "name");

		if (name && strcmp(name, ref->version) == 0)
			return true;
	}
	return false;
}

static void resolve_free(void *stage)
{
	struct resolve *resolve = stage;

	fanout_release(&resolve->fanout);
	for (size_t i = 0; i < resolve->wanted_count; i++)
		free(resolve->wanted[i].error);
	free(resolve->wanted);
	free(resolve->default_namespace);
	free(resolve);
}

static void resolve_finish(struct resolve *resolve, const struct err *err)
{
	struct err copy = err ? *err : (struct err){0};
	stage_done *done = resolve->done;
	void *ctx = resolve->ctx;

	resolve_free(resolve);
	done(ctx, err ? &copy : NULL);
}

/* --- what to ask ------------------------------------------------------------------------------ */

static bool is_open(const struct target *target)
{
	return !target->resource && !target->error;
}

static struct wanted *find_wanted(const struct resolve *resolve, const struct ref *ref)
{
	for (size_t i = 0; i < resolve->wanted_count; i++) {
		struct wanted *wanted = &resolve->wanted[i];

		if (strcmp(wanted->group, ref->group) == 0 &&
		    strcmp(wanted->version, ref->version) == 0)
			return wanted;
	}
	return NULL;
}

static int want(struct resolve *resolve, const struct ref *ref, struct err *err)
{
	if (find_wanted(resolve, ref))
		return 0;
	struct wanted *longer =
		reallocarray(resolve->wanted, resolve->wanted_count + 1, sizeof(*longer));
	if (!longer)
		return err_no_memory(err);
	resolve->wanted = longer;
	longer[resolve->wanted_count++] =
		(struct wanted){.group = ref->group, .version = ref->version};
	return 0;
}

/* Collects the group versions of the targets whose kind is not known. */
static int collect(struct resolve *resolve, struct err *err)
{
	for (size_t i = 0; i < resolve->targets->count; i++) {
		const struct target *target = &resolve->targets->items[i];
		const struct ref *ref = &target->ref;

		if (is_open(target) &&
		    !discovery_find(resolve->discovery, ref->group, ref->version, ref->kind) &&
		    want(resolve, ref, err) < 0)
			return -1;
	}
	return 0;
}

/* --- what comes of it ------------------------------------------------------------------------- */

static int set_namespace(struct target *target, const char *namespace, struct err *err)
{
	char *copy = strdup(namespace);

	if (!copy)
		return err_no_memory(err);
	free(target->ref.namespace);
	target->ref.namespace = copy;
	return 0;
}

static int place(struct resolve *resolve, struct target *target, bool namespaced, struct err *err)
{
	if (!namespaced)
		return set_namespace(target, "", err);
	if (target->ref.namespace[0])
		return 0;
	return set_namespace(target, resolve->default_namespace, err);
}

static const cJSON *find_crd(const struct targets *targets, const struct ref *ref)
{
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = &targets->items[i];

		if (ref_is(&target->ref, resource_crds.group, resource_crds.kind) &&
		    discovery_crd_brings(target->manifest->desired, ref))
			return target->manifest->desired;
	}
	return NULL;
}

/* The kind is not there: wait for its CRD, or say so. */
static int settle_unknown(struct resolve *resolve, struct target *target, struct err *err)
{
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(ERR_MESSAGE_MAX);
	const struct wanted *wanted = find_wanted(resolve, &target->ref);

	if (wanted && wanted->error) {
		*err = *wanted->error;
		return -1;
	}
	const cJSON *crd = find_crd(resolve->targets, &target->ref);
	if (crd) {
		const char *scope = json_str(crd, "spec.scope");

		target->awaits_crd = true;
		return place(resolve, target, !scope || strcmp(scope, "Cluster") != 0, err);
	}
	ref_print_api_version(&target->ref, &api_version);
	return err_set(err, ERR_NOT_FOUND, "no matches for kind \"%s\" in version \"%s\"",
		       target->ref.kind, buf_str(&api_version));
}

static int settle(struct resolve *resolve, struct target *target, struct err *err)
{
	const unsigned needed = RESOURCE_GET | RESOURCE_CREATE | RESOURCE_UPDATE;
	const struct ref *ref = &target->ref;
	const struct resource *resource =
		discovery_find(resolve->discovery, ref->group, ref->version, ref->kind);

	if (!resource)
		return settle_unknown(resolve, target, err);
	if ((resource->verbs & needed) != needed)
		return err_set(err, ERR_UNSUPPORTED,
			       "objects of kind \"%s\" cannot be kept in the cluster: it does not "
			       "offer get, create and update for them",
			       ref->kind);
	if (place(resolve, target, resource->namespaced, err) < 0)
		return -1;
	target->resource = resource;
	target->awaits_crd = false;
	return 0;
}

static void settle_all(struct resolve *resolve)
{
	for (size_t i = 0; i < resolve->targets->count; i++) {
		struct target *target = &resolve->targets->items[i];
		struct err err;

		if (is_open(target) && settle(resolve, target, &err) < 0)
			target_fail(target, &err);
	}
}

/* --- asking ----------------------------------------------------------------------------------- */

static void on_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct resolve *resolve = stage;
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);
	struct cluster_request request = {.method = "GET"};
	struct err err;

	if (resolve->aggregated) {
		request.path = index == 0 ? "/apis" : "/api";
		request.accept = ACCEPT_AGGREGATED;
	} else {
		struct wanted *wanted = &resolve->wanted[index];

		if (wanted->asked)
			return;
		wanted->asked = true;
		buf_puts(&path, wanted->group[0] ? "/apis/" : "/api/");
		resource_print_encoded(wanted->group, &path);
		buf_puts(&path, wanted->group[0] ? "/" : "");
		resource_print_encoded(wanted->version, &path);
		request.path = buf_str(&path);
	}
	if (buf_check(&path, "its path", &err) < 0 || fanout_send(slot, request, &err) < 0)
		fanout_fail(&resolve->fanout, &err);
}

static void keep_error(struct wanted *wanted, const struct err *err)
{
	wanted->error = malloc(sizeof(*wanted->error));
	if (wanted->error) {
		*wanted->error = *err;
		err_prefix(wanted->error, "cannot read what %s%s%s offers", wanted->group,
			   wanted->group[0] ? "/" : "", wanted->version);
	}
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct resolve *resolve = stage;
	struct discovery_cache *cache = &resolve->discovery->cache;
	struct wanted *wanted = resolve->aggregated ? NULL : &resolve->wanted[index];
	struct err own;

	(void)slot;
	if (err && (cluster_is_lost(err, answer) || err->class == ERR_NO_MEMORY)) {
		fanout_fail(&resolve->fanout, err);
		return;
	}
	if (err && wanted && err->class != ERR_NOT_FOUND) {
		keep_error(wanted, err);
		return;
	}
	const cJSON *body = err ? NULL : answer->body;
	if ((wanted ? discovery_cache_learn(cache, wanted->group, wanted->version, body, &own)
		    : discovery_cache_learn_aggregated(cache, body, &own)) < 0)
		fanout_fail(&resolve->fanout, &own);
}

/* Whether the cache has come to know every kind of the targets in this group version. */
static bool is_satisfied(const struct resolve *resolve, const struct wanted *wanted)
{
	for (size_t i = 0; i < resolve->targets->count; i++) {
		const struct target *target = &resolve->targets->items[i];
		const struct ref *ref = &target->ref;

		if (is_open(target) && strcmp(ref->group, wanted->group) == 0 &&
		    strcmp(ref->version, wanted->version) == 0 &&
		    !discovery_find(resolve->discovery, ref->group, ref->version, ref->kind))
			return false;
	}
	return true;
}

static void on_finish(void *stage, const struct err *err)
{
	struct resolve *resolve = stage;
	struct err own;

	if (!err && resolve->aggregated) {
		/* What was not in there (an old server, a stale part) is asked for by itself. */
		resolve->aggregated = false;
		for (size_t i = 0; i < resolve->wanted_count; i++)
			resolve->wanted[i].asked = is_satisfied(resolve, &resolve->wanted[i]);
		if (fanout_run(&resolve->fanout, resolve->wanted_count, &own) == 0)
			return;
		err = &own;
	}
	if (!err)
		settle_all(resolve);
	resolve_finish(resolve, err);
}

uint64_t discovery_resolve(struct discovery *discovery, struct targets *targets,
			   const char *default_namespace, stage_done *done, void *ctx,
			   struct err *err)
{
	static const struct fanout_ops ops = {on_start, on_proceed, on_finish, resolve_free};
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (!resolve) {
		err_no_memory(err);
		return 0;
	}
	resolve->discovery = discovery;
	resolve->targets = targets;
	resolve->done = done;
	resolve->ctx = ctx;
	resolve->default_namespace = strdup(default_namespace);
	if (!resolve->default_namespace || collect(resolve, err) < 0 ||
	    !fanout_init(&resolve->fanout, discovery->cluster, &ops, resolve, err)) {
		err_no_memory(err);
		resolve_free(resolve);
		return 0;
	}
	resolve->aggregated = resolve->wanted_count >= AGGREGATED_FROM;
	size_t items = resolve->aggregated ? 2 : resolve->wanted_count;
	if (fanout_run(&resolve->fanout, items, err) < 0) {
		resolve_free(resolve);
		return 0;
	}
	return resolve->fanout.task;
}

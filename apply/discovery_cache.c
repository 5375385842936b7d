#include "apply/discovery_cache.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"

static void known_free(struct known_resource *known)
{
	if (!known)
		return;
	free(known->kind);
	free(known->plural);
	free(known);
}

static void group_version_free(struct group_version *gv)
{
	if (!gv)
		return;
	for (size_t i = 0; i < gv->count; i++)
		known_free(gv->resources[i]);
	free(gv->resources);
	free(gv->group);
	free(gv->version);
	free(gv);
}

DEFINE_FREE_P(struct known_resource, known_free);
DEFINE_FREE_P(struct group_version, group_version_free);

void discovery_cache_release(struct discovery_cache *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		group_version_free(cache->items[i]);
	free(cache->items);
	*cache = (struct discovery_cache){0};
}

static struct group_version *find_gv(const struct discovery_cache *cache, const char *group,
				     const char *version)
{
	for (size_t i = 0; i < cache->count; i++) {
		struct group_version *gv = cache->items[i];

		if (strcmp(gv->group, group) == 0 && strcmp(gv->version, version) == 0)
			return gv;
	}
	return NULL;
}

const struct resource *discovery_cache_find(const struct discovery_cache *cache, const char *group,
					    const char *version, const char *kind)
{
	const struct group_version *gv = find_gv(cache, group, version);

	for (size_t i = 0; gv && i < gv->count; i++) {
		const struct known_resource *known = gv->resources[i];

		if (!known->retired && strcmp(known->resource.kind, kind) == 0)
			return &known->resource;
	}
	return NULL;
}

static struct group_version *add_gv(struct discovery_cache *cache, const char *group,
				    const char *version, struct err *err)
{
	CLEANUP(group_version_free_p) struct group_version *gv = find_gv(cache, group, version);

	if (gv)
		return STEAL(gv);
	gv = calloc(1, sizeof(*gv));
	struct group_version **items =
		reallocarray(cache->items, cache->count + 1, sizeof(struct group_version *));
	if (items)
		cache->items = items;
	if (!gv || !items || !(gv->group = strdup(group)) || !(gv->version = strdup(version))) {
		err_no_memory(err);
		return NULL;
	}
	items[cache->count++] = gv;
	return STEAL(gv);
}

static unsigned read_verbs(const cJSON *verbs)
{
	static const char *const names[] = {"get",    "list",  "watch", "create",
					    "update", "patch", "delete"};
	unsigned found = 0;
	const cJSON *verb;

	json_each (verb, verbs) {
		for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (cJSON_IsString(verb) && strcmp(verb->valuestring, names[i]) == 0)
				found |= 1u << i; /* the order of enum resource_verb */
		}
	}
	return found;
}

/* Takes over one resource; the one that is known is kept if it says the same. */
static int learn_resource(struct group_version *gv, const char *kind, const char *plural,
			  bool namespaced, unsigned verbs, struct err *err)
{
	if (!kind || !plural || !*kind || !*plural || strchr(plural, '/'))
		return 0; /* a subresource */
	for (size_t i = 0; i < gv->count; i++) {
		struct known_resource *known = gv->resources[i];
		const struct resource *resource = &known->resource;

		if (strcmp(resource->kind, kind) == 0 && strcmp(resource->plural, plural) == 0 &&
		    resource->namespaced == namespaced && resource->verbs == verbs) {
			known->retired = false;
			return 0;
		}
	}
	CLEANUP(known_free_p) struct known_resource *known = calloc(1, sizeof(*known));
	struct known_resource **resources =
		reallocarray(gv->resources, gv->count + 1, sizeof(struct known_resource *));
	if (resources)
		gv->resources = resources;
	if (!known || !resources)
		return err_no_memory(err);
	known->kind = strdup(kind);
	known->plural = strdup(plural);
	if (!known->kind || !known->plural)
		return err_no_memory(err);
	known->resource = (struct resource){
		.group = gv->group,
		.version = gv->version,
		.kind = known->kind,
		.plural = known->plural,
		.namespaced = namespaced,
		.verbs = verbs,
	};
	resources[gv->count++] = STEAL(known);
	return 0;
}

static void retire_all(struct group_version *gv)
{
	for (size_t i = 0; i < gv->count; i++)
		gv->resources[i]->retired = true;
}

int discovery_cache_learn(struct discovery_cache *cache, const char *group, const char *version,
			  const cJSON *list, struct err *err)
{
	struct group_version *gv = add_gv(cache, group, version, err);
	const cJSON *item;

	if (!gv)
		return -1;
	retire_all(gv);
	json_each (item, json_get(list, "resources")) {
		if (learn_resource(gv, json_str(item, "kind"), json_str(item, "name"),
				   json_true(item, "namespaced"),
				   read_verbs(json_get(item, "verbs")), err) < 0)
			return -1;
	}
	return 0;
}

static int learn_version(struct discovery_cache *cache, const char *group, const cJSON *entry,
			 struct err *err)
{
	const char *version = json_str(entry, "version");
	const char *freshness = json_str(entry, "freshness");
	const cJSON *item;

	if (!version || (freshness && strcmp(freshness, "Current") != 0))
		return 0;
	struct group_version *gv = add_gv(cache, group, version, err);
	if (!gv)
		return -1;
	retire_all(gv);
	json_each (item, json_get(entry, "resources")) {
		const char *scope = json_str(item, "scope");

		if (learn_resource(gv, json_str(item, "responseKind.kind"),
				   json_str(item, "resource"),
				   scope && strcmp(scope, "Namespaced") == 0,
				   read_verbs(json_get(item, "verbs")), err) < 0)
			return -1;
	}
	return 0;
}

int discovery_cache_learn_aggregated(struct discovery_cache *cache, const cJSON *answer,
				     struct err *err)
{
	const char *kind = json_str(answer, "kind");
	const cJSON *group, *entry;

	if (!kind || strcmp(kind, "APIGroupDiscoveryList") != 0)
		return 0;
	json_each (group, json_get(answer, "items")) {
		const char *name = json_str(group, "metadata.name");

		json_each (entry, json_get(group, "versions")) {
			if (learn_version(cache, name ? name : "", entry, err) < 0)
				return -1;
		}
	}
	return 0;
}

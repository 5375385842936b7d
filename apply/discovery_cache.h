/*
 * discovery_cache.h - what is known of a server's kinds, group version by group version.
 *
 * Values only. A resource that was once handed out stays valid until the cache is released, also
 * when the server has come to say otherwise since.
 */
#ifndef APPLY_DISCOVERY_CACHE_H
#define APPLY_DISCOVERY_CACHE_H

#include "apply/resource.h"
#include "diff/json.h"

struct known_resource {
	struct resource resource; /* points to the strings below and the group version's */
	char *kind, *plural;
	bool retired; /* the server does not have it any more */
};

struct group_version {
	char *group, *version;
	struct known_resource **resources;
	size_t count;
};

/* Zero-initialised is empty. */
struct discovery_cache {
	struct group_version **items;
	size_t count;
};

void discovery_cache_release(struct discovery_cache *cache);

const struct resource *discovery_cache_find(const struct discovery_cache *cache, const char *group,
					    const char *version, const char *kind);

/*
 * Takes over what the server says of one group version: an APIResourceList (GET /apis/G/V), or NULL
 * where it has no such group version.
 */
int discovery_cache_learn(struct discovery_cache *cache, const char *group, const char *version,
			  const cJSON *list, struct err *err);

/*
 * Takes over an APIGroupDiscoveryList (aggregated discovery, apidiscovery.k8s.io/v2 and v2beta1),
 * but nothing of a group version that it calls stale. 0 also where `answer` is none; then nothing
 * was learned.
 */
int discovery_cache_learn_aggregated(struct discovery_cache *cache, const cJSON *answer,
				     struct err *err);

#endif

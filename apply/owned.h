/*
 * owned.h - watches on the objects that apps own: each change of one is told at once.
 *
 * The hub of a cluster keeps as few watches (watch.h) as its followers need, and shares them: one
 * for each resource and namespace, narrowed to a single object where nobody follows another one
 * there, and one for all namespaces where there are many of them. What nobody wants is dropped as
 * it arrives; of the rest the watches keep names and resourceVersions.
 *
 * A watch that is not permitted is told of once, and tried again every OWNED_RETRY_MS or somewhat
 * sooner. A kind that the server does not have, or that cannot be watched, is not followed at all:
 * whole passes look at its objects.
 */
#ifndef APPLY_OWNED_H
#define APPLY_OWNED_H

#include "apply/cluster.h"
#include "apply/resource.h"

#define OWNED_MAX_NAMESPACES 16 /* of one resource; with more, all are watched, if permitted */
#define OWNED_RETRY_MS       300000

struct owned;
struct owned_follower;

/* Objects of one resource in one namespace. */
struct owned_area {
	const struct resource *resource; /* outlives the hub */
	const char *namespace;           /* "" for cluster-scoped kinds */
	size_t count;                    /* of the objects that are followed */
	const char *single;              /* the name of the object, where it is one */
};

struct owned_options {
	/* Whether the object is the follower's. */
	bool (*wants)(void *ctx, const struct resource *resource, const char *namespace,
		      const char *name);
	/*
	 * One of its objects as it is now, told when it is seen first and at every change, or NULL:
	 * it is gone. Borrowed; with apiVersion, kind and managedFields. The values of a Secret are
	 * not in it.
	 */
	void (*on_change)(void *ctx, const struct resource *resource, const char *namespace,
			  const char *name, const cJSON *object);
	/*
	 * Of the resource's objects in the namespace ("": in all) each one that there is has been
	 * told; or, with `begins`, none has, for a watch has just begun.
	 */
	void (*on_listed)(void *ctx, const struct resource *resource, const char *namespace,
			  bool begins);
	/* The area cannot be watched for lack of a right, in the server's words. */
	void (*on_forbidden)(void *ctx, const struct resource *resource, const char *namespace,
			     const struct err *err);
	void *ctx;
};

/* Watches nothing yet. NULL when memory runs out. */
struct owned *owned_new(struct cluster *cluster, struct err *err);

/* Before cluster_free, and after all followers have left. NULL is fine. */
void owned_free(struct owned *owned);

/* Follows nothing yet; the hub must outlive it. NULL when memory runs out. */
struct owned_follower *owned_follow(struct owned *owned, const struct owned_options *options,
				    struct err *err);

/* Not to be called in a callback of the hub's. NULL is fine. */
void owned_leave(struct owned_follower *follower);

/*
 * These are the areas that it follows from now on; names are copied. Not to be called in
 * a callback of the hub's. On failure (ERR_NO_MEMORY) some may not be watched.
 */
int owned_set_areas(struct owned_follower *follower, const struct owned_area *areas, size_t count,
		    struct err *err);

/*
 * Whether each of the follower's objects is watched at this moment: what there was has been told,
 * and so is every change as soon as the server tells it.
 */
bool owned_flows(const struct owned_follower *follower);

/* How many watches there are, for metrics and tests. */
size_t owned_watch_count(const struct owned *owned);

#endif

/*
 * discovery.h - from kinds to resources, as the server tells (/api/v1, /apis/GROUP/VERSION).
 *
 * What was learned is kept. A group version is asked for again where a kind is not found in it, so
 * that a CRD that was applied a moment ago is seen, and after discovery_doubt. Many group versions
 * at once are read with the two requests of aggregated discovery where the server has it.
 */
#ifndef APPLY_DISCOVERY_H
#define APPLY_DISCOVERY_H

#include "apply/cluster.h"
#include "apply/target.h"

struct discovery;

/* Empty at first. The cluster must outlive it. NULL when memory runs out. */
struct discovery *discovery_new(struct cluster *cluster);
void discovery_free(struct discovery *discovery);

/* Whether the object is a CRD (v1 or v1beta1) that brings the ref's kind in its version. */
bool discovery_crd_brings(const cJSON *crd, const struct ref *ref);

/* What is known without asking; NULL if it is not. Valid until discovery_free. */
const struct resource *discovery_find(const struct discovery *discovery, const char *group,
				      const char *version, const char *kind);

/* The server does not know the resource any more: its group version is asked for again. */
void discovery_doubt(struct discovery *discovery, const struct resource *resource);

/*
 * Fills resource, and the namespace: the manifest's, `default_namespace` where it has none, "" for
 * cluster-scoped kinds. A kind that the server lacks:
 *   - whose CustomResourceDefinition is among the targets: awaits_crd, with the scope that it says;
 *   - else error ERR_NOT_FOUND: no matches for kind "Foo" in version "example.com/v1".
 * A kind that cannot be read or written (TokenReview) is ERR_UNSUPPORTED. Two targets that turn out
 * to be the same object (a namespace written and defaulted) are the caller's to find.
 *
 * Returns the stage's id, 0 with *err when memory runs out. The stage fails as a whole where the
 * server cannot be reached.
 */
uint64_t discovery_resolve(struct discovery *discovery, struct targets *targets,
			   const char *default_namespace, stage_done *done, void *ctx,
			   struct err *err);

#endif

/*
 * defaults.h - fills in what the API server fills in before it looks at an object further.
 *
 * After pkg/apis/{core,apps,batch,autoscaling,networking,rbac,storage,scheduling}/.../defaults.go
 * and the +default markers of Kubernetes 1.36, as far as they hold without a cluster: no address,
 * port, UID or admission plug-in's doing. An offline comparison needs it, and the embedded cluster
 * at every write.
 */
#ifndef DIFF_DEFAULTS_H
#define DIFF_DEFAULTS_H

#include "diff/json.h"

/*
 * Completes the object in place. Null counts as absent; where the server takes 0 or "" for absent
 * too, so does this. What the manifest says stays, but
 *   - quantities take the form in which the server stores them, rounded up to thousandths;
 *   - a Service's sessionAffinityConfig goes where there is no session affinity;
 *   - volumeClaimTemplates bear their apiVersion and kind.
 * Kinds that schema.h does not know, and parts that are not of their type, are left alone.
 * Errors: ERR_NO_MEMORY; the object is then partly filled.
 */
int defaults_apply(cJSON *object, struct err *err);

/*
 * Not a default but what a write does: a Secret's stringData goes into data, encoded, over what is
 * there, and is gone. Other objects stay as they are. ERR_NO_MEMORY.
 */
int defaults_fold_string_data(cJSON *secret, struct err *err);

#endif

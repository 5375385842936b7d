/*
 * replacement.h - the body of a write. The only place where what is sent is decided.
 *
 * `kubectl replace` semantics: the manifest is the whole object, what it leaves out goes. These are
 * the only departures from the manifest's own text:
 *
 *   - metadata.namespace is filled in; on a cluster-scoped kind, where the server ignores it, it is
 *     taken out;
 *   - metadata.resourceVersion is that of the live object which the decision to write was made on,
 *     so that the server refuses the write (409) if somebody else was faster. One that the manifest
 *     names is sent as it is, as kubectl does; a create sends none, as `kubectl create` does;
 *   - what the server and controllers put there, and a PUT could not or should not take away, is
 *     carried over from the live object: finalizers, ownerReferences and spec.replicas of every
 *     kind, and some fields of some kinds (carried.h). A manifest that names them, be it as an
 *     empty list, decides itself;
 *   - fields that the manifest's tranche.dev/ignore names are what they are in the live object
 *     (ignore.h);
 *   - status is taken out: it is not a manifest's to say.
 *
 * A null in the manifest counts as left out. Defaults are the server's business.
 */
#ifndef DIFF_REPLACEMENT_H
#define DIFF_REPLACEMENT_H

#include "diff/json.h"

/*
 * Builds what is to be POSTed (`live` NULL) or PUT in place of `live`, the object as the server
 * returned it. `namespace` is the one the object goes to, NULL for a cluster-scoped kind. The
 * caller owns *ret_body; `desired` and `live` stay as they are. ERR_INVALID where metadata or spec
 * of the manifest is no object, or as of ignore_read.
 */
int replacement_build(const cJSON *desired, const cJSON *live, const char *namespace,
		      cJSON **ret_body, struct err *err);

#endif

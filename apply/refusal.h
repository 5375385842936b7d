/*
 * refusal.h - what an API server's "no" means.
 *
 * From the HTTP status and the body, a metav1.Status or plain text
 * (k8s.io/apimachinery/pkg/apis/meta/v1/types.go), to an error class with the server's own words:
 *
 *	400, 422 ERR_INVALID      401, 403 ERR_DENIED     404 ERR_NOT_FOUND
 *	409 ERR_EXISTS where the reason is AlreadyExists, else ERR_CONFLICT
 *	405, 406, 415, 501 ERR_UNSUPPORTED   410 ERR_EXPIRED   413 ERR_LIMIT
 *	408, 429, other 5xx ERR_TRANSIENT
 *
 * The server's decoder quotes the neighbourhood of a mistake in the body it was sent, which may
 * be a Secret's; that part of its words is cut off. Words of great length lose their middle.
 */
#ifndef APPLY_REFUSAL_H
#define APPLY_REFUSAL_H

#include <stdbool.h>

#include "diff/object.h"

/*
 * Fills *err; returns -1. `body` is the parsed Status or NULL, `text` what came instead of JSON
 * (an HTML page is reduced to its status), or NULL.
 */
int refusal_err(int http_status, const cJSON *body, const char *text, struct err *err);

/* The same for the object of a watch's ERROR event; its code stands in the Status. */
int refusal_err_of_status(const cJSON *status, struct err *err);

/*
 * Whether the refusal is for lack of a permission (RBAC), which is not all that 403 is used for:
 * quotas and Pod security say "forbidden" too.
 */
bool refusal_is_unauthorized(const cJSON *status);
bool refusal_is_of_rights(const struct err *err);

/* Whether it is not an object that is missing but its kind: the server has no such resource. */
bool refusal_is_of_kind(const struct err *err);

/*
 * Whether a resourceVersion was asked for that the server has not come to yet: it is another
 * server's, or from before its state was set back (k8s.io/apiserver/pkg/storage/errors.go,
 * NewTooLargeResourceVersionError).
 */
bool refusal_is_of_future(const cJSON *status);

/* Whether the words say that an immutable field was to be changed. */
bool refusal_is_immutable(const cJSON *status);

/*
 * Whether it is the API server's own rule about the fields of a StatefulSet that cannot change. The
 * same words can come from somebody's policy, which is not to be got round by creating the object
 * anew.
 */
bool refusal_is_of_statefulset(const cJSON *status);

/* Appends what a user can do (recreation.h) where an immutable field was to be changed. */
void refusal_advise(const struct ref *ref, const cJSON *status, struct err *err);

#endif

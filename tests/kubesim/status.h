/*
 * status.h - how the API says what went wrong: the Status object of a failed request.
 *
 * Everything between the store and HTTP reports failures this way: 0, or -1 with *status filled
 * (untouched on success). Controllers look at `code`; HTTP sends status_json with it.
 * Messages are the API server's own, letter for letter: people and programs match on them.
 *
 *	CLEANUP(status_release) struct status status = {0};
 *	if (store_update(store, &key, object, 0, NULL, &status) < 0 && status.code == 409)
 *		...
 */
#ifndef TESTS_KUBESIM_STATUS_H
#define TESTS_KUBESIM_STATUS_H

#include "diff/json.h"

struct key;

struct status {
	int code;           /* HTTP status: 400, 404, 409, 410, 422, ... */
	const char *reason; /* "NotFound", "Conflict", ...: static; "" where the server has none */
	char *message;
	cJSON *details; /* the Status object's details, or NULL */
};

void status_release(struct status *status);

/* The Status object, apiVersion and kind included; the caller frees it. */
cJSON *status_json(const struct status *status);

/*
 * Fills *status (what was in it is released) and returns -1, so that `return status_set(...)` reads
 * as one step.
 */
int status_set(struct status *status, int code, const char *reason, const char *format, ...)
	PRINTF(4, 5);

/* Sets details to the object that *status is about; "" leaves a member out. `kind` is its resource. */
void status_name(struct status *status, const char *name, const char *group, const char *kind);

/* 404 `statefulsets.apps "web" not found`. */
int status_not_found(struct status *status, const struct key *key);

/* 409 `pods "web-0" already exists`. */
int status_exists(struct status *status, const struct key *key);

/* 409 `Operation cannot be fulfilled on statefulsets.apps "web": WHY`. */
int status_conflict(struct status *status, const struct key *key, const char *format, ...)
	PRINTF(3, 4);

/* 400 BadRequest. */
int status_bad_request(struct status *status, const char *format, ...) PRINTF(2, 3);

/* 410 Expired: the resourceVersion is too old. */
int status_expired(struct status *status, const char *format, ...) PRINTF(2, 3);

/* --- 422: causes are collected first, as the server does ----------------------------------- */

struct cause {
	const char *reason; /* FieldValueInvalid, FieldValueRequired, FieldValueForbidden, ... */
	char *message;      /* as in causes[].message: `Forbidden: updates to ...` */
	char *field;        /* "spec.replicas" */
};

struct causes {
	struct cause *items;
	size_t count;
};

void causes_release(struct causes *causes);
void causes_add(struct causes *causes, const char *reason, const char *field, const char *format,
		...) PRINTF(4, 5);

/*
 * 0 if nothing was found, else -1 with 422 `StatefulSet.apps "web" is invalid: FIELD: MESSAGE`, or
 * the bracketed list where there are several.
 */
int causes_check(const struct causes *causes, const char *group, const char *kind, const char *name,
		 struct status *status);

#endif

/*
 * body.h - the object in a request's body: decoded, checked against what the path says and against
 * the fields that its kind has (?fieldValidation=).
 */
#ifndef TESTS_KUBESIM_BODY_H
#define TESTS_KUBESIM_BODY_H

#include "tests/kubesim/api.h"

/*
 * Reads JSON or YAML (Content-Type). Unknown fields are dropped; with fieldValidation Strict they
 * are 400 `... strict decoding error: unknown field "spec.foo"`, with Warn (the default) warnings
 * of the response. What has the wrong type is 400 in every case, as are a kind or version other
 * than the path's. An empty body is 400. The caller frees the object.
 */
int body_decode(const struct request *request, struct response *response, cJSON **ret_object,
		struct status *status);

/* As body_decode for an object of another kind than the path's: Scale, DeleteOptions, Eviction. */
int body_decode_any(const struct request *request, cJSON **ret_object, struct status *status);

/*
 * What body_decode does with the fields of an object that is already decoded: the result of a
 * patch. `*ret_faults` gets the unknown fields joined by ", " if they are to be refused, else NULL;
 * the caller frees it. 400 where a type is wrong.
 */
int body_check_fields(const struct request *request, struct response *response, cJSON *object,
		      char **ret_faults, struct status *status);

/* 400 unless name and namespace of the object, where it has them, are those of the path. */
int body_check_place(const struct request *request, cJSON *object, struct status *status);

/* Whether ?dryRun=All; 400 for any other value. */
int body_dry_run(const struct request *request, bool *ret_dry_run, struct status *status);

#endif

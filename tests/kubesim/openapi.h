/*
 * openapi.h - /openapi/v2 and /openapi/v3, as far as kubectl needs them.
 *
 * kubectl asks here whether the server knows the parameters dryRun and fieldValidation, and leaves
 * validation to the server if it does. kubectl 1.20 would validate by the definitions of v2, and
 * skips what has none. So the documents describe the PATCH operation of every kind, and no types.
 */
#ifndef TESTS_KUBESIM_OPENAPI_H
#define TESTS_KUBESIM_OPENAPI_H

#include "tests/kubesim/api.h"

int openapi_handle(struct api *api, const struct request *request, struct response *response,
		   struct status *status);

/* "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}" */
void openapi_print_path(const struct kind *kind, char *text, size_t size);

#endif

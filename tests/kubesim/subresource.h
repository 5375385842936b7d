/*
 * subresource.h - scale, eviction, binding, finalize: parts of an object that have a path and a kind
 * of their own. (status is written like the object itself: registry.h.)
 */
#ifndef TESTS_KUBESIM_SUBRESOURCE_H
#define TESTS_KUBESIM_SUBRESOURCE_H

#include "tests/kubesim/api.h"

int subresource_handle(struct api *api, const struct request *request, const char *verb,
		       struct response *response, struct status *status);

#endif

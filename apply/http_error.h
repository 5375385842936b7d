/*
 * http_error.h - a failed transfer in words for people. Within http.h's room only.
 */
#ifndef APPLY_HTTP_ERROR_H
#define APPLY_HTTP_ERROR_H

#include <curl/curl.h>

#include "apply/endpoint.h"

/*
 * Fills *err from what curl says of the finished transfer; returns -1. `detail` is curl's own
 * message (CURLOPT_ERRORBUFFER).
 */
int http_error(CURL *easy, CURLcode code, const struct endpoint *endpoint, const char *detail,
	       long timeout_ms, struct err *err);

#endif

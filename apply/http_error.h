/*
 * http_error.h - a failed transfer in words for people. Within http.h's room only.
 */
#ifndef APPLY_HTTP_ERROR_H
#define APPLY_HTTP_ERROR_H

#include <curl/curl.h>
#include <stdbool.h>

#include "diff/err.h"

/*
 * Fills *err from what curl says of the finished transfer; returns -1. `server` is the server's URL
 * as the user knows it, `by_proxy` whether a proxy of ours stands before it, `detail` curl's own
 * message (CURLOPT_ERRORBUFFER).
 */
int http_error(CURL *easy, CURLcode code, const char *server, bool by_proxy, const char *detail,
	       long timeout_ms, struct err *err);

#endif

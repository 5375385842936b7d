/*
 * http.h - the API on a socket: HTTP/1.1 over TLS on loopback, by libmicrohttpd in the loop's thread.
 */
#ifndef TESTS_KUBESIM_HTTP_H
#define TESTS_KUBESIM_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/err.h"
#include "tests/kubesim/api.h"
#include "tests/kubesim/credentials.h"

struct http;

struct http_options {
	uint16_t port; /* 0: any that is free */
	/*
	 * Without TLS, every request is let in: kubectl does not send a token over a connection that
	 * others can read.
	 */
	bool plain;
	bool verbose; /* log each request on stderr */
};

/*
 * Listens on 127.0.0.1. Requests must bear the token of `credentials` (401 otherwise), except
 * those for /healthz, /livez, /readyz and /version. What is passed is borrowed and outlives the
 * server. ERR_INVALID if the port cannot be had.
 */
int http_start(struct api *api, const struct credentials *credentials,
	       const struct http_options *options, struct http **ret_http, struct err *err);

uint16_t http_port(const struct http *http);

/* Ends all connections, those of watches too. NULL is fine. */
void http_stop(struct http *http);

#endif

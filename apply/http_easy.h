/*
 * http_easy.h - one request as a libcurl easy handle. Within http.h's room only.
 */
#ifndef APPLY_HTTP_EASY_H
#define APPLY_HTTP_EASY_H

#include <curl/curl.h>

#include "apply/credential.h"
#include "apply/endpoint.h"
#include "apply/http.h"
#include "diff/buf.h"

/* The endpoint, and what is worked out from it once. */
struct http_peer {
	struct endpoint endpoint;
	char *base_url; /* the endpoint's server, perhaps under the name that TLS is to check */
	struct curl_slist *connect_to; /* ... and then where that name is */
	char *host_header; /* "Host: h:port" where base_url bears another name; NULL: curl's own */
	bool tls, loopback;
	bool ca_doubted; /* a certificate was not trusted: the CA may be another one by now */
};

/* ERR_INVALID: the server is no http(s) URL. */
int http_peer_init(struct http_peer *peer, const struct endpoint *endpoint, struct err *err);
void http_peer_release(struct http_peer *peer);

/*
 * Prepares `easy` for the request but for its callbacks. The credential is copied. *ret_headers
 * belongs to the handle and must be freed after it. ERR_NO_MEMORY, ERR_INVALID.
 */
int http_easy_set_up(CURL *easy, const struct http_peer *peer, const struct credential *credential,
		     const struct http_request *request, struct curl_slist **ret_headers,
		     struct err *err);

/*
 * What its answer says beside the body: all of *ret_response but that and its length. The texts
 * belong to the handle, those of warnings to `warnings`.
 */
void http_easy_answer(CURL *easy, struct buf *warnings, struct http_response *ret_response);

#endif

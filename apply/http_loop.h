/*
 * http_loop.h - a libcurl multi handle driven by a libuv loop.
 *
 * curl says which sockets and which time it waits for; libuv waits. Within http.h's room only.
 */
#ifndef APPLY_HTTP_LOOP_H
#define APPLY_HTTP_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>

#include "diff/err.h"

struct uv_loop_s;
struct http_loop;

/*
 * `on_progress` is called from the loop, never from within curl, whenever transfers may have moved
 * on; it may call http_loop_free.
 */
struct http_loop *http_loop_new(struct uv_loop_s *uv, void (*on_progress)(void *ctx), void *ctx,
				struct err *err);

/* All easy handles have been removed before. What libuv holds is given back as the loop turns. */
void http_loop_free(struct http_loop *loop);

/*
 * Whether, since the last call, a socket could not be watched: then some transfer would wait for
 * ever, and nobody knows which. The caller takes all of them out.
 */
bool http_loop_take_failure(struct http_loop *loop, struct err *ret_why);

CURLM *http_loop_multi(struct http_loop *loop);

/* Calls on_progress soon, from the loop. */
void http_loop_kick(struct http_loop *loop);

#endif

/*
 * sink_http.h - what the sinks that POST to a URL have in common.
 *
 * Address, token and key are read at each message. Nothing is redirected anywhere, and errors name
 * the server without path, query and user, because these are secrets of many a webhook.
 *
 * 2xx is taken. 408, 429 and 5xx, no answer, and a file that cannot be read are tried again; every
 * other answer is final.
 */
#ifndef AGENT_SINK_HTTP_H
#define AGENT_SINK_HTTP_H

#include "agent/sink.h"

/*
 * Sends the body to each address of the sink's `url` or of the file `urlFile` (they may be several,
 * with white space between), with `path` behind it. The message is taken if one of them takes it.
 * Calls sink_done in every case; `content_type` is a literal.
 */
void sink_http_send(struct sink *sink, const char *path, const char *content_type,
		    const struct buf *body);

/* Gives up on that. */
void sink_http_stop(struct sink *sink);

#endif

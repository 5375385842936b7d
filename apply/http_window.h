/*
 * http_window.h - how many requests are worth having in flight: as many as keep the server busy.
 *
 * What takes longer than the quickest ones do waits for its turn at the server. While hardly any
 * request waits there the window grows as it is answered; once more than a few do, which gains
 * nothing, it shrinks (TCP Vegas has the idea). A server that says that it is overloaded halves it,
 * once for all that it had been sent by then. Within http.h's room only.
 */
#ifndef APPLY_HTTP_WINDOW_H
#define APPLY_HTTP_WINDOW_H

#include <stddef.h>

#define HTTP_WINDOW_FIRST 16 /* requests; where it begins */

struct http_window {
	double size;       /* in requests; it moves by parts of one */
	double quickest_s; /* what an answer takes where nothing waits; 0: not known yet */
	double usual_s;    /* what it takes now, on average */
	size_t settling;   /* answers to requests that were sent before it was halved */
};

void http_window_init(struct http_window *window);

/*
 * An answer came, after so many seconds, 0 where it is not of the kind whose times are compared.
 * Where those that were in flight besides did not fill the window it does not grow, nor does it
 * beyond `max`.
 */
void http_window_answered(struct http_window *window, double seconds, size_t in_flight, size_t max);

/* The server answered that it is overloaded. */
void http_window_throttled(struct http_window *window, size_t in_flight);

size_t http_window_size(const struct http_window *window, size_t max);

#endif

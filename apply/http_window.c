#include "apply/http_window.h"

#include <stdbool.h>

#define WAITING_LEAST 6.0  /* requests that wait at the server: below it grows, */
#define WAITING_MOST  12.0 /* above it shrinks */
#define LEAST_SIZE    1.0
#define SMOOTHING     (1.0 / 8) /* of what is usual */

void http_window_init(struct http_window *window)
{
	*window = (struct http_window){.size = HTTP_WINDOW_FIRST};
}

/* What one takes that is alone is what any takes that need not wait, now that it is. */
static void note_time(struct http_window *window, double seconds, bool alone)
{
	if (window->quickest_s == 0)
		window->quickest_s = window->usual_s = seconds;
	if (seconds < window->quickest_s)
		window->quickest_s = seconds;
	else if (alone)
		window->quickest_s += (seconds - window->quickest_s) * SMOOTHING;
	window->usual_s += (seconds - window->usual_s) * SMOOTHING;
}

void http_window_answered(struct http_window *window, double seconds, size_t in_flight, size_t max)
{
	bool full = in_flight + 1 >= http_window_size(window, max);

	if (seconds > 0)
		note_time(window, seconds, in_flight == 0);
	if (window->settling > 0) {
		window->settling--;
		return;
	}
	double quick_share = window->usual_s > 0 ? window->quickest_s / window->usual_s : 1;
	double waiting = window->size * (1 - quick_share);

	if (waiting < WAITING_LEAST && full)
		window->size += (WAITING_LEAST - waiting) / window->size;
	else if (waiting > WAITING_MOST)
		window->size -= (waiting - WAITING_MOST) / window->size;
	if (window->size > (double)max)
		window->size = (double)max;
}

void http_window_throttled(struct http_window *window, size_t in_flight)
{
	if (window->settling > 0) {
		window->settling--;
		return;
	}
	window->size = window->size / 2 > LEAST_SIZE ? window->size / 2 : LEAST_SIZE;
	window->settling = in_flight;
}

size_t http_window_size(const struct http_window *window, size_t max)
{
	size_t size = (size_t)window->size;

	return size < max ? size : max;
}

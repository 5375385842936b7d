#include <microhttpd.h>
#include <uv.h>

#include "agent/server_private.h"

static void on_turn(uv_timer_t *timer);

void server_turn(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms, least_ms = 0;
	bool waits = false;

	for (int i = 0; i < SERVER_LISTENER_COUNT; i++) {
		struct MHD_Daemon *daemon = server->listeners[i].daemon;

		if (!daemon)
			continue;
		MHD_run(daemon);
		if (MHD_get_timeout(daemon, &wait_ms) == MHD_YES &&
		    (!waits || wait_ms < least_ms)) {
			least_ms = wait_ms;
			waits = true;
		}
	}
	uv_timer_stop(&server->turn);
	if (waits)
		uv_timer_start(&server->turn, on_turn, least_ms, 0);
}

static void on_turn(uv_timer_t *timer)
{
	server_turn(timer->data);
}

void server_turn_soon(struct server *server)
{
	uv_timer_start(&server->turn, on_turn, 0, 0);
}

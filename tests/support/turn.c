#include "tests/support/turn.h"

#include "tests/support/check.h"

static void on_deadline(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static void turn(uv_loop_t *loop, const bool *happened, int ms, bool *ret_late)
{
	uv_timer_t timer;

	*ret_late = false;
	uv_timer_init(loop, &timer);
	timer.data = ret_late;
	uv_update_time(loop);
	uv_timer_start(&timer, on_deadline, (uint64_t)ms, 0);
	while (!*happened && !*ret_late)
		uv_run(loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

void turn_until(uv_loop_t *loop, const bool *happened)
{
	bool late;

	turn(loop, happened, TURN_DEADLINE_MS, &late);
	if (!*happened)
		fail_msg("nothing happened within %d ms", TURN_DEADLINE_MS);
}

void turn_for(uv_loop_t *loop, int ms)
{
	const bool never = false;
	bool late;

	turn(loop, &never, ms, &late);
}

static void show_handle(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	print_error("open: %s%s\n", uv_handle_type_name(handle->type),
		    uv_is_active(handle) ? ", active" : "");
}

void turn_and_close(uv_loop_t *loop)
{
	bool done = false, late = false;

	for (int i = 0; i < 100 && uv_run(loop, UV_RUN_NOWAIT); i++)
		turn(loop, &done, 10, &late);
	if (uv_loop_close(loop) != 0) {
		uv_walk(loop, show_handle, NULL);
		fail_msg("the loop still has open handles");
	}
}

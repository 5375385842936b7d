#include "tests/support/turn.h"

#include "tests/support/check.h"
#include "tests/support/server.h"

#define POLL_MS 5

/* What a turning of the loop waits for. */
struct goal {
	const bool *happened;
	bool late;
};

static void on_deadline(uv_timer_t *timer)
{
	((struct goal *)timer->data)->late = true;
}

/* Before the loop sleeps: it must not, if what is waited for has happened in a timer. */
static void before_sleep(uv_prepare_t *prepare)
{
	const struct goal *goal = prepare->data;

	if (*goal->happened || goal->late)
		uv_stop(prepare->loop);
}

static void turn(uv_loop_t *loop, const bool *happened, int ms)
{
	struct goal goal = {.happened = happened};
	uv_timer_t timer;
	uv_prepare_t prepare;

	uv_timer_init(loop, &timer);
	uv_prepare_init(loop, &prepare);
	timer.data = prepare.data = &goal;
	uv_update_time(loop);
	uv_timer_start(&timer, on_deadline, (uint64_t)ms, 0);
	uv_prepare_start(&prepare, before_sleep);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&prepare, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

void turn_until(uv_loop_t *loop, const bool *happened)
{
	turn(loop, happened, TURN_DEADLINE_MS);
	if (!*happened)
		fail_msg("nothing happened within %d ms", TURN_DEADLINE_MS);
}

void turn_until_count(uv_loop_t *loop, struct server *server, const char *match, size_t count)
{
	size_t seen;

	for (int waited = 0; (seen = server_count(server, match)) < count; waited += POLL_MS) {
		if (waited >= TURN_DEADLINE_MS)
			fail_msg("%zu requests \"%s\" instead of %zu within %d ms", seen, match,
				 count, TURN_DEADLINE_MS);
		turn_for(loop, POLL_MS);
	}
}

void turn_for(uv_loop_t *loop, int ms)
{
	const bool never = false;

	turn(loop, &never, ms);
}

static void show_handle(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	print_error("open: %s%s\n", uv_handle_type_name(handle->type),
		    uv_is_active(handle) ? ", active" : "");
}

void turn_and_close(uv_loop_t *loop)
{
	for (int waited = 0; waited < TURN_DEADLINE_MS && uv_run(loop, UV_RUN_NOWAIT); waited += 10)
		turn_for(loop, 10);
	if (uv_loop_close(loop) != 0) {
		uv_walk(loop, show_handle, NULL);
		fail_msg("the loop still has open handles");
	}
}

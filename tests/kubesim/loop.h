/*
 * loop.h - the one thread: descriptors, timers and the clocks they go by.
 *
 * Everything in kubesim runs from here: the HTTP server's descriptor, signals, and the timers of
 * the controllers and the kubelet. Nothing blocks, so there are no locks.
 *
 * A loop made with LOOP_VIRTUAL has clocks that stand still until loop_advance moves them, so that
 * a test of a controller takes no time and always sees the same order:
 *
 *	struct loop *loop = loop_new(LOOP_VIRTUAL);
 *	...
 *	loop_advance(loop, 10 * 1000);	// ten seconds pass, every due timer runs in its order
 */
#ifndef TESTS_KUBESIM_LOOP_H
#define TESTS_KUBESIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

enum loop_clock { LOOP_REAL, LOOP_VIRTUAL };

struct loop *loop_new(enum loop_clock clock);

/* Timers and descriptors that are still registered are forgotten; their owners free them. */
void loop_free(struct loop *loop);

/* Milliseconds that only ever grow; one value for the whole turn of the loop. */
int64_t loop_now_ms(const struct loop *loop);

/* Microseconds since 1970 UTC; the virtual clock starts at 2026-01-01T00:00:00Z. */
int64_t loop_wall_us(const struct loop *loop);

/* --- timers ---------------------------------------------------------------------------------- */

typedef void timer_fn(void *context);

/*
 * A timer is a member of what it serves, set up once with timer_init; stop it before freeing it.
 * It fires once per start. Its function may start it again, and start or stop any other.
 */
struct timer {
	timer_fn *run;
	void *context;
	struct loop *loop;
	int64_t due_ms;
	struct timer *next, *previous;
	bool active;
};

void timer_init(struct timer *timer, struct loop *loop, timer_fn *run, void *context);

/*
 * Fires `after_ms` from now (0: as soon as the caller is back in the loop; never from within this
 * call). A timer that is already started is moved. Timers due at the same moment run in the order
 * in which they were started.
 */
void timer_start(struct timer *timer, int64_t after_ms);

/* As timer_start, but a timer that is already due earlier stays as it is. */
void timer_start_by(struct timer *timer, int64_t after_ms);

/* A timer that is not started is fine. */
void timer_stop(struct timer *timer);

/* --- descriptors ----------------------------------------------------------------------------- */

typedef void loop_fd_fn(void *context);

/* Calls `ready` whenever `fd` is readable. 0, or -1 with errno set. At most LOOP_MAX_FDS. */
#define LOOP_MAX_FDS 16
int loop_add_fd(struct loop *loop, int fd, loop_fd_fn *ready, void *context);
void loop_remove_fd(struct loop *loop, int fd);

/* --- running --------------------------------------------------------------------------------- */

/* Runs until loop_stop. 0, or -1 with errno set if waiting failed. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* LOOP_VIRTUAL only: moves the clocks on by `ms`, running each timer at its own moment. */
void loop_advance(struct loop *loop, int64_t ms);

#endif

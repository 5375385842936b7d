#include "tests/kubesim/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "tests/kubesim/alloc.h"

#define VIRTUAL_START_US (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */

struct watched_fd {
	int fd; /* -1: free */
	loop_fd_fn *ready;
	void *context;
};

struct loop {
	enum loop_clock clock;
	int64_t now_ms;
	int epoll;
	bool stopped;
	struct timer *first; /* sorted by due_ms, equal ones by when they were started */
	struct watched_fd fds[LOOP_MAX_FDS];
};

static int64_t read_clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct loop *loop_new(enum loop_clock clock)
{
	struct loop *loop = alloc_zero(sizeof(*loop));

	loop->clock = clock;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < LOOP_MAX_FDS; i++)
		loop->fds[i].fd = -1;
	if (clock == LOOP_REAL)
		loop->now_ms = read_clock_us(CLOCK_MONOTONIC) / 1000;
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->first)
		timer_stop(loop->first);
	close(loop->epoll);
	free(loop);
}

int64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

int64_t loop_wall_us(const struct loop *loop)
{
	if (loop->clock == LOOP_VIRTUAL)
		return VIRTUAL_START_US + loop->now_ms * 1000;
	return read_clock_us(CLOCK_REALTIME);
}

void timer_init(struct timer *timer, struct loop *loop, timer_fn *run, void *context)
{
	*timer = (struct timer){.run = run, .context = context, .loop = loop};
}

void timer_start(struct timer *timer, int64_t after_ms)
{
	struct timer **place = &timer->loop->first, *previous = NULL;

	timer_stop(timer);
	timer->due_ms = timer->loop->now_ms + (after_ms > 0 ? after_ms : 0);
	while (*place && (*place)->due_ms <= timer->due_ms) {
		previous = *place;
		place = &previous->next;
	}
	timer->next = *place;
	timer->previous = previous;
	if (timer->next)
		timer->next->previous = timer;
	*place = timer;
	timer->active = true;
}

void timer_start_by(struct timer *timer, int64_t after_ms)
{
	if (!timer->active || timer->due_ms > timer->loop->now_ms + after_ms)
		timer_start(timer, after_ms);
}

void timer_stop(struct timer *timer)
{
	if (!timer->active)
		return;
	if (timer->previous)
		timer->previous->next = timer->next;
	else
		timer->loop->first = timer->next;
	if (timer->next)
		timer->next->previous = timer->previous;
	timer->next = timer->previous = NULL;
	timer->active = false;
}

int loop_add_fd(struct loop *loop, int fd, loop_fd_fn *ready, void *context)
{
	struct epoll_event event = {.events = EPOLLIN};

	for (int i = 0; i < LOOP_MAX_FDS; i++) {
		if (loop->fds[i].fd >= 0)
			continue;
		event.data.u32 = (uint32_t)i;
		if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			return -1;
		loop->fds[i] = (struct watched_fd){fd, ready, context};
		return 0;
	}
	errno = ENOSPC;
	return -1;
}

void loop_remove_fd(struct loop *loop, int fd)
{
	for (int i = 0; i < LOOP_MAX_FDS; i++) {
		if (loop->fds[i].fd != fd)
			continue;
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		loop->fds[i].fd = -1;
	}
}

/*
 * Runs what is due now. A timer that is started with 0 from a timer's function waits for the next
 * turn, so that descriptors get theirs in between.
 */
static void run_due(struct loop *loop)
{
	struct timer barrier;

	timer_init(&barrier, loop, NULL, NULL);
	timer_start(&barrier, 0);
	while (loop->first != &barrier && !loop->stopped) {
		struct timer *timer = loop->first;

		timer_stop(timer);
		timer->run(timer->context);
	}
	timer_stop(&barrier);
}

static int wait_ms(const struct loop *loop)
{
	int64_t wait;

	if (!loop->first)
		return -1;
	wait = loop->first->due_ms - loop->now_ms;
	return wait < 0 ? 0 : wait > INT_MAX ? INT_MAX : (int)wait;
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[LOOP_MAX_FDS];

	loop->stopped = false;
	while (!loop->stopped) {
		int count = epoll_wait(loop->epoll, events, LOOP_MAX_FDS, wait_ms(loop));

		if (count < 0 && errno != EINTR)
			return -1;
		loop->now_ms = read_clock_us(CLOCK_MONOTONIC) / 1000;
		for (int i = 0; i < count && !loop->stopped; i++) {
			struct watched_fd *watched = &loop->fds[events[i].data.u32];

			if (watched->fd >= 0)
				watched->ready(watched->context);
		}
		run_due(loop);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

void loop_advance(struct loop *loop, int64_t ms)
{
	int64_t end_ms = loop->now_ms + ms;

	while (loop->first && loop->first->due_ms <= end_ms) {
		struct timer *timer = loop->first;

		if (timer->due_ms > loop->now_ms)
			loop->now_ms = timer->due_ms;
		timer_stop(timer);
		timer->run(timer->context);
	}
	loop->now_ms = end_ms;
}

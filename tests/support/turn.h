/*
 * turn.h - turns a libuv loop in a test until something has happened, with a deadline.
 */
#ifndef TESTS_SUPPORT_TURN_H
#define TESTS_SUPPORT_TURN_H

#include <stdbool.h>
#include <uv.h>

#define TURN_DEADLINE_MS 60000

/* Turns the loop until *happened; the test fails if that takes longer than TURN_DEADLINE_MS. */
void turn_until(uv_loop_t *loop, const bool *happened);

/*
 * Turns it until that many requests that begin with `match` have come to the server (server.h); the
 * test fails if that takes longer than TURN_DEADLINE_MS.
 */
struct server;
void turn_until_count(uv_loop_t *loop, struct server *server, const char *match, size_t count);

/* Turns it for that long, to see that something does not happen. */
void turn_for(uv_loop_t *loop, int ms);

/* Turns it until nothing is left and closes it; the test fails if something stays open. */
void turn_and_close(uv_loop_t *loop);

#endif

/*
 * turns.h - how many may do something at once; the others wait in line, first come first served.
 */
#ifndef AGENT_TURNS_H
#define AGENT_TURNS_H

#include <stdbool.h>
#include <stddef.h>

/* Who is in line or has a turn; zero-initialised: neither. Stays where it is meanwhile. */
struct turn {
	struct turns *turns; /* NULL: neither in line nor at work */
	struct turn *next;
	bool is_awaited;
	void (*go)(void *context);
	void *context;
};

struct turns {
	size_t limit, taken;
	struct turn *first, *last; /* in line */
};

/*
 * True: it is its turn now. False: `go` is called once it is. Where `turns` is NULL, everybody has
 * one at once.
 */
bool turn_take(struct turns *turns, struct turn *turn, void (*go)(void *context), void *context);

/* Leaves the line, or gives the turn to who is the first in it. No-op where it has neither. */
void turn_give_back(struct turn *turn);

bool turn_is_awaited(const struct turn *turn);

#endif

#include "agent/turns.h"

bool turn_take(struct turns *turns, struct turn *turn, void (*go)(void *context), void *context)
{
	*turn = (struct turn){.turns = turns, .go = go, .context = context};
	if (!turns)
		return true;
	if (turns->taken < turns->limit) {
		turns->taken++;
		return true;
	}
	turn->is_awaited = true;
	if (turns->last)
		turns->last->next = turn;
	else
		turns->first = turn;
	turns->last = turn;
	return false;
}

static void leave_line(struct turns *turns, struct turn *turn)
{
	struct turn *before = NULL;

	for (struct turn *at = turns->first; at != turn; at = at->next)
		before = at;
	if (before)
		before->next = turn->next;
	else
		turns->first = turn->next;
	if (turns->last == turn)
		turns->last = before;
}

void turn_give_back(struct turn *turn)
{
	struct turns *turns = turn->turns;
	struct turn *next = turns ? turns->first : NULL;

	if (!turns)
		return;
	turn->turns = NULL;
	if (turn->is_awaited) {
		turn->is_awaited = false;
		leave_line(turns, turn);
		return;
	}
	if (!next) {
		turns->taken--;
		return;
	}
	leave_line(turns, next);
	next->is_awaited = false;
	next->go(next->context);
}

bool turn_is_awaited(const struct turn *turn)
{
	return turn->is_awaited;
}

/*
 * notice_board.h - what holds of one app at present, and what of that was told. It makes notices of
 * what passes find again and again.
 *
 *	notice_board_begin(board);		all that holds is in doubt
 *	notice_board_keep(board, ...)		... but what this round has nothing to say about
 *	notice_board_put(board, notice, ...)	it holds (still)
 *	notice_board_end(board);		what is in doubt still is over
 *	notice_board_tell(board);		what is new goes to the hub, as one sync's
 *
 * A condition is told when it begins and when it ends, however often it is put. One that may pass
 * by itself (a network that is gone for a moment) is told only when it has held for
 * NOTICE_PATIENCE_MS. What was told and holds can be kept (notice_board_to_json) and given to the
 * board of the next process, which then does not tell it again, and tells its end.
 */
#ifndef AGENT_NOTICE_BOARD_H
#define AGENT_NOTICE_BOARD_H

#include "agent/notices.h"

#define NOTICE_PATIENCE_MS    30000
#define NOTICE_BOARD_MAX      10000 /* conditions; more are not noticed */
#define NOTICE_BOARD_MAX_KEPT 100   /* by notice_board_to_json */

struct notice_board_item {
	struct notice *notice;
	bool doubted; /* in this round */
	bool told;
	char *mark; /* the caller's; may be NULL */
};

/* Zero-initialised is empty. */
struct notice_board {
	struct notices *notices; /* the hub, borrowed; NULL: nobody is told */
	struct notice_board_item *items;
	size_t count, capacity;
	struct notice **batch; /* to be told */
	size_t batch_count, batch_capacity;
};

void notice_board_release(struct notice_board *board);

void notice_board_begin(struct notice_board *board);
void notice_board_keep(struct notice_board *board,
		       bool (*is_unknown)(void *context, const struct notice *notice),
		       void *context);

/*
 * It holds. Takes the notice, which says NOTICE_BEGINS (NULL counts as out of memory: nothing
 * happens). With `may_pass` it is told only once it has held for NOTICE_PATIENCE_MS.
 */
void notice_board_put(struct notice_board *board, struct notice *take_notice, bool may_pass);

/* It happened. Takes the notice, which says NOTICE_ONCE; NULL as above. */
void notice_board_once(struct notice_board *board, struct notice *take_notice);

void notice_board_end(struct notice_board *board, int64_t now_ms);

/* Outside of rounds: the condition with that key is over. */
void notice_board_lift(struct notice_board *board, const char *key, int64_t now_ms);

/* The condition with that key; NULL: it does not hold. Borrowed. */
struct notice_board_item *notice_board_find(const struct notice_board *board, const char *key);

void notice_board_tell(struct notice_board *board);

/* Forgets everything without a word: another process tells from now on. */
void notice_board_clear(struct notice_board *board);

/*
 * An array for notice_board_restore: what was told of `app` and holds, and what is over but has
 * still to be told by a sink; each with the names of those sinks (`untold`). NULL where there is
 * none. ERR_NO_MEMORY only.
 */
int notice_board_to_json(const struct notice_board *board, const char *app, cJSON **ret_json,
			 struct err *err);

/*
 * Takes over what the process before told of `app`, and tells what it had still to tell. What the
 * board knows already stays as it is; what cannot be read is left out.
 */
void notice_board_restore(struct notice_board *board, const char *app, const cJSON *json);

#endif

/*
 * conditions.h - what is wrong at present, so that each trouble is told once when it begins and
 * once when it ends, however often it is looked at.
 *
 *	conditions_begin_round(&c);
 *	for each trouble there is now:
 *		if (conditions_hold(&c, key, text, &is_new, err) == 0 && is_new)
 *			tell that it began
 *	conditions_end_round(&c, tell that it ended, context);
 */
#ifndef AGENT_CONDITIONS_H
#define AGENT_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/err.h"

struct condition {
	char *key;
	char *text;
	bool held; /* in this round */
};

/* Zero-initialised is empty. */
struct conditions {
	struct condition *items;
	size_t count, capacity;
};

void conditions_release(struct conditions *conditions);
void conditions_begin_round(struct conditions *conditions);

/*
 * The condition `key` holds in this round. *ret_is_new: it did not before, or held with another
 * text. Pass the same text (or "") to be told once only whatever the details.
 */
int conditions_hold(struct conditions *conditions, const char *key, const char *text,
		    bool *ret_is_new, struct err *err);

/* The text with which it held last; NULL: it did not, in this round or the one before. Borrowed. */
const char *conditions_text(const struct conditions *conditions, const char *key);

/*
 * Of a round that is not about everything: begins with all of them holding, and takes back the one
 * with this key, and those whose key goes on behind a space, for each thing that it is about.
 */
void conditions_begin_partial_round(struct conditions *conditions);
void conditions_doubt(struct conditions *conditions, const char *key);

/* Drops those that did not hold in this round, after calling `on_end` for each. */
void conditions_end_round(struct conditions *conditions,
			  void (*on_end)(void *context, const char *key), void *context);

#endif

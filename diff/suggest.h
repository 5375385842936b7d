/*
 * suggest.h - the known word that a misspelt one was probably meant to be.
 *
 *	struct suggestion meant = suggestion_for("replica");
 *	for (...)
 *		suggestion_offer(&meant, names[i]);
 *	if (meant.word)
 *		... "did you mean \"%s\"?"
 */
#ifndef DIFF_SUGGEST_H
#define DIFF_SUGGEST_H

#include <stddef.h>

#define SUGGEST_MAX_LENGTH 63 /* longer words are never suggested, nor corrected */

struct suggestion {
	const char *word; /* the nearest so far that is near enough, borrowed; else NULL */
	const char *misspelt;
	size_t length, distance;
};

struct suggestion suggestion_for(const char *misspelt);

/* Takes the word where it is nearer than those before: fewer letters differ, capitals aside. */
void suggestion_offer(struct suggestion *suggestion, const char *word);

#endif

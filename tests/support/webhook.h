/*
 * webhook.h - a webhook's request out of a recorded one: header lines, an empty line, the body.
 */
#ifndef TESTS_SUPPORT_WEBHOOK_H
#define TESTS_SUPPORT_WEBHOOK_H

#include <stddef.h>

#include "diff/webhook.h"

#define RECORDED_MAX_HEADERS 32
#define RECORDED_SECRET      "a secret between them" /* by which all of them are signed */

struct recorded {
	char *text; /* its own copy, cut into pieces */
	const char *names[RECORDED_MAX_HEADERS], *values[RECORDED_MAX_HEADERS];
	size_t count;
	struct webhook_request request; /* borrows from here, so that a copy of this is none */
};

/* Takes it apart; whatever it is, something is made of it. */
void recorded_read(struct recorded *recorded, const void *bytes, size_t length);
void recorded_release(struct recorded *recorded);

#endif

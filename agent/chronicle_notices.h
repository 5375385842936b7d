/*
 * chronicle_notices.h - what the chronicle puts on the app's notice board: which of what it sees is
 * a condition that people are told of, and in which words. Within chronicle's room only.
 */
#ifndef AGENT_CHRONICLE_NOTICES_H
#define AGENT_CHRONICLE_NOTICES_H

#include "agent/chronicle.h"

/* All that a pass found; what was written before it ended is told with it. */
void chronicle_notice_pass(struct chronicle *chronicle, const struct pass *pass);

/* An object was written: `line` says how. `written` is what the server made of it, or NULL. */
void chronicle_notice_written(struct chronicle *chronicle, const struct plan_item *item,
			      const cJSON *written, const char *line);

/* Drift of an object was undone the moment it was seen: `line` says what it was. */
void chronicle_notice_undone(struct chronicle *chronicle, const struct plan_item *item,
			     const char *line);

#endif

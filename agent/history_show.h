/*
 * history_show.h - a history printed as the options say: for `history`, wherever it was read.
 */
#ifndef AGENT_HISTORY_SHOW_H
#define AGENT_HISTORY_SHOW_H

#include "agent/options.h"
#include "diff/history.h"

/* The exit code. */
int history_show(const struct history *history, const char *app, const struct options *options);

#endif

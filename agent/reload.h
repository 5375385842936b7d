/*
 * reload.h - the configuration file, read again whenever it has changed.
 */
#ifndef AGENT_RELOAD_H
#define AGENT_RELOAD_H

#include "agent/config.h"
#include "agent/options.h"

struct uv_loop_s;
struct reload;

struct reload_options {
	struct uv_loop_s *loop;
	const struct options *options; /* of the command line; borrowed, with all strings */
	/* It is another, and valid. May take what is in *config. */
	void (*on_config)(void *context, struct config *config);
	/* It is not valid; `why` is the first thing that is wrong, all of them have been logged. */
	void (*on_refused)(void *context, const char *why);
	void *context;
};

/* Watches the file that options->config names. ERR_NO_MEMORY, ERR_INTERNAL. */
int reload_new(const struct reload_options *options, struct reload **ret_reload, struct err *err);

/* The loop has to turn once more. NULL is fine. */
void reload_free(struct reload *reload);

/* Reads it now. */
void reload_now(struct reload *reload);

/* The same once, after the start: it may have changed before the watch began. */
void reload_check(struct reload *reload);

#endif

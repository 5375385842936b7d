/*
 * exec_plugin.h - one run of an exec credential plugin, as a child process beside the loop.
 *
 * The child gets our environment, what the config adds, and KUBERNETES_EXEC_INFO; of our standard
 * streams nothing, unless it may use our terminal: then standard input and, for what it has to say
 * to whoever sits there, standard error. Otherwise the end of what it wrote there is part of the
 * error.
 */
#ifndef APPLY_EXEC_PLUGIN_H
#define APPLY_EXEC_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "apply/exec_config.h"

struct uv_loop_s;
struct exec_plugin;

#define EXEC_DEADLINE_MS       60000 /* without a terminal; with one it waits for its user */
#define EXEC_MAX_OUTPUT_BYTES  (1024u * 1024)
#define EXEC_SHOWN_ERROR_BYTES 512 /* of its standard error, from the end */

struct exec_plugin_options {
	const struct exec_config *config; /* borrowed until it has ended */
	const char *info;                 /* KUBERNETES_EXEC_INFO; copied */
	int64_t deadline_ms;              /* 0: EXEC_DEADLINE_MS */

	/*
	 * Called once, from the loop. `err` is NULL where it ended well, and `output` is what it
	 * printed, borrowed. Errors: ERR_DENIED where it failed, was killed or took too long,
	 * ERR_LIMIT, ERR_NO_MEMORY. The message holds nothing of its output.
	 */
	void (*on_done)(void *ctx, const struct err *err, const char *output, size_t length);
	void *ctx;
};

/*
 * Starts it; -1 where it could not even be started: ERR_DENIED with the config's install hint where
 * there is no such command.
 */
int exec_plugin_start(struct uv_loop_s *loop, const struct exec_plugin_options *options,
		      struct exec_plugin **ret_plugin, struct err *err);

/* Kills it, without a callback. The loop frees it as soon as it has seen it die. NULL is fine. */
void exec_plugin_cancel(struct exec_plugin *plugin);

#endif

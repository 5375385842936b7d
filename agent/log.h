/*
 * log.h - lines about what happens, on standard error.
 *
 * Text: `2026-05-04T12:03:11.042Z info  web@3f2c1ab statefulset.apps/web: replaced`; or one JSON
 * object a line with the keys time, level, app, revision, object, msg. Control characters in
 * values are escaped, so that a repository or a server cannot write to the terminal.
 */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* What a line is about; members may be NULL. */
struct log_subject {
	const char *app;
	const char *revision; /* short commit id */
	const char *object;   /* "statefulset.apps/web" */
};

/* Process-wide, set once at the start. The default is LOG_TEXT from LOG_INFO on. */
void log_setup(enum log_level least, enum log_format format);

/* Whether lines are JSON, so that nothing else may be written among them. */
bool log_is_json(void);

/* "debug", "info", ... to the level; the names that the option table admits. */
enum log_level log_level_of(const char *name);

/* `subject` may be NULL. */
void log_line(enum log_level level, const struct log_subject *subject, const char *format, ...)
	PRINTF(3, 4);

#define LOG_LIMIT_MS 10000

/* Keeps the log from being filled by what strangers bring about. Zero-initialised: no line yet. */
struct log_limiter {
	uint64_t next_ms;    /* until then lines are only counted */
	unsigned suppressed; /* since the last one */
};

/*
 * Logs a warning, unless there was one less than LOG_LIMIT_MS ago; the next then tells how many
 * were left out. `now_ms` is of any clock that does not go back.
 */
void log_limited(struct log_limiter *limiter, uint64_t now_ms, const char *format, ...)
	PRINTF(3, 4);

#endif

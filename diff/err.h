/*
 * err.h - how a function says what went wrong.
 *
 * Functions that can fail take `struct err *err` last and return 0, or -1 with *err filled. On
 * success *err is left as it was. The class says what the caller can do about the failure; the
 * message is one line for a person: lower case, no full stop, subjects quoted, the server's own
 * words where it has some. Each layer that adds knowledge (a file name, an object) prefixes it
 * once:
 *
 *	if (manifest_parse(...) < 0)
 *		return err_prefix(err, "%s", path);	// "web.yaml:12:3: ..."
 *
 * Library floors never print. `err` is never NULL.
 */
#ifndef DIFF_ERR_H
#define DIFF_ERR_H

#include <stdarg.h>

#define PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))

enum err_class {
	ERR_NONE = 0,
	ERR_INVALID, /* the input is wrong and stays wrong: a manifest, a flag, HTTP 400 and 422 */
	ERR_NOT_FOUND,   /* what was named does not exist: a ref, a path, an object, a kind */
	ERR_DENIED,      /* credentials missing, refused or without the right: HTTP 401 and 403 */
	ERR_UNTRUSTED,   /* not signed by whom it has to be signed by */
	ERR_CONFLICT,    /* somebody else changed it meanwhile: read again and decide again */
	ERR_EXISTS,      /* it was to be created and is there already */
	ERR_EXPIRED,     /* the resourceVersion is too old: list again (HTTP 410) */
	ERR_TRANSIENT,   /* may go away by itself: connection, timeout, HTTP 429 and 5xx */
	ERR_LIMIT,       /* a documented cap was passed */
	ERR_UNSUPPORTED, /* understood, but this server or build cannot do it */
	ERR_CANCELLED,   /* the caller gave up on it */
	ERR_NO_MEMORY,
	ERR_INTERNAL, /* a bug in tranche */
};

#define ERR_MESSAGE_MAX 1024

struct err {
	enum err_class class;
	char message[ERR_MESSAGE_MAX]; /* cut at the limit, at a UTF-8 boundary */
};

/* Fills *err and returns -1, so that `return err_set(...)` reads as one step. */
int err_set(struct err *err, enum err_class class, const char *format, ...) PRINTF(3, 4);
int err_vset(struct err *err, enum err_class class, const char *format, va_list args) PRINTF(3, 0);

/* Puts "FORMAT: " before the message that is there, keeps the class; returns -1. */
int err_prefix(struct err *err, const char *format, ...) PRINTF(2, 3);

/* "out of memory", class ERR_NO_MEMORY; returns -1. */
int err_no_memory(struct err *err);

/* The class's name as logs and JSON show it: "invalid", "not-found", ... */
const char *err_class_name(enum err_class class);

#endif

#include "agent/source_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <git2.h>

#include "agent/source_git_cache.h"
#include "agent/source_git_loose.h"
#include "diff/cleanup.h"

static enum err_class class_of(int code, int git_class)
{
	switch (code) {
	case GIT_ENOTFOUND: return ERR_NOT_FOUND;
	case GIT_EAUTH:
	case GIT_ECERTIFICATE: return ERR_DENIED;
	case GIT_EAMBIGUOUS: return ERR_INVALID;
	default: break;
	}
	switch (git_class) {
	case GIT_ERROR_NOMEMORY: return ERR_NO_MEMORY;
	case GIT_ERROR_NET:
	case GIT_ERROR_OS:
	case GIT_ERROR_HTTP:
	case GIT_ERROR_SSL:
	case GIT_ERROR_SSH: return ERR_TRANSIENT;
	default: return ERR_INVALID;
	}
}

/* Names of temporary files are others each time: without them the same fault has the same message. */
static void drop_random_name(char *message)
{
	char *part = strstr(message, CACHE_PACK_PART);

	if (!part)
		return;
	part += strlen(CACHE_PACK_PART);
	char *rest = part;
	while (isalnum((unsigned char)*rest))
		rest++;
	memmove(part, rest, strlen(rest) + 1);
}

int git_fail(struct err *err, int code, const char *format, ...)
{
	const git_error *last = git_error_last();
	va_list args;

	err_set(err, class_of(code, last ? last->klass : GIT_ERROR_NONE), "%s",
		last && last->message ? last->message : "unknown error of libgit2");
	drop_random_name(err->message);
	CLEANUP(free_p) char *prefix = NULL;
	va_start(args, format);
	if (vasprintf(&prefix, format, args) < 0)
		prefix = NULL;
	va_end(args);
	return err_prefix(err, "%s", prefix ? prefix : "git");
}

/* Without a place for the answer libgit2 only looks whether a repository is there, not whose it is. */
static bool is_repository(const char *folder, unsigned flags)
{
	return git_repository_open_ext(NULL, folder, flags, NULL) == 0;
}

int git_open_folder(git_repository **ret, const char *folder, const char *name, unsigned flags,
		    const char *absent, struct err *err)
{
	CLEANUP(free_p) char *path = NULL;
	int code = git_repository_open_ext(ret, folder, flags, NULL);

	if (code == 0)
		code = git_loose_guard(*ret);
	if (code == 0)
		return 0;
	/* libgit2 1.5 also says "not found" of what it does not trust, where the user has no settings. */
	if (code != GIT_ENOTFOUND && code != GIT_EOWNER)
		return git_fail(err, code, "%s", name);
	if (is_repository(folder, flags)) {
		path = realpath(folder, NULL);
		return err_set(err, ERR_NOT_FOUND,
			       "%s: belongs to another user: run tranche as that one, or trust it: "
			       "git config --global --add safe.directory %s",
			       name, path ? path : folder);
	}
	if (access(folder, R_OK | X_OK) < 0 && errno == EACCES)
		return err_set(err, ERR_NOT_FOUND, "%s: %s", name, strerror(EACCES));
	return err_set(err, ERR_NOT_FOUND, "%s: %s", name, absent);
}

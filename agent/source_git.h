/*
 * source_git.h - the inside of a Git source, shared by source_git*.c only.
 */
#ifndef AGENT_SOURCE_GIT_H
#define AGENT_SOURCE_GIT_H

#include <git2.h>

#include "agent/source.h"
#include "agent/source_git_known.h"

struct git_source {
	const struct source_options *options;
	char *name;   /* the URL without a password, or the folder */
	char *folder; /* local: the repository's; remote: the clone's */
	bool local;
	git_repository *repository; /* NULL until the first read */
	struct known_files known;   /* that were read last */
	struct err damage; /* why the clone was made anew since the last read, or ERR_NONE */
	char discarded_for[ERR_MESSAGE_MAX]; /* why it was discarded last */
	int64_t discarded_ms;                /* when: of the monotonic clock */
};

/* A ref that was looked up: the commit and how people call it. */
struct resolved {
	struct err err; /* of this ref alone, where several were looked up */
	git_oid commit;
	git_oid tag; /* the tag object, where the ref is an annotated tag; else zero */
	char *label; /* "main"; NULL where a commit was asked for */
};

/* Whether the text may be a commit id or the beginning of one. */
bool git_is_commit_id(const char *text);

/* Looks such a text up in the repository; 0, or libgit2's code. */
int git_commit_of_digits(git_repository *repository, const char *digits, git_oid *ret_commit);

/* Opens a repository that is a local folder. ERR_NOT_FOUND. */
int git_open_local(struct git_source *git, struct err *err);

/* Finds the ref (NULL: HEAD) in a repository that is a local folder. */
int git_resolve_local(struct git_source *git, const char *ref, struct resolved *ret,
		      struct err *err);

/*
 * Has the refs fetched into the clone, which the caller has locked; ret[] has one a ref. A clone
 * that is damaged is made anew, once; git->damage is why.
 */
int git_resolve_remote(struct git_source *git, int lock_fd, const char *const *refs, size_t count,
		       struct resolved *ret, struct err *err);

void resolved_release(struct resolved *resolved);

/* Fills it in from digits; `tag` and `label` may be NULL. ERR_INTERNAL, ERR_NO_MEMORY. */
int resolved_set(struct resolved *resolved, const char *commit, const char *tag, const char *label,
		 struct err *err);

/*
 * Opens the repository if it is not open yet and finds the refs there, or at the remote. *ret_lock
 * keeps other processes out of a clone while it is open; -1 for none. What is wrong with one ref
 * alone is in its `err`.
 */
int git_resolve_all(struct git_source *git, const char *const *refs, size_t count, int *ret_lock,
		    struct resolved *ret, struct err *err);

/* The same for one ref, whose error is the call's. */
int git_resolve(struct git_source *git, const char *ref, int *ret_lock, struct resolved *ret,
		struct err *err);

/*
 * With --verify: the tag object, where there is one, else the commit is signed by an allowed key
 * (source_verify.h), else ERR_UNTRUSTED. `what` is how messages call it.
 */
int git_check_signature(struct git_source *git, const struct resolved *resolved, const char *what,
			struct err *err);

/* What is said of the commit: all of the snapshot but its files. */
int git_describe(struct git_source *git, const struct resolved *resolved, struct snapshot *snapshot,
		 struct err *err);

#endif

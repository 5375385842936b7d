/*
 * repository.h - the Git repositories of an agent: apps that follow the same one share its clone,
 * its fetches, and the watch on a local one.
 *
 * All refs that its apps follow are asked for at once, by one listing and at most one fetch
 * (source_resolve), in a thread of its own: a server that hangs keeps no other's repositories
 * waiting. An app that asks is content with an answer that is young enough, so that a repository is
 * asked once an interval, however many apps there are. What is learnt is told to all of them.
 */
#ifndef AGENT_REPOSITORY_H
#define AGENT_REPOSITORY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/source.h"

struct uv_loop_s;
struct repositories;
struct repository;

/*
 * Polls of one server's repositories at once: of those that answered last time, and of those that
 * did not.
 */
#define REPOSITORY_MAX_POLLS        4
#define REPOSITORY_MAX_FAILED_POLLS 2

/* NULL when memory runs out. */
struct repositories *repositories_new(struct uv_loop_s *loop, struct err *err);

/*
 * After all users have left. A poll that is under way goes on in its thread; nobody is told. NULL
 * is fine.
 */
void repositories_free(struct repositories *repositories);

/* Who follows a ref of a repository. Stays where it is until repository_leave. */
struct repository_user {
	/* The ref is at another commit than it was, or is known again. */
	void (*on_moved)(void *context);
	/*
	 * A local repository's watch does not stand: commits are seen at the interval only. May be
	 * NULL.
	 */
	void (*on_unwatched)(void *context, const struct err *err);
	void *context;

	/* The repository's own. */
	struct repository *repository;
	struct repository_user *next;
	char *ref;
	bool asks;        /* `done` is still to be called */
	int64_t wants_ms; /* monotonic: the answer is to be of a poll that began then or later */
	void (*done)(void *context, const struct source_stand *stand, const struct err *err);
	void *done_context;
};

/*
 * Follows options->ref of options->repo, which is no plain files. Copies what it needs.
 * ERR_NO_MEMORY, as source_new.
 */
int repository_join(struct repositories *repositories, const struct source_options *options,
		    struct repository_user *user, struct err *err);

/* No-op for one that has not joined. */
void repository_leave(struct repository_user *user);

/*
 * Asks where the ref stands, with an answer not older than `max_age_ms`; 0: asked for from now on.
 * `done` is called from the loop, once, with borrowed values: *err says why the repository or the
 * ref is not there (class ERR_NONE: it is). One question at a time.
 */
void repository_ask(struct repository_user *user, int64_t max_age_ms,
		    void (*done)(void *context, const struct source_stand *stand,
				 const struct err *err),
		    void *context);

/* `done` is not called any more. */
void repository_cancel(struct repository_user *user);

/* The commit that the ref was at when the repository was asked last; NULL: not known. Borrowed. */
const char *repository_commit(const struct repository_user *user);

/* How often the repository was asked, by whomever, and how often it did not answer. */
void repository_count(const struct repository_user *user, uint64_t *ret_polls,
		      uint64_t *ret_failed);

#endif

/*
 * source_clone.h - the user's own clone: what its commits hold, and making one more.
 *
 * Unlike a source (source.h), which only reads, this one has a work tree, and somebody who works in
 * it. Blocks; one call at a time.
 */
#ifndef AGENT_SOURCE_CLONE_H
#define AGENT_SOURCE_CLONE_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/cleanup.h"
#include "diff/err.h"

#define CLONE_ID_SIZE 41 /* hex digits of a commit or a blob, and a NUL */

struct clone;
struct clone_commit;

/*
 * Finds the repository that the folder is in. Errors: ERR_NOT_FOUND for no folder or repository;
 * ERR_INVALID for a bare one, one without a commit, a HEAD that is on no branch, or a merge or
 * rebase that is not finished; ERR_DENIED.
 */
int clone_open(const char *folder, struct clone **ret_clone, struct err *err);
void clone_free(struct clone *clone);
DEFINE_FREE_P(struct clone, clone_free);

const char *clone_top(const struct clone *clone);    /* of the work tree; ends with a slash */
const char *clone_below(const struct clone *clone);  /* the folder from there: "deploy/prod", "" */
const char *clone_branch(const struct clone *clone); /* "main" */

/* Whether older commits are missing because the clone is a shallow one. */
bool clone_is_shallow(const struct clone *clone);

/* --- commits --------------------------------------------------------------------------------- */

/* A commit must not outlive its clone. */
int clone_head(struct clone *clone, struct clone_commit **ret_commit, struct err *err);

/* The first parent; *ret_parent is NULL where there is none here. */
int clone_parent(const struct clone_commit *commit, struct clone_commit **ret_parent,
		 struct err *err);
const char *clone_commit_id(const struct clone_commit *commit); /* 40 digits */
void clone_commit_free(struct clone_commit *commit);
DEFINE_FREE_P(struct clone_commit, clone_commit_free);

/*
 * A file's text, from the top of the repository. *ret_text is NULL where there is no such file (a
 * folder, link or submodule is none); the caller frees it. ERR_LIMIT above YAML_MAX_BYTES.
 */
int clone_read(const struct clone_commit *commit, const char *path, char **ret_text,
	       size_t *ret_length, struct err *err);

/* What tells the content of a path apart from another commit's; "" where there is no such file. */
int clone_blob_id(const struct clone_commit *commit, const char *path, char ret_id[CLONE_ID_SIZE],
		  struct err *err);

/*
 * Visits the path of every file below a folder ("" is the top), in lexical order; names that begin
 * with a dot are passed over. What `visit` returns, 0 or -1 with *err filled, goes on.
 */
int clone_list(const struct clone_commit *commit, const char *folder,
	       int (*visit)(void *context, const char *path, struct err *err), void *context,
	       struct err *err);

/* --- committing ------------------------------------------------------------------------------ */

/* ERR_CONFLICT where the file in the work tree or the index is not the one of HEAD. */
int clone_check_clean(struct clone *clone, const char *path, struct err *err);

/*
 * Commits these files of the work tree on top of HEAD and nothing else: what else is staged stays
 * staged, and out of the commit.
 *
 * libgit2 makes the commit, under the identity that git would use: GIT_AUTHOR_NAME and the like,
 * else user.name and user.email, with no guess. It runs no hooks, signs nothing, and knows no
 * filters but line endings; so where the user's settings ask for any of these, `git commit` makes
 * it.
 *
 * ret_id gets the commit's id. Errors: ERR_DENIED without an identity or where a hook refuses;
 * ERR_UNSUPPORTED where git is needed and not installed; ERR_CONFLICT where HEAD has moved.
 */
int clone_commit_files(struct clone *clone, const char *const *paths, size_t path_count,
		       const char *message, char ret_id[CLONE_ID_SIZE], struct err *err);

/* Where the branch is pushed to. */
struct clone_upstream {
	char *remote; /* "origin" */
	char *ref;    /* "refs/heads/main" */
	size_t ahead; /* commits of the branch that it does not have yet, as far as is known here */
};

/* ERR_NOT_FOUND where the branch has none. */
int clone_upstream(struct clone *clone, struct clone_upstream *ret_upstream, struct err *err);
void clone_upstream_release(struct clone_upstream *upstream);

/* Runs `git push`, which has the user's credentials. ERR_TRANSIENT where it fails; git says why. */
int clone_push(struct clone *clone, const struct clone_upstream *upstream, struct err *err);

#endif

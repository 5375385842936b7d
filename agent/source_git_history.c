/*
 * Other revisions than the one that is followed: those that somebody names, and those before one.
 */
#include "agent/source_git.h"

#include <unistd.h>

#include "agent/source_private.h"

#define MAX_ANCESTORS 100000 /* that are looked at; further back is as if it were not there */

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void commit_free_p(git_commit **commit)
{
	git_commit_free(*commit);
}

/* The files of a commit; none where it lacks the path. */
static int read_files(struct git_source *git, const struct resolved *resolved,
		      struct snapshot *ret_snapshot, struct err *err)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	git_oid ignored;
	bool found;

	if (git_describe(git, resolved, &snapshot, err) < 0)
		return -1;
	if (git_tree_find(git->repository, &resolved->commit, git->options->path, &found, &ignored,
			  err) < 0 ||
	    (found && git_tree_read(git->repository, &resolved->commit, git->options->path, NULL,
				    &snapshot, err) < 0))
		return err_prefix(err, "%s at %s", git->name, snapshot.revision);
	*ret_snapshot = snapshot;
	snapshot = (struct snapshot){0};
	return 0;
}

int git_source_read_at(struct git_source *git, const char *rev, struct snapshot *ret_snapshot,
		       struct err *err)
{
	CLEANUP(resolved_release) struct resolved resolved = {0};
	CLEANUP(close_p) int lock = -1;

	if (git_resolve(git, rev, &lock, &resolved, err) < 0)
		return -1;
	return read_files(git, &resolved, ret_snapshot, err);
}

/* What stands at the path of a commit. */
struct place {
	git_oid id;
	bool found;
};

static int look_at(struct git_source *git, const git_oid *commit, struct place *ret,
		   struct err *err)
{
	return git_tree_find(git->repository, commit, git->options->path, &ret->found, &ret->id,
			     err);
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->found == b->found && (!a->found || git_oid_equal(&a->id, &b->id));
}

/* Makes *commit its first parent; GIT_ENOTFOUND where it has none that is here. */
static int to_parent(git_commit **commit)
{
	git_commit *parent = NULL;
	int code = git_commit_parentcount(*commit) == 0 ? GIT_ENOTFOUND
							: git_commit_parent(&parent, *commit, 0);

	if (code < 0)
		return code;
	git_commit_free(*commit);
	*commit = parent;
	return 0;
}

int git_source_read_before(struct git_source *git, const char *commit_id, bool *ret_found,
			   bool *ret_whole, struct snapshot *ret_snapshot, struct err *err)
{
	CLEANUP(commit_free_p) git_commit *commit = NULL;
	struct resolved resolved = {0};
	struct place now, before;
	int code = git_oid_fromstr(&resolved.commit, commit_id);

	if (code == 0)
		code = git_commit_lookup(&commit, git->repository, &resolved.commit);
	if (code < 0)
		return git_fail(err, code, "%s: commit %s", git->name, commit_id);
	if (look_at(git, git_commit_id(commit), &now, err) < 0)
		return -1;
	*ret_found = false;
	*ret_whole = false;
	for (int i = 0; i < MAX_ANCESTORS; i++) {
		code = to_parent(&commit);
		if (code == GIT_ENOTFOUND) {
			*ret_whole = !git_repository_is_shallow(git->repository);
			return 0;
		}
		if (code < 0)
			return git_fail(err, code, "%s: the history of %s", git->name, commit_id);
		if (look_at(git, git_commit_id(commit), &before, err) < 0)
			return -1;
		if (same_place(&now, &before))
			continue;
		*ret_found = true;
		git_oid_cpy(&resolved.commit, git_commit_id(commit));
		return read_files(git, &resolved, ret_snapshot, err);
	}
	return 0;
}

#include "agent/source_clone.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/source_clone_private.h"
#include "agent/source_git_loose.h"
#include "agent/source_private.h"
#include "diff/yaml.h"

static void reference_free_p(git_reference **reference)
{
	git_reference_free(*reference);
}

static void entry_free_p(git_tree_entry **entry)
{
	git_tree_entry_free(*entry);
}

/* --- opening --------------------------------------------------------------------------------- */

void clone_free(struct clone *clone)
{
	if (!clone)
		return;
	git_repository_free(clone->repository);
	free(clone->top);
	free(clone->below);
	free(clone->branch);
	free(clone);
	git_libgit2_shutdown();
}

static int find_repository(struct clone *clone, const char *folder, struct err *err)
{
	const char *absent = access(folder, F_OK) < 0 ? strerror(errno) : "not in a Git repository";

	if (git_open_folder(&clone->repository, folder, folder, 0, absent, err) < 0)
		return -1;
	if (git_repository_is_bare(clone->repository))
		return err_set(err, ERR_INVALID,
			       "%s: a bare repository has no files to edit; name a clone with -C",
			       folder);
	return 0;
}

/* The folder as a path from the top of the work tree. */
static int place_folder(struct clone *clone, const char *folder, struct err *err)
{
	CLEANUP(free_p) char *real = realpath(folder, NULL), *top = NULL;
	const char *workdir = git_repository_workdir(clone->repository);
	size_t length;

	if (!real)
		return err_set(err, ERR_NOT_FOUND, "%s: %s", folder, strerror(errno));
	top = realpath(workdir, NULL);
	clone->top = strdup(workdir);
	if (!top || !clone->top)
		return err_no_memory(err);
	length = strlen(top);
	if (strncmp(real, top, length) != 0 || (real[length] != '/' && real[length] != '\0'))
		return err_set(err, ERR_NOT_FOUND, "%s: not in the work tree %s", folder, top);
	clone->below = strdup(real[length] ? real + length + 1 : "");
	return clone->below ? 0 : err_no_memory(err);
}

static int find_branch(struct clone *clone, struct err *err)
{
	CLEANUP(reference_free_p) git_reference *head = NULL;
	int code = git_repository_head(&head, clone->repository);

	if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND)
		return err_set(err, ERR_INVALID, "%s: the repository has no commit yet",
			       clone->top);
	if (code < 0)
		return git_fail(err, code, "%s: HEAD", clone->top);
	if (!git_reference_is_branch(head))
		return err_set(err, ERR_INVALID,
			       "%s: HEAD is on no branch; check out the one that is synced",
			       clone->top);
	clone->branch = strdup(git_reference_shorthand(head));
	return clone->branch ? 0 : err_no_memory(err);
}

int clone_open(const char *folder, struct clone **ret_clone, struct err *err)
{
	CLEANUP(clone_free_p) struct clone *clone = NULL;

	if (git_libgit2_init() < 0)
		return git_fail(err, -1, "libgit2 cannot start");
	clone = calloc(1, sizeof(*clone));
	if (!clone) {
		git_libgit2_shutdown();
		return err_no_memory(err);
	}
	if (find_repository(clone, folder, err) < 0 || place_folder(clone, folder, err) < 0 ||
	    find_branch(clone, err) < 0)
		return -1;
	if (git_repository_state(clone->repository) != GIT_REPOSITORY_STATE_NONE)
		return err_set(
			err, ERR_INVALID,
			"%s: a merge, rebase or the like is not finished; \"git status\" tells "
			"which",
			clone->top);
	*ret_clone = STEAL(clone);
	return 0;
}

const char *clone_top(const struct clone *clone)
{
	return clone->top;
}

const char *clone_below(const struct clone *clone)
{
	return clone->below;
}

const char *clone_branch(const struct clone *clone)
{
	return clone->branch;
}

bool clone_is_shallow(const struct clone *clone)
{
	return git_repository_is_shallow(clone->repository) == 1;
}

/* --- commits --------------------------------------------------------------------------------- */

void clone_commit_free(struct clone_commit *commit)
{
	if (!commit)
		return;
	git_tree_free(commit->tree);
	git_commit_free(commit->commit);
	free(commit);
}

const char *clone_commit_id(const struct clone_commit *commit)
{
	return commit->id;
}

static int open_commit(git_repository *repository, const git_oid *id,
		       struct clone_commit **ret_commit, struct err *err)
{
	CLEANUP(clone_commit_free_p) struct clone_commit *commit = calloc(1, sizeof(*commit));
	int code;

	if (!commit)
		return err_no_memory(err);
	commit->repository = repository;
	git_oid_tostr(commit->id, sizeof(commit->id), id);
	code = git_commit_lookup(&commit->commit, repository, id);
	if (code == 0)
		code = git_commit_tree(&commit->tree, commit->commit);
	if (code < 0)
		return git_fail(err, code, "commit %s", commit->id);
	*ret_commit = STEAL(commit);
	return 0;
}

int clone_head(struct clone *clone, struct clone_commit **ret_commit, struct err *err)
{
	git_oid id;
	int code = git_reference_name_to_id(&id, clone->repository, "HEAD");

	if (code < 0)
		return git_fail(err, code, "%s: HEAD", clone->top);
	return open_commit(clone->repository, &id, ret_commit, err);
}

int clone_parent(const struct clone_commit *commit, struct clone_commit **ret_parent,
		 struct err *err)
{
	const git_oid *id = git_commit_parent_id(commit->commit, 0);
	git_odb *odb = NULL;
	int code, here;

	*ret_parent = NULL;
	if (!id)
		return 0;
	code = git_repository_odb(&odb, commit->repository);
	if (code < 0)
		return git_fail(err, code, "commit %s", commit->id);
	here = git_odb_exists(odb, id);
	git_odb_free(odb);
	return here ? open_commit(commit->repository, id, ret_parent, err) : 0;
}

/* --- files ----------------------------------------------------------------------------------- */

/* *ret_entry is NULL where there is no regular file. */
static int find_file(const struct clone_commit *commit, const char *path,
		     git_tree_entry **ret_entry, struct err *err)
{
	CLEANUP(entry_free_p) git_tree_entry *entry = NULL;
	int code = git_tree_entry_bypath(&entry, commit->tree, path);
	git_filemode_t mode;

	*ret_entry = NULL;
	if (code == GIT_ENOTFOUND)
		return 0;
	if (code < 0)
		return git_fail(err, code, "%s", path);
	mode = git_tree_entry_filemode(entry);
	if (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE)
		*ret_entry = STEAL(entry);
	return 0;
}

int clone_read(const struct clone_commit *commit, const char *path, char **ret_text,
	       size_t *ret_length, struct err *err)
{
	CLEANUP(entry_free_p) git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	int code;

	*ret_text = NULL;
	*ret_length = 0;
	if (!*path || find_file(commit, path, &entry, err) < 0)
		return *path ? -1 : 0;
	if (!entry)
		return 0;
	code = git_blob_lookup(&blob, commit->repository, git_tree_entry_id(entry));
	if (code < 0)
		return git_fail(err, code, "cannot read %s", path);
	size_t size = (size_t)git_blob_rawsize(blob);
	if (size <= YAML_MAX_BYTES && (*ret_text = malloc(size + 1))) {
		memcpy(*ret_text, git_blob_rawcontent(blob), size);
		(*ret_text)[size] = '\0';
		*ret_length = size;
	}
	git_blob_free(blob);
	if (size > YAML_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "%s: is larger than %u bytes", path, YAML_MAX_BYTES);
	return *ret_text ? 0 : err_no_memory(err);
}

int clone_blob_id(const struct clone_commit *commit, const char *path, char ret_id[CLONE_ID_SIZE],
		  struct err *err)
{
	CLEANUP(entry_free_p) git_tree_entry *entry = NULL;

	ret_id[0] = '\0';
	if (find_file(commit, path, &entry, err) < 0)
		return -1;
	if (entry)
		git_oid_tostr(ret_id, CLONE_ID_SIZE, git_tree_entry_id(entry));
	return 0;
}

/* --- listing --------------------------------------------------------------------------------- */

struct lister {
	const char *folder;
	int (*visit)(void *context, const char *path, struct err *err);
	void *context;
	struct err *err;
};

/* Called for each entry; 1 passes a folder over. */
static int list_entry(const char *root, const git_tree_entry *entry, void *payload)
{
	struct lister *lister = payload;
	git_filemode_t mode = git_tree_entry_filemode(entry);
	char path[PATH_MAX];

	if (git_tree_entry_name(entry)[0] == '.')
		return mode == GIT_FILEMODE_TREE ? 1 : 0;
	if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE)
		return 0;
	if (snprintf(path, sizeof(path), "%s%s%s%s", lister->folder, *lister->folder ? "/" : "",
		     root, git_tree_entry_name(entry)) >= PATH_MAX)
		return 0;
	return lister->visit(lister->context, path, lister->err) < 0 ? GIT_EUSER : 0;
}

int clone_list(const struct clone_commit *commit, const char *folder,
	       int (*visit)(void *context, const char *path, struct err *err), void *context,
	       struct err *err)
{
	struct lister lister = {folder, visit, context, err};
	CLEANUP(entry_free_p) git_tree_entry *entry = NULL;
	git_tree *tree = commit->tree;
	int code = 0;

	if (*folder) {
		tree = NULL;
		code = git_tree_entry_bypath(&entry, commit->tree, folder);
		if (code == 0 && git_tree_entry_type(entry) == GIT_OBJECT_TREE)
			code = git_tree_lookup(&tree, commit->repository, git_tree_entry_id(entry));
		if (code == GIT_ENOTFOUND || (code == 0 && !tree))
			return 0;
	}
	if (code == 0)
		code = git_tree_walk(tree, GIT_TREEWALK_PRE, list_entry, &lister);
	if (tree != commit->tree)
		git_tree_free(tree);
	if (code == GIT_EUSER)
		return -1;
	return code < 0 ? git_fail(err, code, "cannot list \"%s\"", folder) : 0;
}

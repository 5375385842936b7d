/*
 * Committing to the user's clone. libgit2 does it in the plain case; where the user's settings ask for
 * what it does not do, the user's git does.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/git_command.h"
#include "agent/source_clone_private.h"
#include "agent/source_private.h"

#define MAX_PATHS 16

static void config_free_p(git_config **config)
{
	git_config_free(*config);
}

static void signature_free_p(git_signature **signature)
{
	git_signature_free(*signature);
}

static void index_free_p(git_index **index)
{
	git_index_free(*index);
}

static void tree_free_p(git_tree **tree)
{
	git_tree_free(*tree);
}

static int open_config(struct clone *clone, git_config **ret_config, struct err *err)
{
	int code = git_repository_config_snapshot(ret_config, clone->repository);

	return code < 0 ? git_fail(err, code, "%s: the settings", clone->top) : 0;
}

/* --- is it clean? ---------------------------------------------------------------------------- */

int clone_check_clean(struct clone *clone, const char *path, struct err *err)
{
	const unsigned staged = GIT_STATUS_INDEX_NEW | GIT_STATUS_INDEX_MODIFIED |
				GIT_STATUS_INDEX_DELETED | GIT_STATUS_INDEX_RENAMED |
				GIT_STATUS_INDEX_TYPECHANGE;
	unsigned flags = 0;
	int code = git_status_file(&flags, clone->repository, path);

	if (code < 0)
		return git_fail(err, code, "%s", path);
	if (flags == GIT_STATUS_CURRENT)
		return 0;
	if (flags & GIT_STATUS_CONFLICTED)
		return err_set(err, ERR_CONFLICT, "%s has conflicts of a merge in it", path);
	return err_set(err, ERR_CONFLICT, "%s has %s: commit them, or \"git stash\"", path,
		       flags & staged ? "staged changes that are not committed"
				      : "changes that are not committed");
}

/* --- what libgit2 does not do ---------------------------------------------------------------- */

static bool has_hook(struct clone *clone, git_config *config, const char *name)
{
	git_buf folder = {0};
	char path[PATH_MAX];
	bool found;
	int code = git_config_get_path(&folder, config, "core.hooksPath");

	if (code < 0)
		code = git_repository_item_path(&folder, clone->repository,
						GIT_REPOSITORY_ITEM_HOOKS);
	if (code < 0)
		return false;
	snprintf(path, sizeof(path), "%s%s/%s", folder.ptr[0] == '/' ? "" : clone->top, folder.ptr,
		 name);
	git_buf_dispose(&folder);
	found = access(path, X_OK) == 0;
	return found;
}

/* The variables that libgit2 does not look at. */
static const char *find_variable(void)
{
	static const char *const names[] = {
		"GIT_AUTHOR_DATE",       "GIT_COMMITTER_DATE",  "GIT_CONFIG_GLOBAL",
		"GIT_CONFIG_SYSTEM",     "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT",
		"GIT_CONFIG_PARAMETERS",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getenv(names[i]))
			return names[i];
	return NULL;
}

static const char *find_attribute(struct clone *clone, const char *path)
{
	static const char *const names[] = {"filter", "working-tree-encoding"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = NULL;

		if (git_attr_get(&value, clone->repository, GIT_ATTR_CHECK_FILE_THEN_INDEX, path,
				 names[i]) == 0 &&
		    git_attr_value(value) == GIT_ATTR_VALUE_STRING)
			return names[i];
	}
	return NULL;
}

/* Why the commit is left to git: "the hook pre-commit"; NULL: it is not. */
static int find_reason(struct clone *clone, const char *const *paths, size_t path_count,
		       char *reason, size_t size, struct err *err)
{
	static const char *const hooks[] = {"pre-commit", "prepare-commit-msg", "commit-msg",
					    "post-commit"};
	CLEANUP(config_free_p) git_config *config = NULL;
	const char *variable = find_variable(), *attribute = NULL;
	int sign = 0;

	reason[0] = '\0';
	if (open_config(clone, &config, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (has_hook(clone, config, hooks[i]))
			snprintf(reason, size, "the hook %s", hooks[i]);
	for (size_t i = 0; i < path_count && !attribute; i++)
		attribute = find_attribute(clone, paths[i]);
	if (attribute)
		snprintf(reason, size, "the attribute %s", attribute);
	if (variable)
		snprintf(reason, size, "the variable %s", variable);
	if (git_config_get_bool(&sign, config, "commit.gpgSign") == 0 && sign)
		snprintf(reason, size, "commit.gpgSign");
	return 0;
}

static int run_commit(struct clone *clone, char **pathspecs, size_t count, const char *message,
		      struct err *err)
{
	const char *args[MAX_PATHS + 8] = {"commit",    "--quiet", "--only",
					   "--message", message,   "--"};

	for (size_t i = 0; i < count; i++)
		args[6 + i] = pathspecs[i];
	return git_command(clone->top, args, err);
}

static int commit_with_git(struct clone *clone, const char *const *paths, size_t path_count,
			   const char *message, const char *reason, struct err *err)
{
	char *pathspecs[MAX_PATHS] = {NULL};
	int status = 0;

	/* Not --literal-pathspecs, which hooks would inherit. */
	for (size_t i = 0; i < path_count && status == 0; i++)
		if (asprintf(&pathspecs[i], ":(top,literal)%s", paths[i]) < 0) {
			pathspecs[i] = NULL;
			status = err_no_memory(err);
		}
	if (status == 0)
		status = run_commit(clone, pathspecs, path_count, message, err);
	for (size_t i = 0; i < path_count; i++)
		free(pathspecs[i]);
	if (status < 0 && err->class == ERR_UNSUPPORTED)
		return err_prefix(err, "%s asks for git", reason);
	return status;
}

/* --- who commits ----------------------------------------------------------------------------- */

/* A setting that is not empty, from the environment or the configuration; NULL: none. */
static const char *setting(git_config *config, const char *variable, const char *own,
			   const char *shared)
{
	const char *value = getenv(variable);

	if (value && *value)
		return value;
	if (git_config_get_string(&value, config, own) == 0 && *value)
		return value;
	if (git_config_get_string(&value, config, shared) == 0 && *value)
		return value;
	return NULL;
}

/* `role` is "author" or "committer". */
static int read_signature(git_config *config, const char *role, git_signature **ret_signature,
			  struct err *err)
{
	bool author = strcmp(role, "author") == 0;
	const char *name = setting(config, author ? "GIT_AUTHOR_NAME" : "GIT_COMMITTER_NAME",
				   author ? "author.name" : "committer.name", "user.name");
	const char *email = setting(config, author ? "GIT_AUTHOR_EMAIL" : "GIT_COMMITTER_EMAIL",
				    author ? "author.email" : "committer.email", "user.email");
	int code;

	if (!email)
		email = getenv("EMAIL");
	if (!name || !email || !*email)
		return err_set(
			err, ERR_DENIED,
			"who commits is not known: git config --global user.name \"You\" and "
			"git config --global user.email you@example.com");
	code = git_signature_now(ret_signature, name, email);
	return code < 0 ? git_fail(err, code, "the %s \"%s <%s>\"", role, name, email) : 0;
}

/* --- committing with libgit2 ----------------------------------------------------------------- */

/* HEAD's tree with the files as they are in the work tree. */
static int write_tree(struct clone *clone, const struct clone_commit *head,
		      const char *const *paths, size_t path_count, git_tree **ret_tree,
		      struct err *err)
{
	git_tree_update updates[MAX_PATHS] = {{0}};
	git_oid id;
	int code = 0;

	for (size_t i = 0; i < path_count && code == 0; i++) {
		git_tree_entry *entry = NULL;

		code = git_tree_entry_bypath(&entry, head->tree, paths[i]);
		if (code < 0)
			break;
		updates[i].action = GIT_TREE_UPDATE_UPSERT;
		updates[i].filemode = git_tree_entry_filemode(entry);
		updates[i].path = paths[i];
		git_tree_entry_free(entry);
		code = git_blob_create_from_workdir(&updates[i].id, clone->repository, paths[i]);
	}
	if (code == 0)
		code = git_tree_create_updated(&id, clone->repository, head->tree, path_count,
					       updates);
	if (code == 0)
		code = git_tree_lookup(ret_tree, clone->repository, &id);
	return code < 0 ? git_fail(err, code, "the files cannot be stored") : 0;
}

/* The index has the files as they were committed, and what else is staged. */
static int update_index(git_index *index, const char *const *paths, size_t path_count,
			struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < path_count && code == 0; i++)
		code = git_index_add_bypath(index, paths[i]);
	if (code == 0)
		code = git_index_write(index);
	return code < 0 ? git_fail(err, code, "the index cannot be written") : 0;
}

/* The index as it was, for the commit has failed; another failure would change nothing. */
static void unstage(struct clone *clone, const struct clone_commit *head, const char *const *paths,
		    size_t path_count)
{
	git_strarray list = {.strings = (char **)(uintptr_t)paths, .count = path_count};

	git_reset_default(clone->repository, (git_object *)head->commit, &list);
}

static int commit_here(struct clone *clone, const char *const *paths, size_t path_count,
		       const char *message, struct err *err)
{
	CLEANUP(config_free_p) git_config *config = NULL;
	CLEANUP(signature_free_p) git_signature *author = NULL, *committer = NULL;
	CLEANUP(index_free_p) git_index *index = NULL;
	CLEANUP(tree_free_p) git_tree *tree = NULL;
	CLEANUP(clone_commit_free_p) struct clone_commit *head = NULL;
	CLEANUP(free_p) char *text = NULL;
	const git_commit *parents[1];
	git_oid id;
	int code;

	if (open_config(clone, &config, err) < 0 ||
	    read_signature(config, "author", &author, err) < 0 ||
	    read_signature(config, "committer", &committer, err) < 0 ||
	    clone_head(clone, &head, err) < 0 ||
	    write_tree(clone, head, paths, path_count, &tree, err) < 0)
		return -1;
	if (asprintf(&text, "%s\n", message) < 0) {
		text = NULL;
		return err_no_memory(err);
	}
	code = git_repository_index(&index, clone->repository);
	if (code == 0)
		code = git_index_read(index, 1);
	if (code < 0)
		return git_fail(err, code, "the index cannot be read");
	if (update_index(index, paths, path_count, err) < 0)
		return -1;
	parents[0] = head->commit;
	code = git_commit_create(&id, clone->repository, "HEAD", author, committer, NULL, text,
				 tree, 1, parents);
	if (code == 0)
		return 0;
	git_fail(err, code, "the commit");
	unstage(clone, head, paths, path_count);
	return -1;
}

int clone_commit_files(struct clone *clone, const char *const *paths, size_t path_count,
		       const char *message, char ret_id[CLONE_ID_SIZE], struct err *err)
{
	CLEANUP(clone_commit_free_p) struct clone_commit *head = NULL;
	char reason[128];
	int status;

	if (path_count > MAX_PATHS)
		return err_set(err, ERR_LIMIT, "more than %d files in one commit", MAX_PATHS);
	if (find_reason(clone, paths, path_count, reason, sizeof(reason), err) < 0)
		return -1;
	status = *reason ? commit_with_git(clone, paths, path_count, message, reason, err)
			 : commit_here(clone, paths, path_count, message, err);
	if (status < 0 || clone_head(clone, &head, err) < 0)
		return -1;
	snprintf(ret_id, CLONE_ID_SIZE, "%s", head->id);
	return 0;
}

/* --- pushing --------------------------------------------------------------------------------- */

void clone_upstream_release(struct clone_upstream *upstream)
{
	free(upstream->remote);
	free(upstream->ref);
	*upstream = (struct clone_upstream){0};
}

/* "branch.main.remote"; NULL where it is not set. */
static char *get_setting(git_config *config, const char *section, const char *name, const char *key)
{
	CLEANUP(free_p) char *path = NULL;
	const char *value = NULL;

	if (asprintf(&path, "%s.%s.%s", section, name, key) < 0) {
		path = NULL;
		return NULL;
	}
	return git_config_get_string(&value, config, path) == 0 && *value ? strdup(value) : NULL;
}

/*
 * What was last fetched of the upstream's ref. Not git_branch_upstream_name, which opens the remote
 * and so looks at url.*.insteadOf (source_git_remote.c tells why not).
 */
static int find_tracking(struct clone *clone, git_config *config,
			 const struct clone_upstream *upstream, git_oid *ret_id)
{
	CLEANUP(free_p) char *text = get_setting(config, "remote", upstream->remote, "fetch");
	git_refspec *refspec = NULL;
	git_buf name = {0};
	int code = text ? git_refspec_parse(&refspec, text, 1) : GIT_ENOTFOUND;

	if (code == 0)
		code = git_refspec_transform(&name, refspec, upstream->ref);
	if (code == 0)
		code = git_reference_name_to_id(ret_id, clone->repository, name.ptr);
	git_buf_dispose(&name);
	git_refspec_free(refspec);
	return code;
}

/* How many commits of the branch the upstream lacked when it was last fetched from; 0 if unknown. */
static size_t count_ahead(struct clone *clone, git_config *config,
			  const struct clone_upstream *upstream)
{
	git_oid here, there;
	size_t ahead = 0, behind = 0;

	if (find_tracking(clone, config, upstream, &there) < 0 ||
	    git_reference_name_to_id(&here, clone->repository, "HEAD") < 0 ||
	    git_graph_ahead_behind(&ahead, &behind, clone->repository, &here, &there) < 0)
		return 0;
	return ahead;
}

int clone_upstream(struct clone *clone, struct clone_upstream *ret_upstream, struct err *err)
{
	CLEANUP(config_free_p) git_config *config = NULL;
	CLEANUP(clone_upstream_release) struct clone_upstream upstream = {0};

	if (open_config(clone, &config, err) < 0)
		return -1;
	upstream.remote = get_setting(config, "branch", clone->branch, "remote");
	upstream.ref = get_setting(config, "branch", clone->branch, "merge");
	if (!upstream.remote || !upstream.ref)
		return err_set(err, ERR_NOT_FOUND,
			       "the branch %s has no upstream: git push --set-upstream REMOTE %s",
			       clone->branch, clone->branch);
	upstream.ahead = count_ahead(clone, config, &upstream);
	*ret_upstream = upstream;
	upstream = (struct clone_upstream){0};
	return 0;
}

int clone_push(struct clone *clone, const struct clone_upstream *upstream, struct err *err)
{
	CLEANUP(free_p) char *refspec = NULL;
	const char *args[] = {"push", "--quiet", upstream->remote, NULL, NULL};

	if (asprintf(&refspec, "refs/heads/%s:%s", clone->branch, upstream->ref) < 0) {
		refspec = NULL;
		return err_no_memory(err);
	}
	args[3] = refspec;
	if (git_command(clone->top, args, err) == 0)
		return 0;
	if (err->class == ERR_DENIED)
		err->class = ERR_TRANSIENT;
	return -1;
}

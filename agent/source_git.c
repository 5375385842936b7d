#include "agent/source_git.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/source_private.h"

#define MIN_COMMIT_DIGITS 4

/* --- small releases and errors --------------------------------------------------------------- */

static void reference_free_p(git_reference **reference)
{
	git_reference_free(*reference);
}

static void object_free_p(git_object **object)
{
	git_object_free(*object);
}

void resolved_release(struct resolved *resolved)
{
	free(resolved->label);
}

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

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
	case GIT_ERROR_SSH: return ERR_TRANSIENT;
	default: return ERR_INVALID;
	}
}

int git_fail(struct err *err, int code, const char *format, ...)
{
	const git_error *last = git_error_last();
	va_list args;

	err_set(err, class_of(code, last ? last->klass : GIT_ERROR_NONE), "%s",
		last && last->message ? last->message : "unknown error of libgit2");
	CLEANUP(free_p) char *prefix = NULL;
	va_start(args, format);
	if (vasprintf(&prefix, format, args) < 0)
		prefix = NULL;
	va_end(args);
	return err_prefix(err, "%s", prefix ? prefix : "git");
}

/* --- naming ---------------------------------------------------------------------------------- */

/* "https://user:secret@host/x" as "https://user@host/x": a password never reaches a message. */
static char *without_password(const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t authority = strcspn(host, "/");
	const char *at = memrchr(host, '@', authority);
	const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
	char *name;

	if (!scheme || !colon)
		return strdup(url);
	if (asprintf(&name, "%.*s%s", (int)(colon - url), url, at) < 0)
		return NULL;
	return name;
}

/* A URL with a scheme other than file, or the scp form git@host:path. */
static bool is_remote(const char *repo)
{
	struct stat status;

	if (strncmp(repo, "file://", 7) == 0)
		return false;
	if (strstr(repo, "://"))
		return true;
	const char *colon = strchr(repo, ':');
	const char *slash = strchr(repo, '/');
	return colon && (!slash || colon < slash) && stat(repo, &status) < 0;
}

/* A folder of the user's cache, told apart by the URL's hash: .../tranche/app-1f2e3d4c5b6a */
static int default_clone_dir(const char *url, char **ret_dir, struct err *err)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	bool has_cache = cache && *cache;
	const char *base = strrchr(url, '/');
	git_oid hash;
	char hex[13];

	if (!has_cache && !(home && *home))
		return err_set(err, ERR_INVALID,
			       "neither HOME nor XDG_CACHE_HOME is set; "
			       "name the clone's folder with --git-dir");
	if (git_odb_hash(&hash, url, strlen(url), GIT_OBJECT_BLOB) < 0)
		return git_fail(err, -1, "%s", url);
	git_oid_tostr(hex, sizeof(hex), &hash);
	base = base && base[1] ? base + 1 : "repository";
	if (asprintf(ret_dir, "%s%s/tranche/%s-%s", has_cache ? cache : home,
		     has_cache ? "" : "/.cache", base, hex) < 0)
		return err_no_memory(err);
	return 0;
}

int git_source_new(const struct source_options *options, struct git_source **ret_git,
		   struct err *err)
{
	CLEANUP(free_p) struct git_source *git = calloc(1, sizeof(*git));
	const char *repo = options->repo;
	int result = 0;

	if (!git)
		return err_no_memory(err);
	if (git_libgit2_init() < 0)
		return git_fail(err, -1, "libgit2 cannot start");
	git->options = options;
	git->local = !is_remote(repo);
	git->name = without_password(repo);
	if (git->local)
		git->folder = strdup(strncmp(repo, "file://", 7) == 0 ? repo + 7 : repo);
	else if (options->git_dir)
		git->folder = strdup(options->git_dir);
	else
		result = default_clone_dir(repo, &git->folder, err);
	if (result == 0 && (!git->name || !git->folder))
		result = err_no_memory(err);
	if (result < 0) {
		git_source_free(STEAL(git));
		return -1;
	}
	*ret_git = STEAL(git);
	return 0;
}

void git_source_free(struct git_source *git)
{
	if (!git)
		return;
	git_repository_free(git->repository);
	free(git->name);
	free(git->folder);
	free(git);
	git_libgit2_shutdown();
}

const char *git_source_local_dir(const struct git_source *git)
{
	return git->local && git->repository ? git_repository_commondir(git->repository) : NULL;
}

const char *git_source_name(const struct git_source *git)
{
	return git->name;
}

/* --- looking up a ref in a repository that is here ------------------------------------------- */

bool git_is_commit_id(const char *text)
{
	size_t length = strlen(text);

	if (length < MIN_COMMIT_DIGITS || length > GIT_OID_HEXSZ)
		return false;
	while (isxdigit((unsigned char)*text))
		text++;
	return *text == '\0';
}

/* The commit that a full ref name leads to, through tags; 0, or libgit2's code. */
static int commit_of_ref(git_repository *repository, const char *name, git_oid *ret_commit)
{
	CLEANUP(reference_free_p) git_reference *reference = NULL;
	CLEANUP(object_free_p) git_object *commit = NULL;
	int code = git_reference_lookup(&reference, repository, name);

	if (code == 0)
		code = git_reference_peel(&commit, reference, GIT_OBJECT_COMMIT);
	if (code == 0)
		git_oid_cpy(ret_commit, git_object_id(commit));
	return code;
}

int git_commit_of_digits(git_repository *repository, const char *digits, git_oid *ret_commit)
{
	CLEANUP(object_free_p) git_object *object = NULL;
	git_oid prefix;
	int code = git_oid_fromstrn(&prefix, digits, strlen(digits));

	if (code == 0)
		code = git_object_lookup_prefix(&object, repository, &prefix, strlen(digits),
						GIT_OBJECT_COMMIT);
	if (code == 0)
		git_oid_cpy(ret_commit, git_object_id(object));
	return code;
}

/* HEAD of a local repository: the branch it stands on, or a detached commit. */
static int resolve_head(struct git_source *git, struct resolved *ret, struct err *err)
{
	CLEANUP(reference_free_p) git_reference *head = NULL;
	int code = git_repository_head(&head, git->repository);

	if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: the repository has no commit yet",
			       git->name);
	if (code < 0)
		return git_fail(err, code, "%s: HEAD", git->name);
	git_oid_cpy(&ret->commit, git_reference_target(head));
	ret->label = strdup(git_reference_is_branch(head) ? git_reference_shorthand(head) : "HEAD");
	return ret->label ? 0 : err_no_memory(err);
}

/* Tries "refs/heads/REF", "refs/tags/REF", and REF itself where it is a full name. */
static int resolve_name(git_repository *repository, const char *ref, git_oid *ret_commit)
{
	static const char *const places[] = {"refs/heads/", "refs/tags/", ""};
	int code = GIT_ENOTFOUND;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && code != 0; i++) {
		CLEANUP(free_p) char *name = NULL;
		int is_valid = 0;

		if (i == 2 && strncmp(ref, "refs/", 5) != 0)
			break;
		if (asprintf(&name, "%s%s", places[i], ref) < 0)
			return GIT_ERROR;
		if (git_reference_name_is_valid(&is_valid, name) == 0 && is_valid)
			code = commit_of_ref(repository, name, ret_commit);
	}
	return code;
}

/* Whatever else names a commit: gitrevisions(7). */
static int commit_of_revision(git_repository *repository, const char *rev, git_oid *ret_commit)
{
	CLEANUP(object_free_p) git_object *object = NULL;
	CLEANUP(object_free_p) git_object *commit = NULL;
	int code = git_revparse_single(&object, repository, rev);

	if (code == 0)
		code = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
	if (code == 0)
		git_oid_cpy(ret_commit, git_object_id(commit));
	return code;
}

static int no_such_revision(struct git_source *git, const char *ref, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s: no branch, tag or commit \"%s\"%s", git->name, ref,
		       git_repository_is_shallow(git->repository)
			       ? "; the clone is shallow: fetch more of it"
			       : "");
}

static int resolve_local(struct git_source *git, const char *ref, struct resolved *ret,
			 struct err *err)
{
	bool is_id = false;
	int code;

	if (!ref)
		return resolve_head(git, ret, err);
	code = resolve_name(git->repository, ref, &ret->commit);
	if (code == GIT_ENOTFOUND && git_is_commit_id(ref)) {
		code = git_commit_of_digits(git->repository, ref, &ret->commit);
		is_id = code == 0;
	} else if (code == GIT_ENOTFOUND) {
		code = commit_of_revision(git->repository, ref, &ret->commit);
	}
	if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC)
		return no_such_revision(git, ref, err);
	if (code < 0)
		return git_fail(err, code, "%s: ref \"%s\"", git->name, ref);
	if (is_id)
		return 0;
	ret->label = strdup(ref);
	return ret->label ? 0 : err_no_memory(err);
}

static int open_local(struct git_source *git, struct err *err)
{
	int code = git_repository_open_ext(&git->repository, git->folder,
					   GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);

	if (code == GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: not a Git repository", git->name);
	if (code < 0)
		return git_fail(err, code, "%s", git->name);
	return 0;
}

/* --- reading --------------------------------------------------------------------------------- */

int git_describe(struct git_source *git, const struct resolved *resolved, struct snapshot *snapshot,
		 struct err *err)
{
	git_commit *commit = NULL;
	char id[GIT_OID_HEXSZ + 1], *revision = NULL;
	int code = git_commit_lookup(&commit, git->repository, &resolved->commit);

	if (code < 0)
		return git_fail(err, code, "%s: commit", git->name);
	git_oid_tostr(id, sizeof(id), &resolved->commit);
	const git_signature *author = git_commit_author(commit);
	const char *subject = git_commit_summary(commit);
	snapshot->commit = strdup(id);
	snapshot->author = strdup(author && author->name ? author->name : "");
	snapshot->subject = strdup(subject ? subject : "");
	if (asprintf(&revision, "%s%s%.*s", resolved->label ? resolved->label : "",
		     resolved->label ? "@" : "", SOURCE_SHORT_ID, id) < 0)
		revision = NULL;
	snapshot->revision = revision;
	git_commit_free(commit);
	if (!snapshot->commit || !snapshot->author || !snapshot->subject || !snapshot->revision)
		return err_no_memory(err);
	return 0;
}

static int read_commit(struct git_source *git, const struct resolved *resolved,
		       const char *known_commit, bool *ret_changed, struct snapshot *ret_snapshot,
		       struct err *err)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};

	if (git_describe(git, resolved, &snapshot, err) < 0)
		return -1;
	if (known_commit && strcmp(known_commit, snapshot.commit) == 0) {
		*ret_changed = false;
		return 0;
	}
	if (git_tree_read(git->repository, &resolved->commit, git->options->path, &snapshot, err) <
	    0)
		return err_prefix(err, "%s at %s", git->name, snapshot.revision);
	*ret_snapshot = snapshot;
	*ret_changed = true;
	snapshot = (struct snapshot){0};
	return 0;
}

int git_resolve(struct git_source *git, const char *ref, int *ret_lock, struct resolved *ret,
		struct err *err)
{
	if (git->local)
		return (!git->repository && open_local(git, err) < 0) ||
				       resolve_local(git, ref, ret, err) < 0
			       ? -1
			       : 0;
	return git_clone_lock(git, ret_lock, err) < 0 ||
			       (!git->repository && git_clone_open(git, err) < 0) ||
			       git_resolve_remote(git, ref, ret, err) < 0
		       ? -1
		       : 0;
}

int git_source_read(struct git_source *git, const char *known_commit, bool *ret_changed,
		    struct snapshot *ret_snapshot, struct err *err)
{
	CLEANUP(resolved_release) struct resolved resolved = {0};
	CLEANUP(close_p) int lock = -1;

	if (git_resolve(git, git->options->ref, &lock, &resolved, err) < 0)
		return -1;
	return read_commit(git, &resolved, known_commit, ret_changed, ret_snapshot, err);
}

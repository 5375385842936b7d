#include "agent/source_git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/source_git_cache.h"
#include "agent/source_git_loose.h"
#include "agent/source_git_offer.h"
#include "agent/source_private.h"
#include "diff/semver.h"

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
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
			       "neither HOME nor XDG_CACHE_HOME is set; name the clone's folder "
			       "with --git-dir");
	if (git_odb_hash(&hash, url, strlen(url), GIT_OBJECT_BLOB) < 0)
		return git_fail(err, -1, "%s", url);
	git_oid_tostr(hex, sizeof(hex), &hash);
	base = base && base[1] ? base + 1 : "repository";
	if (asprintf(ret_dir, "%s%s/tranche/%s-%s", has_cache ? cache : home,
		     has_cache ? "" : "/.cache", base, hex) < 0)
		return err_no_memory(err);
	return 0;
}

/* A range that cannot be read is told at once, not at the first fetch. */
static int check_ref(const char *ref, struct err *err)
{
	CLEANUP(semver_range_free_p) struct semver_range *range = NULL;

	if (!ref || strncmp(ref, SEMVER_PREFIX, strlen(SEMVER_PREFIX)) != 0)
		return 0;
	if (semver_range_parse(ref + strlen(SEMVER_PREFIX), &range, err) < 0)
		return err_prefix(err, "--ref");
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
	if (check_ref(options->ref, err) < 0)
		return -1;
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
	known_files_release(&git->known);
	free(git->name);
	free(git->folder);
	free(git);
	git_libgit2_shutdown();
}

int source_library_hold(struct err *err)
{
	return git_libgit2_init() < 0 ? git_fail(err, -1, "libgit2 cannot start") : 0;
}

void source_library_drop(void)
{
	git_libgit2_shutdown();
}

const char *git_source_local_dir(const struct git_source *git)
{
	return git->local && git->repository ? git_repository_commondir(git->repository) : NULL;
}

bool git_source_is_local(const struct git_source *git)
{
	return git->local;
}

const char *git_source_name(const struct git_source *git)
{
	return git->name;
}

bool git_source_take_damage(struct git_source *git, struct err *ret_why)
{
	if (git->damage.class == ERR_NONE)
		return false;
	*ret_why = git->damage;
	git->damage.class = ERR_NONE;
	err_prefix(ret_why, "the clone %s was damaged and has been made anew", git->folder);
	return true;
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

/* Whether the branch no longer has the commit that was read last: a force-push. */
static bool is_rewritten(struct git_source *git, const git_oid *commit, const char *known_commit)
{
	git_oid known;

	return known_commit && git_oid_fromstr(&known, known_commit) == 0 &&
	       !git_oid_equal(&known, commit) &&
	       git_graph_descendant_of(git->repository, commit, &known) != 1;
}

/* Tells once that the clone was made anew. */
static int tell_damage(struct git_source *git, struct snapshot *snapshot, struct err *err)
{
	struct err why;

	if (!git_source_take_damage(git, &why))
		return 0;
	return findings_add(&snapshot->findings, FINDING_WARNING, "", (struct yaml_mark){0, 0}, err,
			    "%s", why.message);
}

/* The commit's files; where the caller has those of `known_commit`, only what has changed since. */
static int read_files(struct git_source *git, const struct resolved *resolved,
		      const char *known_commit, struct snapshot *snapshot, struct err *err)
{
	const char *path = git->options->path;
	bool has_known =
		known_commit && git->known.commit && strcmp(known_commit, git->known.commit) == 0;

	if (git_tree_read(git->repository, &resolved->commit, path, has_known ? &git->known : NULL,
			  snapshot, err) < 0)
		return -1;
	if (!has_known || known_files_are_ordered(snapshot))
		return 0;
	snapshot_drop_files(snapshot);
	findings_release(&snapshot->findings);
	return git_tree_read(git->repository, &resolved->commit, path, NULL, snapshot, err);
}

static int read_commit(struct git_source *git, const struct resolved *resolved,
		       const char *known_commit, bool *ret_changed, struct snapshot *ret_snapshot,
		       struct err *err)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};

	if (git_describe(git, resolved, &snapshot, err) < 0)
		return -1;
	if (known_commit && strcmp(known_commit, snapshot.commit) == 0 &&
	    git->damage.class == ERR_NONE) {
		*ret_changed = false;
		return 0;
	}
	if (git_check_signature(git, resolved, snapshot.revision, err) < 0)
		return -1;
	snapshot.is_rewritten = is_rewritten(git, &resolved->commit, known_commit);
	if (read_files(git, resolved, known_commit, &snapshot, err) < 0)
		return err_prefix(err, "%s at %s", git->name, snapshot.revision);
	if (tell_damage(git, &snapshot, err) < 0)
		return -1;
	known_files_take(&git->known, &snapshot);
	*ret_snapshot = snapshot;
	*ret_changed = true;
	snapshot = (struct snapshot){0};
	return 0;
}

int git_resolve_all(struct git_source *git, const char *const *refs, size_t count, int *ret_lock,
		    struct resolved *ret, struct err *err)
{
	if (!git->local) {
		if (git_cache_lock(git, ret_lock, err) < 0)
			return -1;
		return git_resolve_remote(git, *ret_lock, refs, count, ret, err);
	}
	for (size_t i = 0; i < count; i++)
		git_resolve_local(git, refs[i], &ret[i], &ret[i].err);
	return 0;
}

int git_resolve(struct git_source *git, const char *ref, int *ret_lock, struct resolved *ret,
		struct err *err)
{
	if (git_resolve_all(git, &ref, 1, ret_lock, ret, err) < 0)
		return -1;
	if (ret->err.class == ERR_NONE)
		return 0;
	*err = ret->err;
	return -1;
}

int git_source_read(struct git_source *git, const char *known_commit, bool *ret_changed,
		    struct snapshot *ret_snapshot, struct err *err)
{
	CLEANUP(resolved_release) struct resolved resolved = {0}, again = {0};
	CLEANUP(close_p) int lock = -1;
	struct err first; /* on success *err stays as it was */

	if (git_resolve(git, git->options->ref, &lock, &resolved, err) < 0)
		return -1;
	if (read_commit(git, &resolved, known_commit, ret_changed, ret_snapshot, &first) == 0)
		return 0;
	if (git->local || first.class != ERR_INVALID || git_cache_discard(git, &first) < 0) {
		*err = first;
		return -1;
	}
	if (git_resolve_remote(git, lock, &git->options->ref, 1, &again, err) < 0)
		return -1;
	if (again.err.class != ERR_NONE) {
		*err = again.err;
		return -1;
	}
	return read_commit(git, &again, known_commit, ret_changed, ret_snapshot, err);
}

/* --- in two steps ----------------------------------------------------------------------------- */

/* An open repository costs memory, and one of a clone that was made anew is of no use. */
static void close_repository(struct git_source *git)
{
	git_repository_free(STEAL(git->repository));
}

static char *digits_of(const git_oid *id)
{
	char digits[GIT_OID_HEXSZ + 1];

	return strdup(git_oid_tostr(digits, sizeof(digits), id));
}

static int make_stand(struct resolved *resolved, struct source_stand *stand, struct err *err)
{
	stand->err = resolved->err;
	if (resolved->err.class != ERR_NONE)
		return 0;
	stand->label = STEAL(resolved->label);
	stand->commit = digits_of(&resolved->commit);
	if (!git_oid_is_zero(&resolved->tag))
		stand->tag = digits_of(&resolved->tag);
	return stand->commit ? 0 : err_no_memory(err);
}

int git_source_resolve(struct git_source *git, const char *const *refs, size_t count,
		       struct source_stand *ret_stands, struct err *err)
{
	struct resolved *resolved = calloc(count + 1, sizeof(*resolved));
	CLEANUP(close_p) int lock = -1;

	if (!resolved)
		return err_no_memory(err);
	int result = git_resolve_all(git, refs, count, &lock, resolved, err);
	for (size_t i = 0; i < count; i++) {
		if (result == 0)
			result = make_stand(&resolved[i], &ret_stands[i], err);
		resolved_release(&resolved[i]);
	}
	free(resolved);
	if (!git->local)
		close_repository(git);
	return result;
}

static int open_any(struct git_source *git, struct err *err)
{
	if (git->repository)
		return 0;
	if (git->local)
		return git_open_local(git, err);
	int code = git_repository_open_bare(&git->repository, git->folder);
	if (code == 0)
		code = git_loose_guard(git->repository);
	return code < 0 ? git_fail(err, code, "clone %s", git->folder) : 0;
}

static int read_stand(struct git_source *git, const struct source_stand *stand,
		      const char *known_commit, bool *ret_changed, struct snapshot *ret_snapshot,
		      struct err *err)
{
	CLEANUP(resolved_release) struct resolved resolved = {0};

	if (resolved_set(&resolved, stand->commit, stand->tag, stand->label, err) < 0 ||
	    open_any(git, err) < 0)
		return -1;
	return read_commit(git, &resolved, known_commit, ret_changed, ret_snapshot, err);
}

int git_source_read_stand(struct git_source *git, const struct source_stand *stand,
			  const char *known_commit, bool *ret_changed,
			  struct snapshot *ret_snapshot, bool *ret_again, struct err *err)
{
	CLEANUP(close_p) int lock = -1;
	struct err unlocked;

	int result = read_stand(git, stand, known_commit, ret_changed, ret_snapshot, err);
	close_repository(git);
	if (result == 0 || git->local || err->class != ERR_INVALID)
		return result;
	*ret_again = git_cache_lock(git, &lock, &unlocked) == 0 && git_cache_discard(git, err) == 0;
	return -1;
}

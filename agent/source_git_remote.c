/*
 * The clone of a remote repository: what the remote offers is listed first, and fetched only if
 * its commit is not here yet. The folder is locked while it is read and written.
 */
#include "agent/source_git.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "agent/source_private.h"

#define LOCK_ATTEMPTS 300 /* of LOCK_PAUSE_MS each: 30 s */
#define LOCK_PAUSE_MS 100

static void remote_free_p(git_remote **remote)
{
	git_remote_free(*remote);
}

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* One thing that the remote offers. */
struct offer {
	git_oid id;
	char *ref;   /* full name */
	char *label; /* short */
};

static void offer_release(struct offer *offer)
{
	free(offer->ref);
	free(offer->label);
}

static int credentials(git_credential **out, const char *url, const char *user,
		       unsigned int allowed, void *attempts)
{
	(void)url;
	if (++*(int *)attempts > 1)
		return GIT_EAUTH; /* the same answer would be refused again, for ever */
	if (allowed & GIT_CREDENTIAL_SSH_KEY)
		return git_credential_ssh_key_from_agent(out, user ? user : "git");
	if (allowed & GIT_CREDENTIAL_USERNAME)
		return git_credential_username_new(out, user ? user : "git");
	return GIT_EAUTH;
}

static int make_folders(const char *path, struct err *err)
{
	CLEANUP(free_p) char *copy = strdup(path);

	if (!copy)
		return err_no_memory(err);
	for (char *p = copy + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return err_set(err, ERR_DENIED, "cannot make folder %s: %s", copy,
				       strerror(errno));
		if (end == '\0')
			return 0;
		*p = end;
	}
}

/* Keeps other processes out of the clone for as long as the descriptor is open. */
int git_clone_lock(struct git_source *git, int *ret_fd, struct err *err)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(close_p) int fd = -1;
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000};

	if (make_folders(git->folder, err) < 0)
		return -1;
	if (asprintf(&path, "%s/tranche.lock", git->folder) < 0) {
		path = NULL;
		return err_no_memory(err);
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_DENIED, "%s: %s", path, strerror(errno));
	for (int attempt = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; attempt++) {
		if (attempt == LOCK_ATTEMPTS)
			return err_set(err, ERR_TRANSIENT,
				       "the clone %s is in use by another process", git->folder);
		nanosleep(&pause, NULL);
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int git_clone_open(struct git_source *git, struct err *err)
{
	int code = git_repository_open_bare(&git->repository, git->folder);

	if (code == GIT_ENOTFOUND)
		code = git_repository_init(&git->repository, git->folder, 1);
	if (code < 0)
		return git_fail(err, code, "clone %s", git->folder);
	return 0;
}

static const git_remote_head *find_head(const git_remote_head **heads, size_t count,
					const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(heads[i]->name, name) == 0)
			return heads[i];
	return NULL;
}

static int take_offer(const git_remote_head **heads, size_t count, const char *name,
		      const char *label, struct offer *ret, struct err *err)
{
	CLEANUP(free_p) char *peeled = NULL;
	const git_remote_head *head = find_head(heads, count, name);

	if (asprintf(&peeled, "%s^{}", name) < 0) {
		peeled = NULL;
		return err_no_memory(err);
	}
	const git_remote_head *target = find_head(heads, count, peeled);
	git_oid_cpy(&ret->id, target ? &target->oid : &head->oid);
	ret->ref = strdup(name);
	ret->label = strdup(label);
	return ret->ref && ret->label ? 0 : err_no_memory(err);
}

static const char *branch_label(const char *ref)
{
	return strncmp(ref, "refs/heads/", 11) == 0 ? ref + 11 : ref;
}

/* What the remote offers for the ref asked for; *ret_found false: it names no branch or tag. */
static int find_offer(struct git_source *git, git_remote *remote, const char *ref, bool *ret_found,
		      struct offer *ret, struct err *err)
{
	static const char *const places[] = {"refs/heads/", "refs/tags/", ""};
	const git_remote_head **heads = NULL;
	size_t count = 0;
	int code = git_remote_ls(&heads, &count, remote);

	*ret_found = true;
	if (code < 0)
		return git_fail(err, code, "%s", git->name);
	if (!ref) {
		const git_remote_head *head = find_head(heads, count, "HEAD");
		if (!head)
			return err_set(err, ERR_NOT_FOUND,
				       "%s: the repository has no commit yet, or no HEAD; name a "
				       "branch with --ref",
				       git->name);
		const char *target = head->symref_target ? head->symref_target : "HEAD";
		return take_offer(heads, count, find_head(heads, count, target) ? target : "HEAD",
				  branch_label(target), ret, err);
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		CLEANUP(free_p) char *name = NULL;

		if (asprintf(&name, "%s%s", places[i], ref) < 0) {
			name = NULL;
			return err_no_memory(err);
		}
		if (find_head(heads, count, name))
			return take_offer(heads, count, name, ref, ret, err);
	}
	*ret_found = false;
	return 0;
}

static bool has_commit(git_repository *repository, const git_oid *id)
{
	git_commit *commit = NULL;
	bool found = git_commit_lookup(&commit, repository, id) == 0;

	git_commit_free(commit);
	return found;
}

static int fetch(struct git_source *git, git_remote *remote, char **refspecs, size_t count,
		 struct err *err)
{
	git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
	git_strarray specs = {.strings = refspecs, .count = count};
	int attempts = 0;

	options.callbacks.credentials = credentials;
	options.callbacks.payload = &attempts;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	int code = git_remote_fetch(remote, &specs, &options, "tranche");
	if (code < 0)
		return git_fail(err, code, "cannot fetch from %s", git->name);
	return 0;
}

/* A branch or tag that the remote offers: fetched only if its commit is not here yet. */
static int fetch_offer(struct git_source *git, git_remote *remote, struct offer *offer,
		       struct resolved *ret, struct err *err)
{
	CLEANUP(free_p) char *refspec = NULL;

	if (!has_commit(git->repository, &offer->id)) {
		if (asprintf(&refspec, "+%s:refs/tranche/%s", offer->ref, offer->label) < 0) {
			refspec = NULL;
			return err_no_memory(err);
		}
		if (fetch(git, remote, &refspec, 1, err) < 0)
			return -1;
	}
	git_oid_cpy(&ret->commit, &offer->id);
	ret->label = STEAL(offer->label);
	return 0;
}

/* A commit id: everything is fetched, unless the commit is here already. */
static int fetch_commit(struct git_source *git, git_remote *remote, const char *ref,
			struct resolved *ret, struct err *err)
{
	char heads[] = "+refs/heads/*:refs/heads/*", tags[] = "+refs/tags/*:refs/tags/*";
	char *everything[] = {heads, tags};

	if (!git_is_commit_id(ref))
		return err_set(err, ERR_NOT_FOUND, "%s: no branch, tag or commit \"%s\"", git->name,
			       ref);
	if (git_commit_of_digits(git->repository, ref, &ret->commit) == 0)
		return 0;
	if (fetch(git, remote, everything, 2, err) < 0)
		return -1;
	int code = git_commit_of_digits(git->repository, ref, &ret->commit);
	if (code == GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: no branch, tag or commit \"%s\"", git->name,
			       ref);
	return code < 0 ? git_fail(err, code, "%s: commit %s", git->name, ref) : 0;
}

int git_resolve_remote(struct git_source *git, const char *ref, struct resolved *ret,
		       struct err *err)
{
	CLEANUP(remote_free_p) git_remote *remote = NULL;
	CLEANUP(offer_release) struct offer offer = {0};
	git_remote_create_options create = GIT_REMOTE_CREATE_OPTIONS_INIT;
	git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
	int attempts = 0;
	bool found;

	/*
	 * Without a look at url.*.insteadOf: the user's settings do not redirect an agent, and each
	 * look leaks 20 KiB per line of configuration in libgit2 1.5 (git_regexp_match keeps its
	 * match data where nothing matches).
	 */
	create.repository = git->repository;
	create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
	callbacks.credentials = credentials;
	callbacks.payload = &attempts;
	int code = git_remote_create_with_opts(&remote, git->options->repo, &create);
	if (code == 0)
		code = git_remote_connect(remote, GIT_DIRECTION_FETCH, &callbacks, NULL, NULL);
	if (code < 0)
		return git_fail(err, code, "cannot read %s", git->name);
	if (find_offer(git, remote, ref, &found, &offer, err) < 0)
		return -1;
	return found ? fetch_offer(git, remote, &offer, ret, err)
		     : fetch_commit(git, remote, ref, ret, err);
}

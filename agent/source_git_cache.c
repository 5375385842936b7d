#include "agent/source_git_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/source_git_loose.h"
#include "agent/source_private.h"
#include "apply/clock.h"

#define LOCK_ATTEMPTS 300 /* of LOCK_PAUSE_MS each: 30 s */
#define LOCK_PAUSE_MS 100
#define LOCK_NAME     "tranche.lock"
#define MARK_NAME     "tranche.clone" /* in a clone that was made here */
#define MAX_OPEN_DIRS 16
#define MAX_PATH      4096

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
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
			return err_set(err, ERR_DENIED,
				       "cannot make folder %s: %s; name another one with --git-dir",
				       copy, strerror(errno));
		if (end == '\0')
			return 0;
		*p = end;
	}
}

int git_cache_lock(struct git_source *git, int *ret_fd, struct err *err)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(close_p) int fd = -1;
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000};

	if (make_folders(git->folder, err) < 0)
		return -1;
	if (asprintf(&path, "%s/" LOCK_NAME, git->folder) < 0) {
		path = NULL;
		return err_no_memory(err);
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_DENIED,
			       "cannot write to the clone %s: %s; name another one with --git-dir",
			       git->folder, strerror(errno));
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

/* --- opening ---------------------------------------------------------------------------------- */

static int make_mark(const char *folder, struct err *err)
{
	char path[MAX_PATH];

	snprintf(path, sizeof(path), "%s/" MARK_NAME, folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_DENIED, "%s: %s", path, strerror(errno));
	close(fd);
	return 0;
}

int git_cache_open(struct git_source *git, struct err *err)
{
	int code = git_repository_open_bare(&git->repository, git->folder);

	if (code == GIT_ENOTFOUND) {
		if (make_mark(git->folder, err) < 0)
			return -1;
		code = git_repository_init(&git->repository, git->folder, 1);
	}
	if (code == 0)
		code = git_loose_guard(git->repository);
	if (code < 0) {
		git_fail(err, code, "clone %s", git->folder);
		/* libgit2 has made it, and does not find it: something else is in its place. */
		if (err->class == ERR_NOT_FOUND)
			err->class = ERR_INVALID;
		return -1;
	}
	git_cache_sweep(git->folder);
	return 0;
}

/* --- sweeping, discarding ---------------------------------------------------------------------- */

static int remove_if_lock(const char *path, const struct stat *status, int type, struct FTW *where)
{
	size_t length = strlen(path);

	(void)status;
	(void)where;
	if (type == FTW_F && length > 5 && strcmp(path + length - 5, ".lock") == 0)
		unlink(path);
	return 0;
}

static void sweep_packs(const char *folder)
{
	char path[MAX_PATH];
	struct dirent *entry;

	snprintf(path, sizeof(path), "%s/objects/pack", folder);
	DIR *packs = opendir(path);
	if (!packs)
		return;
	while ((entry = readdir(packs)))
		if (strncmp(entry->d_name, CACHE_PACK_PART, strlen(CACHE_PACK_PART)) == 0)
			unlinkat(dirfd(packs), entry->d_name, 0);
	closedir(packs);
}

void git_cache_sweep(const char *folder)
{
	char path[MAX_PATH];

	sweep_packs(folder);
	snprintf(path, sizeof(path), "%s/refs", folder);
	nftw(path, remove_if_lock, MAX_OPEN_DIRS, FTW_PHYS);
	snprintf(path, sizeof(path), "%s/packed-refs.lock", folder);
	unlink(path);
}

static int remove_any(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

bool git_cache_is_ours(const char *folder)
{
	char path[MAX_PATH];

	snprintf(path, sizeof(path), "%s/" MARK_NAME, folder);
	return access(path, F_OK) == 0;
}

int git_cache_discard(struct git_source *git, struct err *err)
{
	static const char *const parts[] = {"objects",     "refs",       "HEAD", "config",
					    "packed-refs", "FETCH_HEAD", "logs", "info"};
	char path[MAX_PATH];
	int64_t now_ms = clock_boot_ms();

	git_repository_free(STEAL(git->repository));
	if (strcmp(git->discarded_for, err->message) == 0 &&
	    now_ms < git->discarded_ms + CACHE_DISCARD_EVERY_MS)
		return -1;
	if (!git_cache_is_ours(git->folder)) {
		err_prefix(err, "the clone %s is damaged, and was not made here; remove it",
			   git->folder);
		return -1;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", git->folder, parts[i]);
		nftw(path, remove_any, MAX_OPEN_DIRS, FTW_PHYS | FTW_DEPTH);
	}
	git->damage = *err;
	snprintf(git->discarded_for, sizeof(git->discarded_for), "%s", err->message);
	git->discarded_ms = now_ms;
	return 0;
}

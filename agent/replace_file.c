#include "agent/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/file.h"
#include "diff/cleanup.h"

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int fail(const char *path, struct err *err)
{
	enum err_class class =
		errno == EACCES || errno == EPERM || errno == EROFS ? ERR_DENIED : ERR_TRANSIENT;

	return err_set(err, class, "cannot write %s: %s", path, strerror(errno));
}

static int check_content(const char *path, const char *old, size_t old_length,
			 struct stat *ret_status, struct err *err)
{
	CLEANUP(free_p) char *seen = NULL;
	size_t length;

	if (lstat(path, ret_status) < 0)
		return fail(path, err);
	if (!S_ISREG(ret_status->st_mode))
		return err_set(err, ERR_UNSUPPORTED, "%s is no regular file", path);
	if (file_read(path, old_length, &seen, &length, err) < 0 && err->class != ERR_LIMIT)
		return -1;
	if (!seen || length != old_length || memcmp(seen, old, length) != 0)
		return err_set(err, ERR_CONFLICT, "%s was changed meanwhile", path);
	return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		text += written;
		length -= (size_t)written;
	}
	return fsync(fd);
}

/* So that the new name survives a crash too; what cannot be synced is not worth a failure. */
static void sync_folder(char *path)
{
	CLEANUP(close_p) int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
}

int replace_file(const char *path, const char *old, size_t old_length, const char *text,
		 size_t length, struct err *err)
{
	const char *slash = strrchr(path, '/');
	int folder_length = slash ? (int)(slash + 1 - path) : 0;
	CLEANUP(free_p) char *beside = NULL;
	CLEANUP(close_p) int fd = -1;
	struct stat status;

	if (check_content(path, old, old_length, &status, err) < 0)
		return -1;
	if (asprintf(&beside, "%.*s.%s.XXXXXX", folder_length, path, path + folder_length) < 0) {
		beside = NULL;
		return err_no_memory(err);
	}
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return fail(path, err);
	if (fchown(fd, status.st_uid, status.st_gid) < 0) {
		/* It is ours then, as with any editor. */
	}
	if (fchmod(fd, status.st_mode & 07777) < 0 || write_all(fd, text, length) < 0 ||
	    rename(beside, path) < 0) {
		fail(path, err);
		unlink(beside);
		return -1;
	}
	sync_folder(beside);
	return 0;
}

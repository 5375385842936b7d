#include "apply/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff/buf.h"
#include "diff/cleanup.h"

#define CHUNK 4096

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int errno_err(const char *path, int number, struct err *err)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR: return err_set(err, ERR_NOT_FOUND, "cannot read %s: no such file", path);
	case EACCES:
	case EPERM: return err_set(err, ERR_DENIED, "cannot read %s: permission denied", path);
	case EISDIR: return err_set(err, ERR_INVALID, "cannot read %s: it is a folder", path);
	default: return err_set(err, ERR_TRANSIENT, "cannot read %s: %s", path, strerror(number));
	}
}

int file_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_length,
	      struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(max_bytes);
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[CHUNK];
	ssize_t length;

	if (fd < 0)
		return errno_err(path, errno, err);
	do {
		length = read(fd, chunk, sizeof(chunk));
		if (length > 0)
			buf_append(&text, chunk, (size_t)length);
		else if (length < 0 && errno != EINTR)
			return errno_err(path, errno, err);
	} while (length != 0 && !text.broken_cap && !text.broken_memory);
	explicit_bzero(chunk, sizeof(chunk));

	if (buf_check(&text, "it", err) < 0)
		return err_prefix(err, "cannot read %s", path);
	size_t total = text.length;
	char *stolen = buf_steal(&text);
	if (!stolen)
		return err_no_memory(err);
	*ret_text = stolen;
	*ret_length = total;
	return 0;
}

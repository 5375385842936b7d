#include "agent/source_git_loose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <zlib.h>

#include "agent/source_git_error.h"

#define CHUNK_BYTES 16384

/* Among libgit2's own, packs have priority 2 and files 1; of two that are equal the later is asked later. */
#define AFTER_PACKS 2

struct guard {
	git_odb_backend backend; /* first: libgit2 knows it by that */
	char folder[];           /* of the objects; ends with a slash */
};

/* Whether the stream in the file has an end, and nothing in it is broken. */
static bool is_whole(int fd)
{
	unsigned char input[CHUNK_BYTES], output[CHUNK_BYTES];
	z_stream stream = {0};
	ssize_t length;
	int code = inflateInit(&stream);

	while (code == Z_OK && (length = read(fd, input, sizeof(input))) > 0) {
		stream.next_in = input;
		stream.avail_in = (uInt)length;
		do {
			stream.next_out = output;
			stream.avail_out = sizeof(output);
			code = inflate(&stream, Z_NO_FLUSH);
		} while (code == Z_OK && stream.avail_out == 0);
		if (code == Z_BUF_ERROR) /* it wants more than the file has given so far */
			code = Z_OK;
	}
	inflateEnd(&stream);
	return code == Z_STREAM_END;
}

static int look_at(git_odb_backend *backend, const git_oid *id)
{
	const struct guard *guard = (const struct guard *)backend;
	char digits[GIT_OID_HEXSZ + 1], path[4096], message[128];

	git_oid_tostr(digits, sizeof(digits), id);
	snprintf(path, sizeof(path), "%s%.2s/%s", guard->folder, digits, digits + 2);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return GIT_PASSTHROUGH; /* libgit2 says what is wrong with it, if it is there at all */
	bool whole = is_whole(fd);
	close(fd);
	if (whole)
		return GIT_PASSTHROUGH;
	snprintf(message, sizeof(message), "the file of object %s is damaged", digits);
	git_error_set_str(GIT_ERROR_ODB, message);
	return GIT_ERROR;
}

static int before_read(void **data, size_t *length, git_object_t *type, git_odb_backend *backend,
		       const git_oid *id)
{
	(void)data;
	(void)length;
	(void)type;
	return look_at(backend, id);
}

static int before_read_header(size_t *length, git_object_t *type, git_odb_backend *backend,
			      const git_oid *id)
{
	(void)length;
	(void)type;
	return look_at(backend, id);
}

static void guard_free(git_odb_backend *backend)
{
	free(backend);
}

int git_loose_guard(git_repository *repository)
{
	const char *common = git_repository_commondir(repository);
	size_t size = sizeof(struct guard) + strlen(common) + sizeof("objects/");
	struct guard *guard = calloc(1, size);
	git_odb *odb = NULL;

	if (!guard) {
		git_error_set_oom();
		return GIT_ERROR;
	}
	snprintf(guard->folder, size - sizeof(*guard), "%sobjects/", common);
	guard->backend = (git_odb_backend){
		.version = GIT_ODB_BACKEND_VERSION,
		.read = before_read,
		.read_header = before_read_header,
		.free = guard_free,
	};
	int code = git_repository_odb(&odb, repository);
	if (code == 0)
		code = git_odb_add_backend(odb, &guard->backend, AFTER_PACKS);
	git_odb_free(odb);
	if (code < 0)
		free(guard);
	return code;
}

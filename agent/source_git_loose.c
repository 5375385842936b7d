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
#define HEAD_BYTES  64
#define MAX_BYTES   (1u << 30) /* libgit2 may read what is larger */

/* Among libgit2's own, packs have priority 2 and files 1; of two that are equal the later is asked later. */
#define AFTER_PACKS 2

struct guard {
	git_odb_backend backend; /* first: libgit2 knows it by that */
	char folder[];           /* of the objects; ends with a slash */
};

/* A file of an object on its way into memory. */
struct reading {
	int fd;
	z_stream stream;
	int code; /* of zlib: Z_OK while there may be more */
	unsigned char input[CHUNK_BYTES];
};

/* What it is, as the first bytes of the file say: "blob 123" and a NUL. */
struct head {
	git_object_t type;
	size_t length;
};

/* Reads that many bytes, or up to the stream's end; how many there were. A code that is Z_OK says that there is more. */
static size_t pull(struct reading *reading, void *to, size_t room)
{
	z_stream *stream = &reading->stream;
	ssize_t length;

	stream->next_out = to;
	stream->avail_out = (uInt)room;
	while (reading->code == Z_OK && stream->avail_out > 0) {
		if (stream->avail_in == 0) {
			length = read(reading->fd, reading->input, sizeof(reading->input));
			if (length <= 0) {
				reading->code = Z_BUF_ERROR; /* it was cut off */
				break;
			}
			stream->next_in = reading->input;
			stream->avail_in = (uInt)length;
		}
		reading->code = inflate(stream, Z_NO_FLUSH);
		if (reading->code == Z_BUF_ERROR) /* it wants more than it was given */
			reading->code = Z_OK;
	}
	return room - stream->avail_out;
}

/* How many of the bytes the head has, with its NUL; 0: it is none. */
static size_t parse_head(const char *bytes, size_t count, struct head *head)
{
	const char *end = memchr(bytes, '\0', count);
	const char *space = end ? memchr(bytes, ' ', (size_t)(end - bytes)) : NULL;
	char name[HEAD_BYTES] = "", *after;

	if (!space)
		return 0;
	memcpy(name, bytes, (size_t)(space - bytes));
	head->type = git_object_string2type(name);
	head->length = strtoul(space + 1, &after, 10);
	if (!git_object_typeisloose(head->type) || after != end || after == space + 1 ||
	    head->length > MAX_BYTES)
		return 0;
	return (size_t)(end - bytes) + 1;
}

/* The object's bytes, of which `begun` are there; the stream has to end with them. */
static bool read_rest(struct reading *reading, const char *begin, size_t begun, size_t length,
		      char *data)
{
	if (begun > length)
		return false;
	memcpy(data, begin, begun);
	begun += pull(reading, data + begun, length - begun + 1);
	data[length] = '\0';
	return reading->code == Z_STREAM_END && begun == length;
}

/* Of what libgit2 is to judge: it may have it if the stream has an end. */
static int leave_it(struct reading *reading)
{
	char scratch[CHUNK_BYTES];

	while (reading->code == Z_OK)
		pull(reading, scratch, sizeof(scratch));
	return reading->code == Z_STREAM_END ? GIT_PASSTHROUGH : GIT_ERROR;
}

/* Reads the file, or without ret_data its head alone. GIT_ERROR: it is damaged. */
static int read_file(struct reading *reading, git_odb_backend *backend, struct head *head,
		     void **ret_data)
{
	char begin[HEAD_BYTES];
	size_t count = pull(reading, begin, sizeof(begin)), at = parse_head(begin, count, head);

	if (at == 0)
		return leave_it(reading);
	if (!ret_data)
		return 0;
	char *data = git_odb_backend_data_alloc(backend, head->length + 1);
	if (!data)
		return GIT_PASSTHROUGH;
	if (read_rest(reading, begin + at, count - at, head->length, data)) {
		*ret_data = data;
		return 0;
	}
	git_odb_backend_data_free(backend, data);
	return GIT_ERROR;
}

static int look_at(git_odb_backend *backend, const git_oid *id, struct head *head, void **ret_data)
{
	const struct guard *guard = (const struct guard *)backend;
	char digits[GIT_OID_HEXSZ + 1], path[4096], message[128];
	struct reading reading;

	git_oid_tostr(digits, sizeof(digits), id);
	snprintf(path, sizeof(path), "%s%.2s/%s", guard->folder, digits, digits + 2);
	reading.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (reading.fd < 0)
		return GIT_PASSTHROUGH; /* libgit2 says what is wrong with it, if it is there at all */
	reading.stream = (z_stream){0};
	reading.code = inflateInit(&reading.stream);
	int code = read_file(&reading, backend, head, ret_data);
	inflateEnd(&reading.stream);
	close(reading.fd);
	if (code != GIT_ERROR)
		return code;
	snprintf(message, sizeof(message), "the file of object %s is damaged", digits);
	git_error_set_str(GIT_ERROR_ODB, message);
	return GIT_ERROR;
}

static int guard_read(void **data, size_t *length, git_object_t *type, git_odb_backend *backend,
		      const git_oid *id)
{
	struct head head;
	int code = look_at(backend, id, &head, data);

	if (code == 0) {
		*length = head.length;
		*type = head.type;
	}
	return code;
}

static int guard_read_header(size_t *length, git_object_t *type, git_odb_backend *backend,
			     const git_oid *id)
{
	struct head head;
	int code = look_at(backend, id, &head, NULL);

	if (code == 0) {
		*length = head.length;
		*type = head.type;
	}
	return code;
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
		.read = guard_read,
		.read_header = guard_read_header,
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

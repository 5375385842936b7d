#include "agent/content.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/file.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

static const char key[] = "content";

/* What stands for one file: its length and bytes, or why it cannot be read. */
static int add_file(const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
	CLEANUP(free_p) char *text = NULL;
	struct err fault;
	size_t length;

	if (file_read(path, max_bytes, &text, &length, &fault) < 0) {
		if (fault.class == ERR_NO_MEMORY)
			return err_no_memory(err);
		buf_printf(out, "-%s", fault.message);
		return 0;
	}
	buf_printf(out, "+%zu:", length);
	buf_append(out, text, length);
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A file's bytes count, a folder's in it do not: a Secret has none. */
static int add_folder(const char *folder, size_t max_bytes, struct buf *out, struct err *err)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_visible, alphasort), result = 0;

	if (count < 0)
		return add_file(folder, max_bytes, out, err);
	for (int i = 0; i < count; i++) {
		CLEANUP(free_p) char *path = NULL;
		CLEANUP(free_p) struct dirent *entry = entries[i];

		if (result < 0 || i >= CONTENT_MAX_FILES)
			continue;
		buf_printf(out, "/%s", entry->d_name);
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
			path = NULL;
			result = err_no_memory(err);
		} else {
			result = add_file(path, max_bytes, out, err);
		}
	}
	free(entries);
	return result;
}

int content_fingerprint(const char *path, size_t max_bytes, char ret_hex[DIGEST_SHA256_HEX],
			struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT(2 * max_bytes + 65536);
	struct stat status;
	bool is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);

	if ((is_folder ? add_folder(path, max_bytes, &bytes, err)
		       : add_file(path, max_bytes, &bytes, err)) < 0)
		return -1;
	if (bytes.broken_memory)
		return err_no_memory(err);
	return digest_hmac_sha256(key, sizeof(key), buf_str(&bytes), bytes.length, ret_hex, err);
}

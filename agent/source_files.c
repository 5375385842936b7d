#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/source_private.h"
#include "diff/manifest.h"
#include "diff/yaml.h"

#define MAX_FOLDER_DEPTH 64
#define READ_CHUNK       65536

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Everything up to the end of the descriptor. */
static int read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	char chunk[READ_CHUNK];
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
		buf_append(out, chunk, (size_t)got);
		if (buf_check(out, path, err) < 0)
			return err->class == ERR_LIMIT ? source_too_large(path, err) : -1;
	}
	return 0;
}

static int add_descriptor(int fd, const char *path, struct snapshot *snapshot, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);

	if (read_all(fd, path, &text, err) < 0)
		return -1;
	size_t length = text.length;
	char *copy = buf_steal(&text);
	if (!copy)
		return err_no_memory(err);
	return snapshot_add(snapshot, path, copy, length, err);
}

static int add_file(const char *path, struct snapshot *snapshot, struct err *err)
{
	CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno == EACCES ? ERR_DENIED : ERR_NOT_FOUND, "%s: %s", path,
			       strerror(errno));
	return add_descriptor(fd, path, snapshot, err);
}

static int add_folder(const char *path, bool recursive, int depth, struct snapshot *snapshot,
		      struct err *err);

static int pass_over(struct snapshot *snapshot, const char *path, const char *why, struct err *err)
{
	return findings_add(&snapshot->findings, FINDING_WARNING, path, (struct yaml_mark){0, 0},
			    err, "%s", why);
}

/*
 * An entry of a folder: a manifest is read, a folder entered if asked, all else passed over. As
 * kubectl does, a link to a file is followed, and one to a folder, which may lead in circles, is not.
 */
static int add_entry(const char *folder, const char *name, bool recursive, int depth,
		     struct snapshot *snapshot, struct err *err)
{
	CLEANUP(free_p) char *path = NULL;
	size_t length = strlen(folder);
	bool wanted = manifest_is_file_name(name), link;
	struct stat status;

	if (asprintf(&path, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/",
		     name) < 0) {
		path = NULL;
		return err_no_memory(err);
	}
	if (lstat(path, &status) < 0)
		return err_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	link = S_ISLNK(status.st_mode);
	if (link && stat(path, &status) < 0)
		return wanted ? err_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno)) : 0;
	if (S_ISDIR(status.st_mode) && link)
		return wanted || recursive
			       ? pass_over(snapshot, path,
					   "a symbolic link to a folder is not followed", err)
			       : 0;
	if (S_ISDIR(status.st_mode))
		return recursive ? add_folder(path, recursive, depth + 1, snapshot, err) : 0;
	if (!wanted)
		return 0;
	if (!S_ISREG(status.st_mode))
		return pass_over(snapshot, path, "is no regular file and not read", err);
	return add_file(path, snapshot, err);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(const char *path, bool recursive, int depth, struct snapshot *snapshot,
		      struct err *err)
{
	struct dirent **entries = NULL;
	int result = 0;

	if (depth > MAX_FOLDER_DEPTH)
		return err_set(err, ERR_LIMIT,
			       "%s: folders are nested more than %d deep; name one of them", path,
			       MAX_FOLDER_DEPTH);
	int count = scandir(path, &entries, not_hidden, by_bytes);
	if (count < 0)
		return err_set(err, errno == EACCES ? ERR_DENIED : ERR_NOT_FOUND, "%s: %s", path,
			       strerror(errno));
	for (int i = 0; i < count; i++) {
		if (result == 0)
			result = add_entry(path, entries[i]->d_name, recursive, depth, snapshot,
					   err);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int source_files_read(const struct source_options *options, struct snapshot *snapshot,
		      struct err *err)
{
	for (size_t i = 0; i < options->file_count; i++) {
		const char *path = options->files[i];
		struct stat status;
		int result;

		if (strcmp(path, "-") == 0)
			result = add_descriptor(STDIN_FILENO, "<stdin>", snapshot, err);
		else if (stat(path, &status) < 0)
			result = err_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
		else if (S_ISDIR(status.st_mode))
			result = add_folder(path, options->recursive, 0, snapshot, err);
		else
			result = add_file(path, snapshot, err);
		if (result < 0)
			return -1;
	}
	if (snapshot->count == 0)
		return err_set(err, ERR_NOT_FOUND, "%s: no .yaml, .yml or .json file there%s",
			       options->files[0],
			       options->recursive ? "" : " (-R looks into the folders below)");
	return 0;
}

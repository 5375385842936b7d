#include "tests/support/folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

void folder_make(struct folder *folder)
{
	strcpy(folder->path, "/tmp/tranche-test-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_remove(struct folder *folder)
{
	assert_int_equal(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *folder_file(const struct folder *folder, const char *name)
{
	static char paths[8][256];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder->path, name);
	return path;
}

/* Under another name first: a test that reads meanwhile sees the old text or the new one. */
static void write_whole(const struct folder *folder, const char *name, const char *head,
			const char *text, mode_t mode)
{
	const char *path = folder_file(folder, name);
	char draft[300];

	snprintf(draft, sizeof(draft), "%s.draft", path);
	FILE *file = fopen(draft, "w");
	assert_non_null(file);
	fputs(head, file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(draft, mode), 0);
	assert_int_equal(rename(draft, path), 0);
}

void folder_write(const struct folder *folder, const char *name, const char *text)
{
	write_whole(folder, name, "", text, 0600);
}

void folder_script(const struct folder *folder, const char *name, const char *text)
{
	write_whole(folder, name, "#!/bin/sh\n", text, 0700);
}

const char *folder_read(const struct folder *folder, const char *name)
{
	static char text[65536];
	FILE *file = fopen(folder_file(folder, name), "r");
	size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[length] = '\0';
	return text;
}

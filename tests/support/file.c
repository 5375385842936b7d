#include "tests/support/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/check.h"

#define FILE_MAX  (16u * 1024 * 1024)
#define PATH_SIZE 4096

void read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t got;

	if (!file)
		fail_msg("%s cannot be read", path);
	buf_clear(out);
	while ((got = fread(block, 1, sizeof(block), file)))
		buf_append(out, block, got);
	fclose(file);
	assert_false(out->broken_cap || out->broken_memory);
}

size_t each_file(const char *folder, void (*visit)(const char *name, const struct buf *content))
{
	CLEANUP(buf_release) struct buf content = BUF_INIT(FILE_MAX);
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	size_t visited = 0;

	if (count < 0)
		fail_msg("%s cannot be read", folder);
	for (int i = 0; i < count; i++) {
		char path[PATH_SIZE];

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && entries[i]->d_type != DT_DIR) {
			read_file(path, &content);
			visit(entries[i]->d_name, &content);
			visited++;
		}
		free(entries[i]);
	}
	free(entries);
	return visited;
}

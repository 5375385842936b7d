#include "agent/source_git_known.h"

#include <stdlib.h>
#include <string.h>

void known_files_release(struct known_files *known)
{
	for (size_t i = 0; i < known->count; i++)
		free(known->items[i].path);
	free(known->items);
	free(known->commit);
	*known = (struct known_files){0};
}

bool known_files_are_ordered(const struct snapshot *snapshot)
{
	for (size_t i = 1; i < snapshot->count; i++)
		if (strcmp(snapshot->files[i - 1].path, snapshot->files[i].path) >= 0)
			return false;
	return true;
}

void known_files_take(struct known_files *known, const struct snapshot *snapshot)
{
	known_files_release(known);
	if (!known_files_are_ordered(snapshot))
		return;
	known->items = calloc(snapshot->count + 1, sizeof(*known->items));
	while (known->items && known->count < snapshot->count) {
		const struct source_file *file = &snapshot->files[known->count];
		struct known_file *item = &known->items[known->count];

		item->path = strdup(file->path);
		if (!item->path)
			break;
		memcpy(item->id, file->id, sizeof(item->id));
		item->length = file->length;
		known->count++;
	}
	if (known->items && known->count == snapshot->count)
		known->commit = strdup(snapshot->commit);
	if (!known->commit)
		known_files_release(known);
}

static int compare_path(const void *path, const void *item)
{
	return strcmp(path, ((const struct known_file *)item)->path);
}

static const struct known_file *find(const struct known_files *known, const char *path, size_t next)
{
	if (next < known->count && strcmp(known->items[next].path, path) == 0)
		return &known->items[next];
	return known->count ? bsearch(path, known->items, known->count, sizeof(*known->items),
				      compare_path)
			    : NULL;
}

const struct known_file *known_files_find(const struct known_files *known, const char *path,
					  const unsigned char *id, size_t *next)
{
	const struct known_file *file = find(known, path, *next);

	if (file)
		*next = (size_t)(file - known->items) + 1;
	return file && memcmp(file->id, id, SOURCE_ID_BYTES) == 0 ? file : NULL;
}

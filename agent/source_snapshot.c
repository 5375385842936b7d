#include "agent/source.h"

#include <stdlib.h>
#include <string.h>

#include "agent/source_private.h"

static void source_file_release(struct source_file *file)
{
	free(file->path);
	free(file->text);
}

void snapshot_drop_files(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		source_file_release(&snapshot->files[i]);
	free(STEAL(snapshot->files));
	snapshot->count = snapshot->capacity = snapshot->bytes = 0;
}

void snapshot_release(struct snapshot *snapshot)
{
	free(snapshot->commit);
	free(snapshot->revision);
	free(snapshot->author);
	free(snapshot->subject);
	snapshot_drop_files(snapshot);
	findings_release(&snapshot->findings);
	*snapshot = (struct snapshot){0};
}

int source_too_large(const char *path, struct err *err)
{
	return err_set(err, ERR_LIMIT, "%s: larger than %u bytes; split it into several files",
		       path, YAML_MAX_BYTES);
}

int snapshot_add_blob(struct snapshot *snapshot, const char *path, const unsigned char *id,
		      char *take_text, size_t length, struct err *err)
{
	if (snapshot_add(snapshot, path, take_text, length, err) < 0)
		return -1;
	struct source_file *file = &snapshot->files[snapshot->count - 1];
	memcpy(file->id, id, sizeof(file->id));
	file->unchanged = !file->text;
	return 0;
}

int snapshot_add(struct snapshot *snapshot, const char *path, char *take_text, size_t length,
		 struct err *err)
{
	CLEANUP(free_p) char *text = take_text;

	if (snapshot->count == SOURCE_MAX_FILES)
		return err_set(err, ERR_LIMIT, "more than %d manifest files; name a smaller folder",
			       SOURCE_MAX_FILES);
	if (length > SOURCE_MAX_BYTES - snapshot->bytes)
		return err_set(
			err, ERR_LIMIT,
			"%s: the manifests are larger than %u bytes together; name a smaller "
			"folder",
			path, SOURCE_MAX_BYTES);
	if (snapshot->count == snapshot->capacity) {
		size_t capacity = snapshot->capacity ? 2 * snapshot->capacity : 16;
		struct source_file *files = reallocarray(snapshot->files, capacity, sizeof(*files));
		if (!files)
			return err_no_memory(err);
		snapshot->files = files;
		snapshot->capacity = capacity;
	}
	char *copy = strdup(path);
	if (!copy)
		return err_no_memory(err);
	snapshot->files[snapshot->count++] =
		(struct source_file){.path = copy, .text = STEAL(text), .length = length};
	snapshot->bytes += length;
	return 0;
}

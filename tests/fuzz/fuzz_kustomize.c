/*
 * A repository with a kustomization is refused for a reason, or says of each object where its fields are
 * set. What is found there is what the files hold; and where an edit is allowed, the object gets the new
 * value and no other object changes.
 *
 * The input is files with RS (0x1E) between them; the first line of each is its path.
 */
#include "diff/kustomize.h"

#include <string.h>

#include "diff/cleanup.h"
#include "diff/intent.h"
#include "diff/json.h"
#include "diff/yaml_edit.h"

#include "tests/fuzz/fuzz.h"

#define SEPARATOR   0x1E
#define MAX_FILES   16
#define MAX_PATH    256
#define MAX_OBJECTS 8 /* that are edited */
#define EDITED_MAX  (4u * 1024 * 1024)

struct file {
	char path[MAX_PATH];
	const char *text;
	size_t length;
};

struct repository {
	struct file files[MAX_FILES];
	size_t count;
};

static const struct origin_field partition = {
	{"spec", "updateStrategy", "rollingUpdate", "partition"}, 4, 0};
static const struct origin_field replicas = {{"spec", "replicas"}, 2, 0};
static const struct origin_field hold = {{"metadata", "annotations", "tranche.dev/hold"}, 3, 0};
static const struct origin_field *const fields[] = {&partition, &replicas, &hold};

static void split(const char *text, const char *end, struct repository *repository)
{
	repository->count = 0;
	while (text < end && repository->count < MAX_FILES) {
		struct file *file = &repository->files[repository->count++];
		const char *stop = memchr(text, SEPARATOR, (size_t)(end - text));
		const char *file_end = stop ? stop : end;
		const char *newline = memchr(text, '\n', (size_t)(file_end - text));
		size_t path_length = (size_t)((newline ? newline : file_end) - text);

		snprintf(file->path, sizeof(file->path), "%.*s",
			 (int)(path_length < MAX_PATH ? path_length : MAX_PATH), text);
		file->text = newline ? newline + 1 : file_end;
		file->length = (size_t)(file_end - file->text);
		text = stop ? stop + 1 : end;
	}
}

static struct file *find_file(struct repository *repository, const char *path)
{
	for (size_t i = 0; i < repository->count; i++)
		if (strcmp(repository->files[i].path, path) == 0)
			return &repository->files[i];
	return NULL;
}

/* Nobody asks for what is not in the repository. */
static int read_file(void *context, const char *path, const char **ret_text, size_t *ret_length,
		     struct err *err)
{
	const struct file *file = find_file(context, path);

	(void)err;
	must(path[0] != '/' && !strstr(path, "//") && strncmp(path, "../", 3) != 0);
	must(!strstr(path, "/../") && strcmp(path, "..") != 0);
	*ret_text = file ? file->text : NULL;
	*ret_length = file ? file->length : 0;
	return 0;
}

static int load(struct repository *repository, struct origins *origins, struct err *err)
{
	const struct kustomize_files files = {repository, read_file};

	return kustomize_read(&files, "", origins, err);
}

/* A layer is what stands at its place. */
static void check_layer(struct repository *repository, const struct origin_layer *layer)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	const struct file *file = find_file(repository, layer->file);
	struct err err;

	must(file && layer->step_count <= ORIGIN_MAX_STEPS);
	must(yaml_load_values(file->text, file->length, &docs, &err) == 0);
	must(layer->document < docs.count);
	for (size_t i = 0; i < layer->step_count; i++)
		if (layer->steps[i].kind == YAML_STEP_TEXT)
			return;
	const cJSON *root = docs.items[layer->document].root;
	must(json_equal(layer->step_count ? yaml_steps_follow(root, layer->steps, layer->step_count)
					  : root,
			layer->value));
}

/* The value of a field; NULL where it has none or it cannot be told. */
static const cJSON *value_of(const struct origin *origin, const struct origin_field *field)
{
	struct origin_place place;
	struct err err;

	return origin_find(origin, field, &place, &err) == 0 ? place.value : NULL;
}

static void check_edited(struct repository *repository, const struct origins *before, size_t edited,
			 const struct origin_field *field, const cJSON *value)
{
	CLEANUP(origins_release) struct origins after = {0};
	struct err err;

	must(load(repository, &after, &err) == 0);
	must(after.count == before->count);
	for (size_t i = 0; i < after.count; i++) {
		const cJSON *new_value = value_of(&after.items[i], field);

		if (i == edited)
			must(json_equal(new_value, value));
		else
			must(new_value == value_of(&before->items[i], field) ||
			     json_equal(new_value, value_of(&before->items[i], field)));
	}
}

static void edit(struct repository *repository, const struct origins *origins, size_t index,
		 const struct origin_field *field)
{
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDITED_MAX);
	CLEANUP(cJSON_Delete_p)
	cJSON *value = field == &hold ? cJSON_CreateString("until noon") : json_new_int(4711);
	struct origin_place place;
	struct err err;

	if (origin_find(&origins->items[index], field, &place, &err) < 0 ||
	    origin_check_edit(origins, &place, &err) < 0) {
		must(err.message[0]);
		return;
	}
	struct file *file = find_file(repository, place.layer->file);
	const struct file old = *file;
	if (yaml_edit(old.text, old.length, place.layer->document, place.steps, place.step_count,
		      value, &splice, &err) < 0) {
		must(err.message[0]);
		return;
	}
	yaml_splice_apply(&splice, old.text, old.length, &text);
	file->text = buf_str(&text);
	file->length = text.length;
	check_edited(repository, origins, index, field, value);
	*file = old;
}

int fuzz_kustomize(const uint8_t *data, size_t size)
{
	CLEANUP(origins_release) struct origins origins = {0};
	struct repository repository;
	struct err err;

	split((const char *)data, (const char *)data + size, &repository);
	if (load(&repository, &origins, &err) < 0) {
		must(err.class == ERR_NOT_FOUND || err.class == ERR_INVALID ||
		     err.class == ERR_LIMIT || err.class == ERR_UNSUPPORTED);
		must(err.message[0]);
		return 0;
	}
	for (size_t i = 0; i < origins.layer_count; i++)
		check_layer(&repository, origins.layers[i]);
	for (size_t i = 0; i < origins.count && i < MAX_OBJECTS; i++) {
		CLEANUP(intent_release) struct intent intent = {0};

		if (intent_read(&origins.items[i], &intent, &err) < 0)
			must(err.message[0]);
		for (size_t j = 0; j < sizeof(fields) / sizeof(fields[0]); j++)
			edit(&repository, &origins, i, fields[j]);
	}
	return 0;
}

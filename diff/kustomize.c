#include "diff/kustomize.h"

#include <string.h>

#include "diff/kustomize_target.h"

#define MAX_PATH 4096

static const char *const file_names[] = {"kustomization.yaml", "kustomization.yml",
					 "Kustomization"};

#define FILE_NAME_COUNT (sizeof(file_names) / sizeof(file_names[0]))

/* What all kustomizations of one reading have in common, and what it has cost so far. */
struct reading {
	const struct kustomize_files *files;
	struct origins *origins;
	size_t file_count, bytes, matches;
};

/* One kustomization on its way. */
struct build {
	struct reading *reading;
	struct origins *origins;
	size_t first; /* the first of its objects */
	const char *folder;
	char *file;
	struct yaml_docs docs;
	const cJSON *root;
	size_t document;
	int depth;
};

/* A text that a kustomization names, or holds itself. */
struct source {
	char *file;
	char *text; /* a copy */
	size_t length;
	struct yaml_step steps[4]; /* that lead to it in its file; none: it is the file */
	size_t step_count;
};

static int read_folder(struct reading *reading, const char *folder, int depth, size_t first,
		       struct err *err);

static void build_release(struct build *build)
{
	free(build->file);
	yaml_docs_release(&build->docs);
}

static void source_release(struct source *source)
{
	free(source->file);
	free(source->text);
}

/* --- paths ----------------------------------------------------------------------------------- */

/* Appends one part of a path to what is there; false where it leads out of the top. */
static bool add_part(struct buf *path, const char *part, size_t length)
{
	if (length == 0 || (length == 1 && part[0] == '.'))
		return true;
	if (length == 2 && part[0] == '.' && part[1] == '.') {
		const char *slash = strrchr(buf_str(path), '/');

		if (path->length == 0)
			return false;
		buf_truncate(path, slash ? (size_t)(slash - buf_str(path)) : 0);
		return true;
	}
	if (path->length)
		buf_putc(path, '/');
	buf_append(path, part, length);
	return true;
}

/* "overlays/prod" and "../../base/" as "base". */
static bool join(const char *folder, const char *entry, struct buf *path)
{
	if (entry[0] == '/')
		return false;
	buf_puts(path, folder);
	while (*entry) {
		size_t length = strcspn(entry, "/");

		if (!add_part(path, entry, length))
			return false;
		entry += length + (entry[length] == '/');
	}
	return true;
}

static bool is_remote(const char *entry)
{
	return strstr(entry, "://") || strstr(entry, "?ref=") || strncmp(entry, "git@", 4) == 0 ||
	       strncmp(entry, "github.com/", 11) == 0;
}

bool kustomize_is_file_name(const char *name)
{
	for (size_t i = 0; i < FILE_NAME_COUNT; i++)
		if (strcmp(name, file_names[i]) == 0)
			return true;
	return false;
}

/* --- files ----------------------------------------------------------------------------------- */

static int fail_build(const struct build *build, struct err *err, enum err_class class,
		      const char *what, const char *name)
{
	return err_set(err, class, "%s: %s \"%s\"", build->file, what, name);
}

/*
 * Asks for a file. A few kustomizations that name each other more than once make very many readings, so
 * those are counted.
 */
static int find_file(struct build *build, const char *path, const char **ret_text,
		     size_t *ret_length, struct err *err)
{
	struct reading *reading = build->reading;

	if (reading->files->find(reading->files->context, path, ret_text, ret_length, err) < 0)
		return -1;
	reading->file_count++;
	reading->bytes += *ret_text ? *ret_length : 0;
	if (reading->file_count > KUSTOMIZE_MAX_FILES)
		return err_set(err, ERR_LIMIT,
			       "%s: more than %u files are read for one kustomization", path,
			       KUSTOMIZE_MAX_FILES);
	if (reading->bytes > KUSTOMIZE_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
			       "%s: more than %u bytes are read for one kustomization", path,
			       KUSTOMIZE_MAX_BYTES);
	return 0;
}

/* The kustomization's file; its path and text. */
static int open_file(struct build *build, struct err *err)
{
	for (size_t i = 0; i < FILE_NAME_COUNT; i++) {
		CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH);
		const char *text;
		size_t length;

		join(build->folder, file_names[i], &path);
		if (buf_check(&path, "a path", err) < 0 ||
		    find_file(build, buf_str(&path), &text, &length, err) < 0)
			return -1;
		if (!text)
			continue;
		build->file = buf_steal(&path);
		if (!build->file)
			return err_no_memory(err);
		if (yaml_load(text, length, &build->docs, err) < 0)
			return err_prefix(err, "%s", build->file);
		if (build->docs.count != 1)
			return err_set(err, ERR_INVALID, "%s: holds %zu documents, not one",
				       build->file, build->docs.count);
		build->root = build->docs.items[0].root;
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "%s: there is no kustomization.yaml",
		       *build->folder ? build->folder : ".");
}

/* Reads a file by its path from the kustomization; *ret_found false: there is none. */
static int read_entry(struct build *build, const char *entry, bool *ret_found,
		      struct source *ret_source, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH);
	const char *text = NULL;
	size_t length = 0;

	*ret_found = false;
	if (!join(build->folder, entry, &path))
		return buf_check(&path, "a path", err);
	if (buf_check(&path, "a path", err) < 0 ||
	    find_file(build, buf_str(&path), &text, &length, err) < 0)
		return -1;
	if (!text)
		return 0;
	*ret_source = (struct source){.file = buf_steal(&path), .length = length};
	ret_source->text = malloc(length + 1);
	if (!ret_source->file || !ret_source->text)
		return err_no_memory(err);
	memcpy(ret_source->text, text, length);
	ret_source->text[length] = '\0';
	*ret_found = true;
	return 0;
}

/* The text that `steps` lead to in the kustomization. */
static int inline_source(const struct build *build, const char *text, const struct yaml_step *steps,
			 size_t step_count, struct source *ret_source, struct err *err)
{
	*ret_source = (struct source){
		.file = strdup(build->file), .text = strdup(text), .length = strlen(text)};
	memcpy(ret_source->steps, steps, step_count * sizeof(*steps));
	ret_source->step_count = step_count;
	return ret_source->file && ret_source->text ? 0 : err_no_memory(err);
}

/* --- resources ------------------------------------------------------------------------------- */

static int add_resource(struct build *build, const char *entry, bool component, struct err *err)
{
	CLEANUP(source_release) struct source source = {0};
	CLEANUP(buf_release) struct buf folder = BUF_INIT(MAX_PATH);
	bool found = false;

	if (!component && read_entry(build, entry, &found, &source, err) < 0)
		return -1;
	if (found)
		return origins_add_file(build->origins, source.file, source.text, source.length,
					err);
	if (is_remote(entry))
		return 0;
	bool leads_out = !join(build->folder, entry, &folder);
	if (buf_check(&folder, "a path", err) < 0)
		return -1;
	if (leads_out)
		return fail_build(build, err, ERR_NOT_FOUND, "leads out of the repository:", entry);
	if (build->depth >= KUSTOMIZE_MAX_DEPTH)
		return err_set(err, ERR_LIMIT, "%s: kustomizations are nested more than %d deep",
			       build->file, KUSTOMIZE_MAX_DEPTH);
	/* A component works on what its kustomization has gathered so far. */
	if (read_folder(build->reading, buf_str(&folder), build->depth + 1,
			component ? build->first : build->origins->count, err) < 0)
		return err->class == ERR_NOT_FOUND ? err_prefix(err, "%s: %s", build->file, entry)
						   : -1;
	return 0;
}

static int add_resources(struct build *build, const char *key, bool component, struct err *err)
{
	const cJSON *entry;

	json_each (entry, json_get(build->root, key)) {
		if (cJSON_IsString(entry) &&
		    add_resource(build, entry->valuestring, component, err) < 0)
			return -1;
	}
	return 0;
}

/* --- patches --------------------------------------------------------------------------------- */

static void drop_object(struct origins *origins, size_t index)
{
	origin_release(&origins->items[index]);
	origins->count--;
	memmove(&origins->items[index], &origins->items[index + 1],
		(origins->count - index) * sizeof(*origins->items));
}

/* Counts the objects that a patch or entry is held against. */
static int count_matches(struct build *build, struct err *err)
{
	build->reading->matches += build->origins->count - build->first;
	if (build->reading->matches <= KUSTOMIZE_MAX_MATCHES)
		return 0;
	return err_set(err, ERR_LIMIT, "%s: more than %u times a patch is held against an object",
		       build->file, KUSTOMIZE_MAX_MATCHES);
}

/* Puts the layer over each object that it is for. `target` may be NULL for a merge patch. */
static int push_patch(struct build *build, struct origin_layer *layer, const cJSON *target,
		      struct err *err)
{
	const char *directive = json_str(layer->value, "$patch");

	if (count_matches(build, err) < 0)
		return -1;
	for (size_t i = build->first; i < build->origins->count; i++) {
		struct origin *origin = &build->origins->items[i];
		bool matches;

		if (kustomize_matches(origin, target, layer->value, &matches, err) < 0)
			return err_prefix(err, "%s", build->file);
		if (!matches)
			continue;
		if (directive && strcmp(directive, "delete") == 0 && !layer->conditional)
			drop_object(build->origins, i--);
		else if (origin_push(origin, layer, err) < 0)
			return -1;
	}
	return 0;
}

/* Each document of the text is a patch: a list is a JSON patch, anything else a merge patch. */
static int apply_patch(struct build *build, const struct source *source, const cJSON *target,
		       struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	if (yaml_load_values(source->text, source->length, &docs, err) < 0)
		return err_prefix(err, "%s%s", source->file,
				  source->step_count ? ": an inline patch" : "");
	for (size_t i = 0; i < docs.count; i++) {
		bool list = cJSON_IsArray(docs.items[i].root);
		struct origin_layer model = {
			.kind = list ? ORIGIN_JSON_PATCH : ORIGIN_MERGE_PATCH,
			.file = source->file,
			.document = source->step_count ? 0 : i,
			.step_count = source->step_count,
			.value = docs.items[i].root,
			.conditional = kustomize_is_conditional(target),
		};
		struct origin_layer *layer;

		memcpy(model.steps, source->steps, source->step_count * sizeof(*source->steps));
		if (source->step_count)
			model.steps[model.step_count++] = YAML_TEXT(i);
		if (origins_add_layer(build->origins, &model, &layer, err) < 0 ||
		    push_patch(build, layer, target, err) < 0)
			return -1;
	}
	return 0;
}

/* An entry of `patches` or `patchesJson6902`. */
static int apply_entry(struct build *build, const char *key, size_t index, const cJSON *entry,
		       struct err *err)
{
	const struct yaml_step steps[] = {YAML_KEY(key), YAML_INDEX(index), YAML_KEY("patch")};
	CLEANUP(source_release) struct source source = {0};
	const char *path = json_str(entry, "path"), *text = json_str(entry, "patch");
	bool found = true;

	if (path && read_entry(build, path, &found, &source, err) < 0)
		return -1;
	if (!found)
		return fail_build(build, err, ERR_NOT_FOUND, "there is no patch", path);
	if (!path && text && inline_source(build, text, steps, 3, &source, err) < 0)
		return -1;
	return source.text ? apply_patch(build, &source, json_get(entry, "target"), err) : 0;
}

static int apply_patches(struct build *build, const char *key, struct err *err)
{
	const cJSON *entry;
	size_t index = 0;

	json_each (entry, json_get(build->root, key)) {
		if (apply_entry(build, key, index++, entry, err) < 0)
			return -1;
	}
	return 0;
}

/* Each entry is a file's path, or the patch itself. */
static int apply_merge_patches(struct build *build, struct err *err)
{
	static const char key[] = "patchesStrategicMerge";
	const cJSON *entry;
	size_t index = 0;

	json_each (entry, json_get(build->root, key)) {
		const struct yaml_step steps[] = {YAML_KEY(key), YAML_INDEX(index)};
		CLEANUP(source_release) struct source source = {0};
		bool found;

		index++;
		if (!cJSON_IsString(entry))
			continue;
		if (read_entry(build, entry->valuestring, &found, &source, err) < 0)
			return -1;
		if (!found && !strchr(entry->valuestring, '\n'))
			return fail_build(build, err, ERR_NOT_FOUND, "there is no patch",
					  entry->valuestring);
		if (!found && inline_source(build, entry->valuestring, steps, 2, &source, err) < 0)
			return -1;
		if (apply_patch(build, &source, NULL, err) < 0)
			return -1;
	}
	return 0;
}

/* --- what the kustomization itself sets ------------------------------------------------------ */

static int rename_objects(struct build *build, struct err *err)
{
	const char *prefix = json_str(build->root, "namePrefix");
	const char *suffix = json_str(build->root, "nameSuffix");
	const char *namespace = json_str(build->root, "namespace");

	for (size_t i = build->first; i < build->origins->count; i++) {
		struct origin *origin = &build->origins->items[i];
		CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_PATH);

		if (namespace) {
			char *copy = strdup(namespace);

			if (!copy)
				return err_no_memory(err);
			free(origin->ref.namespace);
			origin->ref.namespace = copy;
		}
		if (!prefix && !suffix)
			continue;
		buf_printf(&name, "%s%s%s", prefix ? prefix : "", origin->ref.name,
			   suffix ? suffix : "");
		if (buf_check(&name, "a name", err) < 0 ||
		    origin_rename(origin, buf_str(&name), err) < 0)
			return -1;
	}
	return 0;
}

/* A layer of the kustomization's own, over the objects that it is for. */
static int push_own(struct build *build, enum origin_kind kind, const struct yaml_step *steps,
		    size_t step_count, const cJSON *value, struct err *err)
{
	struct origin_layer model = {.kind = kind, .file = build->file, .step_count = step_count};
	struct origin_layer *layer;

	model.value = (cJSON *)(uintptr_t)value;
	memcpy(model.steps, steps, step_count * sizeof(*steps));
	if (count_matches(build, err) < 0 ||
	    origins_add_layer(build->origins, &model, &layer, err) < 0)
		return -1;
	for (size_t i = build->first; i < build->origins->count; i++) {
		struct origin *origin = &build->origins->items[i];

		if (kustomize_takes(origin, kind, value) && origin_push(origin, layer, err) < 0)
			return -1;
	}
	return 0;
}

static int push_entries(struct build *build, enum origin_kind kind, const char *key,
			struct err *err)
{
	const cJSON *entry;
	size_t index = 0;

	json_each (entry, json_get(build->root, key)) {
		const struct yaml_step steps[] = {YAML_KEY(key), YAML_INDEX(index)};

		index++;
		if (push_own(build, kind, steps, 2, entry, err) < 0)
			return -1;
	}
	return 0;
}

static int push_annotations(struct build *build, struct err *err)
{
	static const struct yaml_step step = {.kind = YAML_STEP_KEY, .key = "commonAnnotations"};
	const cJSON *annotations = json_get(build->root, step.key);

	return annotations ? push_own(build, ORIGIN_ANNOTATIONS, &step, 1, annotations, err) : 0;
}

/* What may do anything to the objects. */
static int look_for_obscurities(struct build *build, struct err *err)
{
	static const char *const keys[] = {"transformers", "replacements"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		CLEANUP(buf_release) struct buf note = BUF_INIT(MAX_PATH);

		if (build->origins->obscured || !json_get(build->root, keys[i]))
			continue;
		buf_printf(&note, "%s uses %s", build->file, keys[i]);
		build->origins->obscured = buf_steal(&note);
		if (!build->origins->obscured)
			return err_no_memory(err);
	}
	return 0;
}

/* --- public ---------------------------------------------------------------------------------- */

static int read_folder(struct reading *reading, const char *folder, int depth, size_t first,
		       struct err *err)
{
	CLEANUP(build_release)
	struct build build = {.reading = reading,
			      .origins = reading->origins,
			      .first = first,
			      .folder = folder,
			      .depth = depth};

	if (open_file(&build, err) < 0 || look_for_obscurities(&build, err) < 0 ||
	    add_resources(&build, "resources", false, err) < 0 ||
	    add_resources(&build, "bases", false, err) < 0 ||
	    add_resources(&build, "components", true, err) < 0 ||
	    apply_merge_patches(&build, err) < 0 || apply_patches(&build, "patches", err) < 0 ||
	    rename_objects(&build, err) < 0 || push_annotations(&build, err) < 0 ||
	    apply_patches(&build, "patchesJson6902", err) < 0 ||
	    push_entries(&build, ORIGIN_REPLICAS, "replicas", err) < 0 ||
	    push_entries(&build, ORIGIN_IMAGE, "images", err) < 0)
		return -1;
	return 0;
}

int kustomize_read(const struct kustomize_files *files, const char *folder, struct origins *origins,
		   struct err *err)
{
	struct reading reading = {.files = files, .origins = origins};

	return read_folder(&reading, folder, 0, origins->count, err);
}

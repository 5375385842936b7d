#include "diff/origin.h"

#include <stdio.h>
#include <string.h>

static void layer_free(struct origin_layer *layer)
{
	if (!layer)
		return;
	free(layer->file);
	cJSON_Delete(layer->value);
	free(layer);
}

void origin_release(struct origin *origin)
{
	ref_release(&origin->ref);
	for (size_t i = 0; i < origin->name_count; i++)
		free(origin->names[i]);
	free(origin->names);
}

void origins_release(struct origins *origins)
{
	for (size_t i = 0; i < origins->count; i++)
		origin_release(&origins->items[i]);
	for (size_t i = 0; i < origins->layer_count; i++)
		layer_free(origins->layers[i]);
	free(origins->items);
	free(origins->layers);
	free(origins->obscured);
	*origins = (struct origins){0};
}

/* Room for one more; the capacity is a power of two. */
static int grow(void *items, size_t size, size_t count, size_t *capacity, struct err *err)
{
	void **array = items;

	if (count < *capacity)
		return 0;
	size_t wanted = *capacity ? *capacity * 2 : 16;
	void *grown = reallocarray(*array, wanted, size);
	if (!grown)
		return err_no_memory(err);
	*array = grown;
	*capacity = wanted;
	return 0;
}

/* --- adding ---------------------------------------------------------------------------------- */

int origins_add(struct origins *origins, const struct ref *ref, struct origin **ret_origin,
		struct err *err)
{
	struct origin origin = {0};

	if (grow(&origins->items, sizeof(*origins->items), origins->count, &origins->capacity,
		 err) < 0 ||
	    ref_copy(ref, &origin.ref, err) < 0)
		return -1;
	origins->items[origins->count] = origin;
	*ret_origin = &origins->items[origins->count++];
	return 0;
}

int origins_add_layer(struct origins *origins, const struct origin_layer *model,
		      struct origin_layer **ret_layer, struct err *err)
{
	struct origin_layer *layer;

	if (grow(&origins->layers, sizeof(*origins->layers), origins->layer_count,
		 &origins->layer_capacity, err) < 0)
		return -1;
	layer = malloc(sizeof(*layer));
	if (!layer)
		return err_no_memory(err);
	*layer = *model;
	layer->file = strdup(model->file);
	layer->value = json_copy(model->value);
	if (!layer->file || !layer->value) {
		layer_free(layer);
		return err_no_memory(err);
	}
	origins->layers[origins->layer_count++] = *ret_layer = layer;
	return 0;
}

int origin_push(struct origin *origin, struct origin_layer *layer, struct err *err)
{
	if (origin->layer_count == ORIGIN_MAX_LAYERS)
		return err_set(err, ERR_LIMIT, "%s: more than %d patches of one object",
			       layer->file, ORIGIN_MAX_LAYERS);
	origin->layers[origin->layer_count++] = layer;
	layer->object_count++;
	return 0;
}

int origin_rename(struct origin *origin, const char *name, struct err *err)
{
	CLEANUP(free_p) char *copy = strdup(name);
	char **names = reallocarray(origin->names, origin->name_count + 1, sizeof(*names));

	if (names)
		origin->names = names;
	if (!names || !copy)
		return err_no_memory(err);
	names[origin->name_count++] = origin->ref.name;
	origin->ref.name = STEAL(copy);
	return 0;
}

bool origin_was_called(const struct origin *origin, const char *name)
{
	for (size_t i = 0; i < origin->name_count; i++)
		if (strcmp(origin->names[i], name) == 0)
			return true;
	return strcmp(origin->ref.name, name) == 0;
}

/* --- manifests ------------------------------------------------------------------------------- */

static int add_object(struct origins *origins, const struct origin_layer *model, struct err *err)
{
	struct origin *origin;
	struct origin_layer *layer;
	struct ref ref;
	struct err fault;

	if (ref_of(model->value, &ref, &fault) < 0) {
		if (fault.class != ERR_NO_MEMORY)
			return 0;
		*err = fault;
		return -1;
	}
	int status = origins_add(origins, &ref, &origin, err);
	ref_release(&ref);
	if (status < 0 || origins_add_layer(origins, model, &layer, err) < 0)
		return -1;
	return origin_push(origin, layer, err);
}

/* One object, or those of a list. */
static int add_value(struct origins *origins, const struct yaml_doc *doc,
		     const struct origin_layer *model, struct err *err)
{
	const cJSON *items = json_get(model->value, "items"), *item;
	size_t index = 0;

	if (!cJSON_IsArray(items))
		return add_object(origins, model, err);
	if (model->step_count + 2 > ORIGIN_MAX_STEPS / 2)
		return err_set(err, ERR_LIMIT, "lists are nested too deep");
	json_each (item, items) {
		struct origin_layer inner = *model;

		inner.value = (cJSON *)(uintptr_t)item;
		inner.mark = yaml_mark_of(doc, item);
		inner.steps[inner.step_count++] = YAML_KEY("items");
		inner.steps[inner.step_count++] = YAML_INDEX(index);
		index++;
		if (add_value(origins, doc, &inner, err) < 0)
			return -1;
	}
	return 0;
}

int origins_add_file(struct origins *origins, const char *path, const char *text, size_t length,
		     struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	if (yaml_load(text, length, &docs, err) < 0)
		return err_prefix(err, "%s", path);
	for (size_t i = 0; i < docs.count; i++) {
		const struct origin_layer model = {
			.kind = ORIGIN_MANIFEST,
			.file = (char *)(uintptr_t)path,
			.document = i,
			.value = docs.items[i].root,
			.mark = yaml_mark_of(&docs.items[i], docs.items[i].root),
		};

		if (add_value(origins, &docs.items[i], &model, err) < 0)
			return err_prefix(err, "%s", path);
	}
	return 0;
}

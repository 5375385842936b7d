/* The fields of an origin: which layer decides one. */
#include "diff/origin.h"

#include <stdio.h>
#include <string.h>

#include "diff/pointer.h"

#define PATCH_DIRECTIVE "$patch"

/* What one layer says of a field. */
enum say {
	SAY_NOTHING,
	SAY_VALUE,   /* sets it: steps and value are known */
	SAY_REMOVED, /* unsets it, at the place of the steps where there are any */
};

struct saying {
	enum say say;
	struct yaml_step steps[ORIGIN_MAX_STEPS]; /* from the layer's value */
	size_t step_count;
	const cJSON *value;
};

static int fail_layer(const struct origin_layer *layer, struct err *err, const char *message)
{
	return err_set(err, ERR_UNSUPPORTED, "%s: %s", layer->file, message);
}

/* The item of a list that has this name. */
static const cJSON *find_item(const cJSON *list, const char *name, size_t *ret_index)
{
	const cJSON *item;
	size_t index = 0;

	json_each (item, cJSON_IsArray(list) ? list : NULL) {
		const char *own = json_str(item, "name");

		if (own && strcmp(own, name) == 0) {
			*ret_index = index;
			return item;
		}
		index++;
	}
	return NULL;
}

/* --- objects and merge patches --------------------------------------------------------------- */

/* Adds the steps of the keys from `first` on, which are yet to be made; items of lists cannot be. */
static void add_missing(const struct origin_field *field, size_t first, struct saying *saying)
{
	if (field->item) {
		saying->step_count = 0;
		return;
	}
	for (size_t i = first; i < field->count; i++)
		saying->steps[saying->step_count++] = YAML_KEY(field->keys[i]);
}

/* Follows the field's keys from `first` on into a value. */
static int follow(const struct origin_layer *layer, const struct origin_field *field, size_t first,
		  const cJSON *value, bool patch, struct saying *saying, struct err *err)
{
	for (size_t i = first; i < field->count; i++) {
		const char *directive = patch ? json_str(value, PATCH_DIRECTIVE) : NULL;
		size_t index;

		if (directive)
			return fail_layer(layer, err, "a $patch directive has a say in the value");
		if (field->item && i == field->item) {
			value = find_item(value, field->keys[i], &index);
			if (value)
				saying->steps[saying->step_count++] = YAML_INDEX(index);
		} else {
			value = json_get(value, field->keys[i]);
			if (value)
				saying->steps[saying->step_count++] = YAML_KEY(field->keys[i]);
		}
		if (!value)
			return 0;
		if (patch && cJSON_IsNull(value)) {
			saying->say = SAY_REMOVED;
			add_missing(field, i + 1, saying);
			return 0;
		}
	}
	if (cJSON_IsNull(value))
		return 0;
	saying->say = SAY_VALUE;
	saying->value = value;
	return 0;
}

/* --- JSON patches ---------------------------------------------------------------------------- */

/*
 * How many of the field's keys the pointer names, SIZE_MAX where it leads elsewhere; a pointer to
 * something below the field leads elsewhere too. `names`: of the list's items in the object.
 */
static int match_pointer(const struct origin_layer *layer, const struct pointer *pointer,
			 const struct origin_field *field, const cJSON *list, size_t *ret_matched,
			 struct err *err)
{
	const cJSON *item;
	char digits[24];
	size_t index;

	*ret_matched = SIZE_MAX;
	for (size_t i = 0; i < pointer->count; i++) {
		const char *step = pointer->steps[i];

		if (i == field->count)
			return 0;
		if (!field->item || i != field->item) {
			if (strcmp(step, field->keys[i]) != 0)
				return 0;
			continue;
		}
		item = find_item(list, field->keys[i], &index);
		if (i + 1 == pointer->count || !item)
			return fail_layer(
				layer, err,
				"a JSON patch puts items into the list or takes them out");
		snprintf(digits, sizeof(digits), "%zu", index);
		if (strcmp(step, digits) != 0)
			return 0;
	}
	*ret_matched = pointer->count;
	return 0;
}

/* What one operation does to the field. */
static int apply_operation(const struct origin_layer *layer, const cJSON *operation, size_t index,
			   const struct origin_field *field, const cJSON *list,
			   struct saying *saying, struct err *err)
{
	const char *op = json_str(operation, "op"), *path = json_str(operation, "path");
	const char *from = json_str(operation, "from");
	CLEANUP(pointer_release) struct pointer pointer = {0}, source = {0};
	struct saying result = {.steps = {YAML_INDEX(index), YAML_KEY("value")}, .step_count = 2};
	size_t matched, source_matched = SIZE_MAX;

	if (!op || !path || strcmp(op, "test") == 0)
		return 0;
	if (pointer_parse(path, strlen(path), &pointer, err) < 0 ||
	    match_pointer(layer, &pointer, field, list, &matched, err) < 0 ||
	    (from && (pointer_parse(from, strlen(from), &source, err) < 0 ||
		      match_pointer(layer, &source, field, list, &source_matched, err) < 0)))
		return -1;
	if (strcmp(op, "copy") == 0)
		source_matched = SIZE_MAX;
	if (matched == SIZE_MAX && source_matched == SIZE_MAX)
		return 0;
	if (strcmp(op, "add") == 0 || strcmp(op, "replace") == 0) {
		if (follow(layer, field, matched, json_get(operation, "value"), false, &result,
			   err) < 0)
			return -1;
		if (result.say == SAY_NOTHING) { /* what is put there lacks the field */
			result.say = SAY_REMOVED;
			result.step_count = 0;
		}
	} else if (strcmp(op, "remove") == 0) {
		result.say = SAY_REMOVED;
		result.step_count = 0;
	} else {
		return fail_layer(layer, err, "a JSON patch moves or copies the value");
	}
	*saying = result;
	return 0;
}

/*
 * The list that the field's item stands in, as JSON patches count it: the manifest's. NULL where merge
 * patches have changed it, for their items' order is kustomize's own.
 */
static const cJSON *list_of(const struct origin *origin, const struct origin_field *field,
			    size_t layer_count)
{
	const cJSON *list = NULL;

	for (size_t i = 0; i < layer_count; i++) {
		const cJSON *value = origin->layers[i]->value;

		if (origin->layers[i]->kind > ORIGIN_MERGE_PATCH)
			continue;
		for (size_t k = 0; k < field->item; k++)
			value = json_get(value, field->keys[k]);
		if (value && list)
			return NULL;
		list = value ? value : list;
	}
	return list;
}

static int apply_json_patch(const struct origin *origin, size_t index,
			    const struct origin_field *field, struct saying *saying,
			    struct err *err)
{
	const struct origin_layer *layer = origin->layers[index];
	const cJSON *list = field->item ? list_of(origin, field, index) : NULL, *operation;
	size_t at = 0;

	json_each (operation, layer->value) {
		if (apply_operation(layer, operation, at++, field, list, saying, err) < 0)
			return -1;
	}
	return 0;
}

/* --- what a kustomization sets --------------------------------------------------------------- */

/* Of `replicas` and `commonAnnotations`. */
static void apply_entry(const struct origin_layer *layer, const struct origin_field *field,
			struct saying *saying)
{
	static const char *const places[][2] = {
		[ORIGIN_REPLICAS] = {"spec", "replicas"},
		[ORIGIN_ANNOTATIONS] = {"metadata", "annotations"},
	};
	const char *const *place = places[layer->kind];
	const char *key = layer->kind == ORIGIN_REPLICAS ? "count" : field->keys[field->count - 1];
	size_t count = layer->kind == ORIGIN_REPLICAS ? 2 : 3;

	if (field->count != count || strcmp(field->keys[0], place[0]) != 0 ||
	    strcmp(field->keys[1], place[1]) != 0)
		return;
	const cJSON *value = json_get(layer->value, key);
	if (value)
		*saying = (struct saying){SAY_VALUE, {YAML_KEY(key)}, 1, value};
}

/* --- public ---------------------------------------------------------------------------------- */

/* What layer number `index` says of the field. */
static int apply_layer(const struct origin *origin, size_t index, const struct origin_field *field,
		       struct saying *saying, struct err *err)
{
	const struct origin_layer *layer = origin->layers[index];
	struct saying result = {0};
	int status = 0;

	switch (layer->kind) {
	case ORIGIN_MANIFEST:
	case ORIGIN_MERGE_PATCH:
		status = follow(layer, field, 0, layer->value, layer->kind == ORIGIN_MERGE_PATCH,
				&result, err);
		break;
	case ORIGIN_JSON_PATCH:
		status = apply_json_patch(origin, index, field, &result, err);
		break;
	case ORIGIN_REPLICAS:
	case ORIGIN_ANNOTATIONS: apply_entry(layer, field, &result); break;
	case ORIGIN_IMAGE: break;
	}
	if (status < 0)
		return -1;
	if (result.say != SAY_NOTHING && layer->conditional)
		return fail_layer(layer, err,
				  "whether this patch is for the object depends on labels or "
				  "annotations, which are not looked at here");
	*saying = result;
	return 0;
}

/* The layer that a field nobody sets is put into. */
static const struct origin_layer *default_layer(const struct origin *origin)
{
	for (size_t i = origin->layer_count; i > 0; i--) {
		const struct origin_layer *layer = origin->layers[i - 1];

		if (layer->kind == ORIGIN_MERGE_PATCH && layer->object_count == 1 &&
		    !layer->conditional)
			return layer;
	}
	return origin->layers[0];
}

/* The place of the field in the layer, as far as it is written there and what is missing. */
static int place_in(const struct origin_layer *layer, const struct origin_field *field,
		    const struct saying *saying, struct origin_place *ret_place, struct err *err)
{
	struct origin_place place = {.layer = layer, .step_count = layer->step_count};
	size_t count = saying ? saying->step_count : field->count;

	if (field->item && !saying)
		return fail_layer(layer, err, "the value is not set here");
	if (place.step_count + count > ORIGIN_MAX_STEPS)
		return err_set(err, ERR_LIMIT, "%s: the value is too deep", layer->file);
	memcpy(place.steps, layer->steps, layer->step_count * sizeof(*layer->steps));
	for (size_t i = 0; i < count; i++)
		place.steps[place.step_count++] =
			saying ? saying->steps[i] : YAML_KEY(field->keys[i]);
	place.value = saying ? saying->value : NULL;
	*ret_place = place;
	return 0;
}

int origin_find(const struct origin *origin, const struct origin_field *field,
		struct origin_place *ret_place, struct err *err)
{
	const struct origin_layer *decided = NULL;
	struct saying last = {0};

	for (size_t i = 0; i < origin->layer_count; i++) {
		struct saying saying = {0};

		if (apply_layer(origin, i, field, &saying, err) < 0)
			return -1;
		if (saying.say == SAY_NOTHING)
			continue;
		last = saying;
		decided = origin->layers[i];
	}
	if (!decided)
		return place_in(default_layer(origin), field, NULL, ret_place, err);
	if (last.step_count == 0)
		return fail_layer(decided, err, "this patch takes the value away");
	return place_in(decided, field, &last, ret_place, err);
}

static bool is_same_step(const struct yaml_step *a, const struct yaml_step *b)
{
	return a->kind == b->kind &&
	       (a->kind == YAML_STEP_KEY ? strcmp(a->key, b->key) == 0 : a->index == b->index);
}

/* Whether both stand in the same place: a base of two overlays is read twice. */
static bool is_same_text(const struct origin_layer *a, const struct origin_layer *b)
{
	if (strcmp(a->file, b->file) != 0 || a->document != b->document ||
	    a->step_count != b->step_count)
		return false;
	for (size_t i = 0; i < a->step_count; i++)
		if (!is_same_step(&a->steps[i], &b->steps[i]))
			return false;
	return true;
}

int origin_check_edit(const struct origins *origins, const struct origin_place *place,
		      struct err *err)
{
	const struct origin_layer *layer = place->layer;
	size_t objects = 0;

	if (origins->obscured)
		return err_set(err, ERR_UNSUPPORTED, "%s, which may set the value too",
			       origins->obscured);
	if (layer->kind == ORIGIN_ANNOTATIONS)
		return fail_layer(layer, err,
				  "commonAnnotations sets it, for other objects and for Pods too");
	for (size_t i = 0; i < origins->layer_count; i++)
		if (is_same_text(origins->layers[i], layer))
			objects += origins->layers[i]->object_count;
	if (objects > 1)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: what sets the value is for %zu objects: give this one a patch "
			       "of its own",
			       layer->file, objects);
	return 0;
}

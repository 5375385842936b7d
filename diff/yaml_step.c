#include "diff/yaml_step.h"

#include <inttypes.h>

/* What a step leads to; NULL where there is nothing. */
static cJSON *child_of(const cJSON *node, const struct yaml_step *step)
{
	cJSON *item;
	size_t index = 0;

	if (step->kind == YAML_STEP_KEY)
		return json_get(node, step->key);
	json_each (item, cJSON_IsArray(node) ? node : NULL) {
		if (index++ == step->index)
			return item;
	}
	return NULL;
}

/* The root itself after no step at all, for which there is no other way to lose `const`. */
static const cJSON *walk(const cJSON *root, const struct yaml_step *steps, size_t count)
{
	for (size_t i = 0; i < count && root; i++)
		root = child_of(root, &steps[i]);
	return root;
}

cJSON *yaml_steps_follow(const cJSON *root, const struct yaml_step *steps, size_t count)
{
	const cJSON *holder = count ? walk(root, steps, count - 1) : NULL;

	return holder ? child_of(holder, &steps[count - 1]) : NULL;
}

int yaml_steps_fail(const struct yaml_doc *doc, const struct yaml_step *steps, size_t index,
		    struct err *err)
{
	const struct yaml_step *step = &steps[index];
	const cJSON *node = NULL;
	struct yaml_mark mark;

	while (!node)
		node = walk(doc->root, steps, index--);
	mark = yaml_mark_of(doc, node);
	if (step->kind == YAML_STEP_KEY)
		err_set(err, ERR_INVALID, "there is no mapping here that could hold \"%s\"",
			step->key);
	else if (step->kind == YAML_STEP_INDEX)
		err_set(err, ERR_NOT_FOUND, "there is no item %zu here", step->index);
	else
		err_set(err, ERR_INVALID, "there is no text here");
	return err_prefix(err, "%" PRIu32 ":%" PRIu32, mark.line, mark.column);
}

/* Enters the value that step `index` leads to; one that is missing or null becomes an object. */
static int enter(const struct yaml_doc *doc, const struct yaml_step *steps, size_t index,
		 cJSON **node, struct err *err)
{
	const struct yaml_step *step = &steps[index];
	cJSON *child = child_of(*node, step);

	if (!child && (step->kind != YAML_STEP_KEY || !cJSON_IsObject(*node)))
		return yaml_steps_fail(doc, steps, index, err);
	if (!child) {
		child = cJSON_CreateObject();
		if (json_set_key(*node, step->key, child, err) < 0)
			return -1;
	}
	if (cJSON_IsNull(child))
		child->type = (child->type & ~0xFF) | cJSON_Object;
	*node = child;
	return 0;
}

int yaml_steps_set(const struct yaml_doc *doc, const struct yaml_step *steps, size_t count,
		   const cJSON *value, cJSON **ret_root, struct err *err)
{
	const struct yaml_step *last = &steps[count - 1];
	CLEANUP(cJSON_Delete_p) cJSON *root = json_copy(doc->root);
	CLEANUP(cJSON_Delete_p) cJSON *copy = json_copy(value);
	cJSON *node = root, *item;

	if (!root || !copy)
		return err_no_memory(err);
	for (size_t i = 0; i + 1 < count; i++)
		if (enter(doc, steps, i, &node, err) < 0)
			return -1;
	if (last->kind == YAML_STEP_KEY && cJSON_IsObject(node)) {
		if (json_set_key(node, last->key, STEAL(copy), err) < 0)
			return -1;
	} else {
		item = last->kind == YAML_STEP_INDEX ? child_of(node, last) : NULL;
		if (!item)
			return yaml_steps_fail(doc, steps, count - 1, err);
		if (!cJSON_ReplaceItemViaPointer(node, item, copy))
			return err_no_memory(err);
		STEAL(copy);
	}
	*ret_root = STEAL(root);
	return 0;
}

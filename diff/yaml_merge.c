#include "diff/yaml_merge.h"

#include <stdlib.h>
#include <string.h>

int yaml_keep(cJSON **attic, cJSON *take_node, struct err *err)
{
	if (!*attic)
		*attic = cJSON_CreateArray();
	if (!*attic) {
		cJSON_Delete(take_node);
		return err_no_memory(err);
	}
	json_link(*attic, take_node);
	return 0;
}

/* Moves the members of `take_from` to the end of `object`; yaml_merge_settle drops what they replace. */
static void splice(cJSON *object, cJSON *take_from)
{
	cJSON *member = take_from->child, *next;

	take_from->child = NULL;
	cJSON_Delete(take_from);
	for (; member; member = next) {
		next = member->next;
		json_link(object, member);
	}
}

int yaml_merge(cJSON *object, cJSON *take_value, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = take_value;
	const cJSON *item;

	if (cJSON_IsObject(value)) {
		splice(object, STEAL(value));
		return 0;
	}
	json_each (item, value) {
		if (!cJSON_IsObject(item))
			break;
	}
	if (!cJSON_IsArray(value) || item)
		return err_set(err, ERR_INVALID,
			       "what is merged with << must be a mapping or a list of mappings");
	while (value->child)
		splice(object, cJSON_DetachItemViaPointer(value, value->child->prev));
	return 0;
}

/* A member and when it was set: the later one of two with the same key stays. */
struct setting {
	cJSON *member;
	size_t order;
};

static int compare_settings(const void *a, const void *b)
{
	const struct setting *left = a, *right = b;
	int order = strcmp(left->member->string, right->member->string);

	return order ? order : (left->order > right->order) - (left->order < right->order);
}

int yaml_merge_settle(cJSON *object, cJSON **attic, struct err *err)
{
	size_t count = 0, i = 0;
	cJSON *member;

	json_each (member, object)
		count++;
	if (count == 0)
		return 0;
	CLEANUP(free_p) struct setting *settings = calloc(count, sizeof(*settings));
	if (!settings)
		return err_no_memory(err);
	json_each (member, object) {
		settings[i] = (struct setting){member, i};
		i++;
	}
	qsort(settings, count, sizeof(*settings), compare_settings);
	for (i = 0; i + 1 < count; i++) {
		member = settings[i].member;
		if (strcmp(member->string, settings[i + 1].member->string) != 0)
			continue;
		if (yaml_keep(attic, cJSON_DetachItemViaPointer(object, member), err) < 0)
			return -1;
	}
	return 0;
}

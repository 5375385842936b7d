#include "diff/complete.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "diff/compare_list.h"
#include "diff/json_names.h"
#include "diff/members.h"
#include "diff/path.h"

static int complete(const struct schema_field *type, cJSON *to, const cJSON *from, struct err *err);

/* Puts a copy of the member into the object, in place of `old` where that is not NULL. */
static int take_over(cJSON *object, cJSON *old, const cJSON *member, struct err *err)
{
	cJSON *copy = json_copy(member);
	char *name = strdup(member->string);

	if (!copy || !name) {
		cJSON_Delete(copy);
		free(name);
		return err_no_memory(err);
	}
	json_name(copy, name);
	if (old)
		cJSON_ReplaceItemViaPointer(object, old, copy);
	else
		json_link(object, copy);
	return 0;
}

/* Members that both have; null counts as left out. */
static int complete_own(const struct schema_field *type, cJSON *to, const cJSON *from,
			struct err *err)
{
	CLEANUP(members_release) struct members in_from = MEMBERS_OF(from);
	cJSON *own, *next;
	size_t position;

	for (own = to->child; own; own = next) {
		const cJSON *member = members_find(&in_from, own->string, &position);
		struct schema_field member_type = path_member_type(type, own->string);
		int status = 0;

		next = own->next;
		if (member)
			status = cJSON_IsNull(own) ? take_over(to, own, member, err)
						   : complete(&member_type, own, member, err);
		if (status < 0)
			return -1;
	}
	return 0;
}

static int complete_members(const struct schema_field *type, cJSON *to, const cJSON *from,
			    struct err *err)
{
	const cJSON *member;
	size_t position;

	if (complete_own(type, to, from, err) < 0)
		return -1;
	if (type->shape == SCHEMA_MAP)
		return 0;
	CLEANUP(members_release) struct members in_to = MEMBERS_OF(to);
	json_each (member, from) {
		if (!members_find(&in_to, member->string, &position) &&
		    take_over(to, NULL, member, err) < 0)
			return -1;
	}
	return 0;
}

static bool are_equal(const cJSON *from, const cJSON *to, void *ctx)
{
	(void)ctx;
	return json_equal(from, to);
}

/* Items without a label are values by themselves: which one they were nobody can tell. */
static int complete_items(const struct schema_field *type, cJSON *to, const cJSON *from,
			  struct err *err)
{
	const struct list_equality equality = {are_equal, NULL};
	const struct schema_field item_type = path_item_type(type);
	CLEANUP(list_pairs_release) struct list_pairs pairs = {0};
	cJSON *item = to->child;

	if (list_pairs_make(type, from, to, &equality, &pairs, err) < 0)
		return -1;
	for (size_t i = 0; i < pairs.to_count; i++, item = item->next) {
		const struct list_item *own = &pairs.to[i];

		if (own->label && own->twin != LIST_NO_TWIN &&
		    complete(&item_type, item, pairs.from[own->twin].value, err) < 0)
			return -1;
	}
	return 0;
}

static int complete(const struct schema_field *type, cJSON *to, const cJSON *from, struct err *err)
{
	if (cJSON_IsObject(to) && cJSON_IsObject(from))
		return complete_members(type, to, from, err);
	if (cJSON_IsArray(to) && cJSON_IsArray(from) && !json_equal(from, to))
		return complete_items(type, to, from, err);
	return 0;
}

int complete_from_live(cJSON *desired, const cJSON *live, struct err *err)
{
	const struct schema_field type = path_type_of(desired);

	return complete(&type, desired, live, err);
}

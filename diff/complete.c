#include "diff/complete.h"

#include "diff/compare_list.h"
#include "diff/path.h"

static int complete(const struct schema_field *type, cJSON *to, const cJSON *from, struct err *err);

static int complete_members(const struct schema_field *type, cJSON *to, const cJSON *from,
			    struct err *err)
{
	const cJSON *member;

	json_each (member, from) {
		struct schema_field member_type = path_member_type(type, member->string);
		cJSON *own = json_get(to, member->string);

		if (own && !cJSON_IsNull(own)) {
			if (complete(&member_type, own, member, err) < 0)
				return -1;
		} else if ((own || type->shape != SCHEMA_MAP) &&
			   json_set_key(to, member->string, json_copy(member), err) < 0) {
			return -1;
		}
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

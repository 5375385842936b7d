#include "tests/kubesim/prune.h"

#include <string.h>

/* Lists that Go writes even when they are empty, and managedFields, where that is a request. */
static bool is_always_written(const char *name)
{
	return strcmp(name, "containers") == 0 || strcmp(name, "rules") == 0 ||
	       strcmp(name, "verbs") == 0 || strcmp(name, "managedFields") == 0;
}

static bool is_dropped(const struct schema_field *field, const cJSON *value)
{
	if (cJSON_IsNull(value))
		return true;
	return field->shape != SCHEMA_ONE && !value->child && !is_always_written(field->name) &&
	       (cJSON_IsArray(value) || cJSON_IsObject(value));
}

static void prune_value(const struct schema_field *field, cJSON *value)
{
	cJSON *item;

	if (field->shape == SCHEMA_ONE) {
		prune(field->object, value);
		return;
	}
	json_each (item, value) {
		prune(field->object, item);
	}
}

void prune(const struct schema_object *schema, cJSON *object)
{
	cJSON *member = schema && cJSON_IsObject(object) ? object->child : NULL;

	while (member) {
		cJSON *next = member->next;
		struct schema_field field;

		if (schema_field(schema, member->string, &field)) {
			if (field.object)
				prune_value(&field, member);
			if (is_dropped(&field, member))
				cJSON_Delete(cJSON_DetachItemViaPointer(object, member));
		}
		member = next;
	}
}

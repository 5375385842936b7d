#include "tests/kubesim/obj.h"

#include <string.h>

#include "tests/kubesim/alloc.h"

#define MAX_PRINTED_BYTES (256u * 1024 * 1024)

const char *obj_text(const cJSON *object, const char *path)
{
	const char *text = json_str(object, path);

	return text ? text : "";
}

const char *obj_name(const cJSON *object)
{
	return obj_text(object, "metadata.name");
}

const char *obj_namespace(const cJSON *object)
{
	return obj_text(object, "metadata.namespace");
}

const char *obj_uid(const cJSON *object)
{
	return obj_text(object, "metadata.uid");
}

const char *obj_version(const cJSON *object)
{
	return obj_text(object, "metadata.resourceVersion");
}

bool obj_is_deleting(const cJSON *object)
{
	return json_str(object, "metadata.deletionTimestamp") != NULL;
}

bool obj_has_finalizer(const cJSON *object, const char *finalizer)
{
	const cJSON *item;

	json_each (item, json_at(object, "metadata.finalizers")) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, finalizer) == 0)
			return true;
	}
	return false;
}

const cJSON *obj_controller(const cJSON *object)
{
	const cJSON *owner;

	json_each (owner, json_at(object, "metadata.ownerReferences")) {
		if (json_true(owner, "controller"))
			return owner;
	}
	return NULL;
}

cJSON *obj_new(void)
{
	return must(cJSON_CreateObject());
}

cJSON *obj_new_text(const char *text)
{
	return must(cJSON_CreateString(text));
}

cJSON *obj_copy(const cJSON *value)
{
	return must(json_copy(value));
}

static cJSON *container_at(cJSON *object, const char *path, bool (*is)(const cJSON *),
			   cJSON *(*make)(void))
{
	cJSON *value = json_at(object, path);

	if (!value || !is(value)) {
		value = must(make());
		obj_set(object, path, value);
	}
	return value;
}

static bool is_object(const cJSON *value)
{
	return cJSON_IsObject(value);
}

static bool is_array(const cJSON *value)
{
	return cJSON_IsArray(value);
}

cJSON *obj_at(cJSON *object, const char *path)
{
	return container_at(object, path, is_object, cJSON_CreateObject);
}

cJSON *obj_array_at(cJSON *object, const char *path)
{
	return container_at(object, path, is_array, cJSON_CreateArray);
}

void obj_set(cJSON *object, const char *path, cJSON *take_value)
{
	struct err err = {0};

	must_do(json_set(object, path, take_value, &err), &err);
}

void obj_set_text(cJSON *object, const char *path, const char *value)
{
	obj_set(object, path, obj_new_text(value));
}

void obj_set_int(cJSON *object, const char *path, int64_t value)
{
	obj_set(object, path, must(json_new_int(value)));
}

void obj_set_bool(cJSON *object, const char *path, bool value)
{
	obj_set(object, path, must(cJSON_CreateBool(value)));
}

void obj_set_key(cJSON *object, const char *key, cJSON *take_value)
{
	struct err err = {0};

	must_do(json_set_key(object, key, take_value, &err), &err);
}

void obj_append(cJSON *array, cJSON *take_item)
{
	struct err err = {0};

	must_do(json_append(array, take_item, &err), &err);
}

void obj_carry(cJSON *object, const cJSON *from, const char *path)
{
	const cJSON *value = json_at(from, path);

	if (value)
		obj_set(object, path, obj_copy(value));
	else
		json_remove(object, path);
}

bool obj_remove_finalizer(cJSON *object, const char *finalizer)
{
	cJSON *list = json_at(object, "metadata.finalizers"), *item;

	json_each (item, list) {
		if (!cJSON_IsString(item) || strcmp(item->valuestring, finalizer) != 0)
			continue;
		cJSON_Delete(cJSON_DetachItemViaPointer(list, item));
		if (!list->child)
			json_remove(object, "metadata.finalizers");
		return true;
	}
	return false;
}

char *obj_print(const cJSON *value)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_PRINTED_BYTES);

	json_print(value, &out);
	return must(buf_steal(&out));
}

cJSON *obj_parse(const char *json)
{
	struct err err = {0};
	cJSON *value = NULL;

	must_do(json_parse(json, strlen(json), &value, &err), &err);
	return value;
}

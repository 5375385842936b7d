#include "diff/json_build.h"

#include "diff/rfc3339.h"

void json_build_add(struct json_builder *builder, cJSON *object, const char *key, cJSON *take_value)
{
	if (builder->failed || !object)
		cJSON_Delete(take_value);
	else if (json_set_key(object, key, take_value, builder->err) < 0)
		builder->failed = true;
}

void json_build_append(struct json_builder *builder, cJSON *array, cJSON *take_item)
{
	if (builder->failed || !array)
		cJSON_Delete(take_item);
	else if (json_append(array, take_item, builder->err) < 0)
		builder->failed = true;
}

void json_build_check(struct json_builder *builder, const struct buf *text)
{
	if (!builder->failed && buf_check(text, "a text", builder->err) < 0)
		builder->failed = true;
}

void json_build_text(struct json_builder *builder, cJSON *object, const char *key, const char *text)
{
	json_build_add(builder, object, key, cJSON_CreateString(text ? text : ""));
}

void json_build_bool(struct json_builder *builder, cJSON *object, const char *key, bool value)
{
	json_build_add(builder, object, key, cJSON_CreateBool(value));
}

void json_build_int(struct json_builder *builder, cJSON *object, const char *key, int64_t value)
{
	json_build_add(builder, object, key, json_new_int(value));
}

void json_build_time(struct json_builder *builder, cJSON *object, const char *key, int64_t ms)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	if (ms == 0)
		return;
	rfc3339_print(ms, &text);
	json_build_check(builder, &text);
	json_build_text(builder, object, key, buf_str(&text));
}

cJSON *json_build_object(struct json_builder *builder, cJSON *object, const char *key)
{
	json_build_add(builder, object, key, cJSON_CreateObject());
	return builder->failed ? NULL : json_get(object, key);
}

cJSON *json_build_array(struct json_builder *builder, cJSON *object, const char *key)
{
	json_build_add(builder, object, key, cJSON_CreateArray());
	return builder->failed ? NULL : json_get(object, key);
}

cJSON *json_build_item(struct json_builder *builder, cJSON *array)
{
	cJSON *object = cJSON_CreateObject();

	json_build_append(builder, array, object);
	return builder->failed ? NULL : object;
}

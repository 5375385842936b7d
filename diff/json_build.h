/*
 * json_build.h - JSON values by running appends, as with buf.h: a builder that has failed keeps its
 * first error and ignores what follows.
 *
 *	struct json_builder builder = {.err = err};
 *	json_build_text(&builder, root, "name", name);
 *	...
 *	return builder.failed ? -1 : 0;
 */
#ifndef DIFF_JSON_BUILD_H
#define DIFF_JSON_BUILD_H

#include "diff/json.h"

struct json_builder {
	struct err *err;
	bool failed;
};

/* Sets a member, or appends an item, which is taken in every case; NULL: memory ran out. */
void json_build_add(struct json_builder *builder, cJSON *object, const char *key,
		    cJSON *take_value);
void json_build_append(struct json_builder *builder, cJSON *array, cJSON *take_item);

/* Fails the builder if the text did not hold. */
void json_build_check(struct json_builder *builder, const struct buf *text);

/* Members; a text that is NULL is "", a time is RFC 3339 and left out where it is 0. */
void json_build_text(struct json_builder *builder, cJSON *object, const char *key,
		     const char *text);
void json_build_bool(struct json_builder *builder, cJSON *object, const char *key, bool value);
void json_build_int(struct json_builder *builder, cJSON *object, const char *key, int64_t value);
void json_build_time(struct json_builder *builder, cJSON *object, const char *key, int64_t ms);

/*
 * A new object or array that is a member of `object`, or an object that is an item of `array`. NULL
 * once the builder has failed, which everything here accepts as something to add to.
 */
cJSON *json_build_object(struct json_builder *builder, cJSON *object, const char *key);
cJSON *json_build_array(struct json_builder *builder, cJSON *object, const char *key);
cJSON *json_build_item(struct json_builder *builder, cJSON *array);

#endif

/*
 * What a static analyser, which sees one file at a time, cannot know: that these return -1, and that
 * NULL is of no type of JSON. Included before each file by `make check-gcc` and `make check-tidy`, and by
 * nothing else.
 */
#ifndef TESTS_LINT_ANALYSIS_H
#define TESTS_LINT_ANALYSIS_H

#include "diff/err.h"

#include <cjson/cJSON.h>

#define err_set(...)                  \
	__extension__({               \
		err_set(__VA_ARGS__); \
		-1;                   \
	})
#define err_prefix(...)                  \
	__extension__({                  \
		err_prefix(__VA_ARGS__); \
		-1;                      \
	})
#define err_no_memory(err)          \
	__extension__({             \
		err_no_memory(err); \
		-1;                 \
	})

#define IS_JSON(types, value)                                  \
	__extension__({                                        \
		const cJSON *analysed_ = (value);              \
		analysed_ && (analysed_->type & (types)) != 0; \
	})
#define cJSON_IsString(value) IS_JSON(cJSON_String, value)
#define cJSON_IsObject(value) IS_JSON(cJSON_Object, value)
#define cJSON_IsArray(value)  IS_JSON(cJSON_Array, value)
#define cJSON_IsNumber(value) IS_JSON(cJSON_Number, value)
#define cJSON_IsNull(value)   IS_JSON(cJSON_NULL, value)
#define cJSON_IsBool(value)   IS_JSON(cJSON_True | cJSON_False, value)
#define cJSON_IsTrue(value)   IS_JSON(cJSON_True, value)
#define cJSON_IsFalse(value)  IS_JSON(cJSON_False, value)

#endif

#include "diff/selector.h"

#include <string.h>

static bool has_value(const cJSON *values, const char *text)
{
	const cJSON *value;

	json_each (value, values) {
		if (text && cJSON_IsString(value) && strcmp(value->valuestring, text) == 0)
			return true;
	}
	return false;
}

bool selector_expression_holds(const cJSON *expression, const cJSON *labels)
{
	const char *key = json_str(expression, "key"), *relation = json_str(expression, "operator");
	const cJSON *label = key ? json_get(labels, key) : NULL;
	const char *text = cJSON_IsString(label) ? label->valuestring : NULL;
	const cJSON *values = json_get(expression, "values");

	if (!relation)
		return false;
	if (strcmp(relation, "In") == 0)
		return has_value(values, text);
	if (strcmp(relation, "NotIn") == 0)
		return !has_value(values, text);
	if (strcmp(relation, "Exists") == 0)
		return text != NULL;
	if (strcmp(relation, "DoesNotExist") == 0)
		return text == NULL;
	return false;
}

bool selector_matches(const cJSON *selector, const cJSON *labels)
{
	const cJSON *item;

	if (!selector)
		return false;
	json_each (item, json_get(selector, "matchLabels")) {
		if (!json_equal(item, json_get(labels, item->string)))
			return false;
	}
	json_each (item, json_get(selector, "matchExpressions")) {
		if (!selector_expression_holds(item, labels))
			return false;
	}
	return true;
}

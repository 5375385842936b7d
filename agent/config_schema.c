#include "agent/config_schema.h"

#include <string.h>

#include "agent/config_keys.h"
#include "agent/config_read.h"
#include "agent/notice.h"
#include "diff/json.h"
#include "diff/prune.h"

#define DRAFT    "http://json-schema.org/draft-07/schema#"
#define TITLE    "Configuration of the tranche agent"
#define LABEL    "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define DURATION "([0-9]*\\.?[0-9]+(h|m|s|ms))+"

/* What a string of that rule looks like; NULL: any. */
static const char *pattern_of(enum config_rule rule)
{
	switch (rule) {
	case CONFIG_NAME:
	case CONFIG_NAMESPACE:
	case CONFIG_CLUSTER_NAME:
	case CONFIG_APP_NAME: return "^" LABEL "$";
	case CONFIG_URL: return "^https?://[^@\\s]+$";
	case CONFIG_ADDRESS: return ":[0-9]{1,5}$";
	case CONFIG_TREE_PATH: return "^[^/]";
	case CONFIG_PATH: return "^[^~]";
	case CONFIG_ANY:
	case CONFIG_REPO:
	case CONFIG_REF:
	case CONFIG_PRUNE_KIND:
	case CONFIG_NOTICE_KIND: return NULL;
	}
	return NULL;
}

/* --- small parts ------------------------------------------------------------------------------ */

static int add_word(cJSON *array, const char *word, size_t length, struct err *err)
{
	CLEANUP(free_p) char *copy = strndup(word, length);

	return json_append(array, copy ? cJSON_CreateString(copy) : NULL, err);
}

/* {"type": TYPE}; NULL when memory runs out. */
static cJSON *new_type(const char *type, struct err *err)
{
	cJSON *schema = cJSON_CreateObject();

	if (schema && json_set_str(schema, "type", type, err) == 0)
		return schema;
	cJSON_Delete(schema);
	return NULL;
}

static int set_choices(cJSON *schema, const char *choices, struct err *err)
{
	cJSON *words = cJSON_CreateArray();

	if (json_set(schema, "enum", words, err) < 0)
		return -1;
	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (add_word(words, p, strcspn(p, "|"), err) < 0)
			return -1;
	return 0;
}

static int set_kinds(cJSON *schema, struct err *err)
{
	cJSON *words = cJSON_CreateArray();

	if (json_set(schema, "enum", words, err) < 0)
		return -1;
	for (int i = 0; i < NOTICE_KIND_COUNT; i++)
		if (add_word(words, notice_kinds[i].name, strlen(notice_kinds[i].name), err) < 0)
			return -1;
	return 0;
}

static int set_bounds(cJSON *schema, const struct config_key *key, struct err *err)
{
	if (json_set_int(schema, "minimum", key->least, err) < 0)
		return -1;
	return json_set_int(schema, "maximum", key->most, err);
}

/* {"anyOf": [take_a, take_b]} */
static int set_either(cJSON *schema, cJSON *take_a, cJSON *take_b, struct err *err)
{
	cJSON *either = cJSON_CreateArray();

	if (json_set(schema, "anyOf", either, err) < 0) {
		cJSON_Delete(take_a);
		cJSON_Delete(take_b);
		return -1;
	}
	if (json_append(either, take_a, err) < 0) {
		cJSON_Delete(take_b);
		return -1;
	}
	return json_append(either, take_b, err);
}

static cJSON *new_pattern(const char *pattern, struct err *err)
{
	cJSON *schema = new_type("string", err);

	if (schema && json_set_str(schema, "pattern", pattern, err) == 0)
		return schema;
	cJSON_Delete(schema);
	return NULL;
}

/* --- by type ---------------------------------------------------------------------------------- */

static int set_string(cJSON *schema, enum config_rule rule, bool may_be_empty, struct err *err)
{
	const char *pattern = pattern_of(rule);

	if (json_set_str(schema, "type", "string", err) < 0 ||
	    (!may_be_empty && json_set_int(schema, "minLength", 1, err) < 0))
		return -1;
	if (rule == CONFIG_NOTICE_KIND)
		return set_kinds(schema, err);
	if (pattern && json_set_str(schema, "pattern", pattern, err) < 0)
		return -1;
	if (rule == CONFIG_NAMESPACE)
		return json_set_int(schema, "maxLength", 63, err);
	return rule == CONFIG_NAME ? json_set_int(schema, "maxLength", CONFIG_MAX_APP_NAME, err)
				   : 0;
}

static int set_strings(cJSON *schema, const struct config_key *key, struct err *err)
{
	cJSON *items = cJSON_CreateObject();

	if (json_set_str(schema, "type", "array", err) < 0 ||
	    json_set_int(schema, "maxItems", CONFIG_MAX_STRINGS, err) < 0 ||
	    (key->rule != CONFIG_ANY &&
	     json_set(schema, "uniqueItems", cJSON_CreateTrue(), err) < 0)) {
		cJSON_Delete(items);
		return -1;
	}
	return json_set(schema, "items", items, err) < 0
		       ? -1
		       : set_string(items, key->rule, key->rule == CONFIG_ANY, err);
}

static int set_duration(cJSON *schema, const struct config_key *key, struct err *err)
{
	if (key->least > 0)
		return json_set_str(schema, "type", "string", err) < 0
			       ? -1
			       : json_set_str(schema, "pattern", "^" DURATION "$", err);
	cJSON *zero = cJSON_CreateObject();
	if (!zero || json_set_int(zero, "const", 0, err) < 0) {
		cJSON_Delete(zero);
		return err_no_memory(err);
	}
	return set_either(schema, new_pattern("^(0|" DURATION ")$", err), zero, err);
}

static int set_percent(cJSON *schema, const struct config_key *key, struct err *err)
{
	cJSON *number = new_type("integer", err);

	if (!number || set_bounds(number, key, err) < 0) {
		cJSON_Delete(number);
		return -1;
	}
	return set_either(schema, number, new_pattern("^[0-9]+%$", err), err);
}

static int set_object(cJSON *schema, const struct config_key *keys, bool defaults, struct err *err);

static int set_list(cJSON *schema, const struct config_key *key, struct err *err)
{
	cJSON *items = cJSON_CreateObject();

	if (json_set(schema, "items", items, err) < 0 ||
	    json_set_str(schema, "type", "array", err) < 0 ||
	    json_set_int(schema, "maxItems", key->most, err) < 0)
		return -1;
	return set_object(items, key->keys, false, err);
}

static int set_type(cJSON *schema, const struct config_key *key, bool defaults, struct err *err)
{
	switch (key->type) {
	case CONFIG_CONSTANT: return json_set_str(schema, "const", key->choices, err);
	case CONFIG_BOOL: return json_set_str(schema, "type", "boolean", err);
	case CONFIG_CHOICE:
	case CONFIG_WORD: return set_choices(schema, key->choices, err);
	case CONFIG_DURATION: return set_duration(schema, key, err);
	case CONFIG_PERCENT: return set_percent(schema, key, err);
	case CONFIG_INTEGER:
		return json_set_str(schema, "type", "integer", err) < 0
			       ? -1
			       : set_bounds(schema, key, err);
	case CONFIG_STRING: return set_string(schema, key->rule, false, err);
	case CONFIG_STRINGS:
	case CONFIG_COMMAS: return set_strings(schema, key, err);
	case CONFIG_SECTION: return set_object(schema, key->keys, defaults, err);
	case CONFIG_DEFAULTS: return set_object(schema, key->keys, true, err);
	case CONFIG_LIST: return set_list(schema, key, err);
	}
	return 0;
}

static int set_default(cJSON *schema, const struct config_key *key, struct err *err)
{
	if (!key->default_value)
		return 0;
	if (key->type == CONFIG_BOOL)
		return json_set(schema, "default",
				cJSON_CreateBool(strcmp(key->default_value, "true") == 0), err);
	if (key->type == CONFIG_INTEGER)
		return json_set_int(schema, "default", strtoll(key->default_value, NULL, 10), err);
	return json_set_str(schema, "default", key->default_value, err);
}

static int add_property(cJSON *properties, const struct config_key *key, bool defaults,
			struct err *err)
{
	cJSON *schema = cJSON_CreateObject();

	if (json_set_key(properties, key->name, schema, err) < 0 ||
	    json_set_str(schema, "description", key->help, err) < 0 ||
	    set_type(schema, key, defaults, err) < 0)
		return -1;
	return set_default(schema, key, err);
}

/*
 * Whether the key has to be there. What an app may have from the defaults need not: those are the
 * sections of an app.
 */
static bool is_required(const struct config_key *keys, const struct config_key *key, bool defaults)
{
	return key->required && !defaults &&
	       (keys == config_keys || keys == config_app_keys || keys == config_cluster_keys ||
		keys == config_sink_keys);
}

static int set_object(cJSON *schema, const struct config_key *keys, bool defaults, struct err *err)
{
	cJSON *properties = cJSON_CreateObject(), *required;

	if (json_set(schema, "properties", properties, err) < 0 ||
	    json_set_str(schema, "type", "object", err) < 0 ||
	    json_set(schema, "additionalProperties", cJSON_CreateFalse(), err) < 0)
		return -1;
	required = cJSON_CreateArray();
	if (json_set(schema, "required", required, err) < 0)
		return -1;
	for (const struct config_key *key = keys; !config_key_is_end(key); key++) {
		if (!key->name || (defaults && key->own))
			continue;
		if (add_property(properties, key, defaults, err) < 0)
			return -1;
		if (is_required(keys, key, defaults) &&
		    add_word(required, key->name, strlen(key->name), err) < 0)
			return -1;
	}
	if (!required->child)
		json_remove_key(schema, "required");
	return 0;
}

int config_schema_print(struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *schema = cJSON_CreateObject();

	if (!schema)
		return err_no_memory(err);
	if (json_set_str(schema, "$schema", DRAFT, err) < 0 ||
	    json_set_str(schema, "title", TITLE, err) < 0 ||
	    set_object(schema, config_keys, false, err) < 0)
		return -1;
	json_print_pretty(schema, out);
	buf_putc(out, '\n');
	return buf_check(out, "the schema", err);
}

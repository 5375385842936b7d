#include "tests/kubesim/selector.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

/* --- the fields that can be selected, beside metadata.name and metadata.namespace ------------ */

static const struct {
	const char *group, *plural, *field;
} selectable[] = {
	{"", "pods", "spec.nodeName"},
	{"", "pods", "spec.restartPolicy"},
	{"", "pods", "spec.schedulerName"},
	{"", "pods", "spec.serviceAccountName"},
	{"", "pods", "spec.hostNetwork"},
	{"", "pods", "status.phase"},
	{"", "pods", "status.podIP"},
	{"", "pods", "status.podIPs"},
	{"", "pods", "status.nominatedNodeName"},
	{"", "nodes", "spec.unschedulable"},
	{"", "namespaces", "status.phase"},
	{"", "secrets", "type"},
	{"", "services", "spec.clusterIP"},
	{"", "services", "spec.type"},
	{"", "replicationcontrollers", "status.replicas"},
	{"apps", "replicasets", "status.replicas"},
	{"batch", "jobs", "status.successful"},
	{"certificates.k8s.io", "certificatesigningrequests", "spec.signerName"},
	{"", "events", "involvedObject.kind"},
	{"", "events", "involvedObject.namespace"},
	{"", "events", "involvedObject.name"},
	{"", "events", "involvedObject.uid"},
	{"", "events", "involvedObject.apiVersion"},
	{"", "events", "involvedObject.resourceVersion"},
	{"", "events", "involvedObject.fieldPath"},
	{"", "events", "reason"},
	{"", "events", "reportingComponent"},
	{"", "events", "source"},
	{"", "events", "type"},
};

/*
 * Where the stored object has the field: its own path but for Events, where "source" is the
 * component's name and events.k8s.io calls the involved object `regarding`. NULL if the resource
 * cannot be selected by it.
 */
static char *field_path(const struct kind *kind, const char *field)
{
	const char *group = kind_storage_group(kind);

	if (strcmp(field, "metadata.name") == 0 ||
	    (kind->namespaced && strcmp(field, "metadata.namespace") == 0))
		return alloc_copy(field);
	for (size_t i = 0; i < sizeof(selectable) / sizeof(selectable[0]); i++) {
		bool is_event = strcmp(selectable[i].plural, "events") == 0;

		if (strcmp(selectable[i].group, group) != 0 ||
		    strcmp(selectable[i].plural, kind->plural) != 0)
			continue;
		if (strcmp(selectable[i].field, field) == 0)
			return alloc_copy(strcmp(field, "source") == 0 ? "source.component"
								       : field);
		if (is_event && strncmp(field, "regarding.", 10) == 0 &&
		    strcmp(strchr(selectable[i].field, '.') ? strchr(selectable[i].field, '.') + 1
							    : "",
			   field + 10) == 0)
			return alloc_copy(selectable[i].field);
	}
	return NULL;
}

/* --- reading --------------------------------------------------------------------------------- */

static struct requirement *add(struct selector *selector, enum requirement_type type,
			       char *take_key)
{
	struct requirement *requirement;

	selector->items =
		alloc_grow(selector->items, selector->count + 1, sizeof(*selector->items));
	requirement = &selector->items[selector->count++];
	*requirement = (struct requirement){.type = type, .key = take_key};
	return requirement;
}

static void add_value(struct requirement *requirement, const char *value, size_t length)
{
	requirement->values = alloc_grow(requirement->values, requirement->value_count + 1,
					 sizeof(*requirement->values));
	requirement->values[requirement->value_count++] = must(strndup(value, length));
}

static const char *skip_space(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* The length of a key, value or word. */
static size_t token_length(const char *at)
{
	return strcspn(at, " \t,()=!<>");
}

/* "(a, b)" after `in` and `notin`; NULL if it is not that. */
static const char *read_values(const char *at, struct requirement *requirement)
{
	at = skip_space(at);
	if (*at++ != '(')
		return NULL;
	for (;;) {
		size_t length;

		at = skip_space(at);
		length = token_length(at);
		add_value(requirement, at, length);
		at = skip_space(at + length);
		if (*at == ')')
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const struct {
	const char *text;
	enum requirement_type type;
} operators[] = {
	{"==", REQUIRE_IN},     {"!=", REQUIRE_NOT_IN}, {"=", REQUIRE_IN},
	{">", REQUIRE_GREATER}, {"<", REQUIRE_LESS},
};

/* What stands after the key: an operator with a value, a word with a list, or nothing. */
static const char *read_condition(const char *at, struct requirement *requirement)
{
	at = skip_space(at);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t length = strlen(operators[i].text);

		if (strncmp(at, operators[i].text, length) != 0)
			continue;
		requirement->type = operators[i].type;
		at = skip_space(at + length);
		length = token_length(at);
		add_value(requirement, at, length);
		return at + length;
	}
	if (strncmp(at, "in", 2) == 0 && token_length(at) == 2) {
		requirement->type = REQUIRE_IN;
		return read_values(at + 2, requirement);
	}
	if (strncmp(at, "notin", 5) == 0 && token_length(at) == 5) {
		requirement->type = REQUIRE_NOT_IN;
		return read_values(at + 5, requirement);
	}
	return at;
}

static int parse_labels(const char *text, struct selector *selector, struct status *status)
{
	const char *at = skip_space(text);

	while (*at) {
		bool missing = *at == '!';
		size_t length;

		at = skip_space(at + missing);
		length = token_length(at);
		if (length == 0)
			break;
		add(selector, missing ? REQUIRE_MISSING : REQUIRE_EXISTS,
		    must(strndup(at, length)));
		at += length;
		if (!missing)
			at = read_condition(at, &selector->items[selector->count - 1]);
		if (!at)
			break;
		at = skip_space(at);
		if (*at == '\0')
			return 0;
		if (*at != ',')
			break;
		at = skip_space(at + 1);
	}
	if (at && *at == '\0')
		return 0;
	return status_bad_request(status, "unable to parse requirement: found '%s', expected: %s",
				  at ? at : text, "identifier, 'in', 'notin', '=', '==', '!='");
}

static int parse_fields(const char *text, const struct kind *kind, struct selector *selector,
			struct status *status)
{
	const char *at = text;

	while (*at) {
		size_t term = strcspn(at, ","), key = strcspn(at, "=!,");
		const char *value = at + key;
		enum requirement_type type = *value == '!' ? REQUIRE_NOT_IN : REQUIRE_IN;
		CLEANUP(free_p) char *field = must(strndup(at, key));
		char *path;

		if (key >= term)
			return status_bad_request(
				status, "invalid selector: '%.*s'; can't understand '%.*s'",
				(int)strlen(text), text, (int)term, at);
		path = field_path(kind, field);
		if (!path)
			return status_bad_request(status, "field label not supported: %s", field);
		value += *value == '!' || value[1] == '=' ? 2 : 1;
		add(selector, type, path)->is_field = true;
		add_value(&selector->items[selector->count - 1], value,
			  (size_t)(at + term - value));
		at += term;
		at += *at == ',';
	}
	return 0;
}

int selector_parse(const char *labels, const char *fields, const struct kind *kind,
		   struct selector *ret_selector, struct status *status)
{
	CLEANUP(selector_release) struct selector selector = {0};

	if (parse_labels(labels, &selector, status) < 0 ||
	    parse_fields(fields, kind, &selector, status) < 0)
		return -1;
	*ret_selector = selector;
	selector = (struct selector){0};
	return 0;
}

void selector_release(struct selector *selector)
{
	for (size_t i = 0; i < selector->count; i++) {
		struct requirement *requirement = &selector->items[i];

		for (size_t j = 0; j < requirement->value_count; j++)
			free(requirement->values[j]);
		free(requirement->values);
		free(requirement->key);
	}
	free(selector->items);
	*selector = (struct selector){0};
}

/* --- matching -------------------------------------------------------------------------------- */

static bool has_value(const struct requirement *requirement, const char *value)
{
	for (size_t i = 0; i < requirement->value_count; i++) {
		if (strcmp(requirement->values[i], value) == 0)
			return true;
	}
	return false;
}

/* `value` is NULL where the object lacks the label. */
static bool holds(const struct requirement *requirement, const char *value)
{
	switch (requirement->type) {
	case REQUIRE_IN: return value && has_value(requirement, value);
	case REQUIRE_NOT_IN: return !value || !has_value(requirement, value);
	case REQUIRE_EXISTS: return value != NULL;
	case REQUIRE_MISSING: return value == NULL;
	case REQUIRE_GREATER:
		return value &&
		       strtoll(value, NULL, 10) > strtoll(requirement->values[0], NULL, 10);
	case REQUIRE_LESS:
		return value &&
		       strtoll(value, NULL, 10) < strtoll(requirement->values[0], NULL, 10);
	}
	return false;
}

/* A field is always there: what is missing is "", and false for a boolean. */
static bool field_holds(const struct requirement *requirement, const cJSON *object)
{
	const cJSON *value = json_at(object, requirement->key);
	char number[24];
	int64_t integer;

	if (cJSON_IsString(value))
		return holds(requirement, value->valuestring);
	if (json_int_value(value, &integer)) {
		snprintf(number, sizeof(number), "%lld", (long long)integer);
		return holds(requirement, number);
	}
	if (cJSON_IsTrue(value))
		return holds(requirement, "true");
	return holds(requirement, "") || holds(requirement, "false");
}

bool selector_matches(const struct selector *selector, const cJSON *object)
{
	const cJSON *labels = json_at(object, "metadata.labels");

	for (size_t i = 0; i < selector->count; i++) {
		const struct requirement *requirement = &selector->items[i];
		const cJSON *label;

		if (requirement->is_field) {
			if (!field_holds(requirement, object))
				return false;
			continue;
		}
		label = json_get(labels, requirement->key);
		if (!holds(requirement, cJSON_IsString(label) ? label->valuestring : NULL))
			return false;
	}
	return true;
}

static bool expression_holds(const cJSON *expression, const cJSON *labels)
{
	const cJSON *label = json_get(labels, obj_text(expression, "key"));
	const char *operator= obj_text(expression, "operator");
	const cJSON *value;
	bool found = false;

	json_each (value, json_get(expression, "values")) {
		if (cJSON_IsString(label) && cJSON_IsString(value) &&
		    strcmp(label->valuestring, value->valuestring) == 0)
			found = true;
	}
	if (strcmp(operator, "In") == 0)
		return found;
	if (strcmp(operator, "NotIn") == 0)
		return !found;
	return (strcmp(operator, "Exists") == 0) == (label != NULL);
}

bool selector_matches_labels(const cJSON *label_selector, const cJSON *labels)
{
	const cJSON *item;

	if (!label_selector)
		return false;
	json_each (item, json_get(label_selector, "matchLabels")) {
		if (!json_equal(item, json_get(labels, item->string)))
			return false;
	}
	json_each (item, json_get(label_selector, "matchExpressions")) {
		if (!expression_holds(item, labels))
			return false;
	}
	return true;
}

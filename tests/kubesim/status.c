#include "tests/kubesim/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/store.h"

#define MAX_MESSAGE_BYTES (1024u * 1024)

void status_release(struct status *status)
{
	free(status->message);
	cJSON_Delete(status->details);
	*status = (struct status){0};
}

cJSON *status_json(const struct status *status)
{
	cJSON *json = obj_parse("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
				"\"status\":\"Failure\"}");

	obj_set_text(json, "message", status->message);
	if (status->reason[0])
		obj_set_text(json, "reason", status->reason);
	if (status->details)
		obj_set(json, "details", obj_copy(status->details));
	obj_set_int(json, "code", status->code);
	return json;
}

PRINTF(4, 0)
static int vset(struct status *status, int code, const char *reason, const char *format,
		va_list args)
{
	char *message;

	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	must(message);
	status_release(status);
	*status = (struct status){.code = code, .reason = reason, .message = message};
	return -1;
}

int status_set(struct status *status, int code, const char *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vset(status, code, reason, format, args);
	va_end(args);
	return -1;
}

void status_name(struct status *status, const char *name, const char *group, const char *kind)
{
	cJSON_Delete(status->details);
	status->details = obj_new();
	if (name[0])
		obj_set_text(status->details, "name", name);
	if (group[0])
		obj_set_text(status->details, "group", group);
	if (kind[0])
		obj_set_text(status->details, "kind", kind);
}

/* "statefulsets.apps", "pods" */
static const char *qualified(const struct key *key, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s", key->resource, key->group[0] ? "." : "", key->group);
	return text;
}

int status_not_found(struct status *status, const struct key *key)
{
	char resource[256];

	status_set(status, 404, "NotFound", "%s \"%s\" not found",
		   qualified(key, resource, sizeof(resource)), key->name);
	status_name(status, key->name, key->group, key->resource);
	return -1;
}

int status_exists(struct status *status, const struct key *key)
{
	char resource[256];

	status_set(status, 409, "AlreadyExists", "%s \"%s\" already exists",
		   qualified(key, resource, sizeof(resource)), key->name);
	status_name(status, key->name, key->group, key->resource);
	return -1;
}

int status_conflict(struct status *status, const struct key *key, const char *format, ...)
{
	char resource[256];
	char *why = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&why, format, args) < 0)
		why = NULL;
	va_end(args);
	status_set(status, 409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s",
		   qualified(key, resource, sizeof(resource)), key->name, must(why));
	free(why);
	status_name(status, key->name, key->group, key->resource);
	return -1;
}

int status_bad_request(struct status *status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vset(status, 400, "BadRequest", format, args);
	va_end(args);
	return -1;
}

int status_expired(struct status *status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vset(status, 410, "Expired", format, args);
	va_end(args);
	return -1;
}

void causes_release(struct causes *causes)
{
	for (size_t i = 0; i < causes->count; i++) {
		free(causes->items[i].message);
		free(causes->items[i].field);
	}
	free(causes->items);
	*causes = (struct causes){0};
}

void causes_add(struct causes *causes, const char *reason, const char *field, const char *format,
		...)
{
	struct cause cause = {.reason = reason, .field = alloc_copy(field)};
	va_list args;

	va_start(args, format);
	if (vasprintf(&cause.message, format, args) < 0)
		cause.message = NULL;
	va_end(args);
	must(cause.message);
	causes->items = alloc_grow(causes->items, causes->count + 1, sizeof(*causes->items));
	causes->items[causes->count++] = cause;
}

int causes_check(const struct causes *causes, const char *group, const char *kind, const char *name,
		 struct status *status)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_MESSAGE_BYTES);
	bool many = causes->count > 1;
	cJSON *list;

	if (causes->count == 0)
		return 0;
	for (size_t i = 0; i < causes->count; i++)
		buf_printf(&text, "%s%s: %s", i > 0 ? ", " : "", causes->items[i].field,
			   causes->items[i].message);
	status_set(status, 422, "Invalid", "%s%s%s \"%s\" is invalid: %s%s%s", kind,
		   group[0] ? "." : "", group, name, many ? "[" : "", buf_str(&text),
		   many ? "]" : "");
	status_name(status, name, group, kind);
	list = obj_array_at(status->details, "causes");
	for (size_t i = 0; i < causes->count; i++) {
		cJSON *json = obj_new();

		obj_set_text(json, "reason", causes->items[i].reason);
		obj_set_text(json, "message", causes->items[i].message);
		obj_set_text(json, "field", causes->items[i].field);
		obj_append(list, json);
	}
	return -1;
}

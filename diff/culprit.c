#include "diff/culprit.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "diff/path.h"
#include "diff/rfc3339.h"

#define DATE_LENGTH 10 /* of "2026-01-02T12:03:11Z" */
#define TIME_LENGTH 8

void culprit_release(struct culprit *culprit)
{
	free(culprit->manager);
	free(culprit->operation);
	free(culprit->subresource);
	free(culprit->time);
	*culprit = (struct culprit){0};
}

/* --- a field in fieldsV1 ---------------------------------------------------------------------- */

/* k:{"containerPort":80,"protocol":"TCP"}; a key that the item leaves out has its default. */
static bool has_keys(const cJSON *item, const char *keys_text)
{
	CLEANUP(cJSON_Delete_p) cJSON *keys = NULL;
	const cJSON *key;
	struct err ignored;

	if (!cJSON_IsObject(item) || json_parse(keys_text, strlen(keys_text), &keys, &ignored) < 0)
		return false;
	json_each (key, keys) {
		const cJSON *own = json_get(item, key->string);

		if (own && !json_equal(own, key))
			return false;
	}
	return true;
}

/* v:"x" */
static bool has_value(const cJSON *item, const char *value_text)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	struct err ignored;

	return json_parse(value_text, strlen(value_text), &value, &ignored) == 0 &&
	       json_equal(item, value);
}

static bool names_value(const char *element, const struct path_walk *walk)
{
	if (element[0] == '\0' || element[1] != ':')
		return false;
	switch (element[0]) {
	case 'f':
		return cJSON_IsObject(walk->parent) &&
		       strcmp(element + 2, walk->value->string) == 0;
	case 'k': return cJSON_IsArray(walk->parent) && has_keys(walk->value, element + 2);
	case 'v': return cJSON_IsArray(walk->parent) && has_value(walk->value, element + 2);
	default: return false;
	}
}

/* How much of what a path leads to is in a manager's fields. */
enum share {
	SHARE_NONE,
	SHARE_AROUND, /* a whole that it may be an atomic part of, as arguments of a container are */
	SHARE_ITSELF, /* it, or something in it */
};

static enum share share_of(const cJSON *fields, const cJSON *live, const char *path)
{
	struct path_walk walk = path_walk(live, path);
	const cJSON *at = fields;

	while (path_next(&walk)) {
		const cJSON *element, *next = NULL;

		json_each (element, cJSON_IsObject(at) ? at : NULL) {
			if (!next && names_value(element->string, &walk))
				next = element;
		}
		/* A map that has lost all its members to others is a leaf, too. */
		if (!next)
			return at != fields && !at->child ? SHARE_AROUND : SHARE_NONE;
		at = next;
	}
	return *walk.rest ? SHARE_NONE : SHARE_ITSELF;
}

/* --- who ------------------------------------------------------------------------------------- */

static const char *text_or_empty(const cJSON *entry, const char *key)
{
	const char *text = json_str(entry, key);

	return text ? text : "";
}

static bool is_newer(const cJSON *entry, const cJSON *than)
{
	int64_t mine, its;

	if (!than || !rfc3339_read(text_or_empty(than, "time"), &its))
		return true;
	return rfc3339_read(text_or_empty(entry, "time"), &mine) && mine >= its;
}

static int read_entry(const cJSON *entry, int64_t now_ms, struct culprit *ret_culprit,
		      struct err *err)
{
	CLEANUP(buf_release) struct buf now = BUF_INIT(64);
	struct culprit culprit = {
		.manager = strdup(text_or_empty(entry, "manager")),
		.operation = strdup(text_or_empty(entry, "operation")),
		.subresource = strdup(text_or_empty(entry, "subresource")),
		.time = strdup(text_or_empty(entry, "time")),
	};

	rfc3339_print(now_ms, &now);
	if (buf_check(&now, "a time", err) < 0 || !culprit.manager || !culprit.operation ||
	    !culprit.subresource || !culprit.time) {
		culprit_release(&culprit);
		return err_no_memory(err);
	}
	culprit.is_of_today = strncmp(culprit.time, buf_str(&now), DATE_LENGTH) == 0;
	*ret_culprit = culprit;
	return 0;
}

int culprit_find(const cJSON *live, const char *path, const char *ourselves, int64_t now_ms,
		 struct culprit *ret_culprit, struct err *err)
{
	const cJSON *entry, *found = NULL;
	enum share most = SHARE_NONE, ours = SHARE_NONE;

	json_each (entry, json_at(live, "metadata.managedFields")) {
		const char *manager = json_str(entry, "manager");
		enum share share = share_of(json_get(entry, "fieldsV1"), live, path);

		if (!manager || share == SHARE_NONE || share < most)
			continue;
		if (strcmp(manager, ourselves) == 0) {
			ours = share > ours ? share : ours;
		} else if (share > most || is_newer(entry, found)) {
			most = share;
			found = entry;
		}
	}
	return found && most >= ours ? read_entry(found, now_ms, ret_culprit, err) : 0;
}

int culprit_copy(const struct culprit *culprit, struct culprit *ret_copy, struct err *err)
{
	struct culprit copy = {.is_of_today = culprit->is_of_today};

	if (culprit->manager && (!(copy.manager = strdup(culprit->manager)) ||
				 !(copy.operation = strdup(culprit->operation)) ||
				 !(copy.subresource = strdup(culprit->subresource)) ||
				 !(copy.time = strdup(culprit->time)))) {
		culprit_release(&copy);
		return err_no_memory(err);
	}
	*ret_copy = copy;
	return 0;
}

bool culprit_equal(const struct culprit *a, const struct culprit *b)
{
	if (!a->manager || !b->manager)
		return a->manager == b->manager;
	return strcmp(a->manager, b->manager) == 0 && strcmp(a->operation, b->operation) == 0 &&
	       strcmp(a->subresource, b->subresource) == 0;
}

/* --- in words -------------------------------------------------------------------------------- */

void culprit_print_name(const struct culprit *culprit, struct buf *out)
{
	static const char kubectl[] = "kubectl-";
	const char *manager = culprit->manager;

	if (!manager)
		return;
	if (*culprit->subresource)
		buf_printf(out, "%s (%s)", manager, culprit->subresource);
	else if (strcmp(manager, "kubectl-client-side-apply") == 0 ||
		 (strcmp(manager, "kubectl") == 0 && strcmp(culprit->operation, "Apply") == 0))
		buf_puts(out, "kubectl (apply)");
	else if (strncmp(manager, kubectl, strlen(kubectl)) == 0)
		buf_printf(out, "kubectl (%s)", manager + strlen(kubectl));
	else if (strcmp(manager, "Mozilla") == 0)
		buf_puts(out, "a browser (Mozilla)");
	else
		buf_puts(out, manager);
}

void culprit_print(const struct culprit *culprit, struct buf *out)
{
	CLEANUP(buf_release) struct buf time = BUF_INIT(64);
	int64_t time_ms;

	if (!culprit->manager)
		return;
	buf_puts(out, "by ");
	culprit_print_name(culprit, out);
	if (!rfc3339_read(culprit->time, &time_ms))
		return;
	rfc3339_print(time_ms, &time);
	buf_break_with(out, &time);
	if (!culprit->is_of_today)
		buf_printf(out, " on %.*s", DATE_LENGTH, buf_str(&time));
	if (time.length > DATE_LENGTH + 1 + TIME_LENGTH)
		buf_printf(out, " at %.*s", TIME_LENGTH, buf_str(&time) + DATE_LENGTH + 1);
}

#include "diff/compare.h"

#include <string.h>

#include "diff/compare_list.h"
#include "diff/defaults.h"
#include "diff/members.h"
#include "diff/path.h"
#include "diff/quantity.h"

struct comparison {
	struct changes *changes; /* NULL: only whether there is any is asked for */
	bool differs;
	bool only_set; /* what `to` leaves out is not looked at */
	struct buf *path;
	struct err *err;
};

/* --- the list of changes --------------------------------------------------------------------- */

static int reserve_one(struct changes *changes, struct err *err)
{
	if (changes->count < changes->capacity)
		return 0;
	size_t capacity = changes->capacity ? changes->capacity * 2 : 8;
	struct change *items = reallocarray(changes->items, capacity, sizeof(*items));
	if (!items)
		return err_no_memory(err);
	changes->items = items;
	changes->capacity = capacity;
	return 0;
}

static void change_release(struct change *change)
{
	free(change->path);
	cJSON_Delete(change->from);
	cJSON_Delete(change->to);
}

/* Adds a change at the present path; takes `take_from` and `take_to` in every case. */
static int add(struct comparison *comparison, enum change_op op, bool secret, cJSON *take_from,
	       cJSON *take_to)
{
	CLEANUP(change_release)
	struct change change = {
		.op = op,
		.path = strdup(buf_str(comparison->path)),
		.from = take_from,
		.to = take_to,
		.secret = secret,
	};

	if (buf_check(comparison->path, "a path", comparison->err) < 0)
		return -1;
	if (!change.path || (op != CHANGE_ADD && !change.from) ||
	    (op != CHANGE_REMOVE && !change.to))
		return err_no_memory(comparison->err);
	if (reserve_one(comparison->changes, comparison->err) < 0)
		return -1;
	comparison->changes->items[comparison->changes->count++] = change;
	change = (struct change){0};
	return 0;
}

/* Adds the change that explains `from` becoming `to`; NULL on one side: it appears or goes. */
static int add_values(struct comparison *comparison, bool secret, const cJSON *from,
		      const cJSON *to)
{
	enum change_op op = !from ? CHANGE_ADD : !to ? CHANGE_REMOVE : CHANGE_REPLACE;

	comparison->differs = true;
	if (!comparison->changes)
		return 0;
	return add(comparison, op, secret, json_copy(from), json_copy(to));
}

static int add_move(struct comparison *comparison, bool secret, size_t from, size_t to)
{
	comparison->differs = true;
	if (!comparison->changes)
		return 0;
	return add(comparison, CHANGE_MOVE, secret, json_new_int((int64_t)from),
		   json_new_int((int64_t)to));
}

/* --- values ---------------------------------------------------------------------------------- */

/* What the server makes no difference to leaving out. */
static bool is_absent(const struct schema_field *type, const cJSON *value)
{
	if (!value || cJSON_IsNull(value))
		return true;
	if (value->child)
		return false;
	return cJSON_IsArray(value) || (cJSON_IsObject(value) && type->shape == SCHEMA_MAP);
}

/* Base64 may be broken into lines in a manifest; the server's is not. */
static bool base64_equal(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "\r\n");
		b += strspn(b, "\r\n");
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

static bool scalars_equal(const struct schema_field *type, const cJSON *from, const cJSON *to)
{
	if (json_equal(from, to))
		return true;
	if (type->shape != SCHEMA_ONE)
		return false;
	if (type->type == SCHEMA_QUANTITY)
		return quantity_equal(from, to);
	if (type->type == SCHEMA_BYTES && cJSON_IsString(from) && cJSON_IsString(to))
		return base64_equal(from->valuestring, to->valuestring);
	return false;
}

static int compare_members(struct comparison *comparison, const struct schema_field *type,
			   const cJSON *from, const cJSON *to);
static int compare_items(struct comparison *comparison, const struct schema_field *type,
			 const cJSON *from, const cJSON *to);

static int compare_values(struct comparison *comparison, const struct schema_field *type,
			  const cJSON *from, const cJSON *to)
{
	bool from_absent = is_absent(type, from), to_absent = is_absent(type, to);

	if (!comparison->changes && comparison->differs)
		return 0; /* the answer is known */
	if (comparison->only_set && cJSON_IsNull(to))
		return 0;
	if (from_absent || to_absent) {
		if (from_absent && to_absent)
			return 0;
		return add_values(comparison, type->sensitive, from_absent ? NULL : from,
				  to_absent ? NULL : to);
	}
	if (cJSON_IsObject(from) && cJSON_IsObject(to))
		return compare_members(comparison, type, from, to);
	if (cJSON_IsArray(from) && cJSON_IsArray(to))
		return compare_items(comparison, type, from, to);
	if (scalars_equal(type, from, to))
		return 0;
	return add_values(comparison, type->sensitive, from, to);
}

/* --- objects --------------------------------------------------------------------------------- */

/* Fields for which the server makes no difference between zero or false and none. */
static const char *const zero_is_none[] = {
	"hostIPC",
	"hostNetwork",
	"hostPID",
	"hostPort",
	"initialDelaySeconds",
	"minReadySeconds",
	"nodePort",
	"paused",
	"publishNotReadyAddresses",
	"readOnly",
	"stdin",
	"stdinOnce",
	"tty",
	"unschedulable",
};

/* Fields for which an empty string is a value. */
static const char *const empty_is_value[] = {
	"ingressClassName",
	"storageClassName",
};

static bool is_in(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

#define IS_IN(names, name) is_in(names, sizeof(names) / sizeof((names)[0]), name)

/* Whether the server, asked to store this member of a known object, would store none. */
static bool is_dropped(const struct schema_field *type, const char *key, const cJSON *value)
{
	int64_t number;

	if (type->shape != SCHEMA_ONE || !type->object)
		return false;
	if (cJSON_IsString(value))
		return !*value->valuestring && !IS_IN(empty_is_value, key);
	return (cJSON_IsFalse(value) || (json_int_value(value, &number) && !number)) &&
	       IS_IN(zero_is_none, key);
}

static int compare_member(struct comparison *comparison, const struct schema_field *type,
			  const char *key, const cJSON *from, const cJSON *to)
{
	struct schema_field member_type = path_member_type(type, key);
	size_t length = comparison->path->length;

	if (comparison->only_set && !from && is_dropped(type, key, to))
		return 0;
	path_add_key(comparison->path, key);
	int result = compare_values(comparison, &member_type, from, to);
	buf_truncate(comparison->path, length);
	return result;
}

/* Reports the members of `from` in [first, end) that `to` lacks. */
static int remove_members(struct comparison *comparison, const struct schema_field *type,
			  const cJSON *first, const cJSON *end, struct members *to)
{
	size_t position;

	if (comparison->only_set && type->shape != SCHEMA_MAP)
		return 0;
	for (const cJSON *member = first; member != end; member = member->next)
		if (!members_find(to, member->string, &position) &&
		    compare_member(comparison, type, member->string, member, NULL) < 0)
			return -1;
	return 0;
}

static int compare_members(struct comparison *comparison, const struct schema_field *type,
			   const cJSON *from, const cJSON *to)
{
	CLEANUP(members_release) struct members in_from = MEMBERS_OF(from), in_to = MEMBERS_OF(to);
	const cJSON *next = from->child; /* up to here it is told what of `from` goes */
	size_t next_position = 0, position;
	const cJSON *member;

	json_each (member, to) {
		const cJSON *old = members_find(&in_from, member->string, &position);

		if (old && position >= next_position) {
			if (remove_members(comparison, type, next, old, &in_to) < 0)
				return -1;
			next = old->next;
			next_position = position + 1;
		}
		if (compare_member(comparison, type, member->string, old, member) < 0)
			return -1;
	}
	return remove_members(comparison, type, next, NULL, &in_to);
}

/* --- lists ----------------------------------------------------------------------------------- */

struct item_context {
	struct comparison *comparison;
	struct schema_field type;
	bool failed; /* a probe ran out of memory; the comparison's err says so */
};

/* Whether comparing the two would give no change. */
static bool equal_items(const cJSON *from, const cJSON *to, void *ctx)
{
	struct item_context *context = ctx;
	struct comparison probe = *context->comparison;

	probe.changes = NULL;
	probe.differs = false;
	if (compare_values(&probe, &context->type, from, to) < 0)
		context->failed = true;
	return !probe.differs;
}

/* Compares, or reports, one item; what goes is named by the place where it stood. */
static int compare_item(struct item_context *context, const struct list_item *from,
			size_t from_index, const struct list_item *to, size_t to_index)
{
	struct comparison *comparison = context->comparison;
	const char *label = to ? to->label : from->label;
	size_t length = comparison->path->length;
	int result;

	if (label)
		path_add_label(comparison->path, label);
	else
		path_add_index(comparison->path, to && !to->moved ? to_index : from_index);
	if (to && to->moved)
		result = add_move(comparison, context->type.sensitive, from_index, to_index);
	else
		result = 0;
	if (result == 0)
		result = compare_values(comparison, &context->type, from ? from->value : NULL,
					to ? to->value : NULL);
	buf_truncate(comparison->path, length);
	return result;
}

/* Reports the items of `from` in [first, end) that have no twin. */
static int remove_items(struct item_context *context, const struct list_pairs *pairs, size_t first,
			size_t end)
{
	for (size_t i = first; i < end; i++)
		if (pairs->from[i].twin == LIST_NO_TWIN &&
		    compare_item(context, &pairs->from[i], i, NULL, 0) < 0)
			return -1;
	return 0;
}

/*
 * Whether anything differs, without a path to say it with. Order counts, so there is no need to
 * find out which item is which; that would make probes within probes.
 */
static int probe_items(struct comparison *probe, const struct schema_field *item_type,
		       const cJSON *from, const cJSON *to)
{
	for (from = from->child, to = to->child; from && to; from = from->next, to = to->next)
		if (compare_values(probe, item_type, from, to) < 0)
			return -1;
	probe->differs |= from != to; /* one of them goes on */
	return 0;
}

static int compare_items(struct comparison *comparison, const struct schema_field *type,
			 const cJSON *from, const cJSON *to)
{
	bool is_set = type->shape == SCHEMA_LIST && type->list == SCHEMA_SET;
	struct item_context context = {.comparison = comparison, .type = path_item_type(type)};
	const struct list_equality equality = {equal_items, &context};
	CLEANUP(list_pairs_release) struct list_pairs pairs = {0};
	size_t next = 0; /* up to here it is told what of `from` goes */

	if (json_equal(from, to))
		return 0;
	if (!comparison->changes && !is_set)
		return probe_items(comparison, &context.type, from, to);
	if (list_pairs_make(type, from, to, &equality, &pairs, comparison->err) < 0 ||
	    context.failed)
		return -1;
	for (size_t i = 0; i < pairs.to_count; i++) {
		size_t twin = pairs.to[i].twin;
		const struct list_item *old = twin == LIST_NO_TWIN ? NULL : &pairs.from[twin];

		if (old && twin >= next) {
			if (remove_items(&context, &pairs, next, twin) < 0)
				return -1;
			next = twin + 1;
		}
		if (compare_item(&context, old, twin, &pairs.to[i], i) < 0)
			return -1;
	}
	return remove_items(&context, &pairs, next, pairs.from_count);
}

/* --- whole objects --------------------------------------------------------------------------- */

static int compare_roots(const cJSON *from, const cJSON *to, bool only_set,
			 struct changes *ret_changes, struct err *err)
{
	CLEANUP(changes_release) struct changes changes = {0};
	CLEANUP(buf_release) struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct schema_field type = path_type_of(to);
	struct comparison comparison = {
		.changes = &changes,
		.only_set = only_set,
		.path = &path,
		.err = err,
	};

	if (compare_values(&comparison, &type, from, to) < 0)
		return -1;
	*ret_changes = changes;
	changes = (struct changes){0};
	return 0;
}

int compare_objects(const cJSON *from, const cJSON *to, struct changes *ret_changes,
		    struct err *err)
{
	return compare_roots(from, to, false, ret_changes, err);
}

int compare_set_fields(const cJSON *desired, const cJSON *live, struct changes *ret_changes,
		       struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *from = json_copy(live);
	CLEANUP(cJSON_Delete_p) cJSON *to = object_normalised(desired);

	if (!from || !to)
		return err_no_memory(err);
	/* A default that an older server does not know is none that is missing there. */
	if (defaults_apply(from, err) < 0)
		return -1;
	object_normalise(from);
	return compare_roots(from, to, true, ret_changes, err);
}

void changes_release(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		change_release(&changes->items[i]);
	free(changes->items);
	*changes = (struct changes){0};
}

bool change_touches(const struct change *change, const char *path)
{
	return path_is_within(change->path, path);
}

/* --- values for people ----------------------------------------------------------------------- */

/* Whether a string could be taken for a value of another type, or for two values. */
static bool is_ambiguous(const char *text)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	size_t length = strlen(text);
	struct err err;

	if (!length || text[0] == ' ' || text[length - 1] == ' ' || strchr("{[\"(", text[0]) ||
	    strstr(text, " -> "))
		return true;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return true;
	return json_parse(text, length, &value, &err) == 0;
}

/* Appends the text, or its beginning (whole characters) and its size. */
static void print_cut(const char *text, size_t length, struct buf *out)
{
	size_t shown = length;

	if (shown > CHANGE_VALUE_MAX_BYTES) {
		shown = CHANGE_VALUE_MAX_BYTES;
		while (shown && ((unsigned char)text[shown] & 0xC0) == 0x80)
			shown--;
	}
	buf_append(out, text, shown);
	if (shown < length)
		buf_printf(out, "... (%zu bytes)", length);
}

void change_print_value(const struct change *change, const cJSON *value, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(out->max_length);

	if (!value) {
		buf_puts(out, "(none)");
		return;
	}
	if (change->secret && change->op != CHANGE_MOVE) {
		buf_puts(out, "***");
		if (change->op == CHANGE_REPLACE)
			buf_puts(out, value == change->from ? " (before)" : " (after)");
		return;
	}
	if (cJSON_IsString(value) && !is_ambiguous(value->valuestring)) {
		print_cut(value->valuestring, strlen(value->valuestring), out);
		return;
	}
	json_print(value, &text);
	if (text.broken_memory || text.broken_cap) {
		out->broken_memory |= text.broken_memory;
		out->broken_cap |= text.broken_cap;
		return;
	}
	print_cut(buf_str(&text), text.length, out);
}

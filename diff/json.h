/*
 * json.h - JSON values: reading, writing, looking into, comparing.
 *
 * The value type is cJSON's tree; only its tree functions are used (create, add, detach, delete),
 * never its reader or printer, because those lose integers beyond 2^53 and compare keys without
 * case. Rules that every room keeps:
 *
 *   - Keys compare byte by byte. Never call cJSON_GetObjectItem; call json_get.
 *   - A number is an int64 or a double. An integer beyond 2^53 either way carries its decimal
 *     digits in `valuestring`; everything here reads and writes that. Use json_new_int and
 *     json_int, never `valueint`, which the YAML reader uses for itself.
 *   - Strings hold UTF-8 without NUL bytes; a text that has one is refused.
 *   - Objects keep the order of their keys as read; order never matters to json_equal.
 */
#ifndef DIFF_JSON_H
#define DIFF_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "diff/buf.h"
#include "diff/cleanup.h"
#include "diff/err.h"

#define JSON_MAX_DEPTH 1000               /* objects and arrays within each other */
#define JSON_MAX_NODES (4u * 1024 * 1024) /* values of one text */

DEFINE_FREE_P(cJSON, cJSON_Delete); /* CLEANUP(cJSON_Delete_p) cJSON *value = NULL; */

/* Iterates over the items of an array or the members of an object; NULL has none. */
#define json_each(item, container) \
	for ((item) = (container) ? (container)->child : NULL; (item); (item) = (item)->next)

/*
 * Reads exactly one JSON text (RFC 8259), white space around it allowed. Duplicate keys, NUL,
 * bad UTF-8, depth over JSON_MAX_DEPTH and more than JSON_MAX_NODES values are refused. Numbers
 * as the Kubernetes decoders read them: what fits int64 is an integer, everything else a double.
 * Errors: ERR_INVALID or ERR_LIMIT with "LINE:COLUMN: " in front; ERR_NO_MEMORY.
 */
int json_parse(const char *text, size_t length, cJSON **ret_value, struct err *err);

/*
 * As json_parse, for what an API server answers: an object, a list, a watch's event.
 * metadata.managedFields, which is half of an object and hardly ever looked at, stays text (a
 * cJSON_Raw node, whose grammar is not checked). Printing, copying and comparing take that as it
 * is.
 */
int json_parse_answer(const char *text, size_t length, cJSON **ret_value, struct err *err);

/*
 * Makes a list of the managedFields of such an object, in place; of none, or a list, nothing.
 * ERR_NO_MEMORY; ERR_INVALID, ERR_LIMIT as json_parse.
 */
int json_unpack_managed_fields(cJSON *object, struct err *err);

/*
 * As json_parse, but stops after the first value and tells how far it read (trailing white space
 * included), for concatenated texts and watch streams.
 */
int json_parse_prefix(const char *text, size_t length, cJSON **ret_value, size_t *ret_used,
		      struct err *err);

/*
 * Writes compact JSON as Go's encoder does: shortest double that reads back the same, exponent only
 * below 1e-6 or from 1e21, integral doubles without a point. `<`, `>` and `&` stay as they are.
 */
void json_print(const cJSON *value, struct buf *out);

/* The same, indented by two spaces a level, one space behind a colon, no newline at the end. */
void json_print_pretty(const cJSON *value, struct buf *out);

/* Writes the text as a JSON string, quotes included. */
void json_print_string(const char *text, struct buf *out);

/* --- looking into a value; all accept NULL and return borrowed values ------------------------ */

/* The member `key`, or NULL where `object` is not an object or lacks it. */
cJSON *json_get(const cJSON *object, const char *key);

/*
 * Follows a dotted path of keys ("spec.template.spec"); NULL where any step is missing or is not
 * an object. Keys that hold dots (annotations, labels) need json_get.
 */
cJSON *json_at(const cJSON *object, const char *path);

/* The string at the path, or NULL where it is missing or not a string. */
const char *json_str(const cJSON *object, const char *path);

/* Whether there is an integer at the path, and which. A double with a fraction is none. */
bool json_int(const cJSON *object, const char *path, int64_t *ret_value);

/* The integer at the path, or `fallback`. */
int64_t json_int_or(const cJSON *object, const char *path, int64_t fallback);

/* True only where the path holds a literal true. */
bool json_true(const cJSON *object, const char *path);

/* The integer a number value holds; false for anything but an integer. */
bool json_int_value(const cJSON *value, int64_t *ret_value);

/* --- making and changing --------------------------------------------------------------------- */

/* NULL when memory runs out. */
cJSON *json_new_int(int64_t value);
cJSON *json_copy(const cJSON *value);

/*
 * Nodes that show what `value` holds, under the same key, without a copy of it: it has to outlive them, and what
 * is shown cannot be changed. json_view is one node. json_open has one of its own for each member or item, from
 * `show` (json_view, or what opens some of them further), so that they can be removed. NULL when memory runs out.
 */
cJSON *json_view(const cJSON *value);
cJSON *json_open(const cJSON *value, cJSON *(*show)(const cJSON *member));

/*
 * Sets the member at the dotted path, making objects on the way; an old value is freed. Takes
 * `take_value` in every case (NULL counts as out of memory). ERR_INVALID where a step is not an
 * object.
 */
int json_set(cJSON *object, const char *path, cJSON *take_value, struct err *err);

/* Sets one member, whatever its key holds; takes `take_value` in every case. */
int json_set_key(cJSON *object, const char *key, cJSON *take_value, struct err *err);
int json_set_str(cJSON *object, const char *path, const char *value, struct err *err);
int json_set_int(cJSON *object, const char *path, int64_t value, struct err *err);

/* Removes the member at the dotted path, or the member `key`; missing is fine. */
void json_remove(cJSON *object, const char *path);
void json_remove_key(cJSON *object, const char *key);

/* Appends to an array; takes `take_item` in every case (NULL counts as out of memory). */
int json_append(cJSON *array, cJSON *take_item, struct err *err);

/*
 * For readers, which build big trees node by node: json_make_int and json_make_double turn a fresh
 * node (from cJSON_CreateNull) into a number; json_link appends to an array, or to an object an
 * item whose `string` is set and new to it.
 *
 * A double without a fraction becomes the integer that its shortest digits spell, if that fits:
 * the one that Kubernetes reads once the double was written.
 */
int json_make_int(cJSON *node, int64_t value, struct err *err);
int json_make_double(cJSON *node, double value, struct err *err);
void json_link(cJSON *container, cJSON *take_item);

/* Deep equality: keys in any order, numbers by value (1 equals 1.0), NULL equals NULL only. */
bool json_equal(const cJSON *a, const cJSON *b);

/* How many values the tree holds, itself included. */
size_t json_count_nodes(const cJSON *value);

#endif

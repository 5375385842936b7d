/*
 * obj.h - reading and changing API objects without carrying an out-of-memory error.
 *
 * What diff/json.h offers, for a program that ends when memory runs out (alloc.h), and the
 * metadata that everybody reads. Paths are dotted as in diff/json.h.
 */
#ifndef TESTS_KUBESIM_OBJ_H
#define TESTS_KUBESIM_OBJ_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/json.h"

/* --- metadata; "" where it is missing -------------------------------------------------------- */

const char *obj_name(const cJSON *object);
const char *obj_namespace(const cJSON *object);
const char *obj_uid(const cJSON *object);
const char *obj_version(const cJSON *object); /* metadata.resourceVersion */
bool obj_is_deleting(const cJSON *object);    /* has a deletionTimestamp */
bool obj_has_finalizer(const cJSON *object, const char *finalizer);

/* The ownerReferences entry with controller: true, or NULL. */
const cJSON *obj_controller(const cJSON *object);

/* The string at the path, or "". */
const char *obj_text(const cJSON *object, const char *path);

/* --- making and changing --------------------------------------------------------------------- */

cJSON *obj_new(void);
cJSON *obj_new_text(const char *text);
cJSON *obj_copy(const cJSON *value);

/* The object at the dotted path, made where it is missing. */
cJSON *obj_at(cJSON *object, const char *path);

/* The array at the dotted path, made where it is missing. */
cJSON *obj_array_at(cJSON *object, const char *path);

/* Set the member at the dotted path; an old value goes, missing objects on the way are made. */
void obj_set(cJSON *object, const char *path, cJSON *take_value);
void obj_set_text(cJSON *object, const char *path, const char *value);
void obj_set_int(cJSON *object, const char *path, int64_t value);
void obj_set_bool(cJSON *object, const char *path, bool value);

/* Sets one member, whatever its key holds (labels, annotations). */
void obj_set_key(cJSON *object, const char *key, cJSON *take_value);

void obj_append(cJSON *array, cJSON *take_item);

/* Makes `object`'s member at `path` what it is in `from`: a copy of it, or missing. */
void obj_carry(cJSON *object, const cJSON *from, const char *path);

/* Removes the finalizer, and the list with its last entry. Whether it was there. */
bool obj_remove_finalizer(cJSON *object, const char *finalizer);

/* The value as compact JSON; the caller frees it. */
char *obj_print(const cJSON *value);

/* Reads JSON from a literal of the program's own; ends the program if it is not JSON. */
cJSON *obj_parse(const char *json);

#endif

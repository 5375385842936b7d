/*
 * fieldset.h - sets of fields of an object, as managedFields records them (FieldsV1).
 *
 * A set is a tree: `f:name` for a member, `k:{"name":"c"}` for an item of a list told apart by
 * keys, `v:"x"` for one of a list of values, and `.` where the thing itself is in the set beside
 * parts of it. What is atomic (a list without keys, a LabelSelector) is in the set or not, as a
 * whole. After sigs.k8s.io/structured-merge-diff; where a kind has no schema the shape is deduced
 * from the value: objects have members, lists are atomic.
 *
 * In memory every member of the set has its `.`; fieldset_to_fields leaves out those that FieldsV1
 * does, fieldset_from_fields puts them back.
 */
#ifndef TESTS_KUBESIM_FIELDSET_H
#define TESTS_KUBESIM_FIELDSET_H

#include "diff/json.h"
#include "diff/schema.h"

/* What differs: the fields that are new or have another value in `new`, and those it lacks. */
struct fieldset_changes {
	cJSON *changed, *removed;
};

/* `schema` is NULL where the kind is not known. Owned by the caller. */
void fieldset_compare(const struct schema_object *schema, const cJSON *old, const cJSON *new,
		      struct fieldset_changes *ret_changes);
void fieldset_changes_release(struct fieldset_changes *changes);

/* Everything that the object sets. */
cJSON *fieldset_of(const struct schema_object *schema, const cJSON *object);

/* Puts what `from` sets into `to`: objects and lists that have parts are merged part by part. */
void fieldset_merge(const struct schema_object *schema, const cJSON *from, cJSON *to);

/* Removes the fields of the set; an object or list in the set that has lost all it had goes too. */
void fieldset_remove_values(const struct schema_object *schema, const cJSON *set, cJSON *from);

/* Set arithmetic; the first argument becomes the result. */
void fieldset_add(cJSON *set, const cJSON *other);
void fieldset_subtract(cJSON *set, const cJSON *other);
cJSON *fieldset_intersection(const cJSON *a, const cJSON *b);
bool fieldset_is_empty(const cJSON *set);

/* To and from fieldsV1; both give a new tree. */
cJSON *fieldset_to_fields(const cJSON *set);
cJSON *fieldset_from_fields(const cJSON *fields);

/* Calls `visit` with each field as a path: .spec.containers[name="c"].image */
void fieldset_each(const cJSON *set, void (*visit)(const char *path, void *context), void *context);

#endif

/* Namespace, ConfigMap, Secret, PersistentVolumeClaim, CustomResourceDefinition. */
#include "tests/kubesim/strategy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

#define NAME_LABEL_KEY "kubernetes.io/metadata.name"

void strategy_prepare_namespace(struct cluster *cluster, cJSON *object, const cJSON *old)
{
	cJSON *finalizers;

	(void)cluster;
	obj_set_key(obj_at(object, "metadata.labels"), NAME_LABEL_KEY,
		    obj_new_text(obj_name(object)));
	if (old) {
		obj_carry(object, old, "spec.finalizers");
		return;
	}
	finalizers = must(cJSON_CreateArray());
	obj_append(finalizers, obj_new_text("kubernetes"));
	obj_set(object, "spec.finalizers", finalizers);
	obj_set_text(object, "status.phase", "Active");
}

void strategy_prepare_claim(struct cluster *cluster, cJSON *object, const cJSON *old)
{
	(void)cluster;
	if (!old)
		obj_set_text(object, "status.phase", "Pending");
}

/* What `immutable: true` holds, and a Secret's type. */
void strategy_validate_data(const cJSON *object, const cJSON *old, struct causes *causes)
{
	static const char *const members[] = {"data", "binaryData"};

	if (old && !json_equal(json_get(object, "type"), json_get(old, "type")))
		causes_add(causes, "FieldValueInvalid", "type",
			   "Invalid value: \"%s\": field is immutable", obj_text(object, "type"));
	if (!old || !json_true(old, "immutable"))
		return;
	if (!json_true(object, "immutable"))
		causes_add(causes, "FieldValueForbidden", "immutable",
			   "Forbidden: field is immutable when `immutable` is set");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!json_equal(json_get(object, members[i]), json_get(old, members[i])))
			causes_add(causes, "FieldValueForbidden", members[i],
				   "Forbidden: field is immutable when `immutable` is set");
	}
}

/* --- CustomResourceDefinition ---------------------------------------------------------------- */

static void default_text(cJSON *object, const char *path, const char *text)
{
	if (!json_at(object, path))
		obj_set_text(object, path, text);
}

void strategy_prepare_crd(struct cluster *cluster, cJSON *object, const cJSON *old)
{
	const char *kind = obj_text(object, "spec.names.kind");
	CLEANUP(free_p) char *singular = alloc_copy(kind);
	CLEANUP(free_p) char *list_kind = alloc_printf("%sList", kind);

	(void)cluster;
	(void)old;
	for (char *c = singular; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	default_text(object, "spec.names.singular", singular);
	default_text(object, "spec.names.listKind", list_kind);
	default_text(object, "spec.conversion.strategy", "None");
}

void strategy_validate_crd(const cJSON *object, const cJSON *old, struct causes *causes)
{
	static const char *const required[] = {"spec.group", "spec.names.plural", "spec.names.kind",
					       "spec.scope", "spec.versions"};
	CLEANUP(free_p)
	char *name = alloc_printf("%s.%s", obj_text(object, "spec.names.plural"),
				  obj_text(object, "spec.group"));

	(void)old;
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (!json_at(object, required[i]))
			causes_add(causes, "FieldValueRequired", required[i], "Required value");
	}
	if (strcmp(obj_name(object), name) != 0)
		causes_add(causes, "FieldValueInvalid", "metadata.name",
			   "Invalid value: \"%s\": must be spec.names.plural+\".\"+spec.group",
			   obj_name(object));
}

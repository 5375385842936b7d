#include "tests/kubesim/controller_owner.h"

#include <string.h>

#include "tests/kubesim/obj.h"

#define REFERENCES "metadata.ownerReferences"

bool owner_controls(const cJSON *owner, const cJSON *object)
{
	const cJSON *controller = obj_controller(object);

	return controller && strcmp(obj_text(controller, "uid"), obj_uid(owner)) == 0;
}

bool owner_has(const cJSON *object, const cJSON *owner)
{
	const cJSON *reference;

	json_each (reference, json_at(object, REFERENCES)) {
		if (strcmp(obj_text(reference, "uid"), obj_uid(owner)) == 0)
			return true;
	}
	return false;
}

void owner_add(cJSON *object, const cJSON *owner)
{
	cJSON *reference = obj_new();

	obj_set_text(reference, "apiVersion", obj_text(owner, "apiVersion"));
	obj_set_text(reference, "kind", obj_text(owner, "kind"));
	obj_set_text(reference, "name", obj_name(owner));
	obj_set_text(reference, "uid", obj_uid(owner));
	obj_set_bool(reference, "controller", true);
	obj_set_bool(reference, "blockOwnerDeletion", true);
	obj_append(obj_array_at(object, REFERENCES), reference);
}

void owner_remove(cJSON *object, const cJSON *owner)
{
	cJSON *references = json_at(object, REFERENCES), *reference, *next;

	for (reference = references ? references->child : NULL; reference; reference = next) {
		next = reference->next;
		if (strcmp(obj_text(reference, "kind"), obj_text(owner, "kind")) == 0 &&
		    strcmp(obj_text(reference, "name"), obj_name(owner)) == 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(references, reference));
	}
	if (references && !references->child)
		json_remove(object, REFERENCES);
}

cJSON *owner_adopt(const cJSON *object, const cJSON *owner)
{
	cJSON *copy = obj_copy(object);

	owner_add(copy, owner);
	return copy;
}

cJSON *owner_release(const cJSON *object, const cJSON *owner)
{
	cJSON *copy = obj_copy(object);

	owner_remove(copy, owner);
	return copy;
}

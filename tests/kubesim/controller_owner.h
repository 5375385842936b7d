/*
 * controller_owner.h - the ownerReference by which a controller holds an object.
 */
#ifndef TESTS_KUBESIM_CONTROLLER_OWNER_H
#define TESTS_KUBESIM_CONTROLLER_OWNER_H

#include <stdbool.h>

#include "diff/json.h"

/* Whether `owner` is the object's controller. */
bool owner_controls(const cJSON *owner, const cJSON *object);

/* Whether `owner`, by its uid, is among the object's owners. */
bool owner_has(const cJSON *object, const cJSON *owner);

/* Makes `owner` the object's controller. */
void owner_add(cJSON *object, const cJSON *owner);

/* Takes every reference to something of the owner's kind and name off the object. */
void owner_remove(cJSON *object, const cJSON *owner);

/* Copies of the object with `owner` as its controller, and without it; the caller frees them. */
cJSON *owner_adopt(const cJSON *object, const cJSON *owner);
cJSON *owner_release(const cJSON *object, const cJSON *owner);

#endif

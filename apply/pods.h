/*
 * pods.h - Pods by namespace and name, so that those of one StatefulSet are neighbours.
 */
#ifndef APPLY_PODS_H
#define APPLY_PODS_H

#include "diff/json.h"

/* Sorted by the keys "NAMESPACE/NAME". Zero-initialised is empty. */
struct pods {
	char **keys;
	cJSON **objects; /* apart from the keys, so that a range of them can be handed out */
	size_t count, capacity;
};

void pods_release(struct pods *pods);

/* Takes the Pod in every case, in place of one of the same name. */
int pods_put(struct pods *pods, cJSON *take_pod, struct err *err);
void pods_remove(struct pods *pods, const char *namespace, const char *name);

/* The Pods of the namespace whose names begin with "NAME-"; NULL and 0 if there are none. */
const cJSON *const *pods_of(const struct pods *pods, const char *namespace, const char *name,
			    size_t *ret_count);

#endif

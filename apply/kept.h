/*
 * kept.h - a copy of an object that is about to be deleted and created again.
 *
 * A StatefulSet that is recreated is gone for a moment. Should its agent go in that moment too, the
 * next one finds the copy, in a ConfigMap beside it (`tranche-recreate-NAME`), and knows that the
 * object is missing for no other reason, how many replicas it had, and who scaled it: the Pods are
 * there, waiting for it.
 */
#ifndef APPLY_KEPT_H
#define APPLY_KEPT_H

#include "apply/target.h"

#define KEPT_PREFIX "tranche-recreate-"

/* The name of the ConfigMap. */
void kept_print_name(const struct target *target, struct buf *out);

/* Appends the path of the ConfigMap, or of those of its namespace. */
int kept_print_path(const struct target *target, struct buf *out, struct err *err);
void kept_print_collection(const struct target *target, struct buf *out);

/*
 * The ConfigMap that keeps `object`, the target's as it can be created again (recreation_strip).
 * The caller owns it.
 */
int kept_make(const struct target *target, const cJSON *object, cJSON **ret_config_map,
	      struct err *err);

/*
 * Fills `kept` and `autoscaler` (with `desired`) of a target that does not exist. ERR_INVALID where
 * the ConfigMap is something else.
 */
int kept_read(const cJSON *config_map, struct target *target, struct err *err);

#endif

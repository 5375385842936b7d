/*
 * check_types.h - what the API server says of values, beyond their types: words, ranges, names.
 *
 * An object is walked along its tables (schema.h), and the rules of each API type hold wherever
 * that type stands: those of a container in a Pod, a Deployment's template and a CronJob's alike.
 * After pkg/apis/{core,apps,batch,...}/validation of Kubernetes 1.20 to 1.36: a fault is told only
 * where all of these servers refuse the object.
 *
 * A StatefulSet's template is not looked at by any server: it takes the object, deletes a Pod and
 * then cannot create the new one. So these rules are all that stands between a slip and a stuck
 * rollout.
 */
#ifndef DIFF_CHECK_TYPES_H
#define DIFF_CHECK_TYPES_H

#include "diff/check_rules.h"
#include "diff/names.h"
#include "diff/schema.h"

/* Walks the whole object. Fails only for memory. */
int check_types(struct checker *checker);

/*
 * Adds a finding about a value within the object of the current type, whose path stands in
 * checker->path; `below` is the value's path from there ("ports[0].name"), "" for the object
 * itself. The message is the whole path, a blank, and the formatted text.
 */
int check_fault(struct checker *checker, enum finding_level level, const cJSON *node,
		const char *below, const char *format, ...) PRINTF(5, 6);

/* The same for a text that is no good name: `"Web": a lowercase RFC 1123 label must ...`. */
int check_name_of(struct checker *checker, const cJSON *node, const char *below, const char *text,
		  enum name_rule rule);

/* --- rules that are more than a row of the table: of the type that they are named for -------- */

int check_pod_spec(struct checker *checker, const cJSON *spec);
int check_container(struct checker *checker, const cJSON *container);
int check_resources(struct checker *checker, const cJSON *resources);

int check_object_meta(struct checker *checker, const cJSON *metadata);
int check_label_selector(struct checker *checker, const cJSON *selector);
int check_claim_spec(struct checker *checker, const cJSON *spec);
int check_service_spec(struct checker *checker, const cJSON *spec);
int check_config_map(struct checker *checker, const cJSON *map);
int check_secret(struct checker *checker, const cJSON *secret);
int check_budget_spec(struct checker *checker, const cJSON *spec);
int check_autoscaler_spec(struct checker *checker, const cJSON *spec);
int check_stateful_set_spec(struct checker *checker, const cJSON *spec);

#endif

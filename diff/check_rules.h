/*
 * check_rules.h - the rules of check.h, one function each, and how they report.
 */
#ifndef DIFF_CHECK_RULES_H
#define DIFF_CHECK_RULES_H

#include "diff/check.h"

struct checker {
	const struct manifest *manifest;
	struct findings *findings;
	struct err *err;
	size_t reported;
	struct buf path; /* of what check_types.h walks to */
};

/*
 * Adds a finding at the place of `node`, a value of the manifest; NULL: at the object's own. After
 * CHECK_MAX_FINDINGS it only says that there are more.
 */
int check_report(struct checker *checker, enum finding_level level, const cJSON *node,
		 const char *format, ...) PRINTF(4, 5);

/* Of every kind: the annotations under tranche.dev/. */
int check_annotations(struct checker *checker);

/* Of the apps/v1 kinds that check.c's table names them for. */
int check_selector(struct checker *checker);
int check_containers(struct checker *checker);
int check_replicas(struct checker *checker);
int check_update_strategy(struct checker *checker);
int check_ordinals(struct checker *checker);
int check_policy(struct checker *checker);

#endif

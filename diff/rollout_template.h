/*
 * rollout_template.h - Pod templates, and the ControllerRevisions that remember them.
 *
 * A ControllerRevision's data is {"spec": {"template": T}} with "$patch": "replace" in T
 * (stateful_set_utils.go, getPatch). The rooms of rollout.h and promotion.h share this.
 */
#ifndef DIFF_ROLLOUT_TEMPLATE_H
#define DIFF_ROLLOUT_TEMPLATE_H

#include "diff/rollout_facts.h"

/* ControllerRevisions of a namespace, those of others among them; borrowed. */
struct rollout_revisions {
	const cJSON *const *items;
	size_t count;
};

/* Whether two templates (NULL: none) make the same Pods. */
int rollout_templates_equal(const cJSON *a, const cJSON *b, bool *ret_equal, struct err *err);

/* The name of the newest of the set's revisions that has this template; "" if there is none. */
int rollout_template_revision(const struct rollout_facts *facts,
			      const struct rollout_revisions *revisions, const cJSON *template,
			      const char **ret_name, struct err *err);

/* The set's revision of this name, or NULL. */
const cJSON *rollout_revision_find(const struct rollout_facts *facts,
				   const struct rollout_revisions *revisions, const char *name);

/* Its template, as one that can be written; a copy. ERR_INVALID where it has none. */
int rollout_revision_template(const cJSON *revision, cJSON **ret_template, struct err *err);

#endif

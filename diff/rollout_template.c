#include "diff/rollout_template.h"

#include <string.h>

#define TEMPLATE "data.spec.template"

/*
 * Servers before 1.31 and the controller's own encoder write a creationTimestamp of null, which
 * means nothing.
 */
int rollout_templates_equal(const cJSON *a, const cJSON *b, bool *ret_equal, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *one = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *other = NULL;

	*ret_equal = a && b ? json_equal(a, b) : a == b;
	/* What means nothing is not in the spec. */
	if (*ret_equal || !a || !b || !json_equal(json_get(a, "spec"), json_get(b, "spec")))
		return 0;
	one = json_copy(a);
	other = json_copy(b);
	if (!one || !other)
		return err_no_memory(err);
	json_remove_key(one, "$patch");
	json_remove_key(other, "$patch");
	json_remove(one, "metadata.creationTimestamp");
	json_remove(other, "metadata.creationTimestamp");
	*ret_equal = json_equal(one, other);
	return 0;
}

int rollout_template_revision(const struct rollout_facts *facts,
			      const struct rollout_revisions *revisions, const cJSON *template,
			      const char **ret_name, struct err *err)
{
	int64_t newest = -1;

	*ret_name = "";
	for (size_t i = 0; i < revisions->count; i++) {
		const cJSON *revision = revisions->items[i];
		const char *name = json_str(revision, "metadata.name");
		int64_t number = json_int_or(revision, "revision", 0);
		bool equal;

		if (!name || number <= newest || !rollout_facts_claim(facts, revision))
			continue;
		if (rollout_templates_equal(template, json_at(revision, TEMPLATE), &equal, err) < 0)
			return -1;
		if (equal) {
			newest = number;
			*ret_name = name;
		}
	}
	return 0;
}

const cJSON *rollout_revision_find(const struct rollout_facts *facts,
				   const struct rollout_revisions *revisions, const char *name)
{
	for (size_t i = 0; i < revisions->count; i++) {
		const char *its = json_str(revisions->items[i], "metadata.name");

		if (its && strcmp(its, name) == 0 &&
		    rollout_facts_claim(facts, revisions->items[i]))
			return revisions->items[i];
	}
	return NULL;
}

int rollout_revision_template(const cJSON *revision, cJSON **ret_template, struct err *err)
{
	const cJSON *template = json_at(revision, TEMPLATE);

	if (!cJSON_IsObject(template))
		return err_set(err, ERR_INVALID, "a ControllerRevision without a template");
	cJSON *copy = json_copy(template);
	if (!copy)
		return err_no_memory(err);
	json_remove_key(copy, "$patch");
	*ret_template = copy;
	return 0;
}

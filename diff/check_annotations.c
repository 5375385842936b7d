#include <inttypes.h>
#include <string.h>

#include "diff/check_rules.h"
#include "diff/ignore.h"
#include "diff/policy.h"

#define MAX_MESSAGE 1024

#define TEMPLATE_ANNOTATIONS "spec.template.metadata.annotations"

static bool is_ours(const cJSON *annotation)
{
	return strncmp(annotation->string, POLICY_PREFIX, strlen(POLICY_PREFIX)) == 0;
}

static int check_annotation(struct checker *checker, const cJSON *annotation)
{
	CLEANUP(buf_release) struct buf message = BUF_INIT(MAX_MESSAGE);

	if (!cJSON_IsString(annotation))
		return 0; /* an ill-typed field, told already */
	enum policy_fault fault = policy_check(checker->manifest->ref.kind, annotation->string,
					       annotation->valuestring, &message);
	if (fault == POLICY_FINE)
		return 0;
	if (buf_check(&message, "a message", checker->err) < 0)
		return -1;
	return check_report(checker, fault == POLICY_BAD_VALUE ? FINDING_ERROR : FINDING_WARNING,
			    annotation, "%s", buf_str(&message));
}

/* Its pointers are held against the object, so it is read as a whole. */
static int check_ignore(struct checker *checker)
{
	const cJSON *object = checker->manifest->desired;
	CLEANUP(ignore_release) struct ignore ignore = {0};
	struct err fault;

	if (ignore_read(object, &ignore, &fault) == 0)
		return 0;
	if (fault.class != ERR_NO_MEMORY)
		return check_report(
			checker, FINDING_ERROR,
			json_get(json_at(object, "metadata.annotations"), IGNORE_ANNOTATION), "%s",
			fault.message);
	*checker->err = fault;
	return -1;
}

int check_annotations(struct checker *checker)
{
	const cJSON *object = checker->manifest->desired;
	const cJSON *annotation;

	json_each (annotation, json_at(object, "metadata.annotations")) {
		if (check_annotation(checker, annotation) < 0)
			return -1;
	}
	if (check_ignore(checker) < 0)
		return -1;
	json_each (annotation, json_at(object, TEMPLATE_ANNOTATIONS)) {
		if (is_ours(annotation) &&
		    check_report(checker, FINDING_WARNING, annotation,
				 "%s means nothing on Pods: move it from the template to "
				 "metadata.annotations",
				 annotation->string) < 0)
			return -1;
	}
	return 0;
}

/* --- annotations that do not go with the rest of a StatefulSet --------------------------------- */

static const cJSON *annotation_of(const struct checker *checker, const char *key)
{
	return json_get(json_at(checker->manifest->desired, "metadata.annotations"), key);
}

/* What drives a partition means nothing where there is none. */
static int check_on_delete(struct checker *checker)
{
	static const char *const keys[] = {POLICY_STEP, POLICY_BAKE, POLICY_HOLD,
					   POLICY_MAX_PROMOTION, POLICY_FORCE_PARTITION};
	const char *type = json_str(checker->manifest->desired, "spec.updateStrategy.type");

	if (!type || strcmp(type, "OnDelete") != 0)
		return 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const cJSON *annotation = annotation_of(checker, keys[i]);

		if (annotation &&
		    check_report(checker, FINDING_WARNING, annotation,
				 "%s means nothing with updateStrategy OnDelete, which has no "
				 "partition",
				 keys[i]) < 0)
			return -1;
	}
	return 0;
}

/* It is for one commit: left where it is, it switches the gate off for the next ones too. */
static int check_force_partition(struct checker *checker, const struct policy *policy)
{
	int64_t partition = json_int_or(checker->manifest->desired,
					"spec.updateStrategy.rollingUpdate.partition", 0);

	if (policy->force_partition < 0 || policy->force_partition != partition)
		return 0;
	return check_report(checker, FINDING_WARNING,
			    annotation_of(checker, POLICY_FORCE_PARTITION),
			    POLICY_FORCE_PARTITION " is the partition %" PRId64
						   ": it is applied without steps and gate as long "
						   "as this stands here",
			    partition);
}

int check_policy(struct checker *checker)
{
	struct policy policy;
	struct err ignored;

	if (policy_read(checker->manifest->desired, &policy, NULL, &ignored) < 0)
		return 0; /* told already */
	if (check_on_delete(checker) < 0 || check_force_partition(checker, &policy) < 0)
		return -1;
	if (policy.max_promotion > 0 && policy.step > policy.max_promotion &&
	    !policy.step_is_percent)
		return check_report(checker, FINDING_WARNING, annotation_of(checker, POLICY_STEP),
				    POLICY_STEP " is more than " POLICY_MAX_PROMOTION
						": no commit may promote a whole step");
	return 0;
}

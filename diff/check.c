#include "diff/check.h"

#include <stdio.h>
#include <string.h>

#include "diff/check_types.h"
#include "diff/path.h"
#include "diff/schema.h"
#include "diff/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int check_report(struct checker *checker, enum finding_level level, const cJSON *node,
		 const char *format, ...)
{
	const struct manifest *manifest = checker->manifest;
	char message[ERR_MESSAGE_MAX];
	va_list args;

	if (checker->reported > CHECK_MAX_FINDINGS)
		return 0;
	if (checker->reported++ == CHECK_MAX_FINDINGS)
		return findings_add(checker->findings, FINDING_ERROR, manifest->file,
				    manifest->mark, checker->err,
				    "%s \"%s\": more than %d faults; these are the first",
				    manifest->ref.kind, manifest->ref.name, CHECK_MAX_FINDINGS);
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return findings_add(checker->findings, level, manifest->file,
			    node ? manifest_mark_of_node(manifest, node) : manifest->mark,
			    checker->err, "%s \"%s\": %s", manifest->ref.kind, manifest->ref.name,
			    message);
}

/* --- names ----------------------------------------------------------------------------------- */

/*
 * Of custom resources only what holds for every kind: the name is one segment of a URL's path. A
 * StatefulSet's is more than a subdomain: its Pods' names are their host names. A Service's may begin
 * with a digit on servers since 1.34.
 */
static enum name_rule rule_for(const struct ref *ref)
{
	if (ref_is(ref, "apps", "StatefulSet") || ref_is(ref, "", "Service"))
		return NAME_LABEL;
	return schema_kind(ref->group, ref->version, ref->kind)
		       ? name_rule_of(ref->group, ref->kind)
		       : NAME_PATH_SEGMENT;
}

static int check_name(struct checker *checker)
{
	const struct ref *ref = &checker->manifest->ref;
	const char *fault = name_fault(rule_for(ref), ref->name);
	char quoted[TEXT_QUOTE_MAX];

	if (!fault)
		return 0;
	return check_report(checker, FINDING_ERROR,
			    json_at(checker->manifest->desired, "metadata.name"),
			    "metadata.name %s: %s", text_quote(ref->name, quoted), fault);
}

static int check_namespace(struct checker *checker)
{
	const char *text = checker->manifest->ref.namespace;
	const char *fault = *text ? name_fault(NAME_LABEL, text) : NULL;
	char quoted[TEXT_QUOTE_MAX];

	if (!fault)
		return 0;
	return check_report(checker, FINDING_ERROR,
			    json_at(checker->manifest->desired, "metadata.namespace"),
			    "metadata.namespace %s: %s", text_quote(text, quoted), fault);
}

/* --- partitions where there are no ordinals -------------------------------------------------- */

/* Where people write it. */
static const char *const partition_paths[] = {
	"spec.strategy.rollingUpdate.partition",
	"spec.strategy.partition",
	"spec.updateStrategy.rollingUpdate.partition",
	"spec.updateStrategy.partition",
	"spec.partition",
};

/* In any version: the old ones have no partition either, and their servers say nothing. */
static bool has_no_ordinals(const struct ref *ref)
{
	return (!strcmp(ref->group, "apps") || !strcmp(ref->group, "extensions")) &&
	       (!strcmp(ref->kind, "Deployment") || !strcmp(ref->kind, "DaemonSet") ||
		!strcmp(ref->kind, "ReplicaSet"));
}

static int check_partition(struct checker *checker)
{
	const struct manifest *manifest = checker->manifest;

	for (size_t i = 0; i < COUNT(partition_paths); i++) {
		const cJSON *partition = json_at(manifest->desired, partition_paths[i]);

		if (partition && check_report(checker, FINDING_ERROR, partition,
					      "unknown field \"%s\": the Pods of a %s have no "
					      "ordinals that a partition could divide; remove it, "
					      "or make this a StatefulSet",
					      partition_paths[i], manifest->ref.kind) < 0)
			return -1;
	}
	return 0;
}

/* --- fields ---------------------------------------------------------------------------------- */

/* Whether another rule has more to say about it, or it is never sent. */
static bool is_told_elsewhere(const struct checker *checker, const struct schema_finding *finding)
{
	if (path_is_within(finding->path, "status"))
		return true;
	if (!has_no_ordinals(&checker->manifest->ref))
		return false;
	for (size_t i = 0; i < COUNT(partition_paths); i++)
		if (!strcmp(finding->path, partition_paths[i]))
			return true;
	return false;
}

static int report_field(const struct schema_finding *finding, void *data)
{
	struct checker *checker = data;
	CLEANUP(buf_release) struct buf message = BUF_INIT(PATH_MAX_BYTES);

	if (is_told_elsewhere(checker, finding))
		return 0;
	schema_explain(finding, &message);
	if (buf_check(&message, "a message", checker->err) < 0)
		return -1;
	return check_report(checker, FINDING_ERROR, finding->node, "%s", buf_str(&message));
}

struct field_walk {
	struct checker *checker;
	bool failed; /* schema_check itself cannot pass on that a visit did */
};

static int visit(const struct schema_finding *finding, void *data)
{
	struct field_walk *walk = data;

	walk->failed = report_field(finding, walk->checker) < 0;
	return walk->failed || walk->checker->reported > CHECK_MAX_FINDINGS;
}

static int check_fields(struct checker *checker)
{
	const struct manifest *manifest = checker->manifest;
	const struct ref *ref = &manifest->ref;
	const struct schema_object *schema = schema_find(ref->group, ref->version, ref->kind);
	struct field_walk walk = {.checker = checker};

	if (!schema)
		return 0;
	if (schema_check(schema, ref->kind, manifest->desired, visit, &walk, checker->err) < 0)
		return -1;
	return walk.failed ? -1 : 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

static const struct {
	const char *kind; /* of apps/v1 */
	int (*rules[8])(struct checker *);
} workloads[] = {
	{"StatefulSet",
	 {check_selector, check_containers, check_replicas, check_update_strategy, check_ordinals,
	  check_policy}},
	{"Deployment", {check_selector, check_containers, check_replicas}},
	{"ReplicaSet", {check_selector, check_containers, check_replicas}},
	{"DaemonSet", {check_selector, check_containers}},
};

static int check_workload(struct checker *checker)
{
	const struct ref *ref = &checker->manifest->ref;

	if (strcmp(ref->version, "v1") != 0)
		return 0;
	for (size_t i = 0; i < COUNT(workloads); i++) {
		if (!ref_is(ref, "apps", workloads[i].kind))
			continue;
		for (size_t rule = 0; workloads[i].rules[rule]; rule++)
			if (workloads[i].rules[rule](checker) < 0)
				return -1;
	}
	return 0;
}

int check_object(const struct manifest *manifest, struct findings *findings, struct err *err)
{
	struct checker checker = {.manifest = manifest, .findings = findings, .err = err};

	if (check_name(&checker) < 0 || check_namespace(&checker) < 0)
		return -1;
	if (has_no_ordinals(&manifest->ref) && check_partition(&checker) < 0)
		return -1;
	if (check_fields(&checker) < 0 || check_types(&checker) < 0 ||
	    check_annotations(&checker) < 0)
		return -1;
	return check_workload(&checker);
}

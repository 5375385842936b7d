#include "diff/confine.h"

#include <string.h>

#include "diff/schema.h"

int confine_refuse_cluster_scoped(const struct manifest *manifest, const char *namespace,
				  struct findings *findings, struct err *err)
{
	struct yaml_mark mark;

	if (manifest_find_mark(manifest, "kind", &mark, err) < 0)
		return -1;
	return findings_add(findings, FINDING_ERROR, manifest->file, mark, err,
			    "%s \"%s\": the kind belongs to no namespace; only objects of the "
			    "namespace \"%s\" are allowed (--namespace-only)",
			    manifest->ref.kind, manifest->ref.name, namespace);
}

static int refuse_namespace(const struct manifest *manifest, const char *namespace,
			    struct findings *findings, struct err *err)
{
	struct yaml_mark mark;

	if (manifest_find_mark(manifest, "metadata.namespace", &mark, err) < 0)
		return -1;
	return findings_add(findings, FINDING_ERROR, manifest->file, mark, err,
			    "%s \"%s\": is in the namespace \"%s\"; only objects of the namespace "
			    "\"%s\" are allowed (--namespace-only)",
			    manifest->ref.kind, manifest->ref.name, manifest->ref.namespace,
			    namespace);
}

int confine_check(const struct manifest_set *set, const char *namespace, struct findings *findings,
		  struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct manifest *manifest = &set->items[i];
		const struct ref *ref = &manifest->ref;
		const struct schema_kind *kind = schema_kind(ref->group, ref->version, ref->kind);
		int status = 0;

		if (kind && !kind->namespaced)
			status = confine_refuse_cluster_scoped(manifest, namespace, findings, err);
		else if (*ref->namespace && strcmp(ref->namespace, namespace) != 0)
			status = refuse_namespace(manifest, namespace, findings, err);
		if (status < 0)
			return -1;
	}
	return 0;
}

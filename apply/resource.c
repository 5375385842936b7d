#include "apply/resource.h"

#include <string.h>

#define ALL_VERBS 0x7F

const struct resource resource_pods = {"", "v1", "Pod", "pods", true, ALL_VERBS};
const struct resource resource_statefulsets = {"apps",         "v1", "StatefulSet",
					       "statefulsets", true, ALL_VERBS};
const struct resource resource_controller_revisions = {
	"apps", "v1", "ControllerRevision", "controllerrevisions", true, ALL_VERBS};
const struct resource resource_config_maps = {"", "v1", "ConfigMap", "configmaps", true, ALL_VERBS};
const struct resource resource_namespaces = {"", "v1", "Namespace", "namespaces", false, ALL_VERBS};
const struct resource resource_crds = {
	"apiextensions.k8s.io",      "v1",  "CustomResourceDefinition",
	"customresourcedefinitions", false, ALL_VERBS};
const struct resource resource_leases = {
	"coordination.k8s.io", "v1", "Lease", "leases", true, ALL_VERBS};

void resource_print_encoded(const char *value, struct buf *out)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";

	for (const char *c = value; *c; c++) {
		if (strchr(unreserved, *c))
			buf_putc(out, *c);
		else
			buf_printf(out, "%%%02X", (unsigned char)*c);
	}
}

void resource_print_collection(const struct resource *resource, const char *namespace,
			       struct buf *out)
{
	buf_puts(out, resource->group[0] ? "/apis/" : "/api/");
	if (resource->group[0]) {
		resource_print_encoded(resource->group, out);
		buf_putc(out, '/');
	}
	resource_print_encoded(resource->version, out);
	if (resource->namespaced && namespace && namespace[0]) {
		buf_puts(out, "/namespaces/");
		resource_print_encoded(namespace, out);
	}
	buf_putc(out, '/');
	resource_print_encoded(resource->plural, out);
}

int resource_print_object(const struct resource *resource, const char *namespace, const char *name,
			  struct buf *out, struct err *err)
{
	const char *const parts[] = {name, resource->namespaced ? namespace : NULL};

	/* As the server checks it (apimachinery's path.IsValidPathSegmentName). */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *part = parts[i];

		if (part &&
		    (strcmp(part, ".") == 0 || strcmp(part, "..") == 0 || strpbrk(part, "/%")))
			return err_set(err, ERR_INVALID, "\"%s\" cannot be a name", part);
	}
	if (name[0] == '\0')
		return err_set(err, ERR_INVALID, "a name is missing");
	resource_print_collection(resource, namespace, out);
	buf_putc(out, '/');
	resource_print_encoded(name, out);
	return 0;
}

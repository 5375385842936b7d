#include "diff/object.h"

#include <string.h>

/* --- refs ------------------------------------------------------------------------------------ */

/* A string that has to be there. The message begins with the field's path. */
static int require_string(const cJSON *object, const char *path, const char **ret_text,
			  struct err *err)
{
	const cJSON *value = json_at(object, path);

	if (!value || cJSON_IsNull(value))
		return err_set(err, ERR_INVALID, "%s is missing", path);
	if (!cJSON_IsString(value))
		return err_set(err, ERR_INVALID, "%s must be a string", path);
	if (!*value->valuestring)
		return err_set(err, ERR_INVALID, "%s is empty", path);
	*ret_text = value->valuestring;
	return 0;
}

static int split_api_version(const char *api_version, struct ref *ref, struct err *err)
{
	const char *slash = strchr(api_version, '/');

	if (slash && (slash == api_version || !slash[1] || strchr(slash + 1, '/')))
		return err_set(err, ERR_INVALID,
			       "apiVersion \"%s\" is neither VERSION nor GROUP/VERSION",
			       api_version);
	ref->group = slash ? strndup(api_version, (size_t)(slash - api_version)) : strdup("");
	ref->version = strdup(slash ? slash + 1 : api_version);
	return ref->group && ref->version ? 0 : err_no_memory(err);
}

int ref_of(const cJSON *object, struct ref *ret_ref, struct err *err)
{
	CLEANUP(ref_release) struct ref ref = {0};
	const char *api_version, *kind, *name, *namespace = "";

	if (require_string(object, "apiVersion", &api_version, err) < 0 ||
	    require_string(object, "kind", &kind, err) < 0)
		return -1;
	const cJSON *metadata = json_get(object, "metadata");
	if (metadata && !cJSON_IsNull(metadata) && !cJSON_IsObject(metadata))
		return err_set(err, ERR_INVALID, "metadata must be an object");
	if (!json_get(metadata, "name") && json_get(metadata, "generateName"))
		return err_set(err, ERR_INVALID,
			       "metadata.generateName names a new object at every sync; give the "
			       "object a metadata.name");
	if (require_string(object, "metadata.name", &name, err) < 0)
		return -1;
	const cJSON *given = json_get(metadata, "namespace");
	if (given && !cJSON_IsNull(given)) {
		if (!cJSON_IsString(given))
			return err_set(err, ERR_INVALID, "metadata.namespace must be a string");
		namespace = given->valuestring;
	}

	if (split_api_version(api_version, &ref, err) < 0)
		return -1;
	ref.kind = strdup(kind);
	ref.namespace = strdup(namespace);
	ref.name = strdup(name);
	if (!ref.kind || !ref.namespace || !ref.name)
		return err_no_memory(err);
	*ret_ref = ref;
	ref = (struct ref){0};
	return 0;
}

static char *unconst(const char *text)
{
	return (char *)(uintptr_t)text;
}

struct ref ref_view(const char *group, const char *version, const char *kind, const char *namespace,
		    const char *name)
{
	return (struct ref){.group = unconst(group),
			    .version = unconst(version),
			    .kind = unconst(kind),
			    .namespace = unconst(namespace),
			    .name = unconst(name)};
}

int ref_copy(const struct ref *ref, struct ref *ret_copy, struct err *err)
{
	struct ref copy = {
		.group = strdup(ref->group),
		.version = strdup(ref->version),
		.kind = strdup(ref->kind),
		.namespace = strdup(ref->namespace),
		.name = strdup(ref->name),
	};

	if (!copy.group || !copy.version || !copy.kind || !copy.namespace || !copy.name) {
		ref_release(&copy);
		return err_no_memory(err);
	}
	*ret_copy = copy;
	return 0;
}

void ref_release(struct ref *ref)
{
	free(ref->group);
	free(ref->version);
	free(ref->kind);
	free(ref->namespace);
	free(ref->name);
	*ref = (struct ref){0};
}

bool ref_equal(const struct ref *a, const struct ref *b)
{
	return ref_compare(a, b) == 0;
}

int ref_compare(const struct ref *a, const struct ref *b)
{
	int order = strcmp(a->namespace, b->namespace);

	if (!order)
		order = strcmp(a->group, b->group);
	if (!order)
		order = strcmp(a->kind, b->kind);
	if (!order)
		order = strcmp(a->name, b->name);
	return order;
}

bool ref_is(const struct ref *ref, const char *group, const char *kind)
{
	return !strcmp(ref->group, group) && !strcmp(ref->kind, kind);
}

void ref_print(const struct ref *ref, struct buf *out)
{
	for (const char *c = ref->kind; *c; c++)
		buf_putc(out, (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
	if (*ref->group)
		buf_printf(out, ".%s", ref->group);
	buf_printf(out, "/%s", ref->name);
}

void ref_print_api_version(const struct ref *ref, struct buf *out)
{
	if (*ref->group)
		buf_printf(out, "%s/", ref->group);
	buf_puts(out, ref->version);
}

/* --- what the server owns -------------------------------------------------------------------- */

static const char *const server_metadata[] = {
	"uid",
	"resourceVersion",
	"generation",
	"creationTimestamp",
	"deletionTimestamp",
	"deletionGracePeriodSeconds",
	"selfLink",
	"managedFields",
};

/*
 * Annotations, and one label, that the server or a controller of its own writes back whenever a
 * replace drops them. Comparing them would show the same difference for ever.
 */
static const struct {
	const char *kind; /* NULL: of any */
	const char *key;
} server_marks[] = {
	{NULL, "kubectl.kubernetes.io/last-applied-configuration"},
	{"Deployment", "deployment.kubernetes.io/revision"},
	{"DaemonSet", "deprecated.daemonset.template.generation"},
	{"HorizontalPodAutoscaler", "autoscaling.alpha.kubernetes.io/conditions"},
	{"HorizontalPodAutoscaler", "autoscaling.alpha.kubernetes.io/current-metrics"},
	{"Namespace", "kubernetes.io/metadata.name"},
	{"Job", "batch.kubernetes.io/job-tracking"},
	{"PersistentVolume", "pv.kubernetes.io/bound-by-controller"},
	{"PersistentVolumeClaim", "pv.kubernetes.io/bind-completed"},
	{"PersistentVolumeClaim", "pv.kubernetes.io/bound-by-controller"},
	{"PersistentVolumeClaim", "volume.beta.kubernetes.io/storage-provisioner"},
	{"PersistentVolumeClaim", "volume.kubernetes.io/selected-node"},
	{"PersistentVolumeClaim", "volume.kubernetes.io/storage-provisioner"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void remove_if_empty(cJSON *object, const char *key)
{
	const cJSON *value = json_get(object, key);

	if (value && (cJSON_IsNull(value) || !value->child))
		json_remove_key(object, key);
}

static void normalise_metadata(cJSON *metadata, const char *kind)
{
	cJSON *annotations = json_get(metadata, "annotations");
	cJSON *labels = json_get(metadata, "labels");

	for (size_t i = 0; i < COUNT(server_marks); i++) {
		const char *only = server_marks[i].kind;

		if (only && (!kind || strcmp(kind, only) != 0))
			continue;
		json_remove_key(annotations, server_marks[i].key);
		json_remove_key(labels, server_marks[i].key);
	}
	remove_if_empty(metadata, "annotations");
	remove_if_empty(metadata, "labels");
}

void object_strip(cJSON *object)
{
	cJSON *metadata = json_get(object, "metadata");

	json_remove_key(object, "status");
	for (size_t i = 0; i < COUNT(server_metadata); i++)
		json_remove_key(metadata, server_metadata[i]);
}

void object_normalise(cJSON *object)
{
	const char *kind = json_str(object, "kind");
	cJSON *claim;

	object_strip(object);
	normalise_metadata(json_get(object, "metadata"), kind);
	if (!kind || strcmp(kind, "StatefulSet") != 0)
		return;
	json_each (claim, json_at(object, "spec.volumeClaimTemplates")) {
		json_remove_key(claim, "apiVersion");
		json_remove_key(claim, "kind");
		json_remove_key(claim, "status");
		json_remove(claim, "metadata.creationTimestamp");
	}
}

/* A copy without the member of that name. */
static cJSON *copy_without(const cJSON *object, const char *name)
{
	CLEANUP(cJSON_Delete_p) cJSON *copy = cJSON_CreateObject();
	const cJSON *member;

	json_each (member, object) {
		if (!copy)
			return NULL;
		if (strcmp(member->string, name) == 0)
			continue;
		cJSON *own = cJSON_Duplicate(member, true);
		if (!own)
			return NULL;
		json_link(copy, own);
	}
	return STEAL(copy);
}

cJSON *object_copy_stripped(const cJSON *object)
{
	CLEANUP(cJSON_Delete_p) cJSON *copy = cJSON_IsObject(object) ? cJSON_CreateObject() : NULL;
	const cJSON *member;

	json_each (member, object) {
		bool is_metadata =
			strcmp(member->string, "metadata") == 0 && cJSON_IsObject(member);
		struct err ignored;

		if (!copy)
			return NULL;
		if (strcmp(member->string, "status") == 0)
			continue;
		if (json_set_key(copy, member->string,
				 is_metadata ? copy_without(member, "managedFields")
					     : json_copy(member),
				 &ignored) < 0)
			return NULL;
	}
	return STEAL(copy);
}

cJSON *object_normalised(const cJSON *object)
{
	cJSON *copy = object_copy_stripped(object);

	if (copy)
		object_normalise(copy);
	return copy;
}

static bool is_object_of_key(const cJSON *member, const char *key)
{
	return strcmp(member->string, key) == 0 && cJSON_IsObject(member);
}

/* What object_normalise looks into has nodes of its own. */
static cJSON *view_of_metadata(const cJSON *member)
{
	return is_object_of_key(member, "annotations") || is_object_of_key(member, "labels")
		       ? json_open(member, json_view)
		       : json_view(member);
}

static cJSON *view_of_spec(const cJSON *member)
{
	return strcmp(member->string, "volumeClaimTemplates") == 0 ? cJSON_Duplicate(member, true)
								   : json_view(member);
}

static cJSON *view_of_object(const cJSON *member)
{
	if (is_object_of_key(member, "metadata"))
		return json_open(member, view_of_metadata);
	if (is_object_of_key(member, "spec"))
		return json_open(member, view_of_spec);
	return json_view(member);
}

cJSON *object_view_normalised(const cJSON *object)
{
	cJSON *view = cJSON_IsObject(object) ? json_open(object, view_of_object) : NULL;

	if (view)
		object_normalise(view);
	return view;
}

void object_print_images(const cJSON *pod_spec, struct buf *out)
{
	const cJSON *container;
	const char *separator = "";

	json_each (container, json_get(pod_spec, "containers")) {
		const char *image = json_str(container, "image");

		buf_puts(out, separator);
		buf_puts(out, image ? image : "");
		separator = ",";
	}
}

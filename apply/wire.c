#include "apply/wire.h"

#include <stdlib.h>
#include <string.h>

#include "diff/recreation.h"
#include "diff/replacement.h"

#define MAX_PATH_BYTES 4096

int wire_read(const struct target *target, struct fanout_slot *slot, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (resource_print_object(target->resource, target->ref.namespace, target->ref.name, &path,
				  err) < 0 ||
	    buf_check(&path, "the object's path", err) < 0)
		return -1;
	return fanout_send(slot, (struct cluster_request){.method = "GET", .path = buf_str(&path)},
			   err);
}

/* A name of its own: what is there bears the real one, and says nothing against another. */
static int take_other_name(cJSON *body, const char *name, struct err *err)
{
	CLEANUP(buf_release) struct buf prefix = BUF_INIT(1024);

	buf_printf(&prefix, "%s-", name);
	if (buf_check(&prefix, "a name", err) < 0)
		return -1;
	json_remove(body, "metadata.name");
	return json_set_str(body, "metadata.generateName", buf_str(&prefix), err);
}

static int make_body(const struct target *target, bool dry_run, cJSON **ret_body, struct err *err)
{
	const char *namespace = target->resource->namespaced ? target->ref.namespace : NULL;
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;

	if (replacement_build(target_desired(target), target_base(target), namespace, &body, err) <
	    0)
		return -1;
	if (target->recreate)
		recreation_strip(body);
	if (target->recreate && dry_run && take_other_name(body, target->ref.name, err) < 0)
		return -1;
	*ret_body = STEAL(body);
	return 0;
}

int wire_write(const struct target *target, bool dry_run, struct fanout_slot *slot, struct err *err)
{
	bool replaces = target->live && !target->recreate;
	const struct resource *resource = target->resource;
	const struct ref *ref = &target->ref;
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (make_body(target, dry_run, &body, err) < 0)
		return -1;
	if (!replaces)
		resource_print_collection(resource, ref->namespace, &path);
	else if (resource_print_object(resource, ref->namespace, ref->name, &path, err) < 0)
		return -1;
	buf_puts(&path, "?fieldManager=" WIRE_FIELD_MANAGER "&fieldValidation=Strict");
	if (dry_run)
		buf_puts(&path, "&dryRun=All");
	if (buf_check(&path, "the object's path", err) < 0)
		return -1;
	const struct cluster_request request = {
		.method = replaces ? "PUT" : "POST",
		.path = buf_str(&path),
		.body = body,
		.repeatable = dry_run,
	};
	return fanout_send(slot, request, err);
}

/* One precondition, as the live object has it. */
static int set_precondition(cJSON *options, const char *path, const cJSON *live, const char *field,
			    struct err *err)
{
	const char *value = json_str(live, field);

	if (!value || !*value)
		return err_set(err, ERR_INTERNAL, "the live object has no %s", field);
	return json_set_str(options, path, value, err);
}

int wire_delete(const struct target *target, const char *propagation, struct fanout_slot *slot,
		struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *options = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (!options)
		return err_no_memory(err);
	if (json_set_str(options, "apiVersion", "v1", err) < 0 ||
	    json_set_str(options, "kind", "DeleteOptions", err) < 0 ||
	    json_set_str(options, "propagationPolicy", propagation, err) < 0 ||
	    set_precondition(options, "preconditions.uid", target->live, "metadata.uid", err) < 0 ||
	    set_precondition(options, "preconditions.resourceVersion", target->live,
			     "metadata.resourceVersion", err) < 0 ||
	    resource_print_object(target->resource, target->ref.namespace, target->ref.name, &path,
				  err) < 0 ||
	    buf_check(&path, "the object's path", err) < 0)
		return -1;
	return fanout_send(slot,
			   (struct cluster_request){
				   .method = "DELETE", .path = buf_str(&path), .body = options},
			   err);
}

void wire_keep_warnings(struct target *target, const struct cluster_answer *answer)
{
	free(target->warnings);
	target->warnings = answer->warnings[0] ? strdup(answer->warnings) : NULL;
}

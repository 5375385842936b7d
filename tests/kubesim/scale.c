#include "tests/kubesim/scale.h"

#include <string.h>

#include "tests/kubesim/obj.h"

/*
 * Where a kind has its replicas: custom resources say so, as ".spec.replicas". "" where a custom
 * resource names no such path.
 */
static const char *path_of(const struct kind *kind, const char *member, const char *usual)
{
	const char *path;

	if (!kind->custom)
		return usual;
	path = obj_text(json_at(kind->definition, "subresources.scale"), member);
	return path + (path[0] == '.');
}

/* A LabelSelector as text: "a=b,c in (x,y)". */
static void print_selector(const cJSON *selector, struct buf *out)
{
	const cJSON *item, *value;

	json_each (item, json_get(selector, "matchLabels")) {
		buf_printf(out, "%s%s=%s", out->length > 0 ? "," : "", item->string,
			   cJSON_IsString(item) ? item->valuestring : "");
	}
	json_each (item, json_get(selector, "matchExpressions")) {
		const char *operator= obj_text(item, "operator");

		buf_puts(out, out->length > 0 ? "," : "");
		if (strcmp(operator, "DoesNotExist") == 0)
			buf_putc(out, '!');
		buf_puts(out, obj_text(item, "key"));
		if (strcmp(operator, "In") == 0 || strcmp(operator, "NotIn") == 0) {
			buf_puts(out, strcmp(operator, "In") == 0 ? " in (" : " notin (");
			json_each (value, json_get(item, "values")) {
				buf_printf(out, "%s%s", value->prev->next ? "," : "",
					   cJSON_IsString(value) ? value->valuestring : "");
			}
			buf_putc(out, ')');
		}
	}
}

static void set_status_selector(const struct kind *kind, const cJSON *object, cJSON *scale)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64 * 1024);
	const char *path = path_of(kind, "labelSelectorPath", "spec.selector");
	const cJSON *selector = path[0] ? json_at(object, path) : NULL;

	if (cJSON_IsString(selector))
		buf_puts(&text, selector->valuestring);
	else
		print_selector(selector, &text);
	if (text.length > 0)
		obj_set_text(scale, "status.selector", buf_str(&text));
}

cJSON *scale_of(const struct kind *kind, const cJSON *object)
{
	cJSON *scale = obj_parse("{\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\","
				 "\"metadata\":{},\"spec\":{},\"status\":{\"replicas\":0}}");
	const char *in_status = path_of(kind, "statusReplicasPath", "status.replicas");
	int64_t replicas =
		json_int_or(object, path_of(kind, "specReplicasPath", "spec.replicas"), 0);

	obj_carry(scale, object, "metadata.name");
	obj_carry(scale, object, "metadata.namespace");
	obj_carry(scale, object, "metadata.uid");
	obj_carry(scale, object, "metadata.resourceVersion");
	obj_carry(scale, object, "metadata.creationTimestamp");
	if (replicas != 0)
		obj_set_int(scale, "spec.replicas", replicas);
	obj_set_int(scale, "status.replicas", json_int_or(object, in_status, 0));
	set_status_selector(kind, object, scale);
	return scale;
}

cJSON *scale_apply(const struct kind *kind, const cJSON *object, const cJSON *scale)
{
	cJSON *changed = obj_copy(object);

	obj_set_int(changed, path_of(kind, "specReplicasPath", "spec.replicas"),
		    json_int_or(scale, "spec.replicas", 0));
	obj_carry(changed, scale, "metadata.resourceVersion");
	return changed;
}

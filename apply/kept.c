#include "apply/kept.h"

#include <string.h>

#include "diff/recreation.h"

#define OBJECT     "object.json"
#define AUTOSCALER "autoscaler"
#define MAX_BYTES  (1024u * 1024) /* the server's limit for a ConfigMap */

void kept_print_name(const struct target *target, struct buf *out)
{
	buf_printf(out, KEPT_PREFIX "%s", target->ref.name);
}

int kept_print_path(const struct target *target, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(1024);

	kept_print_name(target, &name);
	if (buf_check(&name, "the name of its copy", err) < 0)
		return -1;
	return resource_print_object(&resource_config_maps, target->ref.namespace, buf_str(&name),
				     out, err);
}

void kept_print_collection(const struct target *target, struct buf *out)
{
	resource_print_collection(&resource_config_maps, target->ref.namespace, out);
}

static int set_label(cJSON *labels, const char *key, struct err *err)
{
	return json_set_key(labels, key, cJSON_CreateString("tranche"), err);
}

int kept_make(const struct target *target, const cJSON *object, cJSON **ret_config_map,
	      struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *map = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf name = BUF_INIT(1024);
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_BYTES);

	kept_print_name(target, &name);
	json_print(object, &text);
	if (!map)
		return err_no_memory(err);
	if (buf_check(&name, "the name of its copy", err) < 0 || buf_check(&text, "it", err) < 0 ||
	    json_set_str(map, "apiVersion", "v1", err) < 0 ||
	    json_set_str(map, "kind", "ConfigMap", err) < 0 ||
	    json_set_str(map, "metadata.name", buf_str(&name), err) < 0 ||
	    json_set_str(map, "metadata.namespace", target->ref.namespace, err) < 0 ||
	    json_set(map, "metadata.labels", cJSON_CreateObject(), err) < 0 ||
	    json_set(map, "data", cJSON_CreateObject(), err) < 0 ||
	    json_set_key(json_get(map, "data"), OBJECT, cJSON_CreateString(buf_str(&text)), err) <
		    0)
		return -1;
	cJSON *labels = json_at(map, "metadata.labels");
	if (set_label(labels, "app.kubernetes.io/managed-by", err) < 0 ||
	    set_label(labels, "app.kubernetes.io/name", err) < 0)
		return -1;
	if (target->autoscaler &&
	    json_set_str(map, "data." AUTOSCALER, target->autoscaler, err) < 0)
		return -1;
	*ret_config_map = STEAL(map);
	return 0;
}

int kept_read(const cJSON *config_map, struct target *target, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	CLEANUP(ref_release) struct ref ref = {0};
	const cJSON *data = json_get(config_map, "data");
	const cJSON *text = json_get(data, OBJECT), *autoscaler = json_get(data, AUTOSCALER);

	if (!cJSON_IsString(text))
		return err_set(err, ERR_INVALID, "it has no %s", OBJECT);
	if (json_parse(text->valuestring, strlen(text->valuestring), &object, err) < 0 ||
	    ref_of(object, &ref, err) < 0)
		return err_prefix(err, OBJECT);
	if (!ref_equal(&ref, &target->ref))
		return err_set(err, ERR_INVALID, "%s is another object", OBJECT);
	target->kept = STEAL(object);
	return cJSON_IsString(autoscaler) && !target->autoscaler
		       ? target_yield_replicas(target, autoscaler->valuestring, err)
		       : 0;
}

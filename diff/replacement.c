#include "diff/replacement.h"

#include "diff/carried.h"
#include "diff/ignore.h"

static int set_namespace(cJSON *body, const char *namespace, struct err *err)
{
	if (namespace)
		return json_set_str(body, "metadata.namespace", namespace, err);
	json_remove(body, "metadata.namespace");
	return 0;
}

static int set_resource_version(cJSON *body, const cJSON *live, struct err *err)
{
	if (!live) {
		json_remove(body, "metadata.resourceVersion");
		return 0;
	}
	const char *named = json_str(body, "metadata.resourceVersion");
	const char *seen = json_str(live, "metadata.resourceVersion");
	if ((named && *named) || !seen)
		return 0;
	return json_set_str(body, "metadata.resourceVersion", seen, err);
}

static int carry_over(cJSON *body, const cJSON *desired, const cJSON *live, struct err *err)
{
	CLEANUP(ignore_release) struct ignore ignore = {0};

	if (carried_fill(body, live, err) < 0 || ignore_read(desired, &ignore, err) < 0)
		return -1;
	return ignore_carry(&ignore, body, live, err);
}

int replacement_build(const cJSON *desired, const cJSON *live, const char *namespace,
		      cJSON **ret_body, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *body = json_copy(desired);

	if (!body)
		return err_no_memory(err);
	json_remove_key(body, "status");
	if (set_namespace(body, namespace, err) < 0 || set_resource_version(body, live, err) < 0 ||
	    (live && carry_over(body, desired, live, err) < 0))
		return -1;
	*ret_body = STEAL(body);
	return 0;
}

#include "apply/inventory_private.h"

#include <string.h>

#include "diff/cleanup.h"
#include "diff/digest.h"
#include "diff/ignore.h"

#define MASK "***"

static bool is_secret(const struct ref *ref)
{
	return ref_is(ref, "", "Secret");
}

static int digest(const cJSON *object, char **ret_digest, struct err *err)
{
	char hex[DIGEST_HEX_SIZE];
	char *copy = NULL;

	if (digest_json(object, hex, err) < 0 || inventory_set_text(&copy, hex, err) < 0)
		return -1;
	*ret_digest = copy;
	return 0;
}

/* Puts the mask in place of every value; the keys stay. */
static int mask_values(cJSON *object, struct err *err)
{
	cJSON *member, *next;

	for (member = object ? object->child : NULL; member; member = next) {
		next = member->next;
		cJSON *mask = cJSON_CreateString(MASK);
		if (!mask)
			return err_no_memory(err);
		CLEANUP(free_p) char *key = strdup(member->string);
		if (!key) {
			cJSON_Delete(mask);
			return err_no_memory(err);
		}
		if (json_set_key(object, key, mask, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * What is left of `object` without the fields that the manifest leaves to the cluster, normalised: a copy
 * where something within has to change, else a view.
 */
static int decided_part(const struct ref *ref, const cJSON *manifest, const cJSON *object,
			cJSON **ret_part, struct err *err)
{
	CLEANUP(ignore_release) struct ignore ignore = {0};
	CLEANUP(cJSON_Delete_p) cJSON *part = NULL;

	if (ignore_read(manifest, &ignore, err) < 0)
		return -1;
	if (ignore.count == 0 && !is_secret(ref)) {
		part = object_view_normalised(object);
	} else if ((part = object_copy_stripped(object))) {
		if (ignore_blank(&ignore, part, err) < 0)
			return -1;
		object_normalise(part);
	}
	if (!part)
		return err_no_memory(err);
	*ret_part = STEAL(part);
	return 0;
}

int inventory_digest_desired(const struct ref *ref, const cJSON *desired, char **ret_digest,
			     struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	if (decided_part(ref, desired, desired, &object, err) < 0)
		return -1;
	if (is_secret(ref) && (mask_values(json_get(object, "data"), err) < 0 ||
			       mask_values(json_get(object, "stringData"), err) < 0))
		return -1;
	return digest(object, ret_digest, err);
}

int inventory_digest_live(const struct ref *ref, const cJSON *wanted, const cJSON *live,
			  char **ret_digest, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	char *version = NULL;

	if (is_secret(ref)) {
		if (inventory_set_text(&version, json_str(live, "metadata.resourceVersion"), err) <
		    0)
			return -1;
		*ret_digest = version;
		return 0;
	}
	if (decided_part(ref, wanted, live, &object, err) < 0)
		return -1;
	const cJSON *replicas = json_at(wanted, "spec.replicas");
	if (!replicas || cJSON_IsNull(replicas) ||
	    json_equal(replicas, json_at(live, "spec.replicas")))
		json_remove(object, "spec.replicas");
	return digest(object, ret_digest, err);
}

#include "tests/kubesim/prune.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "diff/base64.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

/* Lists that Go writes even when they are empty, and managedFields, where that is a request. */
static const char *const written_lists[] = {"containers", "rules", "verbs", "managedFields", NULL};

/* Texts that are pointers in Go, or required: "" is a value. */
static const char *const written_texts[] = {
	"storageClassName",
	"ingressClassName",
	"runtimeClassName",
	"type",
	"serviceName",
	"name",
	"key",
	"volumeName",
	NULL,
};

/* Booleans and numbers that are no pointers: false and 0 are written by leaving them out. */
static const char *const plain_scalars[] = {
	"paused",
	"hostNetwork",
	"hostPID",
	"hostIPC",
	"stdin",
	"stdinOnce",
	"tty",
	"readOnly",
	"unschedulable",
	"publishNotReadyAddresses",
	"globalDefault",
	"minReadySeconds",
	"hostPort",
	"nodePort",
	"healthCheckNodePort",
	"initialDelaySeconds",
	NULL,
};

static bool is_zero(const struct schema_field *field, const cJSON *value)
{
	if (cJSON_IsString(value))
		return !value->valuestring[0] && field->type == SCHEMA_STRING &&
		       !is_one_of(field->name, written_texts);
	if (!cJSON_IsFalse(value) && !(cJSON_IsNumber(value) && value->valuedouble == 0))
		return false;
	return is_one_of(field->name, plain_scalars);
}

static bool is_dropped(const struct schema_field *field, const cJSON *value)
{
	if (cJSON_IsNull(value))
		return true;
	if (field->shape == SCHEMA_ONE)
		return is_zero(field, value);
	return !value->child && (cJSON_IsArray(value) || cJSON_IsObject(value)) &&
	       !is_one_of(field->name, written_lists);
}

/* Line breaks and the like go; what is no base64 is somebody else's finding. */
static void write_again(cJSON *value)
{
	size_t length = strlen(value->valuestring);
	CLEANUP(free_p) char *bytes = alloc_copy(value->valuestring);
	char *text;

	if (!base64_decode(bytes, &length))
		return;
	text = must(cJSON_malloc(4 * ((length + 2) / 3) + 1));
	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes, (int)length);
	cJSON_free(value->valuestring);
	value->valuestring = text;
}

static void prune_one(const struct schema_field *field, cJSON *value)
{
	if (field->object)
		prune(field->object, value);
	else if (field->type == SCHEMA_BYTES && cJSON_IsString(value))
		write_again(value);
}

static void prune_all(const struct schema_field *field, cJSON *container)
{
	cJSON *item;

	json_each (item, container) {
		prune_one(field, item);
	}
}

void prune(const struct schema_object *schema, cJSON *object)
{
	cJSON *member = schema && cJSON_IsObject(object) ? object->child : NULL, *next;

	for (; member; member = next) {
		struct schema_field field;

		next = member->next;
		if (!schema_field(schema, member->string, &field))
			continue;
		if (field.shape == SCHEMA_ONE)
			prune_one(&field, member);
		else
			prune_all(&field, member);
		if (is_dropped(&field, member))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, member));
	}
}

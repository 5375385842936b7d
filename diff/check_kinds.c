/* What a server refuses of metadata, and of the kinds that stand around a StatefulSet. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/base64.h"
#include "diff/check_types.h"
#include "diff/keys.h"
#include "diff/quantity.h"
#include "diff/text.h"

#define BELOW_MAX 96

#define ANNOTATIONS_MAX_BYTES (256u * 1024)  /* TotalAnnotationSizeLimitB */
#define DATA_MAX_BYTES        (1024u * 1024) /* MaxSecretSize, and of ConfigMaps */
#define SET_NAME_MAX          52 /* with "-" and a digest of 10 digits it is a label's value */

/* --- metadata -------------------------------------------------------------------------------- */

static int check_label_map(struct checker *checker, const cJSON *labels, const char *below)
{
	const cJSON *label;

	json_each (label, cJSON_IsObject(labels) ? labels : NULL)
		if (check_name_of(checker, label, below, label->string, NAME_QUALIFIED) < 0 ||
		    (cJSON_IsString(label) &&
		     check_name_of(checker, label, below, label->valuestring, NAME_LABEL_VALUE) <
			     0))
			return -1;
	return 0;
}

static int check_annotation_map(struct checker *checker, const cJSON *annotations)
{
	const cJSON *item;
	size_t bytes = 0;

	json_each (item, cJSON_IsObject(annotations) ? annotations : NULL) {
		if (check_name_of(checker, item, "annotations", item->string, NAME_ANNOTATION) < 0)
			return -1;
		bytes += strlen(item->string);
		bytes += cJSON_IsString(item) ? strlen(item->valuestring) : 0;
	}
	if (bytes <= ANNOTATIONS_MAX_BYTES)
		return 0;
	return check_fault(checker, FINDING_ERROR, annotations, "annotations",
			   "have %zu bytes together, but may have %u", bytes,
			   ANNOTATIONS_MAX_BYTES);
}

int check_object_meta(struct checker *checker, const cJSON *metadata)
{
	if (check_label_map(checker, json_get(metadata, "labels"), "labels") < 0)
		return -1;
	return check_annotation_map(checker, json_get(metadata, "annotations"));
}

int check_label_selector(struct checker *checker, const cJSON *selector)
{
	const cJSON *item;
	size_t index = 0;

	json_each (item, json_get(selector, "matchExpressions")) {
		const char *operator= json_str(item, "operator");
		const cJSON *values = json_get(item, "values");
		bool wants = operator&& strstr(operator, "In"), has = values && values->child;
		char below[BELOW_MAX];

		snprintf(below, sizeof(below), "matchExpressions[%zu]", index++);
		if (operator&& wants != has && check_fault(
			    checker, FINDING_ERROR, item, below,
			    wants ? "has no values, which In and NotIn need"
				  : "has values, which Exists and DoesNotExist do not take") < 0)
			return -1;
	}
	return check_label_map(checker, json_get(selector, "matchLabels"), "matchLabels");
}

/* --- claims ---------------------------------------------------------------------------------- */

int check_claim_spec(struct checker *checker, const cJSON *spec)
{
	const cJSON *modes = json_get(spec, "accessModes");
	const cJSON *storage = json_at(spec, "resources.requests.storage");
	struct quantity quantity;
	struct err fault;

	if ((!modes || cJSON_IsNull(modes) || (cJSON_IsArray(modes) && !modes->child)) &&
	    check_fault(checker, FINDING_ERROR, modes ? modes : spec, "accessModes",
			"are missing: a claim needs one at least") < 0)
		return -1;
	if (!storage || cJSON_IsNull(storage))
		return check_fault(checker, FINDING_ERROR, spec, "resources.requests.storage",
				   "is missing: a claim needs a size");
	if (quantity_from_json(storage, &quantity, &fault) < 0 || quantity.nanos > 0)
		return 0;
	return check_fault(checker, FINDING_ERROR, storage, "resources.requests.storage",
			   "must be more than 0");
}

/* --- Services -------------------------------------------------------------------------------- */

static bool is_type(const cJSON *spec, const char *type)
{
	const char *text = json_str(spec, "type");

	return !strcmp(text && *text ? text : "ClusterIP", type);
}

static bool is_headless(const cJSON *spec)
{
	const char *address = json_str(spec, "clusterIP");

	return address && !strcmp(address, "None");
}

static int check_port_names(struct checker *checker, const cJSON *ports)
{
	const cJSON *port;
	size_t index = 0;

	if (cJSON_GetArraySize(ports) < 2)
		return 0;
	json_each (port, ports) {
		const char *name = json_str(port, "name");
		char below[BELOW_MAX];

		snprintf(below, sizeof(below), "ports[%zu].name", index++);
		if (cJSON_IsObject(port) && (!name || !*name) &&
		    check_fault(checker, FINDING_ERROR, port, below,
				"is missing: of several ports each needs one") < 0)
			return -1;
	}
	return 0;
}

int check_service_spec(struct checker *checker, const cJSON *spec)
{
	const cJSON *ports = json_get(spec, "ports"), *address = json_get(spec, "clusterIP");
	const char *external = json_str(spec, "externalName");

	if (is_type(spec, "ExternalName") && (!external || !*external) &&
	    check_fault(checker, FINDING_ERROR, spec, "externalName",
			"is missing, which type ExternalName needs") < 0)
		return -1;
	if (is_headless(spec) && (is_type(spec, "NodePort") || is_type(spec, "LoadBalancer")) &&
	    check_fault(checker, FINDING_ERROR, address, "clusterIP",
			"is None, which only type ClusterIP can have") < 0)
		return -1;
	if ((!ports || cJSON_IsNull(ports) || (cJSON_IsArray(ports) && !ports->child)) &&
	    !is_headless(spec) && !is_type(spec, "ExternalName"))
		return check_fault(
			checker, FINDING_ERROR, spec, "ports",
			"are missing: a Service that is not headless needs one at least");
	return check_port_names(checker, ports);
}

/* --- ConfigMaps and Secrets ------------------------------------------------------------------ */

/* Counts the bytes of the values, decoded where they are base64. */
static int check_data(struct checker *checker, const cJSON *object, const char *field,
		      bool is_base64, struct keys *seen, size_t *bytes)
{
	const cJSON *map = json_get(object, field), *item;

	json_each (item, cJSON_IsObject(map) ? map : NULL) {
		size_t length = cJSON_IsString(item) ? strlen(item->valuestring) : 0;

		if (check_name_of(checker, item, field, item->string, NAME_CONFIG_KEY) < 0 ||
		    keys_push(seen, item->string, *bytes, checker->err) < 0)
			return -1;
		*bytes += is_base64 ? length / 4 * 3 : length;
	}
	return 0;
}

static int check_size(struct checker *checker, const cJSON *object, size_t bytes)
{
	/* Padding is counted above. */
	if (bytes <= DATA_MAX_BYTES + 2)
		return 0;
	return check_fault(checker, FINDING_ERROR, object, "",
			   "has %zu bytes of data, but may have %u", bytes, DATA_MAX_BYTES);
}

int check_config_map(struct checker *checker, const cJSON *map)
{
	CLEANUP(keys_release) struct keys seen = {0};
	struct key first, second;
	char quoted[TEXT_QUOTE_MAX];
	size_t bytes = 0;

	if (check_data(checker, map, "data", false, &seen, &bytes) < 0 ||
	    check_data(checker, map, "binaryData", true, &seen, &bytes) < 0)
		return -1;
	if (keys_pop(&seen, 0, &first, &second) &&
	    check_fault(checker, FINDING_ERROR, json_get(json_get(map, "binaryData"), second.name),
			"binaryData", "has the key %s, which data has too",
			text_quote(second.name, quoted)) < 0)
		return -1;
	return check_size(checker, map, bytes);
}

int check_secret(struct checker *checker, const cJSON *secret)
{
	CLEANUP(keys_release) struct keys seen = {0};
	size_t bytes = 0;

	if (check_data(checker, secret, "data", true, &seen, &bytes) < 0 ||
	    check_data(checker, secret, "stringData", false, &seen, &bytes) < 0)
		return -1;
	return 0;
}

/* --- others ---------------------------------------------------------------------------------- */

static bool is_given(const cJSON *object, const char *key)
{
	const cJSON *value = json_get(object, key);

	return value && !cJSON_IsNull(value);
}

int check_budget_spec(struct checker *checker, const cJSON *spec)
{
	if (!is_given(spec, "minAvailable") || !is_given(spec, "maxUnavailable"))
		return 0;
	return check_fault(checker, FINDING_ERROR, json_get(spec, "maxUnavailable"), "",
			   "has minAvailable and maxUnavailable, of which one has to go");
}

int check_autoscaler_spec(struct checker *checker, const cJSON *spec)
{
	int64_t least, most;

	if (!json_int(spec, "minReplicas", &least) || !json_int(spec, "maxReplicas", &most) ||
	    least <= most)
		return 0;
	return check_fault(checker, FINDING_ERROR, json_get(spec, "maxReplicas"), "maxReplicas",
			   "is %" PRId64 ", below minReplicas %" PRId64, most, least);
}

/* The claims are the Pods' volumes too. */
static int check_claim_names(struct checker *checker, const cJSON *spec)
{
	CLEANUP(keys_release) struct keys seen = {0};
	const cJSON *claims = json_get(spec, "volumeClaimTemplates"), *claim;
	char below[BELOW_MAX], quoted[TEXT_QUOTE_MAX];
	struct key first, second;
	size_t index = 0;

	json_each (claim, cJSON_IsArray(claims) ? claims : NULL) {
		const cJSON *name = json_at(claim, "metadata.name");
		const char *text = cJSON_IsString(name) ? name->valuestring : "";

		snprintf(below, sizeof(below), "volumeClaimTemplates[%zu].metadata.name", index);
		if (check_name_of(checker, name ? name : claim, below, text, NAME_LABEL) < 0 ||
		    keys_push(&seen, text, index++, checker->err) < 0)
			return -1;
	}
	if (!keys_pop(&seen, 0, &first, &second) || !*second.name)
		return 0;
	snprintf(below, sizeof(below), "volumeClaimTemplates[%d].metadata.name", (int)second.place);
	return check_fault(checker, FINDING_ERROR, cJSON_GetArrayItem(claims, (int)second.place),
			   below, "is %s, as that of volumeClaimTemplates[%d]",
			   text_quote(second.name, quoted), (int)first.place);
}

/*
 * The Pods bear the name of their ControllerRevision, which is the set's and a digest of mostly ten
 * digits, as a label's value.
 */
int check_stateful_set_spec(struct checker *checker, const cJSON *spec)
{
	const char *name = checker->manifest->ref.name;

	if (check_claim_names(checker, spec) < 0)
		return -1;
	if (strlen(name) <= SET_NAME_MAX || !ref_is(&checker->manifest->ref, "apps", "StatefulSet"))
		return 0;
	return check_report(
		checker, FINDING_WARNING, json_at(checker->manifest->desired, "metadata.name"),
		"metadata.name has %zu characters: with more than %d a StatefulSet can "
		"mostly not create its Pods, whose label controller-revision-hash holds "
		"the name and ten digits",
		strlen(name), SET_NAME_MAX);
}

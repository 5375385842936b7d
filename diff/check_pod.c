/* What a server refuses of a Pod, wherever its template stands: after ValidatePodSpec. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/check_types.h"
#include "diff/keys.h"
#include "diff/quantity.h"
#include "diff/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BELOW_MAX 96 /* bytes of a path below the Pod's spec */

static const char *const container_lists[] = {"initContainers", "containers"};

/* --- names of containers --------------------------------------------------------------------- */

/* Where the n-th container of all lists stands. */
static const cJSON *container_at(const cJSON *spec, size_t number, char below[BELOW_MAX])
{
	for (size_t i = 0; i < COUNT(container_lists); i++) {
		const cJSON *list = json_get(spec, container_lists[i]);
		size_t count = (size_t)cJSON_GetArraySize(list);

		if (number < count) {
			snprintf(below, BELOW_MAX, "%s[%zu].name", container_lists[i], number);
			return json_get(cJSON_GetArrayItem(list, (int)number), "name");
		}
		number -= count;
	}
	return NULL;
}

static int check_container_names(struct checker *checker, const cJSON *spec)
{
	CLEANUP(keys_release) struct keys seen = {0};
	char below[BELOW_MAX], other[BELOW_MAX], quoted[TEXT_QUOTE_MAX];
	struct key first, second;
	const cJSON *item, *name;
	size_t number = 0;

	for (size_t i = 0; i < COUNT(container_lists); i++)
		json_each (item, json_get(spec, container_lists[i])) {
			const char *text = json_str(item, "name");

			if (text && keys_push(&seen, text, number, checker->err) < 0)
				return -1;
			number++;
		}
	if (!keys_pop(&seen, 0, &first, &second))
		return 0;
	container_at(spec, (size_t)first.place, other);
	name = container_at(spec, (size_t)second.place, below);
	other[strlen(other) - strlen(".name")] = '\0';
	return check_fault(checker, FINDING_ERROR, name, below, "is %s, as that of %s",
			   text_quote(second.name, quoted), other);
}

/* --- volumes that are mounted ---------------------------------------------------------------- */

struct volume_names {
	const char **items;
	size_t count;
};

static void volume_names_release(struct volume_names *names)
{
	free(names->items);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_names(struct volume_names *names, const cJSON *list, const char *key)
{
	const cJSON *item;

	json_each (item, cJSON_IsArray(list) ? list : NULL) {
		const char *name = json_str(item, key);

		if (name)
			names->items[names->count++] = name;
	}
	return 0;
}

/* The claims of the StatefulSet whose template this is become volumes too. */
static const cJSON *claims_of(const struct checker *checker)
{
	const struct manifest *manifest = checker->manifest;

	return ref_is(&manifest->ref, "apps", "StatefulSet")
		       ? json_at(manifest->desired, "spec.volumeClaimTemplates")
		       : NULL;
}

static int collect_volumes(const struct checker *checker, const cJSON *spec,
			   struct volume_names *ret_names)
{
	const cJSON *volumes = json_get(spec, "volumes"), *claims = claims_of(checker);
	size_t most = (size_t)cJSON_GetArraySize(volumes) + (size_t)cJSON_GetArraySize(claims);

	ret_names->items = reallocarray(NULL, most + 1, sizeof(*ret_names->items));
	if (!ret_names->items)
		return err_no_memory(checker->err);
	add_names(ret_names, volumes, "name");
	add_names(ret_names, claims, "metadata.name");
	qsort(ret_names->items, ret_names->count, sizeof(*ret_names->items), by_name);
	return 0;
}

/* An admission plug-in may add the volume to a StatefulSet's Pods: there it is a warning. */
static int check_mounts(struct checker *checker, const cJSON *spec)
{
	CLEANUP(volume_names_release) struct volume_names volumes = {0};
	enum finding_level level = ref_is(&checker->manifest->ref, "apps", "StatefulSet")
					   ? FINDING_WARNING
					   : FINDING_ERROR;
	char below[BELOW_MAX], quoted[TEXT_QUOTE_MAX];
	const cJSON *container, *mount;

	if (collect_volumes(checker, spec, &volumes) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(container_lists); i++) {
		size_t number = 0;

		json_each (container, json_get(spec, container_lists[i])) {
			size_t index = 0;

			json_each (mount, json_get(container, "volumeMounts")) {
				const char *name = json_str(mount, "name");

				snprintf(below, sizeof(below), "%s[%zu].volumeMounts[%zu].name",
					 container_lists[i], number, index++);
				if (!name || bsearch(&name, volumes.items, volumes.count,
						     sizeof(*volumes.items), by_name))
					continue;
				if (check_fault(checker, level, json_get(mount, "name"), below,
						"is %s, but there is no such volume",
						text_quote(name, quoted)) < 0)
					return -1;
			}
			number++;
		}
	}
	return 0;
}

/* --- the kind around it ---------------------------------------------------------------------- */

/* Which restartPolicy the Pods of a kind may have; "" stands for the default. */
static const struct {
	const char *group, *kind, *words;
	bool never_ends; /* activeDeadlineSeconds has no place there */
} templates[] = {
	{"apps", "StatefulSet", "Always", true},
	{"apps", "Deployment", "Always", true},
	{"apps", "ReplicaSet", "Always", true},
	{"apps", "DaemonSet", "Always", true},
	{"", "ReplicationController", "Always", true},
	{"batch", "Job", "OnFailure or Never", false},
	{"batch", "CronJob", "OnFailure or Never", false},
};

static int check_around(struct checker *checker, const cJSON *spec)
{
	const cJSON *policy = json_get(spec, "restartPolicy");
	const cJSON *deadline = json_get(spec, "activeDeadlineSeconds");
	const char *text = cJSON_IsString(policy) ? policy->valuestring : "";
	char quoted[TEXT_QUOTE_MAX];

	for (size_t i = 0; i < COUNT(templates); i++) {
		const char *kind = templates[i].kind;
		bool always = templates[i].never_ends;

		if (!ref_is(&checker->manifest->ref, templates[i].group, kind))
			continue;
		if (deadline && !cJSON_IsNull(deadline) && always &&
		    check_fault(checker, FINDING_ERROR, deadline, "activeDeadlineSeconds",
				"has no place in a %s, whose Pods run on", kind) < 0)
			return -1;
		if (policy && !cJSON_IsString(policy) && !cJSON_IsNull(policy))
			return 0; /* ill-typed, told already */
		if (*text ? (!strcmp(text, "Always")) == always : always)
			return 0;
		return check_fault(checker, FINDING_ERROR, *text ? policy : spec, "restartPolicy",
				   "is %s, but must be %s in a %s",
				   text_quote(*text ? text : "Always", quoted), templates[i].words,
				   kind);
	}
	return 0;
}

int check_pod_spec(struct checker *checker, const cJSON *spec)
{
	if (check_container_names(checker, spec) < 0 || check_mounts(checker, spec) < 0)
		return -1;
	return check_around(checker, spec);
}

/* --- one container --------------------------------------------------------------------------- */

static int check_image(struct checker *checker, const cJSON *container)
{
	const cJSON *image = json_get(container, "image");
	char quoted[TEXT_QUOTE_MAX];

	if (!image || cJSON_IsNull(image) || (cJSON_IsString(image) && !*image->valuestring))
		return check_fault(checker, FINDING_ERROR, image ? image : container, "image",
				   "is missing");
	if (!cJSON_IsString(image) || !strpbrk(image->valuestring, " \t\r\n"))
		return 0;
	return check_fault(checker, FINDING_ERROR, image, "image", "is %s, which holds blanks",
			   text_quote(image->valuestring, quoted));
}

/* Of probes that do not ask whether to send traffic. */
static int check_success_threshold(struct checker *checker, const cJSON *container,
				   const char *probe)
{
	const cJSON *value = json_get(json_get(container, probe), "successThreshold");
	char below[BELOW_MAX];
	int64_t number;

	if (!json_int_value(value, &number) || number <= 1)
		return 0;
	snprintf(below, sizeof(below), "%s.successThreshold", probe);
	return check_fault(checker, FINDING_ERROR, value, below,
			   "is %" PRId64 ", but must be 1 there", number);
}

static int check_privileges(struct checker *checker, const cJSON *container)
{
	const cJSON *context = json_get(container, "securityContext");
	const cJSON *escalation = json_get(context, "allowPrivilegeEscalation");

	if (!cJSON_IsFalse(escalation) || !json_true(context, "privileged"))
		return 0;
	return check_fault(checker, FINDING_ERROR, escalation,
			   "securityContext.allowPrivilegeEscalation",
			   "is false, but the container is privileged");
}

int check_container(struct checker *checker, const cJSON *container)
{
	const cJSON *name = json_get(container, "name");

	if (cJSON_IsString(name) &&
	    check_name_of(checker, name, "name", name->valuestring, NAME_LABEL) < 0)
		return -1;
	if (check_image(checker, container) < 0 ||
	    check_success_threshold(checker, container, "livenessProbe") < 0 ||
	    check_success_threshold(checker, container, "startupProbe") < 0)
		return -1;
	return check_privileges(checker, container);
}

/* --- resources ------------------------------------------------------------------------------- */

static bool read_quantity(const cJSON *value, struct quantity *ret_quantity)
{
	struct err err;

	return value && quantity_from_json(value, ret_quantity, &err) == 0;
}

static int check_amounts(struct checker *checker, const cJSON *resources, const char *list)
{
	const cJSON *value;
	struct quantity quantity;

	json_each (value, json_get(resources, list)) {
		char below[BELOW_MAX];

		snprintf(below, sizeof(below), "%s.%s", list, value->string);
		if (read_quantity(value, &quantity) && quantity.nanos < 0 &&
		    check_fault(checker, FINDING_ERROR, value, below, "is negative") < 0)
			return -1;
	}
	return 0;
}

int check_resources(struct checker *checker, const cJSON *resources)
{
	const cJSON *limits = json_get(resources, "limits"), *request;
	struct quantity asked, most;

	if (check_amounts(checker, resources, "limits") < 0 ||
	    check_amounts(checker, resources, "requests") < 0)
		return -1;
	json_each (request, json_get(resources, "requests")) {
		char below[BELOW_MAX];

		if (!read_quantity(request, &asked) ||
		    !read_quantity(json_get(limits, request->string), &most) ||
		    quantity_compare(&asked, &most) <= 0)
			continue;
		snprintf(below, sizeof(below), "requests.%s", request->string);
		if (check_fault(checker, FINDING_ERROR, request, below,
				"is more than the limit of %s", request->string) < 0)
			return -1;
	}
	return 0;
}

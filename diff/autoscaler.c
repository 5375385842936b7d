#include "diff/autoscaler.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REPLICAS "spec.replicas"

static bool is(const char *text, const char *expected)
{
	return text && !strcmp(text, expected);
}

bool autoscaler_scales(const cJSON *autoscaler, const struct ref *ref)
{
	const cJSON *target = json_at(autoscaler, "spec.scaleTargetRef");
	const char *api_version = json_str(target, "apiVersion");
	const char *slash = api_version ? strchr(api_version, '/') : NULL;
	size_t length = slash ? (size_t)(slash - api_version) : 0;

	return is(json_str(target, "kind"), ref->kind) && is(json_str(target, "name"), ref->name) &&
	       strlen(ref->group) == length &&
	       (!length || !strncmp(ref->group, api_version, length));
}

int autoscaler_set_of(const struct manifest_set *manifests, const char *default_namespace,
		      struct autoscaler_set *ret_set, struct err *err)
{
	const struct manifest **items = calloc(manifests->count + 1, sizeof(*items));
	size_t count = 0;

	if (!items)
		return err_no_memory(err);
	for (size_t i = 0; i < manifests->count; i++)
		if (ref_is(&manifests->items[i].ref, AUTOSCALER_GROUP, AUTOSCALER_KIND))
			items[count++] = &manifests->items[i];
	*ret_set = (struct autoscaler_set){items, count, default_namespace};
	return 0;
}

void autoscaler_set_release(struct autoscaler_set *set)
{
	free(set->items);
	*set = (struct autoscaler_set){0};
}

static bool is_in(const struct autoscaler_set *set, size_t i, const char *namespace)
{
	return is(manifest_namespace(&set->items[i]->ref, set->default_namespace), namespace);
}

const char *autoscaler_set_find(const struct autoscaler_set *set, const struct ref *ref)
{
	for (size_t i = 0; i < set->count; i++)
		if (is_in(set, i, ref->namespace) && autoscaler_scales(set->items[i]->desired, ref))
			return set->items[i]->ref.name;
	return NULL;
}

bool autoscaler_set_has(const struct autoscaler_set *set, const char *namespace, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (is_in(set, i, namespace) && is(set->items[i]->ref.name, name))
			return true;
	return false;
}

bool autoscaler_matters(const cJSON *desired, const cJSON *live)
{
	int64_t git, own;

	return json_int(desired, REPLICAS, &git) && json_int(live, REPLICAS, &own) && git != own;
}

int autoscaler_yield(const cJSON *wanted, cJSON **ret_wanted, struct err *err)
{
	cJSON *copy = json_copy(wanted);

	if (!copy)
		return err_no_memory(err);
	json_remove(copy, REPLICAS);
	*ret_wanted = copy;
	return 0;
}

int autoscaler_note(struct plan_item *item, const char *autoscaler, const cJSON *desired,
		    const cJSON *live, struct err *err)
{
	int64_t git, own;
	char *text;

	if (!json_int(desired, REPLICAS, &git) || !json_int(live, REPLICAS, &own))
		return 0;
	if (asprintf(&text,
		     "replicas %" PRId64 " of Git is ignored: " AUTOSCALER_KIND
		     " %s scales it, live has %" PRId64,
		     git, autoscaler, own) < 0)
		return err_no_memory(err);
	free(item->autoscaled);
	item->autoscaled = text;
	return git == own ? 0 : plan_item_note(item, err, "%s", text);
}

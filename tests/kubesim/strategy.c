#include "tests/kubesim/strategy.h"

#include <stddef.h>
#include <string.h>

#include "tests/kubesim/obj.h"

static const struct strategy strategies[] = {
	{.group = "apps", .kind = "StatefulSet", .has_generation = true},
	{.group = "apps",
	 .kind = "Deployment",
	 .has_generation = true,
	 .annotations_raise_generation = true},
	{.group = "apps", .kind = "DaemonSet", .has_generation = true},
	{.group = "apps", .kind = "ReplicaSet", .has_generation = true},
	{.group = "", .kind = "Service", .create_on_update = true},
};

const struct strategy *strategy_of(const struct kind *kind)
{
	static const struct strategy none;

	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
		if (strcmp(strategies[i].kind, kind->kind) == 0 &&
		    strcmp(strategies[i].group, kind->group) == 0)
			return &strategies[i];
	}
	return &none;
}

void strategy_validate_metadata(const struct kind *kind, const cJSON *object, const cJSON *old,
				struct causes *causes)
{
	(void)kind;
	(void)old;
	if (!obj_name(object)[0])
		causes_add(causes, "FieldValueRequired", "metadata.name",
			   "Required value: name or generateName is required");
}

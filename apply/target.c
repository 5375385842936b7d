#include "apply/target.h"

#include <stdlib.h>
#include <string.h>

#include "diff/autoscaler.h"
#include "diff/prediction.h"

/* Stands for an error that there was no memory to hold. */
static struct err out_of_memory = {ERR_NO_MEMORY, "out of memory"};

int targets_add(struct targets *targets, const struct manifest *manifest, struct err *err)
{
	if (targets->count == targets->capacity) {
		size_t capacity = targets->capacity ? targets->capacity * 2 : 16;
		struct target *items = realloc(targets->items, capacity * sizeof(*items));

		if (!items)
			return err_no_memory(err);
		targets->items = items;
		targets->capacity = capacity;
	}
	struct target target = {.manifest = manifest};
	if (ref_copy(&manifest->ref, &target.ref, err) < 0)
		return -1;
	targets->items[targets->count++] = target;
	return 0;
}

void targets_release(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		target_reset(&targets->items[i]);
		ref_release(&targets->items[i].ref);
	}
	free(targets->items);
	*targets = (struct targets){0};
}

const cJSON *target_desired(const struct target *target)
{
	return target->desired ? target->desired : target->manifest->desired;
}

const cJSON *target_base(const struct target *target)
{
	return target->live ? target->live : target->kept;
}

int target_compare(const struct target *target, cJSON *to, const cJSON *from,
		   struct changes *ret_changes, struct err *err)
{
	return target->predicted ? compare_objects(from, to, ret_changes, err)
				 : prediction_compare(to, from, ret_changes, err);
}

int target_yield_replicas(struct target *target, const char *autoscaler, struct err *err)
{
	cJSON *wanted;

	target->autoscaler = strdup(autoscaler);
	if (!target->autoscaler)
		return err_no_memory(err);
	if (autoscaler_yield(target_desired(target), &wanted, err) < 0)
		return -1;
	cJSON_Delete(target->desired);
	target->desired = wanted;
	return 0;
}

void target_fail(struct target *target, const struct err *err)
{
	if (target->error)
		return;
	target->error = malloc(sizeof(*target->error));
	if (target->error)
		*target->error = *err;
	else
		target->error = &out_of_memory;
}

void target_clear_error(struct target *target)
{
	if (target->error != &out_of_memory)
		free(target->error);
	target->error = NULL;
}

void target_reset(struct target *target)
{
	cJSON_Delete(target->desired);
	free(target->autoscaler);
	cJSON_Delete(target->live);
	cJSON_Delete(target->predicted);
	cJSON_Delete(target->kept);
	cJSON_Delete(target->written);
	free(target->warnings);
	target_clear_error(target);
	target->desired = target->live = target->predicted = target->kept = target->written = NULL;
	target->warnings = target->autoscaler = NULL;
	target->live_known = target->client_side = target->recreate = target->write = false;
	target->direct = false;
	target->result = TARGET_NONE;
}

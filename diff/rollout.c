#include "diff/rollout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/object.h"
#include "diff/rollout_facts.h"
#include "diff/rollout_phase.h"
#include "diff/rollout_words.h"

#define MAX_REASON (4u * 1024 * 1024)

static void count_pods(struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (pod->condemned)
			continue;
		rollout->updated_count += pod->updated;
		rollout->ready_count += pod->ready;
		rollout->available_count += pod->available;
		rollout->held_count += pod->held;
		rollout->promoted_count += pod->updated && pod->available;
	}
}

static char *images_of(const cJSON *template, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_REASON);

	object_print_images(json_get(template, "spec"), &out);
	if (buf_check(&out, "the images of a template", err) < 0)
		return NULL;
	char *images = buf_steal(&out);
	if (!images)
		err_no_memory(err);
	return images;
}

static char *images_on_revision(const struct rollout *rollout, const char *revision,
				struct err *err)
{
	const char *images = "";

	for (size_t i = 0; i < rollout->pod_count && *revision; i++) {
		if (strcmp(rollout->pods[i].revision, revision) == 0) {
			images = rollout->pods[i].images;
			break;
		}
	}
	char *copy = strdup(images);
	if (!copy)
		err_no_memory(err);
	return copy;
}

static int take_facts(const struct rollout_facts *facts, struct rollout *rollout, struct err *err)
{
	rollout->replicas = facts->replicas;
	rollout->start = facts->start;
	rollout->partition = facts->partition;
	rollout->ordered = facts->ordered;
	rollout->on_delete = facts->on_delete;
	rollout->namespace = strdup(facts->namespace);
	rollout->name = strdup(facts->name);
	rollout->current_revision = strdup(facts->current_revision);
	rollout->update_revision = strdup(facts->update_revision);
	if (!rollout->namespace || !rollout->name || !rollout->current_revision ||
	    !rollout->update_revision)
		return err_no_memory(err);
	return 0;
}

static int take_rejection(const struct promotion_record *record, struct rollout *rollout,
			  struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_REASON);

	if (!record || !record->rejected_digest || !*record->rejected_digest)
		return 0;
	rollout_explain_rejection(record, &out);
	if (buf_check(&out, "why a rollout was rejected", err) < 0)
		return -1;
	rollout->rejection = buf_steal(&out);
	return rollout->rejection ? 0 : err_no_memory(err);
}

int rollout_observe(const cJSON *statefulset, const cJSON *const *pods, size_t pod_count,
		    const struct promotion_record *record, int64_t now_ms,
		    struct rollout *ret_rollout, struct err *err)
{
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(buf_release) struct buf reason = BUF_INIT(MAX_REASON);
	struct rollout_facts facts;
	struct rollout_pods list;

	if (rollout_facts_read(statefulset, &facts, err) < 0 ||
	    take_facts(&facts, &rollout, err) < 0 ||
	    rollout_pods_read(&facts, facts.update_revision, pods, pod_count, now_ms, &list, err) <
		    0)
		return -1;
	rollout.pods = list.items;
	rollout.pod_count = list.count;
	rollout.recheck_ms = list.recheck_ms;
	count_pods(&rollout);
	rollout.update_images = images_of(facts.template, err);
	if (!rollout.update_images)
		return -1;
	rollout.current_images = images_on_revision(&rollout, facts.current_revision, err);
	if (!rollout.current_images)
		return -1;

	rollout.policy = policy_of_live(statefulset);
	if (take_rejection(record, &rollout, err) < 0)
		return -1;
	rollout_judge(&rollout, statefulset, record, now_ms, &reason);
	if (buf_check(&reason, "the reason of a rollout's phase", err) < 0)
		return -1;
	rollout.reason = buf_steal(&reason);
	if (!rollout.reason)
		return err_no_memory(err);
	*ret_rollout = rollout;
	rollout = (struct rollout){0};
	return 0;
}

void rollout_release(struct rollout *rollout)
{
	struct rollout_pods pods = {.items = rollout->pods, .count = rollout->pod_count};

	rollout_pods_release(&pods);
	free(rollout->namespace);
	free(rollout->name);
	free(rollout->current_revision);
	free(rollout->update_revision);
	free(rollout->current_images);
	free(rollout->update_images);
	free(rollout->reason);
	free(rollout->rejection);
	*rollout = (struct rollout){0};
}

const char *rollout_phase_name(enum rollout_phase phase)
{
	static const char *const names[] = {
		[ROLLOUT_SETTLING] = "Settling",      [ROLLOUT_PROGRESSING] = "Progressing",
		[ROLLOUT_CANARY] = "Canary",          [ROLLOUT_COMPLETE] = "Complete",
		[ROLLOUT_NO_EFFECT] = "NoEffect",     [ROLLOUT_STUCK] = "Stuck",
		[ROLLOUT_ON_DELETE] = "OnDelete",     [ROLLOUT_HELD] = "Held",
		[ROLLOUT_ROLLED_BACK] = "RolledBack",
	};

	return names[phase];
}

struct rollout_stance rollout_stance(const struct rollout *rollout)
{
	return (struct rollout_stance){.phase = rollout->phase,
				       .stuck_for_good = rollout->stuck_for_good};
}

bool rollout_stance_equal(struct rollout_stance a, struct rollout_stance b)
{
	return a.phase == b.phase && a.stuck_for_good == b.stuck_for_good;
}

int64_t rollout_bake_until_ms(const struct rollout_pod *pod, const struct policy *policy)
{
	int64_t grain_ms = pod->ready_since_ms % 1000 == 0 ? 1000 : 0;

	return policy->bake_ms > 0 ? pod->ready_since_ms + grain_ms + policy->bake_ms : 0;
}

bool rollout_is_settled(const struct rollout *rollout)
{
	return rollout->phase == ROLLOUT_CANARY || rollout->phase == ROLLOUT_COMPLETE ||
	       rollout->phase == ROLLOUT_NO_EFFECT || rollout->phase == ROLLOUT_ON_DELETE ||
	       rollout->phase == ROLLOUT_HELD;
}

bool rollout_has_failed(const struct rollout *rollout)
{
	return rollout->phase == ROLLOUT_STUCK || rollout->phase == ROLLOUT_ROLLED_BACK;
}

static bool set_name(char name[ROLLOUT_NAME_SIZE], const char *value)
{
	if (strncmp(name, value, ROLLOUT_NAME_SIZE - 1) == 0)
		return false;
	snprintf(name, ROLLOUT_NAME_SIZE, "%s", value);
	return true;
}

/* Where it came to rest otherwise than at a canary or complete; Settling for none of these. */
static enum rollout_phase rest_of(const struct rollout *rollout)
{
	switch (rollout->phase) {
	case ROLLOUT_NO_EFFECT:
	case ROLLOUT_HELD:
	case ROLLOUT_ROLLED_BACK: return rollout->phase;
	default: return ROLLOUT_SETTLING;
	}
}

bool rollout_has_moved(const struct rollout *rollout, struct rollout_mark *mark)
{
	enum rollout_phase rest = rest_of(rollout);
	bool rejected = rollout->rejection != NULL;
	bool first = !mark->seen;

	if (rollout->phase == ROLLOUT_SETTLING)
		return false;
	bool moved = rollout->replicas != mark->replicas || rollout->partition != mark->partition ||
		     rollout->promoted_count != mark->promoted_count || rest != mark->rest ||
		     rejected != mark->rejected;
	moved |= set_name(mark->update_revision, rollout->update_revision);
	/* Between two crashes a Pod looks well: what was stuck is so until something else happens. */
	if (moved || rollout->stuck_pod)
		moved |= set_name(mark->stuck_pod, rollout->stuck_pod ? rollout->stuck_pod : "");
	mark->seen = true;
	mark->replicas = rollout->replicas;
	mark->partition = rollout->partition;
	mark->promoted_count = rollout->promoted_count;
	mark->rest = rest;
	mark->rejected = rejected;
	return first ? !rollout_is_settled(rollout) : moved;
}

#include "tests/support/model.h"

#include <stdio.h>

#include "diff/rfc3339.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

uint64_t chance_draw(struct chance *chance)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return chance->state;
}

int chance_below(struct chance *chance, int bound)
{
	return (int)(chance_draw(chance) % (uint64_t)bound);
}

bool chance_one_in(struct chance *chance, int many)
{
	return chance_below(chance, many) == 0;
}

/* --- the cluster ------------------------------------------------------------------------------ */

bool model_is_available(const struct model *model, const struct model_pod *pod)
{
	return pod->exists && pod->ready && !pod->terminating &&
	       model->now_ms - pod->turned_ms >= model->min_ready_ms;
}

void model_create_pod(struct model *model, int index)
{
	char revision = index < model->spec.partition ? model->current : model->update;

	model->pods[index] = (struct model_pod){.exists = true,
						.revision = revision,
						.created_ms = model->now_ms,
						.turned_ms = model->now_ms,
						.uid = ++model->next_uid};
	model->ran[index][revision - 'a'] = true;
}

void model_delete_pod(struct model *model, int index)
{
	model->pods[index].terminating = true;
	model->pods[index].ends_ms = model->now_ms + MODEL_GRACE_MS;
}

/* Step 1 of a sync; false: the sync ends here. */
static bool sync_wanted(struct model *model)
{
	for (int i = 0; i < model->spec.replicas; i++) {
		if (!model->pods[i].exists) {
			model_create_pod(model, i);
			if (model->ordered)
				return false;
		} else if (model->ordered && !model_is_available(model, &model->pods[i])) {
			return false;
		}
	}
	return true;
}

static bool sync_condemned(struct model *model)
{
	for (int i = MODEL_MAX_PODS - 1; i >= model->spec.replicas; i--) {
		if (!model->pods[i].exists)
			continue;
		if (!model->pods[i].terminating)
			model_delete_pod(model, i);
		if (model->ordered)
			return false;
	}
	return true;
}

static void sync_update(struct model *model)
{
	for (int i = model->spec.replicas - 1; i >= model->spec.partition && i >= 0; i--) {
		struct model_pod *pod = &model->pods[i];

		if (pod->revision != model->update && !pod->terminating) {
			model_delete_pod(model, i);
			return;
		}
		if (!model_is_available(model, pod))
			return;
	}
}

void model_complete(struct model *model)
{
	for (int i = 0; i < MODEL_MAX_PODS; i++) {
		const struct model_pod *pod = &model->pods[i];

		if (i < model->spec.replicas ? !pod->exists || !pod->ready || pod->terminating ||
						       pod->revision != model->update
					     : pod->exists)
			return;
	}
	model->current = model->update;
}

void model_controller(struct model *model)
{
	model->observed = model->generation;
	model->update = model->spec.template;
	if (sync_wanted(model) && sync_condemned(model))
		sync_update(model);
	model_complete(model);
	model->counted = 0;
	for (int i = 0; i < MODEL_MAX_PODS; i++)
		model->counted += model->pods[i].exists;
}

void model_kubelet(struct model *model)
{
	for (int i = 0; i < MODEL_MAX_PODS; i++) {
		struct model_pod *pod = &model->pods[i];

		if (pod->exists && pod->terminating && pod->ends_ms <= model->now_ms)
			*pod = (struct model_pod){0};
		if (!pod->exists || pod->terminating || pod->ready || pod->revision == model->bad ||
		    !chance_one_in(&model->noise, 3))
			continue;
		pod->ready = true;
		pod->turned_ms = model->now_ms;
	}
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static const char *time_text(int64_t ms, char text[40])
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(64);

	rfc3339_print(ms, &out);
	snprintf(text, 40, "%s", buf_str(&out));
	return text;
}

cJSON *model_pod_json(const struct model *model, int index)
{
	const struct model_pod *pod = &model->pods[index];
	bool lost = pod->revision == model->bad && model->now_ms - pod->created_ms > 15000;
	char text[1200], created[40], turned[40], ends[80] = "", end_time[40];

	if (pod->terminating)
		snprintf(ends, sizeof(ends), "'deletionTimestamp':'%s',",
			 time_text(pod->ends_ms, end_time));
	snprintf(text, sizeof(text),
		 "{'kind':'Pod','metadata':{'name':'web-%d','namespace':'default','uid':'uid-%d',%s"
		 "'creationTimestamp':'%s','labels':{'app':'web',"
		 "'controller-revision-hash':'web-%c'},'ownerReferences':[{'kind':'StatefulSet',"
		 "'name':'web','uid':'u1','controller':true}]},"
		 "'spec':{'containers':[{'name':'nginx','image':'x:%c'}]},"
		 "'status':{'phase':'%s','conditions':[{'type':'Ready','status':'%s',"
		 "'lastTransitionTime':'%s'}],'containerStatuses':[{'name':'nginx',"
		 "'restartCount':0,'state':{'waiting':{'reason':'%s'}}}]}}",
		 index + model->start, pod->uid, ends, time_text(pod->created_ms, created),
		 pod->revision, pod->revision, pod->ready ? "Running" : "Pending",
		 pod->ready ? "True" : "False", time_text(pod->turned_ms, turned),
		 lost ? "ImagePullBackOff" : "ContainerCreating");
	return value_of(text);
}

cJSON *model_live_json(const struct model *model, const char *words)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "replicas=%d partition=%d start=%d minReady=%d policy=%s generation=%d "
		 "observed=%d current=%c update=%c template=%c %s",
		 model->spec.replicas, model->spec.partition, model->start,
		 model->min_ready_ms / 1000, model->ordered ? "OrderedReady" : "Parallel",
		 (int)model->generation, (int)model->observed, model->current, model->update,
		 model->spec.template, words);
	cJSON *live = statefulset_of(text, NULL);
	struct err err;
	assert_ok(json_set_int(live, "status.replicas", model->counted, &err), err);
	return live;
}

cJSON *model_git_json(const struct model *model, const struct model_spec *git, const char *words)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "replicas=%d partition=%d start=%d minReady=%d policy=%s template=%c %s",
		 git->replicas, git->partition, model->start, model->min_ready_ms / 1000,
		 model->ordered ? "OrderedReady" : "Parallel", git->template, words);
	return statefulset_of(text, NULL);
}

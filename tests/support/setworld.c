#include "tests/support/setworld.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/kubesim/pod_status.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

const char setworld_json[] =
	"{'apiVersion':'apps/"
	"v1','kind':'StatefulSet','metadata':{'name':'web','namespace':'default'},"
	"'spec':{'replicas':3,'serviceName':'svc','revisionHistoryLimit':10,"
	"'podManagementPolicy':'OrderedReady','selector':{'matchLabels':{'app':'web'}},"
	"'template':{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c','image':"
	"'app:1'}]}},'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition':0}}}}";

static const char *image_of(const cJSON *pod)
{
	return obj_text(json_at(pod, "spec.containers")->child, "image") + strlen("app:");
}

static void note(void *context, const struct change *change)
{
	struct setworld *world = context;
	const cJSON *pod = change->new->object, *old = change->old ? change->old->object : NULL;
	const char *ordinal = obj_name(pod) + strlen("web-");

	if (change->type == CHANGE_ADDED)
		buf_printf(&world->log, " +%s:%s", ordinal, image_of(pod));
	else if (change->type == CHANGE_DELETED)
		buf_printf(&world->log, " -%s", ordinal);
	else if (obj_is_deleting(pod) && !obj_is_deleting(old))
		buf_printf(&world->log, " ~%s", ordinal);
	else if (pod_is_ready(pod) && !pod_is_ready(old))
		buf_printf(&world->log, " !%s", ordinal);
}

void setworld_init(struct setworld *world)
{
	static const struct fail_image fail_images[] = {
		{"app:bad", "ImagePullBackOff"},
		{"app:badcrash", "CrashLoopBackOff"},
		{"app:badready", "NotReady"},
	};
	const struct cluster_options options = {
		.ready_after_ms = SETWORLD_READY_AFTER_MS,
		.fail_images = fail_images,
		.fail_image_count = sizeof fail_images / sizeof *fail_images,
	};

	buf_init(&world->log, 1024 * 1024);
	simworld_init(&world->sim, &options);
	store_subscribe(world->sim.cluster->store, "", "pods", note, world);
}

void setworld_release(struct setworld *world)
{
	simworld_release(&world->sim);
	buf_release(&world->log);
}

void setworld_send(struct setworld *world, int code, const char *method, const char *path,
		   const char *body)
{
	cJSON_Delete(simworld_do(&world->sim, code, method, path, body));
}

cJSON *setworld_get(struct setworld *world, const char *path)
{
	return simworld_do(&world->sim, 200, "GET", path, NULL);
}

void setworld_delete_pod(struct setworld *world, const char *name)
{
	char path[100];

	snprintf(path, sizeof path, PODS "/%s", name);
	setworld_send(world, 200, "DELETE", path, NULL);
}

void setworld_wait(struct setworld *world, int64_t ms)
{
	loop_advance(world->sim.loop, ms);
}

/* What the steps call "replicas=5" and so on. */
static void edit_one(cJSON *set, const char *field, const char *value)
{
	static const struct {
		const char *field, *path;
		bool is_text;
	} fields[] = {
		{"replicas", "spec.replicas", false},
		{"partition", "spec.updateStrategy.rollingUpdate.partition", false},
		{"strategy", "spec.updateStrategy.type", true},
		{"policy", "spec.podManagementPolicy", true},
		{"min", "spec.minReadySeconds", false},
		{"start", "spec.ordinals.start", false},
		{"history", "spec.revisionHistoryLimit", false},
	};

	if (strcmp(field, "image") == 0) {
		char image[64];

		snprintf(image, sizeof image, "app:%s", value);
		obj_set_text(json_at(set, "spec.template.spec.containers")->child, "image", image);
		return;
	}
	if (strcmp(field, "rolling") == 0) {
		json_remove(set, "spec.updateStrategy.rollingUpdate");
		return;
	}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(fields[i].field, field) != 0)
			continue;
		obj_set(set, fields[i].path, value_of(value));
		return;
	}
	fail_msg("no field %s", field);
}

static void edit(cJSON *set, const char *edits)
{
	char copy[256], *rest = copy, *one;

	snprintf(copy, sizeof copy, "%s", edits);
	while ((one = strsep(&rest, " "))) {
		char *value = strchr(one, '=');

		assert_non_null(value);
		*value++ = '\0';
		edit_one(set, one, value);
	}
}

void setworld_update(struct setworld *world, const char *edits)
{
	CLEANUP(cJSON_Delete_p) cJSON *set = setworld_get(world, SET);
	CLEANUP(free_p) char *text = NULL;

	edit(set, edits);
	text = obj_print(set);
	setworld_send(world, 200, "PUT", SET, text);
}

void setworld_create(struct setworld *world, const char *edits)
{
	CLEANUP(cJSON_Delete_p) cJSON *set = value_of(setworld_json);
	CLEANUP(free_p) char *text = NULL;

	if (*edits)
		edit(set, edits);
	text = obj_print(set);
	setworld_send(world, 201, "POST", SETS, text);
}

void setworld_assert_log(struct setworld *world, const char *name, const char *expected)
{
	const char *seen = buf_str(&world->log);

	seen += *seen == ' ';
	if (strcmp(seen, expected) != 0)
		fail_msg("%s:\nexpected %s\n     saw %s", name, expected, seen);
	buf_clear(&world->log);
}

void setworld_assert_status(struct setworld *world, const char *name, const char *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *set = setworld_get(world, SET);
	const cJSON *status = json_get(set, "status");
	bool complete = strcmp(obj_text(status, "currentRevision"),
			       obj_text(status, "updateRevision")) == 0;
	char seen[200];

	snprintf(seen, sizeof seen, "%d ready %d available %d current %d updated %d %s",
		 (int)json_int_or(status, "replicas", -1),
		 (int)json_int_or(status, "readyReplicas", 0),
		 (int)json_int_or(status, "availableReplicas", 0),
		 (int)json_int_or(status, "currentReplicas", 0),
		 (int)json_int_or(status, "updatedReplicas", 0),
		 complete ? "complete" : "updating");
	if (strcmp(seen, expected) != 0)
		fail_msg("%s:\nexpected %s\n     saw %s", name, expected, seen);
	assert_int_equal(json_int_or(status, "observedGeneration", 0),
			 json_int_or(set, "metadata.generation", -1));
}

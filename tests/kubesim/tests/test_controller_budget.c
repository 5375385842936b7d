#include "tests/kubesim/controller_budget.h"

#include <stdio.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define PODS    "/api/v1/namespaces/default/pods"
#define SETS    "/apis/apps/v1/namespaces/default/statefulsets"
#define BUDGETS "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

/* Three Pods of "web"; web-2 runs the image, the others nginx:1. */
static void world_init(struct simworld *world, const char *image)
{
	static const struct fail_image fail_images[] = {
		{"bad:crash", "CrashLoopBackOff"},
		{"bad:pull", "ImagePullBackOff"},
	};
	const struct cluster_options options = {
		.fail_images = fail_images,
		.fail_image_count = sizeof fail_images / sizeof *fail_images,
	};
	char patch[256];

	simworld_init(world, &options);
	simworld_send(world, 201, "POST", SETS,
		      "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web'},"
		      "'spec':{'replicas':3,'serviceName':'web','selector':{'matchLabels':{'app':"
		      "'web'}},'updateStrategy':{'rollingUpdate':{'partition':2}},'template':{"
		      "'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c',"
		      "'image':'nginx:1'}]}}}}");
	loop_advance(world->loop, 1000);
	snprintf(patch, sizeof patch,
		 "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'%s'}]}}}}",
		 image);
	simworld_send(world, 200, "PATCH strategic", SETS "/web", patch);
	loop_advance(world->loop, 60000);
}

static void make_budget(struct simworld *world, const char *name, const char *rule)
{
	char body[512];

	snprintf(body, sizeof body,
		 "{'apiVersion':'policy/v1','kind':'PodDisruptionBudget','metadata':{'name':'%s'},"
		 "'spec':{'selector':{'matchLabels':{'app':'web'}},%s}}",
		 name, rule);
	simworld_send(world, 201, "POST", BUDGETS, body);
	loop_advance(world->loop, 10);
}

static void evict(struct simworld *world, const char *pod, const char *preconditions, int code,
		  const char *message)
{
	char path[128], body[512];

	snprintf(path, sizeof path, PODS "/%s/eviction", pod);
	snprintf(body, sizeof body,
		 "{'apiVersion':'policy/v1','kind':'Eviction','metadata':{'name':'%s'},"
		 "'deleteOptions':{'preconditions':{%s}}}",
		 pod, preconditions);
	if (message)
		assert_refused(world, "POST", path, body, code, message);
	else
		simworld_send(world, code, "POST", path, body);
}

static void test_status(void **state)
{
	static const struct {
		const char *rule, *expected;
	} cases[] = {
		{"'minAvailable':2", "healthy 2, wants 2 of 3, allows 0"},
		{"'minAvailable':1", "healthy 2, wants 1 of 3, allows 1"},
		{"'minAvailable':'50%'", "healthy 2, wants 2 of 3, allows 0"},
		{"'minAvailable':0", "healthy 2, wants 0 of 3, allows 2"},
		{"'maxUnavailable':1", "healthy 2, wants 2 of 3, allows 0"},
		{"'maxUnavailable':2", "healthy 2, wants 1 of 3, allows 1"},
		{"'maxUnavailable':'100%'", "healthy 2, wants 0 of 3, allows 2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(simworld_release) struct simworld world;
		CLEANUP(cJSON_Delete_p) cJSON *budget = NULL;
		char seen[128];

		world_init(&world, "bad:crash");
		make_budget(&world, "pdb", cases[i].rule);
		budget = simworld_do(&world, 200, "GET", BUDGETS "/pdb", NULL);
		snprintf(seen, sizeof seen, "healthy %d, wants %d of %d, allows %d",
			 (int)json_int_or(budget, "status.currentHealthy", -1),
			 (int)json_int_or(budget, "status.desiredHealthy", -1),
			 (int)json_int_or(budget, "status.expectedPods", -1),
			 (int)json_int_or(budget, "status.disruptionsAllowed", -1));
		assert_string_equal(seen, cases[i].expected);
	}
}

static void test_evictions(void **state)
{
	static const char refused[] =
		"Cannot evict pod as it would violate the pod's disruption budget.";
	CLEANUP(simworld_release) struct simworld world;

	(void)state;
	world_init(&world, "bad:crash");
	make_budget(&world, "pdb", "'minAvailable':3");
	evict(&world, "web-2", "", 429, refused); /* runs, though it is not ready */
	evict(&world, "web-0", "", 429, refused);
	simworld_send(&world, 200, "PATCH merge", BUDGETS "/pdb", "{'spec':{'minAvailable':2}}");
	evict(&world, "web-0", "", 429, refused);
	evict(&world, "web-2", "'uid':'another'", 409, NULL);
	evict(&world, "web-2", "'resourceVersion':'1'", 409, NULL);
	evict(&world, "web-2", "", 201, NULL); /* there are as many healthy ones as wanted */
	make_budget(&world, "second", "'minAvailable':2");
	evict(&world, "web-1", "", 500,
	      "This pod has more than one PodDisruptionBudget, which the eviction subresource "
	      "does not support.");
	evict(&world, "nobody", "", 404, "pods \"nobody\" not found");
}

static void test_what_never_ran_may_go(void **state)
{
	CLEANUP(simworld_release) struct simworld world;

	(void)state;
	world_init(&world, "bad:pull");
	make_budget(&world, "pdb", "'minAvailable':3");
	evict(&world, "web-2", "", 201, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_evictions),
		cmocka_unit_test(test_what_never_ran_may_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

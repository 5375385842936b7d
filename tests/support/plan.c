#include "tests/support/plan.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	return copy;
}

struct plan_item *add_item(struct plan *plan, enum plan_action action, const char *from,
			   const char *to, const char *file, uint32_t line)
{
	struct plan_item *item = plan_add(plan);
	struct err err;

	assert_non_null(item);
	item->action = action;
	item->from = from ? value_of(from) : NULL;
	item->to = to ? value_of(to) : NULL;
	item->file = copy_of(file);
	item->mark = (struct yaml_mark){line, 1};
	assert_ok(ref_of(item->to ? item->to : item->from, &item->ref, &err), err);
	if (item->from && item->to)
		assert_ok(compare_objects(item->from, item->to, &item->changes, &err), err);
	return item;
}

#define SERVICE                                                                                    \
	"{'apiVersion':'v1','kind':'Service','metadata':{'name':'nginx-stateful-service',"         \
	"'namespace':'default'},'spec':{'clusterIP':'None','ports':[{'port':80,'name':'web-port'}" \
	"]}}"

#define STATEFULSET(replicas, image, partition)                                                   \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'nginx-statefulset',"    \
	"'namespace':'default'},'spec':{'replicas':" replicas ",'serviceName':"                   \
	"'nginx-stateful-service','template':{'spec':{'containers':[{'name':'nginx-container',"   \
	"'image':'nginx:" image "'}]}},'updateStrategy':{'rollingUpdate':{'partition':" partition \
	"},'type':'RollingUpdate'}}}"

void make_walkthrough_plan(struct plan *plan)
{
	struct test_pods pods = test_pods_of("0..2=a");
	CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of("replicas=3 partition=2", &pods);
	CLEANUP(cJSON_Delete_p)
	cJSON *to = statefulset_of("replicas=5 partition=1 template=b", NULL);
	struct plan_item *item = add_item(plan, PLAN_REPLACE, STATEFULSET("3", "1.25.4", "2"),
					  STATEFULSET("5", "1.26.1", "1"), "web.yaml", 14);
	struct err err;

	assert_ok(rollout_forecast(from, to, CONST_PODS(pods), pods.count, NULL, 0, &item->forecast,
				   &err),
		  err);
	item->has_forecast = true;
	add_item(plan, PLAN_IN_SYNC, SERVICE, SERVICE, "web.yaml", 2);
	plan->revision = copy_of("main@3f2c1ab");
	test_pods_release(&pods);
}

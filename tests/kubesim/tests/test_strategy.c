#include "tests/kubesim/strategy.h"

#include <stdio.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define NAMESPACE "/api/v1/namespaces/default"
#define SERVICES  NAMESPACE "/services"
#define MAPS      NAMESPACE "/configmaps"
#define PODS      NAMESPACE "/pods"
#define SETS      "/apis/apps/v1/namespaces/default/statefulsets"

/* --- StatefulSets ---------------------------------------------------------------------------- */

#define SET_WITH(selector, labels, containers, more)                                         \
	"{'kind':'StatefulSet','apiVersion':'apps/v1','metadata':{'name':'web'},'spec':{"    \
	"'serviceName':'s','selector':" selector ",'template':{'metadata':{'labels':" labels \
	"},'spec':{'containers':" containers "}}" more "}}"
#define SET(more) \
	SET_WITH("{'matchLabels':{'a':'b'}}", "{'a':'b'}", "[{'name':'c','image':'i'}]", more)
#define INVALID "StatefulSet.apps \"web\" is invalid: "

static void test_statefulsets_that_are_wrong(void **state)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
		{SET(",'replicas':-1"),
		 INVALID "spec.replicas: Invalid value: -1: must be greater than or equal to 0"},
		{SET(",'updateStrategy':{'rollingUpdate':{'partition':-2}}"),
		 INVALID "spec.updateStrategy.rollingUpdate.partition: Invalid value: -2: must be "
			 "greater than or equal to 0"},
		{SET(",'updateStrategy':{'type':'Recreate'}"),
		 INVALID "spec.updateStrategy: Invalid value: {\"type\":\"Recreate\"}: must be "
			 "'RollingUpdate' or 'OnDelete'"},
		{SET(",'podManagementPolicy':'Sequential'"),
		 INVALID "spec.podManagementPolicy: Invalid value: \"Sequential\": must be "
			 "'OrderedReady' or 'Parallel'"},
		{SET_WITH("{'matchLabels':{'a':'b'}}", "{'a':'c'}", "[{'name':'c','image':'i'}]",
			  ""),
		 INVALID "spec.template.metadata.labels: Invalid value: {\"a\":\"c\"}: `selector` "
			 "does not match template `labels`"},
		{SET_WITH("{}", "{'a':'c'}", "[{'name':'c','image':'i'}]", ""),
		 INVALID "spec.selector: Invalid value: {}: empty selector is invalid for "
			 "statefulset"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(*state, "POST", SETS, cases[i].body, 422, cases[i].message);
}

#define BAD_CONTAINERS \
	"[{'name':'c','image':'i'},{'name':'c'},{'image':'i'},{'name':'C_','image':'i'}]"

/* No server looks at the Pods of a StatefulSet's template before it creates them. */
static void test_templates(void **state)
{
	static const char *const containers[] = {"[]", BAD_CONTAINERS};
	static const char *const faults[] = {
		"spec.template.spec.containers: Required value",
		"[spec.template.spec.containers[1].name: Duplicate value: \"c\", "
		"spec.template.spec.containers[1].image: Required value, "
		"spec.template.spec.containers[2].name: Required value, "
		"spec.template.spec.containers[3].name: Invalid value: \"C_\": a lowercase RFC "
		"1123 label must consist of lower case alphanumeric characters or '-', and must "
		"start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
		"regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')]",
	};

	simworld_send(*state, 201, "POST", SETS,
		      SET_WITH("{'matchLabels':{'a':'b'}}", "{'a':'b'}", BAD_CONTAINERS, ""));
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(free_p) char *body = NULL;
		CLEANUP(free_p) char *message = NULL;

		assert_true(asprintf(&body,
				     "{'kind':'Deployment','apiVersion':'apps/v1','metadata':"
				     "{'name':'web'},'spec':{'selector':{'matchLabels':{'a':'b'}},"
				     "'template':{'metadata':{'labels':{'a':'b'}},'spec':"
				     "{'containers':%s}}}}",
				     containers[i]) > 0);
		assert_true(asprintf(&message, "Deployment.apps \"web\" is invalid: %s",
				     faults[i]) > 0);
		assert_refused(*state, "POST", "/apis/apps/v1/namespaces/default/deployments", body,
			       422, message);
	}
}

static void test_what_a_statefulset_keeps(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer refused = {0};

	simworld_send(world, 201, "POST", SETS, SET(""));
	refused = simworld_ask(world, "PUT", SETS "/web", SET(",'podManagementPolicy':'Parallel'"));
	assert_int_equal(refused.code, 422);
	assert_string_equal(obj_text(refused.body, "message"), INVALID
			    "spec: Forbidden: updates to statefulset spec for fields other "
			    "than 'replicas', 'ordinals', 'template', 'updateStrategy', "
			    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
			    "'minReadySeconds' are forbidden");
	assert_string_equal(obj_text(refused.body, "reason"), "Invalid");
	assert_string_equal(obj_text(json_at(refused.body, "details.causes")->child, "field"),
			    "spec");
	assert_string_equal(obj_text(refused.body, "details.kind"), "StatefulSet");
	simworld_send(world, 200, "PUT", SETS "/web", SET(",'replicas':9,'minReadySeconds':3"));
}

/* --- Services -------------------------------------------------------------------------------- */

#define SERVICE(name, spec) \
	"{'kind':'Service','apiVersion':'v1','metadata':{'name':'" name "'},'spec':" spec "}"

static void assert_service(struct simworld *world, const char *name, const char *address,
			   int node_port)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(128);
	CLEANUP(cJSON_Delete_p) cJSON *service = NULL;

	buf_printf(&path, SERVICES "/%s", name);
	service = simworld_do(world, 200, "GET", buf_str(&path), NULL);
	assert_string_equal(obj_text(service, "spec.clusterIP"), address);
	if (address[0])
		assert_string_equal(json_at(service, "spec.clusterIPs")->child->valuestring,
				    address);
	assert_int_equal(json_int_or(json_at(service, "spec.ports")->child, "nodePort", 0),
			 node_port);
}

static void test_service_addresses(void **state)
{
	struct simworld *world = *state;

	simworld_send(world, 201, "POST", SERVICES, SERVICE("a", "{'ports':[{'port':80}]}"));
	simworld_send(world, 201, "POST", SERVICES,
		      SERVICE("b", "{'clusterIP':'None','ports':[{'port':80}]}"));
	simworld_send(world, 201, "POST", SERVICES,
		      SERVICE("c", "{'type':'NodePort','ports':[{'port':80}]}"));
	simworld_send(
		world, 201, "POST", SERVICES,
		SERVICE("d", "{'type':'ExternalName','externalName':'x.y','ports':[{'port':1}]}"));
	assert_service(world, "kubernetes", "10.96.0.1", 0);
	assert_service(world, "a", "10.96.0.2", 0);
	assert_service(world, "b", "None", 0);
	assert_service(world, "c", "10.96.0.3", 30000);
	assert_service(world, "d", "", 0);

	/* What a PUT leaves out stays, ports by their names; what it changes is refused. */
	simworld_send(world, 200, "PUT", SERVICES "/c",
		      SERVICE("c", "{'type':'NodePort','ports':[{'port':81}]}"));
	assert_service(world, "c", "10.96.0.3", 30000);
	simworld_send(world, 200, "PUT", SERVICES "/b", SERVICE("b", "{'ports':[{'port':81}]}"));
	assert_service(world, "b", "None", 0);
	assert_refused(world, "PUT", SERVICES "/a",
		       SERVICE("a", "{'clusterIP':'10.96.9.9','ports':[{'port':80}]}"), 422,
		       "Service \"a\" is invalid: spec.clusterIPs[0]: Invalid value: "
		       "[\"10.96.9.9\"]: may not change once set");

	/* A freed address is given again. */
	simworld_send(world, 200, "DELETE", SERVICES "/a", NULL);
	simworld_send(world, 201, "POST", SERVICES, SERVICE("e", "{'ports':[{'port':80}]}"));
	assert_service(world, "e", "10.96.0.2", 0);
}

static void test_services_that_are_wrong(void **state)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
		{SERVICE("a", "{}"), "Service \"a\" is invalid: spec.ports: Required value"},
		{SERVICE("a", "{'type':'Foo','ports':[{'port':80}]}"),
		 "Service \"a\" is invalid: spec.type: Unsupported value: \"Foo\": supported "
		 "values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\""},
		{SERVICE("a",
			 "{'ports':[{'port':0},{'port':80,'name':'x'},{'port':81,'name':'x'}]}"),
		 "Service \"a\" is invalid: [spec.ports[0].name: Required value, "
		 "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, "
		 "spec.ports[2].name: Duplicate value: \"x\"]"},
		{SERVICE("1a", "{'ports':[{'port':80}]}"),
		 "Service \"1a\" is invalid: metadata.name: Invalid value: \"1a\": a DNS-1035 "
		 "label "
		 "must consist of lower case alphanumeric characters or '-', start with an "
		 "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  "
		 "or "
		 "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(*state, "POST", SERVICES, cases[i].body, 422, cases[i].message);
}

/* --- the rest -------------------------------------------------------------------------------- */

static void test_metadata_that_is_wrong(void **state)
{
	static const struct {
		const char *metadata, *message;
	} cases[] = {
		{"{}", "ConfigMap \"\" is invalid: metadata.name: Required value: name or "
		       "generateName is required"},
		{"{'name':'Big'}",
		 "ConfigMap \"Big\" is invalid: metadata.name: Invalid value: \"Big\": a lowercase "
		 "RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
		 "'.', and must start and end with an alphanumeric character (e.g. 'example.com', "
		 "regex used for validation is "
		 "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"},
		{"{'name':'a','labels':{'x':'b c'}}",
		 "ConfigMap \"a\" is invalid: metadata.labels: Invalid value: \"b c\": a valid "
		 "label "
		 "must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
		 "and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
		 "'my_value',  or '12345', regex used for validation is "
		 "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"},
		{"{'name':'a','ownerReferences':[{'apiVersion':'v1','kind':'Pod','name':'p'}]}",
		 "ConfigMap \"a\" is invalid: metadata.ownerReferences[0].uid: Invalid value: "
		 "\"\": "
		 "must not be empty"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf body = BUF_INIT(1024);

		buf_printf(&body, "{'kind':'ConfigMap','apiVersion':'v1','metadata':%s}",
			   cases[i].metadata);
		assert_refused(*state, "POST", MAPS, buf_str(&body), 422, cases[i].message);
	}
}

static void test_no_new_finalizers_at_the_end(void **state)
{
	struct simworld *world = *state;

	simworld_send(world, 201, "POST", MAPS,
		      "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'a','finalizers':['"
		      "x/y']}}");
	simworld_send(world, 200, "DELETE", MAPS "/a", NULL);
	assert_refused(world, "PATCH merge", MAPS "/a", "{'metadata':{'finalizers':['x/y','x/z']}}",
		       422,
		       "ConfigMap \"a\" is invalid: metadata.finalizers: Forbidden: no new "
		       "finalizers can be added if the object is being deleted, found new "
		       "finalizers []string{\"x/z\"}");
	simworld_send(world, 200, "PATCH merge", MAPS "/a", "{'metadata':{'finalizers':null}}");
	assert_refused(world, "GET", MAPS "/a", NULL, 404, "configmaps \"a\" not found");
}

static void test_immutable_data(void **state)
{
	struct simworld *world = *state;

	simworld_send(
		world, 201, "POST", MAPS,
		"{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'a'},'immutable':true,"
		"'data':{'x':'1'}}");
	assert_refused(world, "PATCH merge", MAPS "/a", "{'data':{'x':'2'}}", 422,
		       "ConfigMap \"a\" is invalid: data: Forbidden: field is immutable when "
		       "`immutable` is set");
	assert_refused(world, "PATCH merge", MAPS "/a", "{'immutable':null}", 422,
		       "ConfigMap \"a\" is invalid: immutable: Forbidden: field is immutable when "
		       "`immutable` is set");
	simworld_send(world, 200, "PATCH merge", MAPS "/a", "{'metadata':{'labels':{'x':'y'}}}");
}

static void test_secrets(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p)
	cJSON *secret = simworld_do(world, 201, "POST", NAMESPACE "/secrets",
				    "{'kind':'Secret','apiVersion':'v1','metadata':{'name':'a'},"
				    "'data':{'x':'MQ=='},'stringData':{'y':'hello'}}");

	assert_value(json_get(secret, "data"), "{'x':'MQ==','y':'aGVsbG8='}");
	assert_null(json_get(secret, "stringData"));
	assert_string_equal(obj_text(secret, "type"), "Opaque");
	assert_refused(world, "PATCH merge", NAMESPACE "/secrets/a", "{'type':'x'}", 422,
		       "Secret \"a\" is invalid: type: Invalid value: \"x\": field is immutable");
}

static void test_pods(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *bound = NULL;

	pod = simworld_do(world, 201, "POST", PODS,
			  "{'kind':'Pod','apiVersion':'v1','metadata':{'name':'p'},'spec':{"
			  "'containers':[{'name':'c','image':'i:1','resources':{'requests':{'cpu':"
			  "'1'}}}]}}");
	assert_string_equal(obj_text(pod, "status.phase"), "Pending");
	assert_string_equal(obj_text(pod, "status.qosClass"), "Burstable");
	assert_int_equal(cJSON_GetArraySize(json_at(pod, "spec.tolerations")), 2);
	simworld_send(world, 200, "PATCH strategic", PODS "/p",
		      "{'spec':{'containers':[{'name':'c','image':'i:2'}]}}");
	assert_refused(
		world, "PATCH merge", PODS "/p", "{'spec':{'nodeName':'n'}}", 422,
		"Pod \"p\" is invalid: spec: Forbidden: pod updates may not change fields "
		"other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
		"`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
		"tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 "
		"if it was previously negative)");
	simworld_send(world, 201, "POST", PODS "/p/binding",
		      "{'kind':'Binding','apiVersion':'v1','metadata':{'name':'p'},'target':{'kind'"
		      ":'Node',"
		      "'name':'n'}}");
	bound = simworld_do(world, 200, "GET", PODS "/p", NULL);
	assert_string_equal(obj_text(bound, "spec.nodeName"), "n");
	simworld_send(world, 201, "POST", PODS "/p/eviction",
		      "{'kind':'Eviction','apiVersion':'policy/"
		      "v1','metadata':{'name':'p'},'deleteOptions':"
		      "{'gracePeriodSeconds':0}}");
	assert_refused(world, "GET", PODS "/p", NULL, 404, "pods \"p\" not found");
}

static void test_jobs(void **state)
{
	struct simworld *world = *state;
	const char *jobs = "/apis/batch/v1/namespaces/default/jobs";
	const char *job = "{'kind':'Job','apiVersion':'batch/v1','metadata':{'name':'j'},'spec':{"
			  "'template':{'spec':{'restartPolicy':'Never','containers':[{'name':'c',"
			  "'image':'i'}]}}}}";
	CLEANUP(cJSON_Delete_p) cJSON *made = simworld_do(world, 201, "POST", jobs, job);
	CLEANUP(answer_release) struct answer refused = {0};

	assert_string_equal(json_get(json_at(made, "spec.selector.matchLabels"),
				     "batch.kubernetes.io/controller-uid")
				    ->valuestring,
			    obj_uid(made));
	assert_string_equal(obj_text(made, "spec.template.metadata.labels.job-name"), "j");
	assert_string_equal(obj_text(made, "metadata.labels.job-name"), "j");
	/* A PUT of the same manifest lacks what the server had filled in. */
	refused = simworld_ask(world, "PUT", "/apis/batch/v1/namespaces/default/jobs/j", job);
	assert_int_equal(refused.code, 422);
	assert_int_equal(cJSON_GetArraySize(json_at(refused.body, "details.causes")), 4);
}

static void test_daemonset_template_generation(void **state)
{
	struct simworld *world = *state;
	const char *path = "/apis/apps/v1/namespaces/default/daemonsets";
	const char *names[] = {"c:1", "c:1", "c:2"}, *expected[] = {"1", "1", "2"};

	for (int i = 0; i < 3; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
		char body[512];

		snprintf(body, sizeof(body),
			 "{'kind':'DaemonSet','apiVersion':'apps/"
			 "v1','metadata':{'name':'d'},'spec':{"
			 "'selector':{'matchLabels':{'a':'b'}},'template':{'metadata':{'labels':{'"
			 "a':"
			 "'b'}},'spec':{'containers':[{'name':'c','image':'%s'}]}}}}",
			 names[i]);
		object =
			i == 0 ? simworld_do(world, 201, "POST", path, body)
			       : simworld_do(world, 200, "PUT",
					     "/apis/apps/v1/namespaces/default/daemonsets/d", body);
		assert_string_equal(json_get(json_at(object, "metadata.annotations"),
					     "deprecated.daemonset.template.generation")
					    ->valuestring,
				    expected[i]);
	}
}

/* Kinds without rules of their own still have their required fields. */
static void test_required_fields(void **state)
{
	assert_refused(*state, "POST",
		       "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
		       "{'kind':'RoleBinding','apiVersion':'rbac.authorization.k8s.io/v1',"
		       "'metadata':{'name':'a'}}",
		       422,
		       "RoleBinding.rbac.authorization.k8s.io \"a\" is invalid: roleRef: Required "
		       "value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIMWORLD_TEST(test_statefulsets_that_are_wrong),
		SIMWORLD_TEST(test_templates),
		SIMWORLD_TEST(test_what_a_statefulset_keeps),
		SIMWORLD_TEST(test_service_addresses),
		SIMWORLD_TEST(test_services_that_are_wrong),
		SIMWORLD_TEST(test_metadata_that_is_wrong),
		SIMWORLD_TEST(test_no_new_finalizers_at_the_end),
		SIMWORLD_TEST(test_immutable_data),
		SIMWORLD_TEST(test_secrets),
		SIMWORLD_TEST(test_pods),
		SIMWORLD_TEST(test_jobs),
		SIMWORLD_TEST(test_daemonset_template_generation),
		SIMWORLD_TEST(test_required_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

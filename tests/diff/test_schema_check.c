#include "diff/schema.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* What a walk found: a line per finding, in our words and in the server's. */
struct found {
	struct buf ours, servers;
	const cJSON *root;
	int limit;
};

static int note(const struct schema_finding *finding, void *data)
{
	struct found *found = data;

	schema_explain(finding, &found->ours);
	buf_putc(&found->ours, '\n');
	schema_explain_as_server(finding, &found->servers);
	buf_putc(&found->servers, '\n');
	assert_non_null(finding->node);
	return found->limit > 0 && --found->limit == 0;
}

static void check(const char *text, struct found *ret_found)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of(text);
	struct err err;

	buf_init(&ret_found->ours, 10000);
	buf_init(&ret_found->servers, 10000);
	assert_ok(schema_check(schema_find_for(object), json_str(object, "kind"), object, note,
			       ret_found, &err),
		  err);
}

static void found_release(struct found *found)
{
	buf_release(&found->ours);
	buf_release(&found->servers);
}

static void test_good_objects(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"{'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': 'web',"
		" 'labels': {'app': 'web'}}, 'spec': {'ports': [{'port': 80, 'name': 'web'}],"
		" 'clusterIP': 'None', 'selector': {'app': 'web'}}}",

		"{'apiVersion': 'apps/v1', 'kind': 'StatefulSet', 'metadata': {'name': 'web',"
		" 'creationTimestamp': null}, 'spec': {'serviceName': 'web', 'replicas': 3,"
		" 'ordinals': {'start': 5}, 'selector': {'matchLabels': {'app': 'web'}},"
		" 'persistentVolumeClaimRetentionPolicy': {'whenDeleted': 'Retain'},"
		" 'template': {'metadata': {'labels': {'app': 'web'}}, 'spec': {'containers': [{"
		"  'name': 'nginx', 'image': 'nginx:1.25.4', 'command': ['a', null],"
		"  'resources': {'limits': {'cpu': 1, 'memory': '1.5Gi'}, 'requests': {'cpu': "
		"0.5}},"
		"  'livenessProbe': {'httpGet': {'port': 'web'}, 'periodSeconds': 5},"
		"  'readinessProbe': {'tcpSocket': {'port': 80}},"
		"  'ports': [{'containerPort': 80, 'name': 'web'}]}]}},"
		" 'updateStrategy': {'rollingUpdate': {'partition': 2, 'maxUnavailable': '10%'},"
		"  'type': 'RollingUpdate'},"
		" 'volumeClaimTemplates': [{'metadata': {'name': 'data'}, 'spec': {"
		"  'accessModes': ['ReadWriteOnce'], 'resources': {'requests': {'storage': "
		"'1Gi'}}}}]}}",

		"{'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 's'}, 'type': "
		"'Opaque',"
		" 'data': {'a': '', 'b': 'aGk=', 'c': 'aGVs\\nbG8h', 'd': 'aA==\\n'},"
		" 'stringData': {'e': 'x'}}",

		"{'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': "
		"'l',"
		" 'creationTimestamp': '2024-02-29T23:59:59.5+05:30'},"
		" 'spec': {'renewTime': '2026-06-12T12:38:38.000001Z'}}",

		"{'apiVersion': 'v1', 'kind': 'List', 'items': [{'kind': 'whatever'}]}",

		/* Not known: nothing is checked. */
		"{'apiVersion': 'example.org/v1', 'kind': 'StatefulSet', 'specs': 1}",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(found_release) struct found found = {0};

		check(rows[i], &found);
		assert_string_equal(buf_str(&found.ours), "");
	}
}

#define STS(spec)                                                                    \
	"{'apiVersion': 'apps/v1', 'kind': 'StatefulSet', 'spec': {'selector': {}, " \
	"'template': {}, " spec "}}"
#define POD(container)                                                                \
	"{'apiVersion': 'v1', 'kind': 'Pod', 'spec': {'containers': [{'name': 'a'}, " \
	"{'name': 'b', " container "}]}}"
#define NOT_A_QUANTITY                                  \
	"quantities must match the regular expression " \
	"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'\n"

static void test_findings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *ours, *servers;
	} rows[] = {
		{STS("'replica': 3"),
		 "unknown field \"replica\" in StatefulSet.spec; did you mean \"replicas\"?\n",
		 "unknown field \"spec.replica\"\n"},
		{"{'apiVersion': 'apps/v1', 'kind': 'Deployment', 'spec': {'selector': {},"
		 " 'template': {}, 'strategy': {'rollingUpdate': {'partition': 1}}}}",
		 "unknown field \"partition\" in Deployment.spec.strategy.rollingUpdate\n",
		 "unknown field \"spec.strategy.rollingUpdate.partition\"\n"},
		{"{'apiVersion': 'v1', 'kind': 'ConfigMap', 'dta': {}}",
		 "unknown field \"dta\" in ConfigMap; did you mean \"data\"?\n",
		 "unknown field \"dta\"\n"},
		{POD("'imag': null"),
		 "unknown field \"imag\" in Pod.spec.containers[1]; did you mean \"image\"?\n",
		 "unknown field \"spec.containers[1].imag\"\n"},
		{POD("'a\\n\\\"': 1"), "unknown field \"a\\n\\\"\" in Pod.spec.containers[1]\n",
		 "unknown field \"spec.containers[1].a\\n\\\"\"\n"},
		{STS("'replicas': '3'"),
		 "StatefulSet.spec.replicas must be an integer, not a string\n",
		 "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas "
		 "of type int32\n"},
		{STS("'replicas': 1.5"),
		 "StatefulSet.spec.replicas must be an integer, not a number\n",
		 "json: cannot unmarshal number 1.5 into Go struct field "
		 "StatefulSetSpec.spec.replicas of type int32\n"},
		{STS("'replicas': 3000000000"),
		 "StatefulSet.spec.replicas must be an integer of 32 bits\n",
		 "json: cannot unmarshal number 3000000000 into Go struct field "
		 "StatefulSetSpec.spec.replicas of type int32\n"},
		{STS("'updateStrategy': 'OnDelete'"),
		 "StatefulSet.spec.updateStrategy must be an object, not a string\n",
		 "json: cannot unmarshal string into Go struct field "
		 "StatefulSetSpec.spec.updateStrategy of type v1.StatefulSetUpdateStrategy\n"},
		{STS("'updateStrategy': {'rollingUpdate': {'maxUnavailable': true}}"),
		 "StatefulSet.spec.updateStrategy.rollingUpdate.maxUnavailable must be an integer "
		 "or "
		 "a string, not a boolean\n",
		 "json: cannot unmarshal bool into Go struct field "
		 "RollingUpdateStatefulSetStrategy."
		 "spec.updateStrategy.rollingUpdate.maxUnavailable of type int32\n"},
		{POD("'env': [{'name': 'A', 'value': 1}]"),
		 "Pod.spec.containers[1].env[0].value must be a string, not a number: quote it\n",
		 "json: cannot unmarshal number into Go struct field "
		 "EnvVar.spec.containers.env.value of type string\n"},
		{POD("'ports': {'containerPort': 80}"),
		 "Pod.spec.containers[1].ports must be a list, not an object\n",
		 "json: cannot unmarshal object into Go struct field "
		 "Container.spec.containers.ports of type []v1.ContainerPort\n"},
		{POD("'ports': [80]"),
		 "Pod.spec.containers[1].ports[0] must be an object, not a number\n",
		 "json: cannot unmarshal number into Go struct field "
		 "Container.spec.containers.ports of type v1.ContainerPort\n"},
		{POD("'command': 'sh'"),
		 "Pod.spec.containers[1].command must be a list, not a string\n",
		 "json: cannot unmarshal string into Go struct field "
		 "Container.spec.containers.command of type []string\n"},
		{POD("'args': ['-n', 5]"),
		 "Pod.spec.containers[1].args[1] must be a string, not a number: quote it\n",
		 "json: cannot unmarshal number into Go struct field "
		 "Container.spec.containers.args of type string\n"},
		{POD("'stdin': 'yes'"),
		 "Pod.spec.containers[1].stdin must be true or false, not a string\n",
		 "json: cannot unmarshal string into Go struct field "
		 "Container.spec.containers.stdin of type bool\n"},
		{POD("'resources': {'limits': {'memory': '1GB'}, 'requests': {'cpu': []}}"),
		 "Pod.spec.containers[1].resources.limits.memory must be a quantity such as 500m "
		 "or "
		 "2Gi\n"
		 "Pod.spec.containers[1].resources.requests.cpu must be a quantity such as 500m or "
		 "2Gi, not a list\n",
		 NOT_A_QUANTITY NOT_A_QUANTITY},
		{POD("'resources': {'limits': '1Gi'}"),
		 "Pod.spec.containers[1].resources.limits must be an object, not a string\n",
		 "json: cannot unmarshal string into Go struct field "
		 "ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList\n"},
		{POD("'ports': [{'name': 'web'}], 'livenessProbe': {'httpGet': {'port': null}}"),
		 "Pod.spec.containers[1].ports[0].containerPort is required\n"
		 "Pod.spec.containers[1].livenessProbe.httpGet.port is required\n",
		 "spec.containers[1].ports[0].containerPort: Required value\n"
		 "spec.containers[1].livenessProbe.httpGet.port: Required value\n"},
		{"{'apiVersion': 'apps/v1', 'kind': 'StatefulSet', 'spec': {'selector': null}}",
		 "StatefulSet.spec.selector is required\nStatefulSet.spec.template is required\n",
		 "spec.selector: Required value\nspec.template: Required value\n"},
		{"{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'labels': {'v': 1.0},"
		 " 'annotations': {'on\\ne': true}}, 'data': {'a': {}}}",
		 "ConfigMap.metadata.labels.v must be a string, not a number: quote it\n"
		 "ConfigMap.metadata.annotations.on?e must be a string, not a boolean: quote it\n"
		 "ConfigMap.data.a must be a string, not an object\n",
		 "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of "
		 "type string\n"
		 "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.annotations "
		 "of "
		 "type string\n"
		 "json: cannot unmarshal object into Go struct field ConfigMap.data of type "
		 "string\n"},
		{"{'apiVersion': 'v1', 'kind': 'Secret', 'data': {'a': 'hello', 'b': 5}}",
		 "Secret.data.a must be base64\nSecret.data.b must be base64, not a number\n",
		 "illegal base64 data at input byte 5\n"
		 "json: cannot unmarshal number into Go struct field Secret.data of type "
		 "[]uint8\n"},
		{"{'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'creationTimestamp': 'now'},"
		 " 'spec': {'containers': []}}",
		 "Pod.metadata.creationTimestamp must be a time such as 2006-01-02T15:04:05Z\n",
		 "parsing time \"now\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"now\" as "
		 "\"2006\"\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(found_release) struct found found = {0};

		check(rows[i].text, &found);
		assert_string_equal(buf_str(&found.ours), rows[i].ours);
		assert_string_equal(buf_str(&found.servers), rows[i].servers);
	}
}

static void test_values(void **state)
{
	(void)state;
	static const struct {
		const char *time;
		bool is_time, is_micro_time;
	} times[] = {
		{"2024-02-29T00:00:00Z", true, false},
		{"2023-02-29T00:00:00Z", false, false},
		{"2024-13-01T00:00:00Z", false, false},
		{"2024-04-31T00:00:00Z", false, false},
		{"2024-04-30T24:00:00Z", false, false},
		{"2024-04-30T00:00:00", false, false},
		{"2024-04-30T00:00:00+01:00", true, false},
		{"2024-04-30T00:00:00+01:00Z", false, false},
		{"2024-04-30T00:00:00.Z", false, false},
		{"2024-04-30T00:00:00.123456Z", true, true},
		{"2024-04-30T00:00:00.123456-07:00", true, true},
		{"2024-04-30T00:00:00.12345Z", true, false},
		{"2024-04-30 00:00:00Z", false, false},
		{"2024-04-30T00:00:00z", false, false},
		{"2024-06-30T23:59:60Z", false, false},
		{"2024-04-30", false, false},
		{"", false, false},
	};
	static const struct {
		const char *text, *fault;
	} bytes[] = {
		{"YQ==", ""},       {"YQ=", "3"},         {"YQ", "2"},        {"YQ==Y", "4"},
		{"YQ==YQ==", "4"},  {"Y===", "1"},        {"YWJj\\r\\n", ""}, {"Y-Jj", "1"},
		{"YWI=\\n\\n", ""}, {"YWI=\\nYWI=", "5"}, {"=", "0"},
	};
	char text[256];

	for (size_t i = 0; i < COUNT(times); i++) {
		CLEANUP(found_release) struct found found = {0};
		CLEANUP(found_release) struct found micro = {0};

		snprintf(text, sizeof(text),
			 "{'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': "
			 "{'creationTimestamp': '%s'}}",
			 times[i].time);
		check(text, &found);
		snprintf(text, sizeof(text),
			 "{'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'spec': "
			 "{'renewTime': '%s'}}",
			 times[i].time);
		check(text, &micro);
		if ((found.ours.length == 0) != times[i].is_time ||
		    (micro.ours.length == 0) != times[i].is_micro_time)
			fail_msg("%s", times[i].time);
	}
	for (size_t i = 0; i < COUNT(bytes); i++) {
		CLEANUP(found_release) struct found found = {0};
		char expected[64] = "";

		snprintf(text, sizeof(text),
			 "{'apiVersion': 'v1', 'kind': 'Secret', 'data': {'a': '%s'}}",
			 bytes[i].text);
		check(text, &found);
		if (bytes[i].fault[0])
			snprintf(expected, sizeof(expected),
				 "illegal base64 data at input byte %s\n", bytes[i].fault);
		assert_string_equal(buf_str(&found.servers), expected);
	}
}

static void test_duplicates(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of(STS("'replicas': 1"));
	CLEANUP(found_release) struct found found = {0};
	struct err err;

	/* json_parse refuses this; a reader that does not can still have it found. */
	cJSON_AddItemToObject(json_get(object, "spec"), "replicas", json_new_int(2));
	buf_init(&found.ours, 1000);
	buf_init(&found.servers, 1000);
	assert_ok(schema_check(schema_find_for(object), "StatefulSet", object, note, &found, &err),
		  err);
	assert_string_equal(buf_str(&found.ours),
			    "duplicate field \"replicas\" in StatefulSet.spec\n");
	assert_string_equal(buf_str(&found.servers), "duplicate field \"spec.replicas\"\n");
}

static void test_a_visit_can_end_the_walk(void **state)
{
	(void)state;
	CLEANUP(found_release) struct found found = {.limit = 2};

	check(POD("'x': 1, 'y': 2, 'env': [{}, {}]"), &found);
	assert_string_equal(buf_str(&found.servers), "unknown field \"spec.containers[1].x\"\n"
						     "unknown field \"spec.containers[1].y\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_objects),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_a_visit_can_end_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

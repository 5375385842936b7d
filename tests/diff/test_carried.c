#include "diff/carried.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

#define ACCOUNT "'kubernetes.io/service-account.name':'a'"
#define UID     "'kubernetes.io/service-account.uid':'u'"
#define TOKEN_SECRET \
	"'apiVersion':'v1','kind':'Secret','type':'kubernetes.io/service-account-token'"
#define CLUSTER_ROLE "'apiVersion':'rbac.authorization.k8s.io/v1','kind':'ClusterRole'"
#define HOOKS        "'apiVersion':'admissionregistration.k8s.io/v1','kind':'MutatingWebhookConfiguration'"
#define CRD          "'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition'"
#define TOKEN_MOUNT  "{'name':'t','mountPath':'/var/run/secrets/kubernetes.io/serviceaccount'}"

struct example {
	const char *name, *body, *live, *result;
};

static void check(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *body = value_of(examples[i].body);
		CLEANUP(cJSON_Delete_p) cJSON *live = value_of(examples[i].live);
		struct err err;

		print_message("%s\n", examples[i].name);
		assert_ok(carried_fill(body, live, &err), err);
		assert_value(body, examples[i].result);
		assert_value(live, examples[i].live);
	}
}

static void test_services(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"the address, also for an empty one",
		 "{'apiVersion':'v1','kind':'Service','spec':{'clusterIP':''}}",
		 "{'spec':{'type':'ClusterIP','clusterIP':'10.0.0.1'}}",
		 "{'apiVersion':'v1','kind':'Service','spec':{'clusterIP':'10.0.0.1'}}"},
		{"not of a Service that becomes a name",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'ExternalName'}}",
		 "{'spec':{'type':'ClusterIP','clusterIP':'10.0.0.1'}}",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'ExternalName'}}"},
		{"another group's Service is another kind",
		 "{'apiVersion':'serving.knative.dev/v1','kind':'Service','spec':{}}",
		 "{'spec':{'clusterIP':'10.0.0.1'}}",
		 "{'apiVersion':'serving.knative.dev/v1','kind':'Service','spec':{}}"},
		{"node ports, by name, none twice",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'NodePort','ports':["
		 "{'name':'a','port':1},{'name':'b','port':2},{'name':'c','port':3,'nodePort':31}]}"
		 "}",
		 "{'spec':{'type':'LoadBalancer','ports':[{'name':'b','nodePort':32},"
		 "{'name':'a','nodePort':31}]}}",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'NodePort','ports':["
		 "{'name':'a','port':1},{'name':'b','port':2,'nodePort':32},"
		 "{'name':'c','port':3,'nodePort':31}]}}"},
		{"a node port of 0 is none",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'NodePort','ports':["
		 "{'port':1,'nodePort':0}]}}",
		 "{'spec':{'type':'NodePort','ports':[{'port':1,'nodePort':31}]}}",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'NodePort','ports':["
		 "{'port':1,'nodePort':31}]}}"},
		{"no node port where none is wanted",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'LoadBalancer',"
		 "'allocateLoadBalancerNodePorts':false,'ports':[{'port':1}]}}",
		 "{'spec':{'type':'NodePort','ports':[{'port':1,'nodePort':31}]}}",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'LoadBalancer',"
		 "'allocateLoadBalancerNodePorts':false,'ports':[{'port':1}]}}"},
		{"the port of health checks",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'LoadBalancer',"
		 "'externalTrafficPolicy':'Local'}}",
		 "{'spec':{'type':'LoadBalancer','healthCheckNodePort':30}}",
		 "{'apiVersion':'v1','kind':'Service','spec':{'type':'LoadBalancer',"
		 "'externalTrafficPolicy':'Local','healthCheckNodePort':30}}"},
	};

	check(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_volumes(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"what a claim is bound to, and its class",
		 "{'apiVersion':'v1','kind':'PersistentVolumeClaim','spec':{}}",
		 "{'spec':{'volumeName':'v','storageClassName':'fast','volumeMode':'Block'}}",
		 "{'apiVersion':'v1','kind':'PersistentVolumeClaim','spec':{'volumeName':'v',"
		 "'storageClassName':'fast'}}"},
		{"an empty class is one",
		 "{'apiVersion':'v1','kind':'PersistentVolumeClaim','spec':{'storageClassName':''}"
		 "}",
		 "{'spec':{'storageClassName':'fast'}}",
		 "{'apiVersion':'v1','kind':'PersistentVolumeClaim','spec':{'storageClassName':''}"
		 "}"},
		{"whose a volume is", "{'apiVersion':'v1','kind':'PersistentVolume','spec':{}}",
		 "{'spec':{'claimRef':{'name':'c','namespace':'n','uid':'u'}}}",
		 "{'apiVersion':'v1','kind':'PersistentVolume','spec':{'claimRef':{'name':'c',"
		 "'namespace':'n','uid':'u'}}}"},
		{"also where the manifest reserves it",
		 "{'apiVersion':'v1','kind':'PersistentVolume','spec':{'claimRef':{'name':'c',"
		 "'namespace':'n'}}}",
		 "{'spec':{'claimRef':{'name':'c','namespace':'n','uid':'u'}}}",
		 "{'apiVersion':'v1','kind':'PersistentVolume','spec':{'claimRef':{'name':'c',"
		 "'namespace':'n','uid':'u'}}}"},
		{"but not for another claim",
		 "{'apiVersion':'v1','kind':'PersistentVolume','spec':{'claimRef':{'name':'d',"
		 "'namespace':'n'}}}",
		 "{'spec':{'claimRef':{'name':'c','namespace':'n','uid':'u'}}}",
		 "{'apiVersion':'v1','kind':'PersistentVolume','spec':{'claimRef':{'name':'d',"
		 "'namespace':'n'}}}"},
	};

	check(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_workloads(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"a Job's selector and labels",
		 "{'apiVersion':'batch/v1','kind':'Job','spec':{'template':{'metadata':null}}}",
		 "{'spec':{'selector':{'matchLabels':{'controller-uid':'u'}},'template':{"
		 "'metadata':{'labels':{'controller-uid':'u','job-name':'j','x':'1'}}}}}",
		 "{'apiVersion':'batch/v1','kind':'Job','spec':{'selector':{'matchLabels':{"
		 "'controller-uid':'u'}},'template':{'metadata':{'labels':{'controller-uid':'u',"
		 "'job-name':'j'}}}}}"},
		{"not where they are written by hand",
		 "{'apiVersion':'batch/v1','kind':'Job','spec':{'manualSelector':true}}",
		 "{'spec':{'manualSelector':true,'selector':{'matchLabels':{'a':'b'}},"
		 "'template':{'metadata':{'labels':{'job-name':'j'}}}}}",
		 "{'apiVersion':'batch/v1','kind':'Job','spec':{'manualSelector':true}}"},
		{"where a Pod runs, its resources and its token",
		 "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':["
		 "{'name':'a','resources':{'limits':{'cpu':'1'}}},{'name':'c'}]}}",
		 "{'metadata':{'annotations':{'kubernetes.io/limit-ranger':'x','y':'z'}},"
		 "'spec':{'nodeName':'n','serviceAccountName':'default','containers':["
		 "{'name':'b'},{'name':'a','tty':true,'resources':{'limits':{'cpu':'2','memory':'3'"
		 "},'requests':{'cpu':'1'}},'volumeMounts':[{'name':'d','mountPath':'/"
		 "d'}," TOKEN_MOUNT "]}],"
		 "'volumes':[{'name':'d'},{'name':'t','projected':{}}]}}",
		 "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','annotations':{"
		 "'kubernetes.io/limit-ranger':'x'}},'spec':{'containers':["
		 "{'name':'a','resources':{'limits':{'cpu':'1','memory':'3'},'requests':{'cpu':'1'}"
		 "},'volumeMounts':[" TOKEN_MOUNT "]},{'name':'c'}],"
		 "'volumes':[{'name':'t','projected':{}}],'nodeName':'n',"
		 "'serviceAccountName':'default'}}"},
	};

	check(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_access(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"the tokens of an account",
		 "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{'name':'a'},"
		 "'secrets':[{'name':'b'}]}",
		 "{'metadata':{'name':'a'},'secrets':[{'name':'c'},{'name':'a-token-x'},"
		 "{'name':'a-dockercfg-y'}],'imagePullSecrets':[{'name':'a-dockercfg-y'},"
		 "{'name':'d'}]}",
		 "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{'name':'a'},"
		 "'secrets':[{'name':'b'},{'name':'a-token-x'},{'name':'a-dockercfg-y'}],"
		 "'imagePullSecrets':[{'name':'a-dockercfg-y'}]}"},
		{"the secrets of an account that names none",
		 "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{'name':'a'}}",
		 "{'secrets':[{'name':'a-token-x'}],'imagePullSecrets':[{'name':'s'}]}",
		 "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{'name':'a'},"
		 "'secrets':[{'name':'a-token-x'}]}"},
		{"a token", "{" TOKEN_SECRET ",'metadata':{'annotations':{" ACCOUNT "}}}",
		 "{'metadata':{'annotations':{" ACCOUNT "," UID "}},'data':{'token':'eA=='}}",
		 "{" TOKEN_SECRET ",'metadata':{'annotations':{" ACCOUNT "," UID
		 "}},'data':{'token':'eA=='}}"},
		{"not another account's",
		 "{" TOKEN_SECRET ",'metadata':{'annotations':{" ACCOUNT "}}}",
		 "{'metadata':{'annotations':{'kubernetes.io/service-account.name':'b'}},"
		 "'data':{'token':'eA=='}}",
		 "{" TOKEN_SECRET ",'metadata':{'annotations':{" ACCOUNT "}}}"},
		{"nothing of other Secrets",
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'annotations':{" ACCOUNT "}}}",
		 "{'metadata':{'annotations':{" ACCOUNT "," UID "}},'data':{'token':'eA=='}}",
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'annotations':{" ACCOUNT "}}}"},
		{"rules that a controller gathers",
		 "{" CLUSTER_ROLE ",'aggregationRule':{},'rules':[]}",
		 "{'rules':[{'verbs':['get']}]}",
		 "{" CLUSTER_ROLE ",'aggregationRule':{},'rules':[{'verbs':['get']}]}"},
		{"no others", "{" CLUSTER_ROLE ",'rules':[]}", "{'rules':[{'verbs':['get']}]}",
		 "{" CLUSTER_ROLE ",'rules':[]}"},
	};

	check(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_certificates(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"of webhooks, by name",
		 "{" HOOKS ",'webhooks':[{'name':'b','clientConfig':{}},{'name':'a',"
		 "'clientConfig':{'caBundle':'bWU='}},{'name':'c'}]}",
		 "{'webhooks':[{'name':'a','clientConfig':{'caBundle':'YQ=='}},"
		 "{'name':'b','clientConfig':{'caBundle':'Yg=='}},{'name':'c',"
		 "'clientConfig':{'caBundle':'Yw=='}}]}",
		 "{" HOOKS ",'webhooks':[{'name':'b','clientConfig':{'caBundle':'Yg=='}},"
		 "{'name':'a','clientConfig':{'caBundle':'bWU='}},{'name':'c'}]}"},
		{"of a conversion",
		 "{" CRD ",'spec':{'conversion':{'webhook':{'clientConfig':{'caBundle':''}}}}}",
		 "{'spec':{'conversion':{'webhook':{'clientConfig':{'caBundle':'YQ=='}}}}}",
		 "{" CRD
		 ",'spec':{'conversion':{'webhook':{'clientConfig':{'caBundle':'YQ=='}}}}}"},
		{"if there is still one", "{" CRD ",'spec':{}}",
		 "{'spec':{'conversion':{'webhook':{'clientConfig':{'caBundle':'YQ=='}}}}}",
		 "{" CRD ",'spec':{}}"},
		{"of an APIService",
		 "{'apiVersion':'apiregistration.k8s.io/v1','kind':'APIService','spec':{}}",
		 "{'spec':{'caBundle':'YQ==','group':'g'}}",
		 "{'apiVersion':'apiregistration.k8s.io/v1','kind':'APIService',"
		 "'spec':{'caBundle':'YQ=='}}"},
	};

	check(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_refuses_what_is_no_object(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *body = value_of("{'apiVersion':'batch/v1','kind':'Job','spec':{'template':[]}}");
	CLEANUP(cJSON_Delete_p)
	cJSON *live = value_of("{'spec':{'template':{'metadata':{'labels':{'job-name':'j'}}}}}");
	struct err err;

	assert_int_equal(carried_fill(body, live, &err), -1);
	assert_int_equal(err.class, ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_workloads),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_refuses_what_is_no_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

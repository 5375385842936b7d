#include "tests/kubesim/table.h"

#include "tests/kubesim/table_cells.h"
#include "tests/kubesim/timestamp.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

/* Ages are counted up to here. */
#define NOW "2026-01-01T01:00:00Z"
#define OLD "'creationTimestamp':'2026-01-01T00:58:20Z'" /* 100s ago */

static int64_t moment(const char *text)
{
	int64_t us;

	assert_true(timestamp_read(text, &us));
	return us;
}

/* The cells of the only row of a Table with one object. */
static void assert_cells(const struct kind *kind, const char *object, const char *cells)
{
	const struct table_options options = {.now_us = moment(NOW)};
	CLEANUP(cJSON_Delete_p) cJSON *value = value_of(object);
	CLEANUP(cJSON_Delete_p) cJSON *table = table_new(kind, &options);

	table_add(table, kind, value, &options);
	assert_value(json_get(json_get(table, "rows")->child, "cells"), cells);
	assert_int_equal(cJSON_GetArraySize(json_get(table, "columnDefinitions")),
			 cJSON_GetArraySize(json_get(json_get(table, "rows")->child, "cells")));
}

static void test_cells_of_kinds(void **state)
{
	static const struct {
		const char *kind, *object, *cells;
	} cases[] = {
		{"StatefulSet",
		 "{'metadata':{'name':'web'," OLD "},'spec':{'replicas':3,'template':{'spec':"
		 "{'containers':[{'name':'a','image':'a:1'},{'name':'b','image':'b:2'}]}}},"
		 "'status':{'readyReplicas':2}}",
		 "['web','2/3','100s','a,b','a:1,b:2']"},
		{"StatefulSet", "{'metadata':{'name':'web'," OLD "},'spec':{'replicas':3}}",
		 "['web','0/3','100s','','']"},
		{"Deployment",
		 "{'metadata':{'name':'d'," OLD "},'spec':{'replicas':2,'selector':{'matchLabels':"
		 "{'b':'2','a':'1'}},'template':{'spec':{'containers':[{'name':'c','image':'i'}]}}}"
		 ","
		 "'status':{'readyReplicas':1,'updatedReplicas':2,'availableReplicas':1}}",
		 "['d','1/2',2,1,'100s','c','i','a=1,b=2']"},
		{"ReplicaSet",
		 "{'metadata':{'name':'r'},'spec':{'replicas':2,'selector':{'matchLabels':{'a':'1'}"
		 ","
		 "'matchExpressions':[{'key':'b','operator':'In','values':['y','x']},"
		 "{'key':'c','operator':'DoesNotExist'}]}},'status':{'replicas':2}}",
		 "['r',2,2,0,'<unknown>','','','!c,a=1,b in (x,y)']"},
		{"Service",
		 "{'metadata':{'name':'s'," OLD "},'spec':{'type':'ClusterIP','clusterIP':'None',"
		 "'ports':[{'port':80,'protocol':'TCP'},{'port':53,'nodePort':30053,'protocol':'"
		 "UDP'}],"
		 "'selector':{'app':'web'}}}",
		 "['s','ClusterIP','None','<none>','80/TCP,53:30053/UDP','100s','app=web']"},
		{"Service",
		 "{'metadata':{'name':'s'},'spec':{'type':'LoadBalancer','clusterIP':'10.0.0.1'}}",
		 "['s','LoadBalancer','10.0.0.1','<pending>','<none>','<unknown>','<none>']"},
		{"Service",
		 "{'metadata':{'name':'s'},'spec':{'type':'LoadBalancer','externalIPs':['1.2.3.4']}"
		 ","
		 "'status':{'loadBalancer':{'ingress':[{'ip':'9.9.9.9'},{'hostname':'h'}]}}}",
		 "['s','LoadBalancer','<none>','9.9.9.9,h,1.2.3.4','<none>','<unknown>','<none>']"},
		{"ConfigMap",
		 "{'metadata':{'name':'c'," OLD "},'data':{'a':'1','b':'2'},'binaryData':{'x':''}}",
		 "['c',3,'100s']"},
		{"Secret", "{'metadata':{'name':'s'," OLD "},'type':'Opaque','data':{'a':''}}",
		 "['s','Opaque',1,'100s']"},
		{"Namespace", "{'metadata':{'name':'n'," OLD "},'status':{'phase':'Active'}}",
		 "['n','Active','100s']"},
		{"ControllerRevision",
		 "{'metadata':{'name':'web-1'," OLD ",'ownerReferences':[{'apiVersion':'apps/v1',"
		 "'kind':'StatefulSet','name':'web','uid':'u','controller':true}]},'revision':2}",
		 "['web-1','statefulset.apps/web',2,'100s']"},
		{"ControllerRevision", "{'metadata':{'name':'web-1'},'revision':2}",
		 "['web-1','<none>',2,'<unknown>']"},
		{"Lease", "{'metadata':{'name':'l'," OLD "},'spec':{'holderIdentity':'me'}}",
		 "['l','me','100s']"},
		{"PodDisruptionBudget",
		 "{'metadata':{'name':'p'," OLD "},'spec':{'minAvailable':'50%'},"
		 "'status':{'disruptionsAllowed':1}}",
		 "['p','50%','N/A',1,'100s']"},
		{"PersistentVolumeClaim",
		 "{'metadata':{'name':'p'," OLD "},'spec':{'volumeName':'pv-1','storageClassName':"
		 "'std','volumeMode':'Filesystem'},'status':{'phase':'Bound','accessModes':"
		 "['ReadWriteMany','ReadWriteOnce'],'capacity':{'storage':'1024Mi'}}}",
		 "['p','Bound','pv-1','1Gi','RWO,RWX','std','<unset>','100s','Filesystem']"},
		{"PersistentVolumeClaim",
		 "{'metadata':{'name':'p'," OLD ",'deletionTimestamp':'" NOW "'},'spec':{},"
		 "'status':{'phase':'Pending'}}",
		 "['p','Terminating','','','','','<unset>','100s','<unset>']"},
		{"Node",
		 "{'metadata':{'name':'n'," OLD ",'labels':{'node-role.kubernetes.io/worker':'',"
		 "'node-role.kubernetes.io/"
		 "control-plane':''}},'spec':{'unschedulable':true},'status':"
		 "{'conditions':[{'type':'Ready','status':'True'}],'addresses':[{'type':'"
		 "InternalIP',"
		 "'address':'10.0.0.9'}],'nodeInfo':{'kubeletVersion':'v1','osImage':'Linux'}}}",
		 "['n','Ready,SchedulingDisabled','control-plane,worker','100s','v1','10.0.0.9',"
		 "'<none>','Linux','<unknown>','<unknown>']"},
		{"Event",
		 "{'metadata':{'name':'e'," OLD "},'type':'Normal','reason':'SuccessfulCreate',"
		 "'involvedObject':{'kind':'StatefulSet','name':'web'},'message':' create \\n',"
		 "'source':{'component':'statefulset-controller'},'count':3,"
		 "'firstTimestamp':'2026-01-01T00:00:00Z','lastTimestamp':'2026-01-01T00:59:58Z'}",
		 "['2s','Normal','SuccessfulCreate','statefulset/web','','statefulset-controller',"
		 "'create','60m',3,'e']"},
		{"Event",
		 "{'metadata':{'name':'e'},'type':'Warning','reason':'R','regarding':{'kind':'Pod',"
		 "'name':'p','fieldPath':'spec'},'note':'n','reportingController':'c',"
		 "'reportingInstance':'i','eventTime':'2026-01-01T00:59:00.000000Z'}",
		 "['60s','Warning','R','pod/p','spec','c, i','n','60s',1,'e']"},
		{"Job",
		 "{'metadata':{'name':'j'," OLD
		 "},'spec':{'completions':3},'status':{'succeeded':1,"
		 "'startTime':'2026-01-01T00:50:00Z','completionTime':'2026-01-01T00:51:30Z',"
		 "'conditions':[{'type':'Complete','status':'True'}]}}",
		 "['j','Complete','1/3','90s','100s','','','<none>']"},
		{"CronJob",
		 "{'metadata':{'name':'c'," OLD "},'spec':{'schedule':'* * * * *',"
		 "'suspend':false}}",
		 "['c','* * * * *','<none>','False',0,'<none>','100s','','','<none>']"},
		{"RoleBinding",
		 "{'metadata':{'name':'r'," OLD "},'roleRef':{'kind':'Role','name':'x'},'subjects':"
		 "[{'kind':'User','name':'u'},{'kind':'ServiceAccount','namespace':'n','name':'s'}]"
		 "}",
		 "['r','Role/x','100s','u','','n/s']"},
		{"StorageClass",
		 "{'metadata':{'name':'std'," OLD ",'annotations':"
		 "{'storageclass.kubernetes.io/is-default-class':'true'}},'provisioner':'p',"
		 "'reclaimPolicy':'Delete','volumeBindingMode':'Immediate'}",
		 "['std (default)','p','Delete','Immediate',false,'100s']"},
		{"Role", "{'metadata':{'name':'r'," OLD "}}", "['r','2026-01-01T00:58:20Z']"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct kind kind = {.kind = cases[i].kind};

		assert_cells(&kind, cases[i].object, cases[i].cells);
	}
}

#define POD(spec, status) \
	"{'metadata':{'name':'p'," OLD "},'spec':{" spec "},'status':{" status "}}"
#define CELLS(text)  "[" text ",'100s','<none>','<none>','<none>','<none>']"
#define ONE          "'containers':[{'name':'a'}]"
#define STATE(state) "'containerStatuses':[{'name':'a'," state "}]"
#define SIDECAR      "'initContainers':[{'name':'i','restartPolicy':'Always'}]"

static void test_pods(void **state)
{
	static const struct {
		const char *object, *cells;
	} cases[] = {
		{POD(ONE, "'phase':'Pending'"), CELLS("'p','0/1','Pending','0'")},
		{POD(ONE, "'phase':'Running'," STATE("'ready':true,'state':{'running':{}}")),
		 CELLS("'p','1/1','Running','0'")},
		{POD(ONE, "'phase':'Running'," STATE("'ready':false,'state':{'running':{}}")),
		 CELLS("'p','0/1','Running','0'")},
		{POD(ONE, "'phase':'Pending'," STATE("'state':{'waiting':{'reason':"
						     "'ImagePullBackOff'}}")),
		 CELLS("'p','0/1','ImagePullBackOff','0'")},
		{POD(ONE,
		     "'phase':'Running'," STATE(
			     "'restartCount':4,'state':{'waiting':{'reason':'CrashLoopBackOff'}},"
			     "'lastState':{'terminated':{'finishedAt':'2026-01-01T00:57:55Z'}}")),
		 CELLS("'p','0/1','CrashLoopBackOff','4 (2m5s ago)'")},
		{POD(ONE, "'phase':'Failed'," STATE("'state':{'terminated':{'exitCode':3}}")),
		 CELLS("'p','0/1','ExitCode:3','0'")},
		{POD(ONE, "'phase':'Failed'," STATE("'state':{'terminated':{'signal':9}}")),
		 CELLS("'p','0/1','Signal:9','0'")},
		{POD(ONE, "'phase':'Failed','reason':'Evicted'"), CELLS("'p','0/1','Evicted','0'")},
		{POD("'initContainers':[{'name':'i'}]," ONE,
		     "'phase':'Pending','initContainerStatuses':[{'name':'i','state':{'running':{}}"
		     "}]"),
		 CELLS("'p','0/1','Init:0/1','0'")},
		{POD("'initContainers':[{'name':'i'}]," ONE,
		     "'phase':'Pending','initContainerStatuses':[{'name':'i','restartCount':2,'"
		     "state':"
		     "{'terminated':{'exitCode':1,'reason':'Error'}}}]"),
		 CELLS("'p','0/1','Init:Error','2'")},
		{POD(SIDECAR "," ONE,
		     "'phase':'Running','initContainerStatuses':[{'name':'i','started':true,'ready'"
		     ":"
		     "true,'state':{'running':{}}}]," STATE("'ready':true,'state':{'running':{}}")),
		 CELLS("'p','2/2','Running','0'")},
		{POD(ONE, "'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False',"
			  "'reason':'SchedulingGated'}]"),
		 CELLS("'p','0/1','SchedulingGated','0'")},
		{"{'metadata':{'name':'p'," OLD ",'deletionTimestamp':'" NOW "'},'spec':{" ONE
		 ",'nodeName':'n','readinessGates':[{'conditionType':'x'},{'conditionType':'y'}]},"
		 "'status':{'phase':'Running','podIP':'10.0.0.5','conditions':[{'type':'y','status'"
		 ":"
		 "'True'}]," STATE("'ready':true,'state':{'running':{}}") "}}",
		 "['p','1/1','Terminating','0','100s','10.0.0.5','n','<none>','1/2']"},
	};
	const struct kind kind = {.kind = "Pod"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_cells(&kind, cases[i].object, cases[i].cells);
}

static void test_custom_resources(void **state)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *definition =
		value_of("{'additionalPrinterColumns':[{'name':'Size','type':'integer','jsonPath':'"
			 ".spec.size'},"
			 "{'name':'Age','type':'date','jsonPath':'.metadata.creationTimestamp'},"
			 "{'name':'None','type':'string','jsonPath':'.spec.none'}]}");
	struct kind kind = {.kind = "Thing", .custom = true};

	(void)state;
	assert_cells(&kind, "{'metadata':{'name':'t'," OLD "}}", "['t','100s']");
	kind.definition = definition;
	assert_cells(&kind, "{'metadata':{'name':'t'," OLD "},'spec':{'size':3}}",
		     "['t',3,'100s',null]");
}

static void test_the_whole_table(void **state)
{
	const struct kind kind = {.kind = "Pod"};
	const char *object = "{'kind':'Pod','apiVersion':'v1','metadata':{'name':'p'},"
			     "'status':{'phase':'Succeeded'}}";
	CLEANUP(cJSON_Delete_p) cJSON *pod = value_of(object);
	struct table_options options = {.include = TABLE_INCLUDE_METADATA};

	(void)state;
	for (; options.include <= TABLE_INCLUDE_NONE; options.include++) {
		static const char *const included[] = {
			"{'kind':'PartialObjectMetadata','apiVersion':'meta.k8s.io/v1',"
			"'metadata':{'name':'p'}}",
			"{'kind':'Pod','apiVersion':'v1','metadata':{'name':'p'},"
			"'status':{'phase':'Succeeded'}}",
			"null",
		};
		CLEANUP(cJSON_Delete_p) cJSON *table = table_new(&kind, &options);
		cJSON *row;

		table_add(table, &kind, pod, &options);
		row = json_get(table, "rows")->child;
		assert_value(json_get(row, "object"), included[options.include]);
		assert_value(json_get(row, "conditions"),
			     "[{'type':'Completed','status':'True','reason':'Succeeded',"
			     "'message':'The pod has completed successfully.'}]");
		assert_value(json_get(table, "columnDefinitions")->child,
			     "{'name':'Name','type':'string','format':'name','description':'',"
			     "'priority':0}");
		json_remove(table, "rows");
		json_remove(table, "columnDefinitions");
		assert_value(table, "{'kind':'Table','apiVersion':'meta.k8s.io/v1','metadata':{}}");
	}
	options.no_headers = true;
	CLEANUP(cJSON_Delete_p) cJSON *table = table_new(&kind, &options);
	assert_value(json_get(table, "columnDefinitions"), "null");
}

static void test_ages(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{-5, "<invalid>"},  {-1, "0s"},       {0, "0s"},          {119, "119s"},
		{120, "2m"},        {121, "2m1s"},    {599, "9m59s"},     {600, "10m"},
		{10799, "179m"},    {10800, "3h"},    {10860, "3h1m"},    {28800, "8h"},
		{172799, "47h"},    {172800, "2d"},   {176400, "2d1h"},   {691200, "8d"},
		{63071999, "729d"}, {63072000, "2y"}, {63158400, "2y1d"}, {252288000, "8y"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(100);

		human_duration(cases[i].seconds * 1000000, &text);
		assert_string_equal(buf_str(&text), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells_of_kinds),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_custom_resources),
		cmocka_unit_test(test_the_whole_table),
		cmocka_unit_test(test_ages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

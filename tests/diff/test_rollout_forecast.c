#include <stdio.h>
#include <string.h>

#include "diff/rollout.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

#define MAX_REVISIONS 3

struct forecast_case {
	const char *from, *pods, *to; /* as tests/support/statefulset.h has them; from NULL: none */
	const char *revisions;        /* letters, oldest first */
	const char *expected;
	const char *warnings; /* joined by newlines */
};

static void print_warnings(const struct rollout_forecast *forecast, struct buf *out)
{
	for (size_t i = 0; i < forecast->warning_count; i++)
		buf_printf(out, "%s%s", i ? "\n" : "", forecast->warnings[i]);
}

static void add_members(cJSON *object, const char *members)
{
	CLEANUP(cJSON_Delete_p) cJSON *values = value_of(members);
	const cJSON *member;
	struct err err;

	json_each (member, values)
		assert_ok(json_set_key(object, member->string, json_copy(member), &err), err);
}

static void check_forecast(const struct forecast_case *the_case)
{
	struct test_pods pods = test_pods_of(the_case->pods);
	CLEANUP(cJSON_Delete_p)
	cJSON *from = the_case->from ? statefulset_of(the_case->from, &pods) : NULL;
	CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of(the_case->to, NULL);
	CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	CLEANUP(buf_release) struct buf warnings = BUF_INIT(65536);
	cJSON *revisions[MAX_REVISIONS] = {0};
	size_t revision_count = 0;
	struct err err;

	for (const char *letter = the_case->revisions; *letter; letter++, revision_count++)
		revisions[revision_count] = revision_of(*letter, (int)revision_count + 1);
	assert_ok(rollout_forecast(from, to, CONST_PODS(pods), pods.count,
				   (const cJSON *const *)revisions, revision_count, &forecast,
				   &err),
		  err);
	rollout_forecast_print(&forecast, &out);
	print_warnings(&forecast, &warnings);
	assert_string_equal(buf_str(&out), the_case->expected);
	assert_string_equal(buf_str(&warnings), the_case->warnings);
	for (size_t i = 0; i < revision_count; i++)
		cJSON_Delete(revisions[i]);
	test_pods_release(&pods);
}

static void check_forecasts(const struct forecast_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_forecast(&cases[i]);
}

#define CHECK_FORECASTS(cases) check_forecasts(cases, sizeof(cases) / sizeof(*(cases)))

/* The canary walkthrough, commit by commit. */
static void test_walkthrough(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		{NULL, "", "replicas=3 partition=2", "", "creates 0..2", ""},
		{"replicas=3 partition=2", "0..2=a", "replicas=5 partition=1 template=b", "a",
		 "creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4", ""},
		{"replicas=3 partition=2", "0..2=a", "replicas=5 partition=2 template=b", "a",
		 "creates 3, 4; replaces 2; keeps 0, 1 on nginx:1.25.4", ""},
		{"replicas=5 partition=2 current=a update=b", "0..1=a 2..4=b",
		 "replicas=5 partition=1 template=b", "ab", "replaces 1; keeps 0 on nginx:1.25.4",
		 ""},
		{"replicas=5 partition=1 current=a update=b", "0=a 1..4=b", "replicas=5 template=b",
		 "ab", "replaces 0", ""},
		{"replicas=5 current=b", "0..4=b", "replicas=5 template=b", "ab", "", ""},
	};

	CHECK_FORECASTS(cases);
}

static void test_new_template(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		{"replicas=5", "0..4=a", "replicas=5 template=b", "a",
		 "replaces 4..0 in that order", ""},
		{"replicas=1", "0=a", "replicas=1 template=b", "a", "replaces 0", ""},
		{"replicas=3 start=10", "10..12=a", "replicas=3 start=10 partition=1 template=b",
		 "a", "replaces 12, 11 in that order; keeps 10 on nginx:1.25.4", ""},
		{"replicas=3", "0..2=a", "replicas=3 partition=none template=b", "a",
		 "replaces 2..0 in that order", ""},
		{"replicas=3 policy=Parallel", "0..2=a", "replicas=3 policy=Parallel template=b",
		 "a", "replaces 2..0 in that order", ""},
		/* The Pods that run another than the live update revision are replaced too. */
		{"replicas=3 current=a update=b", "0..1=a 2=b", "replicas=3 template=c", "ab",
		 "replaces 2..0 in that order",
		 "overlaps an unfinished update, which 0, 1 did not get yet"},
		/* A Pod on its way out comes back on the new template. */
		{"replicas=2", "0=a 1=ax", "replicas=2 template=b", "a",
		 "replaces 1, 0 in that order", ""},
	};

	CHECK_FORECASTS(cases);
}

static void test_scaling(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		{"replicas=3", "0..2=a", "replicas=4", "a", "creates 3", ""},
		{"replicas=5", "0..4=a", "replicas=3", "a", "deletes 4, 3",
		 "scaling down from 5 to 3 deletes 4, 3"},
		{"replicas=5", "0..4=a", "replicas=0", "a", "deletes 4..0",
		 "scaling down from 5 to 0 deletes 4..0"},
		{"replicas=5", "0..4=a", "replicas=3 template=b", "a",
		 "deletes 4, 3; replaces 2..0 in that order",
		 "scaling down from 5 to 3 deletes 4, 3"},
		{"replicas=2", "0..1=a", "replicas=2 start=1", "a", "creates 2; deletes 0",
		 "2 replicas from ordinal 1 on: this deletes 0"},
		/* Above the partition new ordinals start on the new template, below on the old. */
		{"replicas=3 partition=4 current=a update=a", "0..2=a",
		 "replicas=6 partition=4 template=b", "a",
		 "creates 3 on nginx:1.25.4, 4, 5 on nginx:1.26.1; keeps 0..2 on nginx:1.25.4", ""},
		{"replicas=3 partition=5", "0..2=a", "replicas=5 partition=5 template=b", "a",
		 "creates 3, 4 on nginx:1.25.4; keeps 0..2 on nginx:1.25.4",
		 "partition 5 is not below 5 replicas: no Pod takes the new template"},
		/* In mid-rollout, without a new template. */
		{"replicas=3 partition=2 current=a update=b", "0..1=a 2=b",
		 "replicas=5 partition=2 template=b", "ab",
		 "creates 3, 4; keeps 0, 1 on nginx:1.25.4", ""},
		{"replicas=3 partition=4 current=a update=b", "0..1=a 2=b",
		 "replicas=4 partition=4 template=b", "ab",
		 "creates 3 on nginx:1.25.4; keeps 0, 1 on nginx:1.25.4", ""},
		/* Nobody runs the current revision any more; its ControllerRevision knows. */
		{"replicas=1 partition=2 current=a update=b", "0=b",
		 "replicas=2 partition=2 template=b", "ab", "creates 1 on nginx:1.25.4", ""},
		{"replicas=1 partition=2 current=a update=b", "0=b",
		 "replicas=2 partition=2 template=b", "", "creates 1 on the current revision", ""},
	};

	CHECK_FORECASTS(cases);
}

static void test_going_back(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		/* The reverted template is the old revision again: its Pods are left alone. */
		{"replicas=5 partition=2 current=a update=b", "0..1=a 2..4=b",
		 "replicas=5 partition=2 template=a", "ab", "replaces 4..2 in that order", ""},
		{"replicas=5 partition=2 current=a update=b", "0..3=a 4=b!ImagePullBackOff",
		 "replicas=5 partition=2 template=a policy=Parallel", "ab", "replaces 4", ""},
		/* Without the ControllerRevisions nobody can know. */
		{"replicas=5 partition=2 current=a update=b", "0..3=a 4=b",
		 "replicas=5 partition=2 template=a", "",
		 "replaces 4..2 in that order; keeps 0, 1 on the earlier template", ""},
		/* Back to one before the last, while Pods on all three are about. */
		{"replicas=4 partition=1 current=b update=c", "0=b 1=a 2..3=c",
		 "replicas=4 partition=1 template=a", "abc",
		 "replaces 3, 2 in that order; keeps 0 on nginx:1.26.1", ""},
		/* A status that is behind the spec says nothing of the template. */
		{"replicas=2 current=a update=a template=b generation=2 observed=1", "0..1=a",
		 "replicas=2 template=b", "a", "replaces 1, 0 in that order", ""},
	};

	CHECK_FORECASTS(cases);
}

static void test_partition_warnings(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		{"replicas=5 partition=2 current=a update=b", "0..1=a 2..4=b",
		 "replicas=5 partition=4 template=b", "ab", "keeps 0, 1 on nginx:1.25.4",
		 "raising the partition to 4 does not take the update back from 2, 3; to go back, "
		 "revert the image"},
		/* Nothing was promoted between the two. */
		{"replicas=5 partition=2", "0..4=a", "replicas=5 partition=4", "a", "", ""},
		{"replicas=3 partition=2", "0..2=a", "replicas=3 partition=3 template=b", "a",
		 "keeps 0..2 on nginx:1.25.4",
		 "partition 3 is not below 3 replicas: no Pod takes the new template"},
		{"replicas=1 partition=2", "0=a", "replicas=1 partition=2 template=b", "a",
		 "keeps 0 on nginx:1.25.4",
		 "partition 2 is not below 1 replica: no Pod takes the new template"},
		{"replicas=3 partition=2", "0..2=a", "replicas=3 partition=0 template=b", "a",
		 "replaces 2..0 in that order",
		 "the partition falls from 2 to 0 together with a new template: all Pods take it, "
		 "without a canary"},
	};

	CHECK_FORECASTS(cases);
}

/* kubernetes#67250: OrderedReady does not replace a Pod that cannot start. */
static void test_blocked(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		{"replicas=5 partition=2 current=a update=b", "0..3=a 4=b!ImagePullBackOff",
		 "replicas=5 partition=2 template=a", "ab", "replaces 4",
		 "OrderedReady waits for web-4, which cannot start (ImagePullBackOff: it said so): "
		 "delete it once this is applied, and it comes back on the new template"},
		{"replicas=3 partition=2", "0=a!CrashLoopBackOff 1..2=a",
		 "replicas=3 partition=2 template=b", "a", "replaces 2; keeps 0, 1 on nginx:1.25.4",
		 "OrderedReady waits for web-0, which cannot start (CrashLoopBackOff: exit code 1, "
		 "7 restarts): no other Pod is replaced or deleted before it can"},
		/* Nothing waits, or nobody waits for it. */
		{"replicas=2 partition=2", "0=a!CrashLoopBackOff 1=a", "replicas=2 partition=1",
		 "a", "", ""},
		{"replicas=2", "0..1=a 2=a!ErrImagePull", "replicas=2 template=b", "a",
		 "deletes 2; replaces 1, 0 in that order",
		 "2 replicas from ordinal 0 on: this deletes 2"},
	};

	CHECK_FORECASTS(cases);
}

static void test_on_delete(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		{"replicas=3 strategy=OnDelete", "0..2=a",
		 "replicas=4 strategy=OnDelete template=b", "a",
		 "creates 3; keeps 0..2 on nginx:1.25.4",
		 "updateStrategy is OnDelete: a Pod takes the template when somebody deletes it"},
		{"replicas=3 strategy=OnDelete current=a update=b", "0..1=a 2=b",
		 "replicas=3 partition=1 template=b", "ab", "replaces 1; keeps 0 on nginx:1.25.4",
		 ""},
	};

	CHECK_FORECASTS(cases);
}

static void test_adoption(void **state)
{
	(void)state;
	struct test_pods pods = test_pods_of("0..1=a");
	CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of("replicas=3 template=a", NULL);
	CLEANUP(cJSON_Delete_p) cJSON *revision = revision_of('a', 1);
	CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	json_remove(pods.items[0], "metadata.ownerReferences");
	json_remove(pods.items[1], "metadata.ownerReferences");
	json_remove(revision, "metadata.ownerReferences");
	json_remove(to, "metadata.uid");
	json_remove(to, "status");
	assert_ok(rollout_forecast(NULL, to, CONST_PODS(pods), pods.count,
				   (const cJSON *const *)&revision, 1, &forecast, &err),
		  err);
	rollout_forecast_print(&forecast, &out);
	assert_string_equal(buf_str(&out), "creates 2");
	assert_int_equal(forecast.warning_count, 1);
	assert_string_equal(forecast.warnings[0], "adopts 0, 1, which exist already");
	test_pods_release(&pods);
}

static void test_restarted_at(void **state)
{
	(void)state;
	struct test_pods pods = test_pods_of("0..1=a");
	CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of("replicas=2", &pods);
	CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of("replicas=2", NULL);
	CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	assert_ok(json_set(from, "spec.template.metadata.annotations",
			   value_of("{'kubectl.kubernetes.io/restartedAt':'2026-01-01T00:00:00Z'}"),
			   &err),
		  err);
	assert_ok(
		rollout_forecast(from, to, CONST_PODS(pods), pods.count, NULL, 0, &forecast, &err),
		err);
	rollout_forecast_print(&forecast, &out);
	assert_string_equal(buf_str(&out), "replaces 1, 0 in that order");
	assert_int_equal(forecast.warning_count, 1);
	assert_string_equal(forecast.warnings[0],
			    "drops the annotation kubectl.kubernetes.io/restartedAt that `kubectl "
			    "rollout restart` set, which by itself makes the template a new one");
	test_pods_release(&pods);
}

/* As servers before 1.31 return a template, against one that was made without the server. */
static void test_a_null_creation_timestamp_is_no_new_template(void **state)
{
	(void)state;
	struct test_pods pods = test_pods_of("0..1=a");
	CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of("replicas=2", &pods);
	CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of("replicas=3", NULL);
	CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	assert_ok(json_set(from, "spec.template.metadata.creationTimestamp", cJSON_CreateNull(),
			   &err),
		  err);
	assert_ok(
		rollout_forecast(from, to, CONST_PODS(pods), pods.count, NULL, 0, &forecast, &err),
		err);
	rollout_forecast_print(&forecast, &out);
	assert_string_equal(buf_str(&out), "creates 2");
	test_pods_release(&pods);
}

/* What becomes of volumes: both StatefulSets have these members besides. */
static void test_volumes(void **state)
{
	(void)state;
#define CLAIM(size)                                                                              \
	"'volumeClaimTemplates':[{'metadata':{'name':'data'},'spec':{'resources':{'requests':{'" \
	"storage':'" size "'}}}}]"
#define WHEN(when, what) "'persistentVolumeClaimRetentionPolicy':{'" when "':'" what "'}"
	static const struct {
		int from, to;
		const char *from_spec, *to_spec;
		const char *warnings;
	} cases[] = {
		{2, 1, "{}", "{}", "scaling down from 2 to 1 deletes 1"},
		{2, 1, "{" CLAIM("1Gi") "}", "{" CLAIM("1Gi") "}",
		 "scaling down from 2 to 1 deletes 1; their volume claims stay"},
		{2, 1, "{" CLAIM("1Gi") "," WHEN("whenScaled", "Delete") "}",
		 "{" CLAIM("1Gi") "," WHEN("whenScaled", "Delete") "}",
		 "scaling down from 2 to 1 deletes 1 and their volume claims (whenScaled: Delete)"},
		{2, 2, "{" CLAIM("1Gi") "}", "{" CLAIM("1Gi") "," WHEN("whenScaled", "Delete") "}",
		 "scaling down will delete volume claims from now on (whenScaled: Delete)"},
		{2, 2, "{" CLAIM("1Gi") "}", "{" CLAIM("1Gi") "," WHEN("whenDeleted", "Delete") "}",
		 "deleting the StatefulSet will delete volume claims from now on (whenDeleted: "
		 "Delete)"},
		{2, 2, "{}", "{" WHEN("whenDeleted", "Delete") "}", ""},
		{2, 2, "{" CLAIM("1Gi") "}", "{" CLAIM("1024Mi") "}", ""},
		{2, 2, "{" CLAIM("1Gi") "}", "{" CLAIM("2Gi") "}",
		 "the volume claim template of data changes: claims that are there stay as they "
		 "are"},
		{2, 2, "{}", "{" CLAIM("2Gi") "}", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_pods pods = test_pods_of("0..1=a");
		char from_words[32], to_words[32];

		snprintf(from_words, sizeof(from_words), "replicas=%d", cases[i].from);
		snprintf(to_words, sizeof(to_words), "replicas=%d", cases[i].to);
		CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of(from_words, &pods);
		CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of(to_words, NULL);
		CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
		CLEANUP(buf_release) struct buf warnings = BUF_INIT(65536);
		struct err err;

		add_members(json_at(from, "spec"), cases[i].from_spec);
		add_members(json_at(to, "spec"), cases[i].to_spec);
		assert_ok(rollout_forecast(from, to, CONST_PODS(pods), pods.count, NULL, 0,
					   &forecast, &err),
			  err);
		print_warnings(&forecast, &warnings);
		assert_string_equal(buf_str(&warnings), cases[i].warnings);
		test_pods_release(&pods);
	}
}

static void test_omitted_partition(void **state)
{
	(void)state;
	static const struct {
		const char *from, *pods, *manifest, *to;
		const char *warnings;
	} cases[] = {
		{"replicas=3 partition=2 current=a update=b", "0..1=a 2=b",
		 "replicas=3 partition=none template=b", "replicas=3 template=b",
		 "the manifest has no partition, which means 0 and not the live 2: every Pod takes "
		 "the template"},
		{"replicas=3 partition=2", "0..2=a", "replicas=3 partition=none template=b",
		 "replicas=3 template=b",
		 "the partition falls from 2 to 0 together with a new template: all Pods take it, "
		 "without a canary\n"
		 "the manifest has no partition, which means 0 and not the live 2: every Pod takes "
		 "the template"},
		/* It is written, or it releases nothing. */
		{"replicas=3 partition=2 current=a update=b", "0..1=a 2=b", "replicas=3 template=b",
		 "replicas=3 template=b", ""},
		{"replicas=3 partition=2", "0..2=a", "replicas=3 partition=none", "replicas=3", ""},
		{"replicas=3 partition=0", "0..2=a", "replicas=3 partition=none template=b",
		 "replicas=3 template=b", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_pods pods = test_pods_of(cases[i].pods);
		CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of(cases[i].from, &pods);
		CLEANUP(cJSON_Delete_p) cJSON *manifest = statefulset_of(cases[i].manifest, NULL);
		CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of(cases[i].to, NULL);
		CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
		CLEANUP(buf_release) struct buf warnings = BUF_INIT(65536);
		struct err err;

		assert_ok(rollout_forecast(from, to, CONST_PODS(pods), pods.count, NULL, 0,
					   &forecast, &err),
			  err);
		assert_ok(rollout_forecast_warn_omitted(manifest, from, to, &forecast, &err), err);
		print_warnings(&forecast, &warnings);
		assert_string_equal(buf_str(&warnings), cases[i].warnings);
		test_pods_release(&pods);
	}
}

/* The current and the earlier template can have the same image: an environment variable changed. */
static void test_same_image(void **state)
{
	(void)state;
	struct test_pods pods = test_pods_of("0..1=a");
	CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of("replicas=2 partition=1", &pods);
	CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of("replicas=2 partition=1", NULL);
	CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	assert_ok(json_set_int(to, "spec.template.spec.terminationGracePeriodSeconds", 5, &err),
		  err);
	assert_ok(
		rollout_forecast(from, to, CONST_PODS(pods), pods.count, NULL, 0, &forecast, &err),
		err);
	rollout_forecast_print(&forecast, &out);
	assert_string_equal(buf_str(&out), "replaces 1; keeps 0 on the earlier template");
	test_pods_release(&pods);
}

static void test_several_kept_images(void **state)
{
	(void)state;
	static const struct forecast_case cases[] = {
		{"replicas=4 partition=2 current=a update=b", "0=a 1=b 2..3=b",
		 "replicas=4 partition=2 template=c", "ab",
		 "replaces 3, 2 in that order; keeps 0, 1 on nginx:1.25.4 and nginx:1.26.1",
		 "overlaps an unfinished update, which 0 did not get yet: Pods run "
		 "three templates then"},
	};

	CHECK_FORECASTS(cases);
}

static void test_errors(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *good = statefulset_of("replicas=1", NULL);
	CLEANUP(cJSON_Delete_p) cJSON *huge = statefulset_of("replicas=100001", NULL);
	CLEANUP(cJSON_Delete_p) cJSON *other = value_of("{'kind':'Service'}");
	struct rollout_forecast forecast;
	struct err err;

	assert_error(rollout_forecast(good, huge, NULL, 0, NULL, 0, &forecast, &err), err,
		     ERR_LIMIT, "spec.replicas is more than 100000");
	assert_error(rollout_forecast(other, good, NULL, 0, NULL, 0, &forecast, &err), err,
		     ERR_INVALID, "not a StatefulSet with a name");
}

/* What status tells is enough for a forecast, but for the images of the current revision. */
static void test_pods_assumed_from_status(void **state)
{
	(void)state;
	static const struct {
		const char *from, *pods, *to, *expected;
	} cases[] = {
		{"replicas=3 partition=2", "0..2=a", "replicas=5 partition=1 template=b",
		 "creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4"},
		{"replicas=5 partition=2 current=a update=b", "0..1=a 2..4=b",
		 "replicas=5 partition=1 template=b",
		 "replaces 1; keeps 0 on the earlier template"},
		{"replicas=5 partition=2 current=a update=b", "0..1=a 2..4=b",
		 "replicas=5 partition=3 template=c",
		 "replaces 4, 3 in that order; keeps 0..2 on the earlier template"},
		{"replicas=3 start=2", "2..4=a", "replicas=2 start=2 template=b",
		 "deletes 4; replaces 3, 2 in that order"},
		{"replicas=3", "0=a", "replicas=3", "creates 1, 2"},
		{"replicas=2", "", "replicas=2", "creates 0, 1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_pods pods = test_pods_of(cases[i].pods);
		CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of(cases[i].from, &pods);
		CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of(cases[i].to, NULL);
		CLEANUP(cJSON_Delete_p) cJSON *assumed = NULL;
		CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
		CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
		const cJSON *items[TEST_MAX_PODS];
		const cJSON *pod;
		size_t count = 0;
		struct err err;

		assert_ok(rollout_assume_pods(from, &assumed, &err), err);
		assert_int_equal(cJSON_GetArraySize(assumed), pods.count);
		json_each (pod, assumed)
			items[count++] = pod;
		assert_ok(rollout_forecast(from, to, items, count, NULL, 0, &forecast, &err), err);
		assert_int_equal(forecast.warning_count > 0,
				 strstr(cases[i].to, "=c") != NULL ||
					 strstr(cases[i].expected, "deletes") != NULL);
		rollout_forecast_print(&forecast, &out);
		assert_string_equal(buf_str(&out), cases[i].expected);
		assert_ok(rollout_forecast_warn(&forecast, "mind", &err), err);
		assert_string_equal(forecast.warnings[forecast.warning_count - 1], "mind");
		test_pods_release(&pods);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walkthrough),
		cmocka_unit_test(test_new_template),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_going_back),
		cmocka_unit_test(test_partition_warnings),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_on_delete),
		cmocka_unit_test(test_adoption),
		cmocka_unit_test(test_restarted_at),
		cmocka_unit_test(test_a_null_creation_timestamp_is_no_new_template),
		cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_omitted_partition),
		cmocka_unit_test(test_same_image),
		cmocka_unit_test(test_several_kept_images),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_pods_assumed_from_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

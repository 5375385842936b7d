#include <stdlib.h>
#include <string.h>

#include "diff/render.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"

/* A view of one StatefulSet of which nothing else is known. */
struct view {
	struct rollout rollout;
	struct standing standing;
	struct status status;
};

static void view_init(struct view *view, const char *statefulset_words, const char *pod_words)
{
	*view = (struct view){0};
	observe_words(statefulset_words, pod_words, &view->rollout);
	view->standing = (struct standing){.rollout = &view->rollout, .git_partition = -1};
	view->status = (struct status){.items = &view->standing, .count = 1, .now_ms = TEST_NOW_MS};
}

static void view_release(struct view *view)
{
	rollout_release(&view->rollout);
}

static const struct render_options plain = {.width = 80};

static void assert_drawn(const struct status *status, bool wide,
			 const struct render_options *options, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	struct err err;

	render_status_table(status, wide, options, &out);
	assert_ok(buf_check(&out, "table", &err), err);
	assert_string_equal(buf_str(&out), expected);
}

static void test_canary(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=5 partition=2 current=a update=b", "0..1=a 2..4=b");
	assert_drawn(&view.status, false, &plain,
		     "NAME  PHASE   READY  UPDATED  PARTITION\n"
		     "web   Canary  5/5    3/5      2\n"
		     "  2..4 run nginx:1.26.1, partition 2 holds 0, 1 on nginx:1.25.4; partition "
		     "1\n"
		     "  would take web-1\n"
		     "  pods               0 1 | 2+ 3+ 4+\n"
		     "  images    nginx:1.25.4 | nginx:1.26.1\n"
		     "  progress  [###############-----------]  3/5 promoted\n"
		     "\n"
		     "+ updated\n");
	const struct render_options utf8 = {.width = 80, .utf8 = true};
	assert_drawn(&view.status, false, &utf8,
		     "NAME  PHASE   READY  UPDATED  PARTITION\n"
		     "web   Canary  5/5    3/5      2\n"
		     "  2..4 run nginx:1.26.1, partition 2 holds 0, 1 on nginx:1.25.4; partition "
		     "1\n"
		     "  would take web-1\n"
		     "  pods               0 1 \u2502 2+ 3+ 4+\n"
		     "  images    nginx:1.25.4 \u2502 nginx:1.26.1\n"
		     "  progress  "
		     "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
		     "\u2588\u2588\u2588\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591"
		     "\u2591\u2591  3/5 promoted\n"
		     "\n"
		     "+ updated\n");
}

/* The Pods of a canary that was overtaken are named for what they run. */
static void test_canary_over_another(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view view;
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);

	view_init(&view, "replicas=4 partition=3 current=a update=c", "0=a 1..2=b 3=c");
	render_status_table(&view.status, false, &plain, &out);
	assert_non_null(strstr(buf_str(&out),
			       "  pods                           0 1 2 | 3+\n"
			       "  images    nginx:1.25.4, nginx:1.26.1 | nginx:1.26.2\n"));
}

static void test_all_looks(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=7 partition=2 policy=Parallel minReady=30 current=a update=b",
		  "0=a~ 1=b 2=a 3=bx 4=b?10 5=b!ImagePullBackOff 7=a");
	assert_drawn(&view.status, true, &plain,
		     "NAME  PHASE  READY  UPDATED  PARTITION  CURRENT  UPDATE\n"
		     "web   Stuck  4/7    4/7      2          web-a    web-b\n"
		     "  web-5 on nginx:1.26.1: ImagePullBackOff: it said so\n"
		     "  pods             0~ 1+ | 2 3~ 4~ 5! 6~ 7-\n"
		     "  images    nginx:1.25.4 | nginx:1.26.1\n"
		     "  progress  [###===========------------]  1/7 promoted\n"
		     "  step      stuck for 1h\n"
		     "\n"
		     "  POD    REVISION  IMAGE         AGE  RESTARTS  NODE    STATE\n"
		     "  web-0  a         nginx:1.25.4  2h   0         node-1  not ready, held\n"
		     "  web-1  b         nginx:1.26.1  2h   0         node-2  ready\n"
		     "  -- partition 2 --\n"
		     "  web-2  a         nginx:1.25.4  2h   0         node-3  ready, to be "
		     "replaced\n"
		     "  web-3  b         nginx:1.26.1  2h   0         node-1  terminating\n"
		     "  web-4  b         nginx:1.26.1  2h   0         node-2  ready, not yet "
		     "available\n"
		     "  web-5  b         nginx:1.26.1  2h   0         node-3  "
		     "ImagePullBackOff: it ...\n"
		     "  web-6  -         -             -    -         -       missing\n"
		     "  web-7  a         nginx:1.25.4  2h   0         node-2  ready, to be "
		     "deleted\n"
		     "\n"
		     "+ updated, ~ on its way, ! in trouble, - to be deleted\n");
}

/* Where all Pods are alike, nothing is marked and there is no legend. */
static void test_complete_and_several(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view one;
	CLEANUP(view_release) struct view other;

	view_init(&one, "replicas=2", "0..1=a");
	view_init(&other, "replicas=0", "");
	free(other.rollout.namespace);
	other.rollout.namespace = strdup("other");
	const struct standing both[] = {one.standing, other.standing};
	const struct status status = {.items = both, .count = 2, .now_ms = TEST_NOW_MS};
	assert_drawn(&status, false, &plain,
		     "NAMESPACE  NAME  PHASE     READY  UPDATED  PARTITION\n"
		     "default    web   Complete  2/2    2/2      0\n"
		     "  all 2 Pods run nginx:1.25.4\n"
		     "  pods      0 1\n"
		     "\n"
		     "other      web   Complete  0/0    0/0      0\n"
		     "  no Pods are wanted\n");
}

static void test_none(void **state)
{
	(void)state;
	const struct status status = {.now_ms = TEST_NOW_MS};

	assert_drawn(&status, false, &plain, "no StatefulSets\n");
}

static void test_partition_above_replicas(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=1 partition=3 current=a update=b", "0=a");
	assert_drawn(&view.status, false, &plain,
		     "NAME  PHASE     READY  UPDATED  PARTITION\n"
		     "web   NoEffect  1/1    0/1      3\n"
		     "  partition 3 is not below 1 replica: no Pod takes nginx:1.26.1\n"
		     "  pods                 0 |\n"
		     "  images    nginx:1.25.4 | nginx:1.26.1\n"
		     "  progress  [--------------------------]  0/1 promoted\n");
}

static void test_colour(void **state)
{
	(void)state;
	const struct render_options coloured = {.colour = true, .width = 60};
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=3 partition=1 current=a update=b",
		  "0=a 1=b!CrashLoopBackOff 2=b");
	assert_drawn(&view.status, false, &coloured,
		     "\033[2mNAME\033[m  \033[2mPHASE\033[m  \033[2mREADY\033[m  "
		     "\033[2mUPDATED\033[m  \033[2mPARTITION\033[m\n"
		     "\033[1mweb\033[m   \033[31mStuck\033[m  2/3    2/3      1\n"
		     "  web-1 on nginx:1.26.1: CrashLoopBackOff: exit code 1, 7\n"
		     "  restarts\n"
		     "  \033[2mpods\033[m                 0 \033[36m|\033[m \033[31m1!\033[m "
		     "\033[32m2+\033[m\n"
		     "  \033[2mimages\033[m    nginx:1.25.4 \033[36m|\033[m "
		     "\033[32mnginx:1.26.1\033[m\n"
		     "  \033[2mprogress\033[m  [\033[32m#####\033[m\033[31m=====\033[m"
		     "\033[2m------\033[m]  1/3 promoted\n"
		     "  \033[2mstep\033[m      stuck for 1h\n"
		     "\n"
		     "+ updated, ! in trouble\n");
}

/* Runs of the same look are drawn as one; the row is wrapped at the width, and so are the images. */
static void test_many_pods_on_a_narrow_terminal(void **state)
{
	(void)state;
	const struct render_options narrow = {.width = 40};
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=300 partition=200 policy=Parallel current=a update=b",
		  "0..199=a 200..296=a 297=b~ 298..299=b");
	free(view.rollout.update_images);
	view.rollout.update_images = strdup("registry.example.org/nginx:1.26.1");
	assert_drawn(&view.status, false, &narrow,
		     "NAME  PHASE        READY    UPDATED\n"
		     "web   Progressing  299/300  3/300\n"
		     "  web-297 is not ready yet on\n"
		     "  nginx:1.26.1, then 296..200\n"
		     "  pods      0..199 | 200..296 297~ 298+\n"
		     "            299+\n"
		     "  images    nginx:1.25.4\n"
		     "            -> registry.example.org/nginx:1.26.1\n"
		     "  progress  [#=--------]  2/300 promoted\n"
		     "  step      deadline in 9m\n"
		     "\n"
		     "+ updated, ~ on its way\n");
}

/* --- steps ----------------------------------------------------------------------------------- */

/* What the lines of a walk say, which stand between those of the bar and the end. */
static void assert_lines(const struct view *view, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);

	render_status_table(&view->status, false, &plain, &out);
	const char *bar = strstr(buf_str(&out), " promoted\n");
	assert_non_null(bar);
	char *lines = strdup(bar + strlen(" promoted\n"));
	char *end = *lines == '\n' ? lines : strstr(lines, "\n\n");
	if (end)
		end[end > lines] = '\0';
	assert_string_equal(lines, expected);
	free(lines);
}

static void test_bake_is_counted_down(void **state)
{
	(void)state;
	struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 75 * 1000};
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=5 partition=3 current=a update=b", "0..2=a 3..4=b");
	view.rollout.bake_until_ms = TEST_NOW_MS + 48 * 1000;
	view.rollout.next_partition = 1;
	view.standing.record = &record;
	assert_lines(&view, "  step      1m15s ago; 48s of bake left, then partition 1\n");
	view.status.now_ms += 47 * 1000 + 1;
	assert_lines(&view, "  step      2m2s ago; 1s of bake left, then partition 1\n");
	view.status.now_ms += 1000;
	assert_lines(&view, "  step      2m3s ago\n");
}

static void test_deadline_is_counted_down(void **state)
{
	(void)state;
	struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 130 * 1000};
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=3 partition=2 current=a update=b", "0..1=a 2=b~");
	view.rollout.deadline_at_ms = TEST_NOW_MS + 470 * 1000;
	assert_lines(&view, "  step      deadline in 7m50s\n");
	view.standing.record = &record;
	assert_lines(&view, "  step      2m10s ago; deadline in 7m50s\n");
	view.status.now_ms += 8 * 60 * 1000;
	view.rollout.phase = ROLLOUT_STUCK;
	view.rollout.since_ms = view.status.now_ms - 61 * 1000;
	assert_lines(&view, "  step      10m10s ago; stuck for 1m1s\n");
}

static void test_partition_on_its_way(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view view;
	CLEANUP(buf_release) struct buf line = BUF_INIT(1024);

	view_init(&view, "replicas=3 partition=2 current=a update=b", "0..1=a 2=b~");
	view.standing.git_partition = 0;
	render_status_line(&view.standing, &line);
	assert_string_equal(buf_str(&line),
			    "default/web Progressing, 2/3 ready, 1/3 updated, partition 2 -> 0: "
			    "web-2 is not ready yet on nginx:1.26.1");
}

static void test_rolled_back(void **state)
{
	(void)state;
	struct promotion_record record = {
		.rejected_digest = (char *)(uintptr_t) "x",
		.rejected_commit = (char *)(uintptr_t) "3f2c1abcdef",
		.rejected_reason = (char *)(uintptr_t) "web-2 on nginx:bad: ImagePullBackOff",
		.good_revision = (char *)(uintptr_t) "web-a",
	};
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=3 partition=2 current=a update=b", "0..1=a 2=b~");
	view.standing.record = &record;
	view.standing.app = "shop";
	view.standing.applied = "3f2c1abcdef0123";
	assert_lines(&view,
		     "  step      deadline in 9m\n"
		     "  rejected  3f2c1ab: web-2 on nginx:bad: ImagePullBackOff; back on web-a "
		     "until\n"
		     "            Git changes\n"
		     "  git       3f2c1ab, applied by shop\n");
}

static void test_says_who_suspended_the_app(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=3 partition=2 current=a update=b", "0..1=a 2=b");
	view.standing.app = "shop";
	view.standing.applied = "3f2c1abcdef0123";
	view.standing.suspended_by = "ann";
	view.standing.suspended_reason = "";
	view.standing.suspended_ms = view.status.now_ms - 130000;
	assert_lines(&view, "  git       3f2c1ab, applied by shop\n"
			    "  app       shop is suspended by ann for 2m10s\n");
	assert_int_equal(status_tick_ms(&view.status), 1000);
	view.standing.suspended_reason = "restoring a backup";
	assert_lines(&view, "  git       3f2c1ab, applied by shop\n"
			    "  app       shop is suspended by ann for 2m10s: restoring a backup\n");
}

static void test_lists_troubles(void **state)
{
	(void)state;
	CLEANUP(view_release) struct view view;

	view_init(&view, "replicas=9 policy=Parallel current=a update=b",
		  "0=a 1..8=b!ImagePullBackOff");
	assert_string_equal(view.rollout.stuck_pod, "web-8");
	assert_lines(&view, "  step      stuck for 1h\n"
			    "  trouble   web-1: ImagePullBackOff: it said so\n"
			    "            web-2: ImagePullBackOff: it said so\n"
			    "            web-3: ImagePullBackOff: it said so\n"
			    "            web-4: ImagePullBackOff: it said so\n"
			    "            web-5: ImagePullBackOff: it said so\n"
			    "            and 2 more\n");
}

/* --- the source ------------------------------------------------------------------------------ */

static void test_what_is_missing(void **state)
{
	(void)state;
	struct ref refs[2] = {{0}};
	const struct missing missing[] = {{&refs[0], "web.yaml", 2}, {&refs[1], "j\x1b.json", 0}};
	const struct status status = {.revision = "main@3f2c1ab",
				      .commit = "3f2c1abcdef",
				      .applied = "",
				      .missing = missing,
				      .missing_count = 2,
				      .trouble = "no connection",
				      .now_ms = TEST_NOW_MS};
	struct err err;

	CLEANUP(cJSON_Delete_p)
	cJSON *service = cJSON_Parse("{\"apiVersion\":\"v1\",\"kind\":\"Service\","
				     "\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}}");
	CLEANUP(cJSON_Delete_p)
	cJSON *set = cJSON_Parse("{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\","
				 "\"metadata\":{\"name\":\"web\"}}");
	assert_ok(ref_of(service, &refs[0], &err), err);
	assert_ok(ref_of(set, &refs[1], &err), err);
	assert_drawn(&status, false, &plain,
		     "no StatefulSets\n"
		     "\n"
		     "not in the cluster:\n"
		     "  service/web           web.yaml:2\n"
		     "  statefulset.apps/web  j\\x1b.json\n"
		     "\n"
		     "main@3f2c1ab is not applied yet\n"
		     "\n"
		     "no connection\n");
	CLEANUP(buf_release) struct buf line = BUF_INIT(1024);
	render_missing_line(&missing[0], &line);
	assert_string_equal(buf_str(&line), "shop/service/web is not in the cluster (web.yaml:2)");
	ref_release(&refs[0]);
	ref_release(&refs[1]);
}

static void test_what_is_applied(void **state)
{
	(void)state;
	static const struct {
		const char *revision, *commit, *applied, *expected;
	} cases[] = {
		{"main@3f2c1ab", "3f2c1abcdef", "3f2c1abcdef", "\nmain@3f2c1ab is applied\n"},
		{"main@3f2c1ab", "3f2c1abcdef", "9999999aaaa",
		 "\nmain@3f2c1ab is not applied yet: 9999999 is\n"},
		{"main@3f2c1ab", "3f2c1abcdef", NULL, "\nmain@3f2c1ab\n"},
		{"", "", "", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct status status = {.revision = cases[i].revision,
					      .commit = cases[i].commit,
					      .applied = cases[i].applied};
		CLEANUP(buf_release) struct buf expected = BUF_INIT(1024);

		buf_printf(&expected, "no StatefulSets\n%s", cases[i].expected);
		assert_drawn(&status, false, &plain, buf_str(&expected));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canary),
		cmocka_unit_test(test_canary_over_another),
		cmocka_unit_test(test_all_looks),
		cmocka_unit_test(test_complete_and_several),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_partition_above_replicas),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_many_pods_on_a_narrow_terminal),
		cmocka_unit_test(test_bake_is_counted_down),
		cmocka_unit_test(test_deadline_is_counted_down),
		cmocka_unit_test(test_partition_on_its_way),
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_says_who_suspended_the_app),
		cmocka_unit_test(test_lists_troubles),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_what_is_applied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

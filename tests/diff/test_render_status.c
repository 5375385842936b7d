#include <stdlib.h>
#include <string.h>

#include "diff/render.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"

static void assert_table(const struct rollout *rollouts, size_t count, bool colour, int width,
			 const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct render_options options = {.colour = colour, .width = width};
	struct err err;

	render_status_table(rollouts, count, &options, &out);
	assert_ok(buf_check(&out, "table", &err), err);
	assert_string_equal(buf_str(&out), expected);
}

static void test_canary(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};

	observe_words("replicas=5 partition=2 current=a update=b", "0..1=a 2..4=b", &rollout);
	assert_table(&rollout, 1, false, 80,
		     "NAME  PHASE   READY  UPDATED  PARTITION\n"
		     "web   Canary  5/5    3/5      2\n"
		     "  2..4 run nginx:1.26.1, partition 2 holds 0, 1 on nginx:1.25.4; partition 1 "
		     "would take web-1\n"
		     "  image  nginx:1.25.4 -> nginx:1.26.1\n"
		     "  pods   0 1 | 2+ 3+ 4+\n"
		     "\n"
		     "  POD    REVISION  IMAGE         STATE\n"
		     "  web-0  a         nginx:1.25.4  ready, held\n"
		     "  web-1  a         nginx:1.25.4  ready, held\n"
		     "  -- partition 2 --\n"
		     "  web-2  b         nginx:1.26.1  ready\n"
		     "  web-3  b         nginx:1.26.1  ready\n"
		     "  web-4  b         nginx:1.26.1  ready\n"
		     "\n"
		     "+ updated\n");
}

static void test_all_looks(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};

	observe_words("replicas=7 partition=2 policy=Parallel minReady=30 current=a update=b",
		      "0=a~ 1=b 2=a 3=bx 4=b?10 5=b!ImagePullBackOff 7=a", &rollout);
	assert_table(&rollout, 1, false, 80,
		     "NAME  PHASE  READY  UPDATED  PARTITION\n"
		     "web   Stuck  4/7    4/7      2\n"
		     "  web-5 on nginx:1.26.1: ImagePullBackOff: it said so\n"
		     "  image  nginx:1.25.4 -> nginx:1.26.1\n"
		     "  pods   0~ 1+ | 2 3~ 4~ 5! 6~ 7-\n"
		     "\n"
		     "  POD    REVISION  IMAGE         STATE\n"
		     "  web-0  a         nginx:1.25.4  not ready, held\n"
		     "  web-1  b         nginx:1.26.1  ready\n"
		     "  -- partition 2 --\n"
		     "  web-2  a         nginx:1.25.4  ready, to be replaced\n"
		     "  web-3  b         nginx:1.26.1  terminating\n"
		     "  web-4  b         nginx:1.26.1  ready, not yet available\n"
		     "  web-5  b         nginx:1.26.1  ImagePullBackOff: it said so\n"
		     "  web-6  -         -             missing\n"
		     "  web-7  a         nginx:1.25.4  ready, to be deleted\n"
		     "\n"
		     "+ updated, ~ on its way, ! in trouble, - to be deleted\n");
}

/* Where all Pods are alike, nothing is marked and there is no legend. */
static void test_complete_and_several(void **state)
{
	(void)state;
	struct rollout rollouts[2] = {0};

	observe_words("replicas=2", "0..1=a", &rollouts[0]);
	observe_words("replicas=0", "", &rollouts[1]);
	free(rollouts[1].namespace);
	rollouts[1].namespace = strdup("other");
	assert_table(rollouts, 2, false, 80,
		     "NAMESPACE  NAME  PHASE     READY  UPDATED  PARTITION\n"
		     "default    web   Complete  2/2    2/2      0\n"
		     "  all 2 Pods run nginx:1.25.4\n"
		     "  image  nginx:1.25.4\n"
		     "  pods   0 1\n"
		     "\n"
		     "  POD    REVISION  IMAGE         STATE\n"
		     "  web-0  a         nginx:1.25.4  ready\n"
		     "  web-1  a         nginx:1.25.4  ready\n"
		     "\n"
		     "other      web   Complete  0/0    0/0      0\n"
		     "  no Pods are wanted\n");
	rollout_release(&rollouts[0]);
	rollout_release(&rollouts[1]);
}

static void test_none(void **state)
{
	(void)state;

	assert_table(NULL, 0, false, 80, "no StatefulSets\n");
}

static void test_partition_above_replicas(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};

	observe_words("replicas=1 partition=3 current=a update=b", "0=a", &rollout);
	assert_table(&rollout, 1, false, 80,
		     "NAME  PHASE     READY  UPDATED  PARTITION\n"
		     "web   NoEffect  1/1    0/1      3\n"
		     "  partition 3 is not below 1 replica: no Pod takes nginx:1.26.1\n"
		     "  image  nginx:1.25.4 -> nginx:1.26.1\n"
		     "  pods   0 |\n"
		     "\n"
		     "  POD    REVISION  IMAGE         STATE\n"
		     "  web-0  a         nginx:1.25.4  ready, held\n");
}

static void test_colour(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};

	observe_words("replicas=2 partition=1 current=a update=b", "0=a 1=b!CrashLoopBackOff",
		      &rollout);
	assert_table(&rollout, 1, true, 60,
		     "NAME  PHASE  READY  UPDATED  PARTITION\n"
		     "\033[1mweb\033[m   \033[31mStuck\033[m  1/2    1/2      1\n"
		     "  web-1 on nginx:1.26.1: CrashLoopBackOff: exit code 1, 7 restarts\n"
		     "  image  nginx:1.25.4 -> \033[32mnginx:1.26.1\033[m\n"
		     "  pods   0\033[36m |\033[m \033[31m1!\033[m\n"
		     "\n"
		     "  POD    REVISION  IMAGE         STATE\n"
		     "  web-0  a         nginx:1.25.4  ready, held\n"
		     "  \033[36m-- partition 1 --\033[m\n"
		     "  web-1  b         nginx:1.26.1  \033[31mCrashLoopBackOff: exit c...\033[m\n"
		     "\n"
		     "! in trouble\n");
}

/* Runs of the same look are drawn as one; the row is wrapped at the width. */
static void test_many_pods(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct render_options options = {.width = 40};

	observe_words("replicas=300 partition=200 policy=Parallel current=a update=b",
		      "0..199=a 200..296=a 297=b~ 298..299=b", &rollout);
	render_status_table(&rollout, 1, &options, &out);
	assert_non_null(strstr(buf_str(&out), "\n  pods   0..199 | 200..296 297~ 298+\n"
					      "         299+\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canary),
		cmocka_unit_test(test_all_looks),
		cmocka_unit_test(test_complete_and_several),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_partition_above_replicas),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_many_pods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Forecasts held to what the StatefulSet controller does, in worlds drawn from a seed. */
#include <stdio.h>
#include <string.h>

#include "diff/rollout.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"

#define MAX_ORDINALS 16

/* What a sync of stateful_set_control.go does, Pods becoming available at once. */
struct controller {
	int replicas, start, partition;
	char current, update;
	char pods[MAX_ORDINALS]; /* the revision's letter; 0: no Pod */
};

struct history {
	char words[1000]; /* "+3b" created on b, "-4" deleted */
};

static void note_created(struct history *history, int64_t ordinal, char revision)
{
	size_t used = strlen(history->words);

	snprintf(history->words + used, sizeof(history->words) - used, "+%d%c ", (int)ordinal,
		 revision);
}

static void note_deleted(struct history *history, int64_t ordinal)
{
	size_t used = strlen(history->words);

	snprintf(history->words + used, sizeof(history->words) - used, "-%d ", (int)ordinal);
}

/* One sync; false when there was nothing to do. */
static bool sync_once(struct controller *controller, struct history *history)
{
	int end = controller->start + controller->replicas;
	int boundary = controller->start + controller->partition;

	for (int i = controller->start; i < end; i++) {
		if (!controller->pods[i]) {
			controller->pods[i] =
				i < boundary ? controller->current : controller->update;
			note_created(history, i, controller->pods[i]);
			return true;
		}
	}
	for (int i = MAX_ORDINALS - 1; i >= 0; i--) {
		if (controller->pods[i] && (i < controller->start || i >= end)) {
			controller->pods[i] = 0;
			note_deleted(history, i);
			return true;
		}
	}
	for (int i = end - 1; i >= boundary; i--) {
		if (controller->pods[i] != controller->update) {
			controller->pods[i] = 0;
			note_deleted(history, i);
			return true;
		}
	}
	return false;
}

/* The same words as they follow from a forecast. */
static void foretell(const struct rollout_forecast *forecast, const struct controller *controller,
		     struct history *history)
{
	for (size_t i = 0; i < forecast->creates.count; i++)
		note_created(history, forecast->creates.items[i],
			     i < forecast->creates_old ? controller->current : controller->update);
	for (size_t i = 0; i < forecast->deletes.count; i++)
		note_deleted(history, forecast->deletes.items[i]);
	for (size_t i = 0; i < forecast->replaces.count; i++) {
		note_deleted(history, forecast->replaces.items[i]);
		note_created(history, forecast->replaces.items[i], controller->update);
	}
}

static unsigned int draw(unsigned int *seed, unsigned int below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % below;
}

static void check_against_controller(unsigned int *seed)
{
	struct controller controller = {.replicas = (int)draw(seed, 7),
					.start = (int)draw(seed, 3),
					.partition = (int)draw(seed, 8),
					.current = "ab"[draw(seed, 2)],
					.update = "abc"[draw(seed, 3)]};
	char live_update = "ab"[draw(seed, 2)], from_words[200], to_words[200], pod_words[200] = "";
	struct history expected = {""}, seen = {""};

	snprintf(from_words, sizeof(from_words),
		 "replicas=%u start=%u partition=%u current=%c update=%c", draw(seed, 7),
		 draw(seed, 3), draw(seed, 8), controller.current, live_update);
	snprintf(to_words, sizeof(to_words), "replicas=%d start=%d partition=%d template=%c",
		 controller.replicas, controller.start, controller.partition, controller.update);
	for (int i = 0; i < 8; i++) {
		char word[16];

		if (draw(seed, 4) == 0)
			continue;
		controller.pods[i] = "ab"[draw(seed, 2)];
		snprintf(word, sizeof(word), "%d=%c ", i, controller.pods[i]);
		strcat(pod_words, word);
	}

	struct test_pods pods = test_pods_of(pod_words);
	CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of(from_words, &pods);
	CLEANUP(cJSON_Delete_p) cJSON *to = statefulset_of(to_words, NULL);
	cJSON *revisions[] = {revision_of('a', 1), revision_of('b', 2)};
	CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
	struct err err;

	assert_ok(rollout_forecast(from, to, CONST_PODS(pods), pods.count,
				   (const cJSON *const *)revisions, 2, &forecast, &err),
		  err);
	foretell(&forecast, &controller, &expected);
	while (sync_once(&controller, &seen))
		;
	assert_string_equal(expected.words, seen.words);
	cJSON_Delete(revisions[0]);
	cJSON_Delete(revisions[1]);
	test_pods_release(&pods);
}

static void test_as_the_controller_acts(void **state)
{
	(void)state;
	unsigned int seed = 1;

	for (int i = 0; i < 2000; i++)
		check_against_controller(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_controller_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

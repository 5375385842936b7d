/*
 * What a change between two commits would do to Pods: the state that commits leave (supposed.h), compared
 * as offline.h does, shown as text.
 */
#include "diff/supposed.h"

#include <stdio.h>
#include <string.h>

#include "diff/offline.h"
#include "diff/render.h"

#include "tests/support/check.h"

#define MAX_COMMITS 6

/* A commit, written short: "REPLICAS IMAGE PARTITION [ANNOTATIONS]"; "": without the StatefulSet. */
static void read_commit(const char *words, struct manifest_set *set)
{
	CLEANUP(findings_release) struct findings findings = {0};
	char text[1024], image[32], annotations[256] = "", replicas[16];
	int partition;
	struct err err;

	if (!*words)
		return;
	assert_true(sscanf(words, "%15s %31s %d %255[^\n]", replicas, image, &partition,
			   annotations) >= 3);
	snprintf(text, sizeof(text),
		 "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web, annotations: "
		 "{%s}}\nspec:\n  %s%s\n  serviceName: web\n"
		 "  selector: {matchLabels: {app: web}}\n"
		 "  updateStrategy: {rollingUpdate: {partition: %d}}\n"
		 "  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, "
		 "image: \"%s\"}]}}\n",
		 annotations, strcmp(replicas, "-") ? "replicas: " : "",
		 strcmp(replicas, "-") ? replicas : "", partition, image);
	assert_ok(manifest_set_add(set, "web.yaml", text, strlen(text), &findings, &err), err);
	assert_int_equal(findings.error_count, 0);
}

struct between {
	const char *to, *commits[MAX_COMMITS]; /* newest first */
	bool wants_more;
	const char *rollout; /* of the text, "" for none; warnings, notes, errors behind it */
};

/* The lines of the text that tell of rollouts, without their labels' indentation. */
static void take_lines(const char *text, struct buf *out)
{
	static const char *const labels[] = {"  rollout: ", "  warning: ", "  note: ", "  error: "};

	while (*text) {
		size_t length = strcspn(text, "\n");

		for (size_t i = 0; i < 4; i++)
			if (strncmp(text, labels[i], strlen(labels[i])) == 0)
				buf_printf(out, "%.*s\n", (int)length - 2, text + 2);
		text += length + (text[length] == '\n');
	}
}

static void check_between(const struct between *between)
{
	struct manifest_set sets[MAX_COMMITS] = {0};
	const struct manifest_set *commits[MAX_COMMITS];
	CLEANUP(manifest_set_release) struct manifest_set to = {0}, live = {0};
	CLEANUP(plan_release) struct plan plan = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(1u << 16);
	CLEANUP(buf_release) struct buf lines = BUF_INIT(1u << 16);
	struct supposed_past past = {.commits = commits, .default_namespace = ""};
	const struct render_options plain = {0};
	struct err err;

	for (; past.count < MAX_COMMITS && between->commits[past.count]; past.count++) {
		read_commit(between->commits[past.count], &sets[past.count]);
		commits[past.count] = &sets[past.count];
	}
	read_commit(between->to, &to);
	assert_int_equal(supposed_wants_more(&past), between->wants_more);
	assert_ok(supposed_live(&past, &live, &err), err);
	const struct offline_options options = {.default_namespace = "",
						.now_ms = 1767322800000,
						.base_count = sets[0].count,
						.has_base = true};
	assert_ok(offline_plan(&to, &live, &options, &plan, &err), err);
	render_plan_text(&plan, &plain, &text);
	take_lines(buf_str(&text), &lines);
	if (strcmp(buf_str(&lines), between->rollout) != 0)
		fail_msg("from \"%s\" to \"%s\": expected\n%sgot\n%s", between->commits[0],
			 between->to, between->rollout, buf_str(&lines));
	for (size_t i = 0; i < past.count; i++)
		manifest_set_release(&sets[i]);
}

#define UNKNOWN                                                                              \
	"warning: what the Pods below the partition run is not told by the history that is " \
	"here: they are taken to be on an earlier template\n"

static void test_between_commits(void **state)
{
	(void)state;
	static const struct between cases[] = {
		/* A partition of 0 tells all. */
		{"3 a:2 0", {"3 a:1 0"}, false, "rollout: replaces 2..0 in that order\n"},
		{"3 a:2 2", {"3 a:1 0"}, false, "rollout: replaces 2; keeps 0, 1 on a:1\n"},
		{"5 a:1 0", {"3 a:1 0"}, false, "rollout: creates 3, 4\n"},
		{"3 a:1 0", {"3 a:1 0"}, false, ""},
		{"3 a:1 0", {""}, false, "rollout: creates 0..2\n"},
		/* To promote: what is below the partition was there before it. */
		{"3 a:2 1", {"3 a:2 2", "3 a:1 0"}, false, "rollout: replaces 1; keeps 0 on a:1\n"},
		{"3 a:2 0", {"3 a:2 1", "3 a:2 2", "3 a:1 0"}, false, "rollout: replaces 0\n"},
		/* All took what it was created with. */
		{"3 a:1 0", {"3 a:1 2", ""}, false, ""},
		{"3 a:2 1",
		 {"3 a:1 2", ""},
		 false,
		 "rollout: replaces 2, 1 in that order; keeps 0 on a:1\n"},
		/* A second canary over a first one: three templates. */
		{"4 a:3 1",
		 {"4 a:3 3", "4 a:2 2", "4 a:1 0"},
		 false,
		 "rollout: replaces 2, 1 in that order; keeps 0 on a:1\n"},
		/* Back to the template of the held ones: they are as they should be. */
		{"3 a:1 0", {"3 a:2 2", "3 a:1 0"}, false, "rollout: replaces 2\n"},
		/* The history does not go back far enough. */
		{"3 a:2 1",
		 {"3 a:2 2"},
		 true,
		 "rollout: replaces 1; keeps 0 on the earlier template\n" UNKNOWN},
		{"3 a:2 1",
		 {"3 a:2 2", "3 a:1 2"},
		 true,
		 "rollout: replaces 1; keeps 0 on the earlier template\n" UNKNOWN},
		/* A partition above the replicas. */
		{"2 a:2 1", {"2 a:2 7", "2 a:1 0"}, false, "rollout: replaces 1; keeps 0 on a:1\n"},
		/* A walk, and what a policy refuses. */
		{"4 a:2 0 tranche.dev/step: '2', tranche.dev/bake: 30s",
		 {"4 a:1 0"},
		 false,
		 "rollout: replaces 3, 2 in that order; then 1, 0 after 30s of bake: at the "
		 "earliest done in 30s\n"},
		{"4 a:2 0 tranche.dev/max-promotion: '2'",
		 {"4 a:2 4", "4 a:1 0"},
		 false,
		 "error: promotes 4 ordinals at once (3..0), which is more than "
		 "tranche.dev/max-promotion: \"2\"; commit partition 2 first, or raise the "
		 "limit\n"},
		/* Git leaves the number to somebody else. */
		{"- a:2 0",
		 {"- a:1 0"},
		 false,
		 "rollout: replaces 0\n"
		 "warning: Git does not say how many Pods there are: this is told for one\n"},
		/* It left Git. */
		{"",
		 {"3 a:1 0"},
		 false,
		 "note: a sync with --prune deletes it; without, it stays in the cluster\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_between(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between_commits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

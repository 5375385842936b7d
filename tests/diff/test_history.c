#include "diff/history.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

/* --- notes, written short --------------------------------------------------------------------- */

static cJSON *open_entry(struct history *history, enum history_cause cause, const char *commit)
{
	const struct history_note note = {
		.at_ms = TEST_NOW_MS, .cause = cause, .commit = commit, .author = "Ann"};
	struct err err;
	cJSON *entry = history_open(history, &note, &err);

	assert_non_null(entry);
	return entry;
}

/* A StatefulSet "web" that was written; NULL words: it does not exist. */
static void note_web(cJSON *entry, enum plan_action action, const char *from, const char *to,
		     int64_t generation)
{
	struct plan_item item = {.action = action};
	struct err err;

	item.ref = ref_view("apps", "v1", "StatefulSet", "shop", "web");
	item.from = from ? statefulset_of(from, NULL) : NULL;
	item.to = statefulset_of(to, NULL);
	assert_ok(history_note_object(entry, &item, generation, TEST_NOW_MS, &err), err);
	cJSON_Delete(item.from);
	cJSON_Delete(item.to);
}

static bool see(struct history *history, enum rollout_phase phase, int64_t generation, bool walks)
{
	const struct history_sight sight = {
		.namespace = "shop",
		.name = "web",
		.generation = generation,
		.phase = phase,
		.reason = "web-2 is in ImagePullBackOff",
		.walks = walks,
	};
	bool changed = false;
	struct err err;

	assert_ok(history_note_rollout(history, &sight, TEST_NOW_MS + 42000, &changed, &err), err);
	return changed;
}

/* "commit c2 1 replaced [partition 5 -> 4] Canary | commit c1 ..." */
static void assert_history(const struct history *history, const char *expected)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
	const cJSON *entry, *set;
	int64_t since_ms;

	json_each (entry, history->entries) {
		const char *commit = json_str(entry, "commit");

		buf_printf(&text, "%s%s %s ", text.length ? " | " : "", json_str(entry, "cause"),
			   commit ? commit : "-");
		if (json_int_or(entry, "times", 1) > 1)
			buf_printf(&text, "x%d ", (int)json_int_or(entry, "times", 1));
		history_print_counts(entry, &text);
		json_each (set, json_get(entry, "statefulSets")) {
			buf_puts(&text, " [");
			history_print_set(set, &text);
			buf_puts(&text, "]");
		}
		buf_printf(&text, " %s", history_outcome(entry, &since_ms));
	}
	assert_string_equal(buf_str(&text), expected);
}

/* --- what becomes one entry ------------------------------------------------------------------- */

static void test_entries(void **state)
{
	(void)state;
	/* "cause commit" in order, oldest first; what history has of it then, newest first */
	static const struct {
		const char *done, *expected;
	} cases[] = {
		{"commit a, commit a", "commit a"},
		{"commit a, sync a", "commit a"},
		{"commit a, commit b", "commit b, commit a"},
		{"commit a, commit b, commit a", "commit a, commit b, commit a"},
		{"commit a, drift a, commit a", "drift a, commit a"},
		{"commit a, suspend , resume , commit a", "resume, suspend, commit a"},
		{"commit a, drift a, drift a, drift a", "drift a x3, commit a"},
		{"commit a, drift a, commit b, drift b", "drift b, commit b, drift a, commit a"},
		{"commit a, rollback a, rollback a", "rollback a, commit a"},
		{"commit a, rollback a, commit a", "rollback a, commit a"},
		{"commit a, rollback a, commit b", "commit b, rollback a, commit a"},
		{"suspend , suspend ", "suspend, suspend"},
	};
	static const char *const names[] = {"commit",   "sync",    "drift",
					    "rollback", "suspend", "resume"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(history_release) struct history history = {0};
		CLEANUP(buf_release) struct buf seen = BUF_INIT(4096);
		const cJSON *entry;
		char cause[16], commit[8];
		int used;

		for (const char *p = cases[i].done; *p; p += used) {
			commit[0] = '\0';
			assert_true(sscanf(p, "%15[a-z] %7[a-z]%n", cause, commit, &used) >= 1);
			used = (int)strcspn(p, ",");
			used += p[used] ? 2 : 0;
			for (size_t c = 0; c < sizeof(names) / sizeof(names[0]); c++)
				if (strcmp(names[c], cause) == 0)
					open_entry(&history, (enum history_cause)c, commit);
		}
		json_each (entry, history.entries) {
			const char *of = json_str(entry, "commit");

			buf_printf(&seen, "%s%s%s%s", seen.length ? ", " : "",
				   json_str(entry, "cause"), of ? " " : "", of ? of : "");
			if (json_int_or(entry, "times", 1) > 1)
				buf_printf(&seen, " x%d", (int)json_int_or(entry, "times", 1));
		}
		assert_string_equal(buf_str(&seen), cases[i].expected);
	}
}

static void test_objects(void **state)
{
	(void)state;
	CLEANUP(history_release) struct history history = {0};
	static const enum plan_action actions[] = {PLAN_CREATE,   PLAN_REPLACE, PLAN_REPLACE,
						   PLAN_RECREATE, PLAN_PRUNE,   PLAN_IN_SYNC,
						   PLAN_DRIFT,    PLAN_BLOCKED};
	cJSON *entry = open_entry(&history, HISTORY_COMMIT, "c1");
	bool changed = false;
	struct err err;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct plan_item item = {.action = actions[i]};

		item.ref = ref_view("", "v1", "Service", "shop", "web");
		assert_ok(history_note_object(entry, &item, 0, TEST_NOW_MS, &err), err);
	}
	assert_ok(history_note_failed(&history, "c1", 2, &changed, &err), err);
	assert_true(changed);
	assert_history(&history,
		       "commit c1 1 created, 2 replaced, 1 recreated, 1 pruned, 2 failed ");
	changed = false;
	assert_ok(history_note_failed(&history, "c1", 2, &changed, &err), err);
	assert_false(changed);
	assert_ok(history_note_failed(&history, "c1", 0, &changed, &err), err);
	assert_true(changed);
	changed = false;
	assert_ok(history_note_failed(&history, "another", 3, &changed, &err), err);
	assert_false(changed);
	assert_history(&history, "commit c1 1 created, 2 replaced, 1 recreated, 1 pruned ");
}

/* --- StatefulSets ----------------------------------------------------------------------------- */

static void test_what_changed(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *expected;
	} cases[] = {
		{NULL, "replicas=3 partition=2", "nginx:1.25.4, partition 2, replicas 3"},
		{NULL, "replicas=1 partition=0", "nginx:1.25.4, replicas 1"},
		{"template=a", "template=b", "nginx:1.25.4 -> nginx:1.26.1"},
		{"replicas=5 partition=5", "replicas=5 partition=4", "partition 5 -> 4"},
		{"partition=2", "partition=none", "partition 2 -> 0"},
		{"replicas=5", "replicas=3", "replicas 5 -> 3"},
		{"replicas=5 partition=5 template=a", "replicas=6 partition=4 template=b",
		 "nginx:1.25.4 -> nginx:1.26.1, partition 5 -> 4, replicas 5 -> 6"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(history_release) struct history history = {0};
		CLEANUP(buf_release) struct buf text = BUF_INIT(1024);
		cJSON *entry = open_entry(&history, HISTORY_COMMIT, "c1");

		note_web(entry, PLAN_REPLACE, cases[i].from, cases[i].to, 2);
		history_print_set(json_get(entry, "statefulSets")->child, &text);
		assert_string_equal(buf_str(&text), cases[i].expected);
	}
}

/* What is no rollout waits for no end. */
static void test_nothing_that_rolls(void **state)
{
	(void)state;
	CLEANUP(history_release) struct history history = {0};

	note_web(open_entry(&history, HISTORY_COMMIT, "c1"), PLAN_REPLACE, "@hold=false",
		 "@hold=true", 2);
	assert_history(&history, "commit c1 1 replaced ");
	assert_false(history_is_waiting(&history, "shop", "web"));
}

static void test_a_walk_is_one_entry(void **state)
{
	(void)state;
	CLEANUP(history_release) struct history history = {0};
	cJSON *entry = open_entry(&history, HISTORY_COMMIT, "c1");

	note_web(entry, PLAN_REPLACE, "replicas=5 partition=5 template=a",
		 "replicas=5 partition=4 template=b", 2);
	assert_false(see(&history, ROLLOUT_CANARY, 2, true));
	assert_true(history_is_waiting(&history, "shop", "web"));
	entry = open_entry(&history, HISTORY_SYNC, "c1");
	note_web(entry, PLAN_WALK, "replicas=5 partition=4 template=b",
		 "replicas=5 partition=0 template=b", 3);
	assert_history(&history, "commit c1 1 replaced [nginx:1.25.4 -> nginx:1.26.1, "
				 "partition 5 -> 0] Progressing");
	assert_true(see(&history, ROLLOUT_COMPLETE, 3, false));
	assert_history(&history, "commit c1 1 replaced [nginx:1.25.4 -> nginx:1.26.1, "
				 "partition 5 -> 0] Complete");
}

static void test_ends(void **state)
{
	(void)state;
	static const struct {
		enum rollout_phase seen[3];
		const char *expected;
	} cases[] = {
		{{ROLLOUT_SETTLING, ROLLOUT_PROGRESSING, ROLLOUT_PROGRESSING}, "Progressing"},
		{{ROLLOUT_PROGRESSING, ROLLOUT_CANARY, ROLLOUT_CANARY}, "Canary"},
		{{ROLLOUT_STUCK, ROLLOUT_STUCK, ROLLOUT_PROGRESSING}, "Stuck"},
		{{ROLLOUT_STUCK, ROLLOUT_COMPLETE, ROLLOUT_COMPLETE}, "Complete"},
		{{ROLLOUT_CANARY, ROLLOUT_STUCK, ROLLOUT_CANARY}, "Canary"},
		{{ROLLOUT_COMPLETE, ROLLOUT_STUCK, ROLLOUT_STUCK}, "Complete"},
		{{ROLLOUT_HELD, ROLLOUT_HELD, ROLLOUT_HELD}, "Held"},
		{{ROLLOUT_NO_EFFECT, ROLLOUT_NO_EFFECT, ROLLOUT_NO_EFFECT}, "NoEffect"},
		{{ROLLOUT_ON_DELETE, ROLLOUT_ON_DELETE, ROLLOUT_ON_DELETE}, "OnDelete"},
		{{ROLLOUT_ROLLED_BACK, ROLLOUT_ROLLED_BACK, ROLLOUT_ROLLED_BACK}, "Complete"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(history_release) struct history history = {0};
		cJSON *entry = open_entry(&history, HISTORY_COMMIT, "c1");
		int64_t since_ms;

		note_web(entry, PLAN_REPLACE, "template=a", "template=b", 7);
		assert_false(see(&history, ROLLOUT_COMPLETE, 6, false)); /* before it was written */
		for (int n = 0; n < 3; n++)
			see(&history, cases[i].seen[n], 7, false);
		assert_string_equal(history_outcome(entry, &since_ms), cases[i].expected);
		assert_int_equal(since_ms, i == 0 ? 0 : TEST_NOW_MS + 42000);
	}
}

static void test_superseded_and_rolled_back(void **state)
{
	(void)state;
	CLEANUP(history_release) struct history history = {0};

	note_web(open_entry(&history, HISTORY_COMMIT, "c1"), PLAN_CREATE, NULL, "template=a", 1);
	see(&history, ROLLOUT_COMPLETE, 1, false);
	note_web(open_entry(&history, HISTORY_COMMIT, "c2"), PLAN_REPLACE, "template=a",
		 "template=b", 2);
	open_entry(&history, HISTORY_SUSPEND, "");
	note_web(open_entry(&history, HISTORY_COMMIT, "c3"), PLAN_REPLACE, "template=b",
		 "template=c", 3);
	see(&history, ROLLOUT_STUCK, 3, false);
	note_web(open_entry(&history, HISTORY_ROLLBACK, "c3"), PLAN_REPLACE, "template=c",
		 "template=a", 4);
	see(&history, ROLLOUT_ROLLED_BACK, 4, false);
	assert_history(&history, "rollback c3 1 replaced [nginx:1.26.2 -> nginx:1.25.4] Complete | "
				 "commit c3 1 replaced [nginx:1.26.1 -> nginx:1.26.2] RolledBack | "
				 "suspend -   | "
				 "commit c2 1 replaced [nginx:1.25.4 -> nginx:1.26.1] Superseded | "
				 "commit c1 1 created [nginx:1.25.4, replicas 1] Complete");
}

static void test_what_the_status_tells(void **state)
{
	(void)state;
	static const struct {
		const char *set, *pods;
		int phase; /* -1: not over */
	} cases[] = {
		{"replicas=3 update=b", "0..2=b", ROLLOUT_COMPLETE},
		{"replicas=3 update=b", "0=a 1..2=b", -1},
		{"replicas=3 update=b partition=2", "0..1=a 2=b", ROLLOUT_CANARY},
		{"replicas=3 update=b partition=2", "0..1=a 2=b~", -1},
		{"replicas=3 update=b partition=5", "0..2=a", ROLLOUT_CANARY},
		{"replicas=3 update=b", "0..1=b", -1},
		{"replicas=3 update=b generation=4 observed=3", "0..2=b", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct test_pods pods = test_pods_of(cases[i].pods);
		CLEANUP(cJSON_Delete_p) cJSON *set = statefulset_of(cases[i].set, &pods);
		struct history_sight sight = {.phase = ROLLOUT_STUCK};
		bool over = history_see(set, &sight);

		if (over != (cases[i].phase >= 0) || (over && (int)sight.phase != cases[i].phase))
			fail_msg("case %zu: %d, %s", i, over, rollout_phase_name(sight.phase));
		test_pods_release(&pods);
	}
}

/* --- bounds, and the text --------------------------------------------------------------------- */

/* Two that were written apart from each other: who suspended, and what a pass wrote meanwhile. */
static void test_merged(void **state)
{
	CLEANUP(history_release) struct history ours = {0}, theirs = {0}, none = {0};
	struct history_note note = {.at_ms = TEST_NOW_MS + 1000, .cause = HISTORY_SUSPEND};
	struct err err;

	(void)state;
	note_web(open_entry(&ours, HISTORY_COMMIT, "c1"), PLAN_CREATE, NULL, "replicas=3", 1);
	assert_ok(history_merge(&theirs, &ours, &err), err);
	assert_history(&theirs, "commit c1 1 created [nginx:1.25.4, replicas 3] Progressing");
	assert_non_null(history_open(&theirs, &note, &err));
	note.at_ms += 1000;
	note.cause = HISTORY_DRIFT;
	note.commit = "c1";
	assert_non_null(history_open(&ours, &note, &err));
	assert_true(see(&ours, ROLLOUT_COMPLETE, 1, false));

	assert_ok(history_merge(&theirs, &ours, &err), err);
	assert_history(&theirs,
		       "drift c1   | suspend -   | commit c1 1 created [nginx:1.25.4, replicas 3] "
		       "Complete");
	assert_ok(history_merge(&theirs, &none, &err), err);
	assert_int_equal(cJSON_GetArraySize(theirs.entries), 3);
}

static void test_bounds(void **state)
{
	(void)state;
	CLEANUP(history_release) struct history history = {0}, again = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(2 * HISTORY_MAX_BYTES);
	char long_text[4096], commit[64], name[64];
	struct err err;

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	memcpy(long_text + HISTORY_MAX_TEXT - 1, "\xc3\xa4", 2); /* cut before, not within */
	for (int i = 0; i < 2 * HISTORY_MAX_ENTRIES; i++) {
		snprintf(commit, sizeof(commit), "c%d", i);
		const struct history_note note = {.at_ms = TEST_NOW_MS,
						  .cause = HISTORY_COMMIT,
						  .by = long_text,
						  .commit = commit,
						  .subject = long_text};
		cJSON *entry = history_open(&history, &note, &err);

		assert_non_null(entry);
		for (int n = 0; n < HISTORY_MAX_SETS + 3; n++) {
			struct plan_item item = {.action = PLAN_CREATE};

			snprintf(name, sizeof(name), "web-%d", n);
			item.ref = ref_view("apps", "v1", "StatefulSet", "shop", name);
			item.to = statefulset_of("replicas=3", NULL);
			assert_ok(history_note_object(entry, &item, 1, TEST_NOW_MS, &err), err);
			cJSON_Delete(item.to);
		}
		assert_int_equal(cJSON_GetArraySize(json_get(entry, "statefulSets")),
				 HISTORY_MAX_SETS);
		assert_int_equal(json_int_or(entry, "more", 0), 3);
		assert_int_equal(strlen(json_str(entry, "subject")), HISTORY_MAX_TEXT - 1 + 3);
	}
	assert_int_equal(cJSON_GetArraySize(history.entries), HISTORY_MAX_ENTRIES);
	assert_ok(history_print(&history, &text, &err), err);
	assert_true(text.length <= HISTORY_MAX_BYTES);
	assert_ok(history_parse(buf_str(&text), text.length, &again, &err), err);
	assert_true(cJSON_GetArraySize(again.entries) > 5);
	assert_string_equal(json_str(again.entries->child, "commit"), commit);
}

static void test_text(void **state)
{
	(void)state;
	static const char text[] =
		"{\"version\":1,\"entries\":[{\"at\":\"2026-01-02T03:00:00.000Z\",\"cause\":"
		"\"commit\","
		"\"commit\":\"c1\",\"author\":\"Ann\",\"new\":{\"to\":\"us\"}}]}";
	CLEANUP(history_release) struct history history = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
	struct err err;

	assert_ok(history_parse(text, strlen(text), &history, &err), err);
	assert_ok(history_print(&history, &out, &err), err);
	assert_string_equal(buf_str(&out), text);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum err_class class;
		const char *message;
	} cases[] = {
		{"", ERR_INVALID, "it is no JSON: 1:1: the text ends where a value should be"},
		{"[]", ERR_INVALID, "it is no history"},
		{"{\"entries\":[]}", ERR_INVALID, "it is no history"},
		{"{\"version\":1,\"entries\":{}}", ERR_INVALID, "it is no history"},
		{"{\"version\":1,\"entries\":[1]}", ERR_INVALID, "an entry is no object"},
		{"{\"version\":2,\"entries\":[]}", ERR_UNSUPPORTED,
		 "a newer tranche wrote it (format 2, this one knows 1)"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct history history = {0};
		struct err err;

		assert_error(history_parse(cases[i].text, strlen(cases[i].text), &history, &err),
			     err, cases[i].class, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_what_changed),
		cmocka_unit_test(test_nothing_that_rolls),
		cmocka_unit_test(test_a_walk_is_one_entry),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_superseded_and_rolled_back),
		cmocka_unit_test(test_what_the_status_tells),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

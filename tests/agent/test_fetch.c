/* Reading a commit after another one reads only what has changed, and comes to the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/fetch.h"
#include "tests/support/check.h"
#include "tests/support/shell.h"

static const char *work; /* a folder of this test's own */

#define MANIFEST(name) "printf 'kind: ConfigMap\\napiVersion: v1\\nmetadata: {name: " name "}\\n' "

static int set_up(void **state)
{
	(void)state;
	work = shell_begin();
	shell("git config --global user.name Ann; git config --global user.email a@example.com;"
	      "git init -q -b main .; mkdir a b;" MANIFEST("one") ">a.yaml;" MANIFEST(
		      "two") ">a/one.yaml;" MANIFEST("three") ">b/one.yaml;"
							      "{ cat a.yaml; echo ---; cat "
							      "b/one.yaml; } | sed 's/name: /name: "
							      "x-/' >b/two.yaml;"
							      "echo '# nothing' >b/empty.yaml; git "
							      "add .; git commit -qm first");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shell_end();
	return 0;
}

static void describe(struct fetched *fetched, struct buf *out)
{
	for (size_t i = 0; i < fetched->manifests.count; i++) {
		struct manifest *manifest = &fetched->manifests.items[i];
		struct err err;

		assert_ok(manifest_unpack(manifest, &err), err);
		buf_printf(out, "%s:%u %s ", manifest->file, manifest->mark.line,
			   manifest->ref.name);
		json_print(manifest->desired, out);
		buf_putc(out, '\n');
	}
	findings_print(&fetched->findings, out);
	assert_false(out->broken_cap || out->broken_memory);
}

static void read_whole(struct buf *out)
{
	const struct source_options options = {.repo = work};
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(fetched_release) struct fetched fetched = {0};
	struct err err;

	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read(source, NULL, &fetched.changed, &fetched.snapshot, &err), err);
	assert_ok(fetched_parse(&fetched, "default", true, &err), err);
	assert_false(fetched.partial);
	describe(&fetched, out);
}

static size_t count_read(const struct snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		count += !snapshot->files[i].unchanged;
	return count;
}

static size_t count_touched(const struct fetched *fetched)
{
	size_t count = 0;

	for (size_t i = 0; i < fetched->manifests.count; i++)
		count += fetched->change.origins[i] == FETCHED_NEW;
	return count;
}

static void test_only_what_changed_is_read(void **state)
{
	static const struct {
		const char *change;
		size_t read;
		size_t touched, left; /* objects */
	} steps[] = {
		{"sed -i 's/two/other/' a/one.yaml", 1, 1, 1},
		{MANIFEST("new") ">b/new.yaml", 1, 1, 0},
		{"git rm -q b/new.yaml", 0, 0, 1},
		{"git mv b/one.yaml b/moved.yaml", 1, 0, 0},
		{"cp a.yaml a/copy.yaml", 1, 1, 0},            /* an object that is there twice */
		{"echo 'a: b: c' >b/bad.yaml", 1, 0, 0},       /* one that cannot be read ... */
		{"sed -i 's/other/two/' a/one.yaml", 1, 1, 1}, /* ... and still cannot */
		{"rm a/copy.yaml b/bad.yaml", 0, 0, 1},
		{"sed -i 's/}/, namespace: elsewhere}/' a.yaml", 1, 1,
		 1}, /* out of the namespace */
		{"git mv a c", 1, 0, 0},
		{"sed -i '1i # a word' b/two.yaml", 1, 0, 0},
		{"sed -i 's/v1/v2/' c/one.yaml", 1, 1, 1}, /* watched as another one */
		{"sed -i 's/x-one}/x-one, labels: {a: b}}/' b/two.yaml", 1, 1, 0},
		{"cat c/one.yaml >>b.yaml; rm c/one.yaml", 1, 0, 0}, /* to another file */
		{"git mv a.yaml d.yaml; git rm -qr b", 1, 0, 3},
		{"git commit -q --allow-empty -m same", 0, 0, 0},
	};
	const struct source_options options = {.repo = work};
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(fetched_release) struct fetched known = {0};
	struct err err;

	(void)state;
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read(source, NULL, &known.changed, &known.snapshot, &err), err);
	assert_ok(fetched_parse(&known, "default", true, &err), err);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		CLEANUP(buf_release) struct buf expected = BUF_INIT(1 << 16);
		CLEANUP(buf_release) struct buf seen = BUF_INIT(1 << 16);
		struct fetched fetched = {0};

		shell(steps[i].change);
		shell("git add -A; git diff --cached --quiet || git commit -qm next");
		assert_ok(source_read(source, known.snapshot.commit, &fetched.changed,
				      &fetched.snapshot, &err),
			  err);
		assert_true(fetched.changed);
		if (count_read(&fetched.snapshot) != steps[i].read)
			fail_msg("%s: %zu files were read, expected %zu", steps[i].change,
				 count_read(&fetched.snapshot), steps[i].read);
		assert_ok(fetched_parse(&fetched, "default", true, &err), err);
		if (i % 2)
			manifest_set_pack(&known.manifests);
		assert_ok(fetched_complete(&fetched, &known, "default", true, &err), err);
		assert_string_equal(fetched.change.since, known.snapshot.commit);
		if (count_touched(&fetched) != steps[i].touched ||
		    fetched.change.left != steps[i].left)
			fail_msg("%s: %zu touched, %zu left; expected %zu and %zu", steps[i].change,
				 count_touched(&fetched), fetched.change.left, steps[i].touched,
				 steps[i].left);
		fetched_release(&known);
		known = fetched;
		read_whole(&expected);
		describe(&known, &seen);
		assert_string_equal(buf_str(&seen), buf_str(&expected));
	}
}

/* Whoever has another commit than the source read last gets all of it. */
static void test_another_known_commit(void **state)
{
	const struct source_options options = {.repo = work};
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot first = {0};
	CLEANUP(snapshot_release) struct snapshot second = {0};
	CLEANUP(snapshot_release) struct snapshot third = {0};
	bool changed;
	struct err err;

	(void)state;
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read(source, NULL, &changed, &first, &err), err);
	shell("git commit -q --allow-empty -m two");
	assert_ok(source_read(source, first.commit, &changed, &second, &err), err);
	assert_int_equal(count_read(&second), 0);
	shell("git commit -q --allow-empty -m three");
	assert_ok(source_read(source, first.commit, &changed, &third, &err), err);
	assert_int_equal(count_read(&third), third.count);
}

/* A pass that is given up leaves its thread reading, while the next one begins. */

#define READERS 3
#define READS   100

struct reader {
	uv_thread_t thread;
	struct source *source;
	const struct source_stand *stand;
	size_t files;
	struct err err;
};

static void read_again_and_again(void *argument)
{
	struct reader *reader = argument;

	for (int i = 0; i < READS && reader->err.class == ERR_NONE; i++) {
		CLEANUP(snapshot_release) struct snapshot snapshot = {0};
		bool changed, again;

		if (source_read_stand(reader->source, reader->stand, NULL, &changed, &snapshot,
				      &again, &reader->err) == 0)
			reader->files += snapshot.count;
	}
}

static void test_readers_of_one_source(void **state)
{
	const struct source_options options = {.repo = work};
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot once = {0};
	CLEANUP(source_stand_release) struct source_stand stand = {0};
	struct reader readers[READERS] = {0};
	const char *const head = NULL;
	struct err err;
	bool changed;

	(void)state;
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read(source, NULL, &changed, &once, &err), err);
	assert_ok(source_resolve(source, &head, 1, &stand, &err), err);
	for (size_t i = 0; i < READERS; i++) {
		readers[i].source = source;
		readers[i].stand = &stand;
		assert_int_equal(
			uv_thread_create(&readers[i].thread, read_again_and_again, &readers[i]), 0);
	}
	for (size_t i = 0; i < READERS; i++)
		uv_thread_join(&readers[i].thread);
	for (size_t i = 0; i < READERS; i++) {
		assert_string_equal(readers[i].err.message, "");
		assert_int_equal(readers[i].files, READS * once.count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_changed_is_read),
		cmocka_unit_test(test_another_known_commit),
		cmocka_unit_test(test_readers_of_one_source),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

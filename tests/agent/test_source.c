/* The Git source against real repositories, made by the real git. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source_private.h"
#include "tests/support/check.h"
#include "tests/support/shell.h"

static const char *work; /* a folder of this test's own */

static char *path_in(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", work, name) > 0);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	work = shell_begin();
	setenv("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z", 1);
	setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z", 1);
	setenv("XDG_CACHE_HOME", work, 1);
	shell("git config --global user.name 'Ann Example'; git config --global user.email "
	      "a@example.com;"
	      "git config --global init.defaultBranch main; git config --global "
	      "protocol.file.allow always;"
	      "git init -q shop; cd shop; mkdir -p deploy/prod .github; echo 'a: 1' >deploy/a.yaml;"
	      "echo 'b: 1' >deploy/prod/b.yml; echo '{}' >deploy/prod/c.json; echo x "
	      ">deploy/README.md;"
	      "echo 'x: 1' >.github/ci.yaml; ln -s a.yaml deploy/link.yaml; git add .;"
	      "git commit -qm 'First: three manifests'; git tag v1;"
	      "git tag -a v1a -m annotated; git checkout -qb next; echo 'a: 2' >deploy/a.yaml;"
	      "git commit -qam 'Second'; git checkout -q main");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shell_end();
	return 0;
}

/* "a.yaml b.yml" */
static void assert_files(const struct snapshot *snapshot, const char *expected)
{
	CLEANUP(buf_release) struct buf seen = BUF_INIT(4096);

	for (size_t i = 0; i < snapshot->count; i++)
		buf_printf(&seen, "%s%s", i ? " " : "", snapshot->files[i].path);
	assert_string_equal(buf_str(&seen), expected);
}

static int read_once(const struct source_options *options, struct snapshot *ret_snapshot,
		     struct err *err)
{
	CLEANUP(source_free_p) struct source *source = NULL;
	bool changed = false;

	if (source_new(options, &source, err) < 0)
		return -1;
	if (source_read(source, NULL, &changed, ret_snapshot, err) < 0)
		return -1;
	assert_true(changed);
	return 0;
}

static void test_local_repository_is_read_at_its_head(void **state)
{
	CLEANUP(free_p) char *repo = path_in("shop");
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	const struct source_options options = {.repo = repo};
	struct err err;

	(void)state;
	assert_ok(read_once(&options, &snapshot, &err), err);
	assert_files(&snapshot, "deploy/a.yaml deploy/prod/b.yml deploy/prod/c.json");
	assert_string_equal(snapshot.files[0].text, "a: 1\n");
	assert_string_equal(snapshot.author, "Ann Example");
	assert_string_equal(snapshot.subject, "First: three manifests");
	assert_int_equal(strlen(snapshot.commit), 40);
	assert_memory_equal(snapshot.revision, "main@", 5);
	assert_memory_equal(snapshot.revision + 5, snapshot.commit, 7);
	assert_int_equal(strlen(snapshot.revision), 12);
	assert_int_equal(snapshot.findings.count, 1);
	assert_string_equal(snapshot.findings.items[0].file, "deploy/link.yaml");
	assert_string_equal(snapshot.findings.items[0].message, "a symbolic link is not followed");
}

/* Every kind of ref, in the repository's own folder and through a clone. */
static void test_refs(void **state)
{
	static const struct {
		const char *ref, *path, *label, *files, *first;
	} cases[] = {
		{NULL, "deploy/prod", "main@", "deploy/prod/b.yml deploy/prod/c.json", "b: 1\n"},
		{"main", "./deploy/a.yaml", "main@", "deploy/a.yaml", "a: 1\n"},
		{"next", "deploy/a.yaml", "next@", "deploy/a.yaml", "a: 2\n"},
		{"refs/heads/next", "/deploy/a.yaml", "refs/heads/next@", "deploy/a.yaml",
		 "a: 2\n"},
		{"v1", "deploy/a.yaml", "v1@", "deploy/a.yaml", "a: 1\n"},
		{"v1a", "deploy/a.yaml", "v1a@", "deploy/a.yaml", "a: 1\n"},
		{"HEAD", "deploy/a.yaml", "HEAD@", "deploy/a.yaml", "a: 1\n"},
		{"next~1", "deploy/a.yaml", "next~1@", "deploy/a.yaml", "a: 1\n"},
	};
	CLEANUP(free_p) char *local = path_in("shop");
	CLEANUP(free_p) char *git_dir = path_in("clone");
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(snapshot_release) struct snapshot snapshot = {0};
		const struct source_options options = {.repo = local,
						       .ref = cases[i].ref,
						       .path = cases[i].path,
						       .git_dir = git_dir};

		assert_ok(read_once(&options, &snapshot, &err), err);
		assert_files(&snapshot, cases[i].files);
		assert_string_equal(snapshot.files[0].text, cases[i].first);
		assert_memory_equal(snapshot.revision, cases[i].label, strlen(cases[i].label));
	}
}

static void test_full_and_short_commits(void **state)
{
	static const size_t lengths[] = {40, 7, 10};
	CLEANUP(free_p) char *repo = path_in("shop");
	CLEANUP(snapshot_release) struct snapshot next = {0};
	const struct source_options options = {.repo = repo, .ref = "next"};
	struct err err;

	(void)state;
	assert_ok(read_once(&options, &next, &err), err);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		CLEANUP(snapshot_release) struct snapshot snapshot = {0};
		CLEANUP(free_p) char *ref = strndup(next.commit, lengths[i]);
		const struct source_options by_commit = {.repo = repo, .ref = ref};

		assert_ok(read_once(&by_commit, &snapshot, &err), err);
		assert_string_equal(snapshot.commit, next.commit);
		assert_int_equal(strlen(snapshot.revision), 7);
	}
}

static void test_a_known_commit_is_not_read_again(void **state)
{
	CLEANUP(free_p) char *repo = path_in("shop");
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot first = {0}, second = {0};
	const struct source_options options = {.repo = repo};
	bool changed = false;
	struct err err;

	(void)state;
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read(source, NULL, &changed, &first, &err), err);
	assert_true(changed);
	assert_ok(source_read(source, first.commit, &changed, &second, &err), err);
	assert_false(changed);
	assert_null(second.commit);
	shell("cd shop && git commit -q --allow-empty -m Third");
	assert_ok(source_read(source, first.commit, &changed, &second, &err), err);
	assert_true(changed);
	assert_string_equal(second.subject, "Third");
	shell("cd shop && git reset -q --hard HEAD~1");
}

static void test_other_revisions(void **state)
{
	CLEANUP(free_p) char *repo = path_in("shop");
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot one = {0}, two = {0}, nothing = {0};
	const struct source_options options = {.repo = repo, .path = "deploy/a.yaml"};
	bool found, whole;
	struct err err;

	(void)state;
	shell("cd shop && git checkout -qb line next && echo 'n: 1' >n.yaml && git add n.yaml && "
	      "git commit -qm 'Another file' && git rm -q deploy/a.yaml && git commit -qm Gone && "
	      "git checkout -q main");
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read_at(source, "line~1", &one, &err), err);
	assert_files(&one, "deploy/a.yaml");
	assert_string_equal(one.files[0].text, "a: 2\n");
	assert_memory_equal(one.revision, "line~1@", 7);
	assert_ok(source_read_at(source, "line", &nothing, &err), err);
	assert_files(&nothing, "");

	/* Commits that leave the path alone are passed over. */
	snapshot_release(&one);
	assert_ok(source_read_before(source, nothing.commit, &found, &whole, &one, &err), err);
	assert_true(found);
	assert_string_equal(one.subject, "Another file");
	assert_int_equal(strlen(one.revision), 7);
	assert_ok(source_read_before(source, one.commit, &found, &whole, &two, &err), err);
	assert_true(found);
	assert_string_equal(two.subject, "First: three manifests");
	assert_string_equal(two.files[0].text, "a: 1\n");
	snapshot_release(&one);
	assert_ok(source_read_before(source, two.commit, &found, &whole, &one, &err), err);
	assert_false(found);
	assert_true(whole);
	shell("cd shop && git branch -qD line");
}

static void test_the_history_of_a_shallow_clone(void **state)
{
	CLEANUP(free_p) char *repo = path_in("shallow");
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot one = {0}, two = {0};
	const struct source_options options = {.repo = repo, .path = "deploy/a.yaml"};
	char expected[512];
	bool found, whole;
	struct err err;

	(void)state;
	shell("git clone -q --depth 1 --branch next \"file://$PWD/shop\" shallow");
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read_at(source, "HEAD", &one, &err), err);
	assert_ok(source_read_before(source, one.commit, &found, &whole, &two, &err), err);
	assert_false(found);
	assert_false(whole);
	snprintf(expected, sizeof(expected),
		 "%s: no branch, tag or commit \"HEAD~1\"; the clone is shallow: fetch more of it",
		 repo);
	assert_error(source_read_at(source, "HEAD~1", &two, &err), err, ERR_NOT_FOUND, expected);
}

static void test_what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *repo, *ref, *path;
		enum err_class class;
		const char *message; /* %s: the work folder */
	} cases[] = {
		{"nowhere", NULL, NULL, ERR_NOT_FOUND, "%s/nowhere: not a Git repository"},
		{"shop/deploy", NULL, NULL, ERR_NOT_FOUND, "%s/shop/deploy: not a Git repository"},
		{"shop", "gone", NULL, ERR_NOT_FOUND, "%s/shop: no branch, tag or commit \"gone\""},
		{"shop", "abcdef12", NULL, ERR_NOT_FOUND,
		 "%s/shop: no branch, tag or commit \"abcdef12\""},
		{"shop", "a b", NULL, ERR_NOT_FOUND, "%s/shop: no branch, tag or commit \"a b\""},
		{"shop", "v1", "nope", ERR_NOT_FOUND, NULL},
		{"empty", NULL, NULL, ERR_NOT_FOUND, "%s/empty: the repository has no commit yet"},
	};

	(void)state;
	shell("git init -q empty");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(free_p) char *repo = path_in(cases[i].repo);
		CLEANUP(snapshot_release) struct snapshot snapshot = {0};
		const struct source_options options = {
			.repo = repo, .ref = cases[i].ref, .path = cases[i].path};
		char expected[512];
		struct err err;

		assert_int_equal(read_once(&options, &snapshot, &err), -1);
		assert_string_equal(err_class_name(err.class), err_class_name(cases[i].class));
		if (cases[i].message) {
			const char *rest = cases[i].message + 2;
			snprintf(expected, sizeof(expected), "%s%s", work, rest);
			assert_string_equal(err.message, expected);
		} else {
			assert_non_null(strstr(err.message, " at v1@"));
			assert_non_null(strstr(err.message, ": path \"nope\" does not exist"));
		}
	}
}

static void test_plain_files(void **state)
{
	CLEANUP(free_p) char *folder = path_in("shop/deploy");
	CLEANUP(free_p) char *file = path_in("shop/deploy/README.md");
	CLEANUP(snapshot_release) struct snapshot flat = {0}, deep = {0}, one = {0};
	const char *folders[] = {folder}, *single[] = {file};
	struct source_options options = {.files = folders, .file_count = 1};
	char expected[512];
	struct err err;

	(void)state;
	assert_ok(read_once(&options, &flat, &err), err);
	snprintf(expected, sizeof(expected), "%s/a.yaml %s/link.yaml", folder, folder);
	assert_files(&flat, expected);
	options.recursive = true;
	assert_ok(read_once(&options, &deep, &err), err);
	snprintf(expected, sizeof(expected), "%s/a.yaml %s/link.yaml %s/prod/b.yml %s/prod/c.json",
		 folder, folder, folder, folder);
	assert_files(&deep, expected);
	options.files = single; /* named outright, a file is read whatever it is called */
	assert_ok(read_once(&options, &one, &err), err);
	assert_files(&one, file);
	assert_string_equal(one.revision, "");
}

static void test_caps_of_a_snapshot(void **state)
{
	CLEANUP(snapshot_release) struct snapshot many = {0}, large = {0};
	struct err err;

	(void)state;
	for (int i = 0; i < SOURCE_MAX_FILES; i++)
		assert_ok(snapshot_add(&many, "a.yaml", strdup(""), 0, &err), err);
	assert_error(snapshot_add(&many, "b.yaml", strdup(""), 0, &err), err, ERR_LIMIT,
		     "more than 100000 manifest files; name a smaller folder");

	/* What a file's length is said to be counts, so that none has to be so long. */
	assert_ok(snapshot_add(&large, "a.yaml", strdup(""), SOURCE_MAX_BYTES - 1, &err), err);
	assert_error(snapshot_add(&large, "b.yaml", strdup("ab"), 2, &err), err, ERR_LIMIT,
		     "b.yaml: the manifests are larger than 268435456 bytes together; name a "
		     "smaller folder");
	assert_ok(snapshot_add(&large, "c.yaml", strdup("a"), 1, &err), err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caps_of_a_snapshot),
		cmocka_unit_test(test_local_repository_is_read_at_its_head),
		cmocka_unit_test(test_refs),
		cmocka_unit_test(test_full_and_short_commits),
		cmocka_unit_test(test_a_known_commit_is_not_read_again),
		cmocka_unit_test(test_other_revisions),
		cmocka_unit_test(test_the_history_of_a_shallow_clone),
		cmocka_unit_test(test_what_is_wrong_is_said),
		cmocka_unit_test(test_plain_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* inotify on folders that change as kubelets and editors change them. */
#include "agent/config_watch.h"

#include <stdio.h>
#include <sys/resource.h>
#include <uv.h>

#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/turn.h"

#define QUIET_MS (3 * CONFIG_WATCH_SETTLE_MS)

struct fixture {
	struct folder folder;
	uv_loop_t loop;
	struct config_watch *watch;
	bool told;
	unsigned count;
};

static void on_change(void *context, struct config_watch *watch)
{
	struct fixture *fixture = context;

	assert_ptr_equal(watch, fixture->watch);
	fixture->told = true;
	fixture->count++;
}

static void set_up(struct fixture *fixture, int64_t poll_ms)
{
	struct config_watch_options options = {.loop = &fixture->loop,
					       .on_change = on_change,
					       .context = fixture,
					       .poll_ms = poll_ms};
	struct err err;

	*fixture = (struct fixture){0};
	folder_make(&fixture->folder);
	assert_int_equal(uv_loop_init(&fixture->loop), 0);
	assert_ok(config_watch_new(&options, &fixture->watch, &err), err);
}

static void tear_down(struct fixture *fixture)
{
	config_watch_free(fixture->watch);
	turn_and_close(&fixture->loop);
	folder_remove(&fixture->folder);
}

static void shell(const struct fixture *fixture, const char *script)
{
	CLEANUP(free_p) char *command = NULL;

	assert_true(asprintf(&command, "cd '%s' && set -e && %s", fixture->folder.path, script) >
		    0);
	if (system(command) != 0)
		fail_msg("%s", script);
}

/* Watches the path in the folder, and makes sure that it is by inotify. */
static void watch(struct fixture *fixture, const char *name)
{
	const char *path = folder_file(&fixture->folder, name);
	struct err err;

	assert_ok(config_watch_set(fixture->watch, &path, 1, &err), err);
	assert_null(config_watch_trouble(fixture->watch));
}

/* As a kubelet writes a volume: a new folder of the content, a link to it renamed over the old. */
#define KUBELET                                                                                \
	"swap() { new=..2026_$1; mkdir \"$new\"; shift;"                                       \
	" for file; do printf %s \"${file#*=}\" >\"$new/${file%%=*}\"; done;"                  \
	" old=$(readlink ..data || true); ln -s \"$new\" ..data_tmp; mv -T ..data_tmp ..data;" \
	" for file in ..data/*; do name=${file##*/};"                                          \
	" [ -L \"$name\" ] || ln -s \"..data/$name\" \"$name\"; done;"                         \
	" [ -z \"$old\" ] || rm -r \"$old\"; };"

static void test_what_changes_is_told(void **state)
{
	static const struct {
		const char *what, *path, *before, *change;
	} cases[] = {
		{"a mounted file", "etc/config.yaml",
		 "mkdir etc; cd etc;" KUBELET "swap 1 config.yaml=a",
		 "cd etc;" KUBELET "swap 2 config.yaml=b"},
		{"a mounted folder", "etc", "mkdir etc; cd etc;" KUBELET "swap 1 user=a key=b",
		 "cd etc;" KUBELET "swap 2 user=a key=c"},
		{"a key that comes to a mounted folder", "etc",
		 "mkdir etc; cd etc;" KUBELET "swap 1 user=a",
		 "cd etc;" KUBELET "swap 2 user=a key=c"},
		{"writing in place", "config.yaml", "echo a >config.yaml", "echo b >config.yaml"},
		{"an editor's rename", "config.yaml", "echo a >config.yaml",
		 "echo b >.config.yaml.swp; mv .config.yaml.swp config.yaml"},
		{"deleting and creating", "config.yaml", "echo a >config.yaml",
		 "rm config.yaml; echo b >config.yaml"},
		{"moving away", "config.yaml", "echo a >config.yaml", "mv config.yaml old"},
		{"deleting", "config.yaml", "echo a >config.yaml", "rm config.yaml"},
		{"coming", "config.yaml", "true", "echo a >config.yaml"},
		{"coming with its folders", "a/b/c/config.yaml", "true",
		 "mkdir a; mkdir a/b; mkdir a/b/c; echo a >a/b/c/config.yaml"},
		{"coming in a folder that is moved there", "a/b/config.yaml",
		 "mkdir -p new/b; echo a >new/b/config.yaml", "mv new a"},
		{"another folder in place of the old", "a/config.yaml",
		 "mkdir a new; echo a >a/config.yaml; echo b >new/config.yaml",
		 "mv a old; mv new a"},
		{"a link's target", "config.yaml", "mkdir d; echo a >d/x; ln -s d/x config.yaml",
		 "echo b >d/x"},
		{"another target of a link", "config.yaml",
		 "echo a >x; echo b >y; ln -s x config.yaml", "ln -sfn y config.yaml"},
		{"another target of a folder's link", "current/config.yaml",
		 "mkdir 1 2; echo a >1/config.yaml; echo b >2/config.yaml; ln -s 1 current",
		 "ln -s 2 tmp; mv -T tmp current"},
		{"a link that led nowhere", "config.yaml", "ln -s d/x config.yaml",
		 "mkdir d; echo a >d/x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;

		set_up(&fixture, 0);
		print_message("%s\n", cases[i].what);
		shell(&fixture, cases[i].before);
		watch(&fixture, cases[i].path);
		turn_for(&fixture.loop, 10);
		assert_false(fixture.told);
		shell(&fixture, cases[i].change);
		turn_until(&fixture.loop, &fixture.told);
		assert_true(config_watch_has_changed(fixture.watch,
						     folder_file(&fixture.folder, cases[i].path)));
		tear_down(&fixture);
	}
}

static void test_what_stays_the_same_is_not_told(void **state)
{
	static const char *const changes[] = {
		"touch config.yaml",
		"printf a >config.yaml",
		"printf a >new; mv new config.yaml",
		"chmod 600 config.yaml",
		"printf b >other.yaml",
		"rm config.yaml; printf a >config.yaml",
	};
	struct fixture fixture;

	(void)state;
	set_up(&fixture, 0);
	shell(&fixture, "printf a >config.yaml");
	watch(&fixture, "config.yaml");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		shell(&fixture, changes[i]);
		turn_for(&fixture.loop, QUIET_MS);
		assert_int_equal(fixture.count, 0);
	}
	tear_down(&fixture);
}

static void test_it_goes_on_after_each_swap(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, 0);
	shell(&fixture, KUBELET "swap 0 config.yaml=a");
	watch(&fixture, "config.yaml");
	for (unsigned i = 1; i <= 5; i++) {
		char script[sizeof(KUBELET) + 64];

		snprintf(script, sizeof(script), "%s swap %u config.yaml=%u", KUBELET, i, i);
		fixture.told = false;
		shell(&fixture, script);
		turn_until(&fixture.loop, &fixture.told);
	}
	tear_down(&fixture);
}

static void test_what_comes_together_is_told_once(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture, 0);
	shell(&fixture, "echo a >config.yaml");
	watch(&fixture, "config.yaml");
	shell(&fixture, "for i in 1 2 3 4 5 6 7 8 9; do echo $i >config.yaml; done");
	turn_until(&fixture.loop, &fixture.told);
	turn_for(&fixture.loop, QUIET_MS);
	assert_int_equal(fixture.count, 1);
	tear_down(&fixture);
}

static void test_of_several_paths_the_one_is_told(void **state)
{
	struct fixture fixture;
	const char *both[2], *second;
	struct err err;

	(void)state;
	set_up(&fixture, 0);
	shell(&fixture, "echo a >a; echo b >b");
	both[0] = folder_file(&fixture.folder, "a");
	both[1] = second = folder_file(&fixture.folder, "b");
	assert_ok(config_watch_set(fixture.watch, both, 2, &err), err);
	shell(&fixture, "echo c >b");
	turn_until(&fixture.loop, &fixture.told);
	assert_false(config_watch_has_changed(fixture.watch, both[0]));
	assert_true(config_watch_has_changed(fixture.watch, both[1]));

	/* What is watched no more is not told; what stays is still compared with what it was. */
	fixture.told = false;
	assert_ok(config_watch_set(fixture.watch, &second, 1, &err), err);
	shell(&fixture, "echo d >a");
	turn_for(&fixture.loop, QUIET_MS);
	assert_false(fixture.told);
	shell(&fixture, "echo e >b");
	turn_until(&fixture.loop, &fixture.told);
	tear_down(&fixture);
}

/* Without a descriptor for inotify. */
static void test_without_inotify_the_files_are_looked_at(void **state)
{
	struct rlimit limit, none;
	struct fixture fixture;
	const char *path;
	struct err err;

	(void)state;
	set_up(&fixture, 0);
	config_watch_free(fixture.watch);
	turn_and_close(&fixture.loop);
	assert_int_equal(uv_loop_init(&fixture.loop), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	const struct config_watch_options options = {
		.loop = &fixture.loop, .on_change = on_change, .context = &fixture, .poll_ms = 50};
	int result = config_watch_new(&options, &fixture.watch, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(result, 0);
	assert_string_equal(config_watch_trouble(fixture.watch), "inotify: Too many open files");

	shell(&fixture, "echo a >config.yaml");
	path = folder_file(&fixture.folder, "config.yaml");
	assert_ok(config_watch_set(fixture.watch, &path, 1, &err), err);
	turn_for(&fixture.loop, 200);
	assert_false(fixture.told);
	shell(&fixture, "echo b >config.yaml");
	turn_until(&fixture.loop, &fixture.told);
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_changes_is_told),
		cmocka_unit_test(test_what_stays_the_same_is_not_told),
		cmocka_unit_test(test_it_goes_on_after_each_swap),
		cmocka_unit_test(test_what_comes_together_is_told_once),
		cmocka_unit_test(test_of_several_paths_the_one_is_told),
		cmocka_unit_test(test_without_inotify_the_files_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

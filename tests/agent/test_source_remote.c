/* The Git source through a clone, fetched from a real git daemon. */
#include "agent/source.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "diff/buf.h"
#include "tests/support/check.h"

#define START_DEADLINE_MS 30000

static char *work, *url;
static pid_t server;
static int kept_port;

static int shell(const char *script)
{
	CLEANUP(free_p) char *command = NULL;

	assert_true(asprintf(&command, "cd '%s' && set -e && %s", work, script) > 0);
	return system(command);
}

/* A port that is the server's as long as this socket, which never listens, is open. */
static int keep_port(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static bool answers(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bool connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return connected;
}

static void start_server(int port)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	char listen_at[32], base[256];

	snprintf(listen_at, sizeof(listen_at), "--port=%d", port);
	snprintf(base, sizeof(base), "--base-path=%s", work);
	server = fork();
	if (server == 0) {
		execlp("git", "git", "daemon", "--reuseaddr", "--listen=127.0.0.1", listen_at,
		       "--export-all", base, work, (char *)NULL);
		_exit(127);
	}
	for (int waited = 0; !answers(port); waited += 10) {
		assert_true(waited < START_DEADLINE_MS);
		nanosleep(&pause, NULL);
	}
}

static int set_up(void **state)
{
	char pattern[] = "/tmp/tranche-test-XXXXXX";
	int port;

	(void)state;
	work = strdup(mkdtemp(pattern));
	setenv("HOME", work, 1);
	setenv("XDG_CACHE_HOME", work, 1);
	assert_int_equal(
		shell("git config --global user.name 'Ann Example'; git config --global user.email "
		      "a@b.c;"
		      "git config --global init.defaultBranch trunk; git init -q shop; cd shop;"
		      "echo 'a: 1' >a.yaml; git add .; git commit -qm First; git tag -a v1 -m v1;"
		      "git checkout -qb next; echo 'a: 2' >a.yaml; git commit -qam Second;"
		      "git checkout -q trunk"),
		0);
	kept_port = keep_port(&port);
	start_server(port);
	assert_true(asprintf(&url, "git://127.0.0.1:%d/shop", port) > 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	close(kept_port);
	assert_int_equal(shell("rm -rf \"$PWD\""), 0);
	free(work);
	free(url);
	return 0;
}

/* The text of a.yaml at the ref, through the clone in the cache folder. */
static int read_ref(const char *ref, struct snapshot *ret_snapshot, struct err *err)
{
	const struct source_options options = {.repo = url, .ref = ref};
	CLEANUP(source_free_p) struct source *source = NULL;
	bool changed;

	if (source_new(&options, &source, err) < 0)
		return -1;
	assert_null(source_local_git_dir(source));
	assert_string_equal(source_name(source), url);
	return source_read(source, NULL, &changed, ret_snapshot, err);
}

static void assert_ref(const char *ref, const char *label, const char *text)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	struct err err;

	assert_ok(read_ref(ref, &snapshot, &err), err);
	assert_int_equal(snapshot.count, 1);
	assert_string_equal(snapshot.files[0].text, text);
	assert_memory_equal(snapshot.revision, label, strlen(label));
}

static void test_refs_of_a_remote(void **state)
{
	(void)state;
	assert_ref(NULL, "trunk@", "a: 1\n");
	assert_ref("next", "next@", "a: 2\n");
	assert_ref("v1", "v1@", "a: 1\n");
}

static void test_short_commit_of_another_branch(void **state)
{
	CLEANUP(snapshot_release) struct snapshot next = {0};
	char digits[9];
	struct err err;

	(void)state;
	assert_ok(read_ref("next", &next, &err), err);
	memcpy(digits, next.commit, 8);
	digits[8] = '\0';
	assert_int_equal(shell("rm -rf tranche"), 0); /* a clone that has nothing yet */
	assert_ref(digits, "", "a: 2\n");
}

static void test_other_revisions_of_a_remote(void **state)
{
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot next = {0}, before = {0};
	const struct source_options options = {.repo = url};
	bool found, whole;
	struct err err;

	(void)state;
	assert_int_equal(shell("rm -rf tranche"), 0);
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read_at(source, "next", &next, &err), err);
	assert_string_equal(next.files[0].text, "a: 2\n");
	assert_ok(source_read_before(source, next.commit, &found, &whole, &before, &err), err);
	assert_true(found);
	assert_string_equal(before.files[0].text, "a: 1\n");
}

static void test_a_moved_ref_is_fetched_also_when_forced(void **state)
{
	(void)state;
	assert_ref("trunk", "trunk@", "a: 1\n");
	assert_int_equal(
		shell("cd shop && echo 'a: 3' >a.yaml && git commit -qa --amend -m Forced"), 0);
	assert_ref("trunk", "trunk@", "a: 3\n");
	assert_int_equal(shell("cd shop && git reset -q --hard v1"), 0);
	assert_ref("trunk", "trunk@", "a: 1\n");
}

static void test_a_deleted_branch_and_an_unknown_repository(void **state)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(free_p) char *gone = NULL;
	char expected[512];
	bool changed;
	struct err err;

	(void)state;
	assert_int_equal(shell("cd shop && git branch brief"), 0);
	assert_ref("brief", "brief@", "a: 1\n");
	assert_int_equal(shell("cd shop && git branch -qd brief"), 0);
	snprintf(expected, sizeof(expected), "%s: no branch, tag or commit \"brief\"", url);
	assert_error(read_ref("brief", &snapshot, &err), err, ERR_NOT_FOUND, expected);

	assert_true(asprintf(&gone, "%s-gone", url) > 0);
	const struct source_options options = {.repo = gone};
	assert_ok(source_new(&options, &source, &err), err);
	assert_int_equal(source_read(source, NULL, &changed, &snapshot, &err), -1);
	assert_non_null(strstr(err.message, gone));
}

static void test_a_server_that_is_not_there(void **state)
{
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	const struct source_options options = {.repo = "git://ann:secret@127.0.0.1:1/shop"};
	bool changed;
	struct err err;

	(void)state;
	assert_ok(source_new(&options, &source, &err), err);
	assert_string_equal(source_name(source), "git://ann@127.0.0.1:1/shop");
	assert_int_equal(source_read(source, NULL, &changed, &snapshot, &err), -1);
	assert_string_equal(err_class_name(err.class), "transient");
	assert_null(strstr(err.message, "secret"));
}

/* Nothing of what is too much stays in the clone. */
static void test_caps_of_a_fetch(void **state)
{
	static const struct {
		int64_t bytes, objects;
		const char *message;
	} rows[] = {
		{64, 0, "more than 64 bytes to fetch; nothing was kept"},
		{0, 2, "more than 2 objects to fetch; nothing was kept"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct source_options options = {.repo = url,
						       .max_fetch_bytes = rows[i].bytes,
						       .max_fetch_objects = rows[i].objects};
		CLEANUP(source_free_p) struct source *source = NULL;
		CLEANUP(snapshot_release) struct snapshot snapshot = {0};
		CLEANUP(buf_release) struct buf expected = BUF_INIT(1024);
		bool changed;
		struct err err;

		assert_int_equal(shell("rm -rf tranche"), 0);
		buf_printf(&expected, "cannot fetch from %s: %s", url, rows[i].message);
		assert_ok(source_new(&options, &source, &err), err);
		assert_error(source_read(source, NULL, &changed, &snapshot, &err), err, ERR_LIMIT,
			     buf_str(&expected));
		assert_int_equal(shell("test -z \"$(find tranche/*/objects -type f)\""), 0);
	}
}

/* A second read finds the commit as it was; after a forced one it is told. */
static void test_a_rewritten_history_is_told(void **state)
{
	const struct source_options options = {.repo = url, .ref = "moving"};
	CLEANUP(source_free_p) struct source *source = NULL;
	CLEANUP(snapshot_release) struct snapshot first = {0}, next = {0}, forced = {0};
	bool changed;
	struct err err;

	(void)state;
	assert_int_equal(shell("cd shop && git branch -f moving v1"), 0);
	assert_ok(source_new(&options, &source, &err), err);
	assert_ok(source_read(source, NULL, &changed, &first, &err), err);
	assert_true(changed);
	assert_false(first.is_rewritten);
	assert_ok(source_read(source, first.commit, &changed, &next, &err), err);
	assert_false(changed);
	assert_int_equal(shell("cd shop && git branch -f moving next"), 0);
	assert_ok(source_read(source, first.commit, &changed, &next, &err), err);
	assert_true(changed);
	assert_false(next.is_rewritten);
	assert_int_equal(shell("cd shop && git branch -f moving v1"), 0);
	assert_ok(source_read(source, next.commit, &changed, &forced, &err), err);
	assert_true(forced.is_rewritten);
	assert_string_equal(forced.commit, first.commit);
}

/* Each fetch brings a pack. One reader that is open all along, and one that is new, find all commits. */
static void test_packs_stay_few(void **state)
{
	enum { FETCHES = 25, MANY = 10 };
	CLEANUP(free_p) char *folder = NULL;
	struct err err;

	(void)state;
	assert_true(asprintf(&folder, "%s/packs", work) > 0);
	const struct source_options options = {
		.repo = url, .ref = "packs", .git_dir = folder, .many_packs = MANY};
	CLEANUP(source_free_p) struct source *source = NULL;
	assert_int_equal(shell("cd shop && git checkout -qb packs trunk"), 0);
	assert_ok(source_new(&options, &source, &err), err);
	for (int i = 0; i < FETCHES; i++) {
		CLEANUP(source_free_p) struct source *other = NULL;
		CLEANUP(snapshot_release) struct snapshot snapshot = {0}, first = {0};
		bool changed;

		assert_int_equal(shell("cd shop && date +%N >>a.yaml && git commit -qam Next"), 0);
		assert_ok(source_new(&options, &other, &err), err);
		assert_ok(source_read(i % 2 ? other : source, NULL, &changed, &snapshot, &err),
			  err);
		assert_string_equal(snapshot.subject, "Next");
		assert_int_equal(snapshot.findings.count, 0);
		assert_ok(source_read_at(source, "v1", &first, &err), err);
		assert_string_equal(first.subject, "First");
		assert_int_equal(shell("test $(ls packs/objects/pack/*.pack | wc -l) -lt 10"), 0);
	}
	assert_int_equal(shell("test $(ls packs/objects/pack/*.pack | wc -l) -eq 7"), 0);
	assert_int_equal(
		shell("git -C packs fsck --full --strict >log 2>&1 && git -C packs rev-list "
		      "refs/tranche/packs |"
		      "wc -l | grep -qx 26; git -C shop checkout -q trunk"),
		0);
}

int main(int argc, char **argv)
{
	if (argc > 0 && source_is_child(argv))
		return source_child_main();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refs_of_a_remote),
		cmocka_unit_test(test_short_commit_of_another_branch),
		cmocka_unit_test(test_other_revisions_of_a_remote),
		cmocka_unit_test(test_a_moved_ref_is_fetched_also_when_forced),
		cmocka_unit_test(test_a_deleted_branch_and_an_unknown_repository),
		cmocka_unit_test(test_a_server_that_is_not_there),
		cmocka_unit_test(test_caps_of_a_fetch),
		cmocka_unit_test(test_a_rewritten_history_is_told),
		cmocka_unit_test(test_packs_stay_few),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

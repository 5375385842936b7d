#include "apply/http_window.h"

#include "tests/support/check.h"

#define MAX 100

/*
 * Windowfuls of requests at a server that works on `workers` at a time, each for 5 ms, behind a network of
 * that latency.
 */
static void load(struct http_window *window, size_t workers, double network_s, int times)
{
	for (int i = 0; i < times; i++) {
		double size = (double)http_window_size(window, MAX), busy = (double)workers;
		double seconds = network_s + 0.005;

		if (size / seconds > busy / 0.005)
			seconds = size * 0.005 / busy;
		http_window_answered(window, seconds, MAX, MAX);
	}
}

/* The first answers come before anything waits. */
static void begin(struct http_window *window, double network_s)
{
	http_window_init(window);
	http_window_answered(window, network_s + 0.005, 0, MAX);
}

static void test_finds_what_keeps_the_server_busy(void **state)
{
	(void)state;
	static const struct {
		size_t workers;
		double network_s;
		size_t least, most; /* where it ends */
	} cases[] = {
		{1, 0.0002, 7, 14},   /* a small machine on this one */
		{2, 0.0002, 8, 15},   /* two processors */
		{16, 0.0002, 20, 30}, /* many */
		{2, 0.050, 26, 40},   /* two, far away */
		{16, 0.050, MAX, MAX},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_window window;

		begin(&window, cases[i].network_s);
		load(&window, cases[i].workers, cases[i].network_s, 2000);
		size_t size = http_window_size(&window, MAX);
		if (size < cases[i].least || size > cases[i].most)
			fail_msg("case %zu: %zu", i, size);
	}
}

static void test_does_not_grow_by_what_is_not_used(void **state)
{
	(void)state;
	struct http_window window;

	http_window_init(&window);
	for (int i = 0; i < 1000; i++)
		http_window_answered(&window, 0.005, HTTP_WINDOW_FIRST / 2, MAX);
	assert_int_equal(http_window_size(&window, MAX), HTTP_WINDOW_FIRST);
}

static void test_shrinks_and_recovers(void **state)
{
	(void)state;
	struct http_window window;

	begin(&window, 0.050);
	load(&window, 16, 0.050, 2000);
	assert_int_equal(http_window_size(&window, MAX), MAX);

	/* One halving for all that were on their way. */
	for (size_t i = 0; i < MAX; i++)
		http_window_throttled(&window, MAX - 1 - i);
	assert_int_equal(http_window_size(&window, MAX), MAX / 2);
	for (int i = 0; i < 1000; i++)
		http_window_throttled(&window, 0);
	assert_int_equal(http_window_size(&window, MAX), 1);
	load(&window, 16, 0.050, 2000);
	assert_int_equal(http_window_size(&window, MAX), MAX);
	assert_int_equal(http_window_size(&window, 16), 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_keeps_the_server_busy),
		cmocka_unit_test(test_does_not_grow_by_what_is_not_used),
		cmocka_unit_test(test_shrinks_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

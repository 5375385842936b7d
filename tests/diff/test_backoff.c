/* The schedule of what is tried again. */

#include "diff/backoff.h"

#include <stdbool.h>

#include "tests/support/check.h"

static void test_schedule(void **state)
{
	(void)state;
	static const struct {
		int64_t first_ms, max_ms;
		unsigned failures;
		int64_t most_ms; /* the pause without jitter */
	} cases[] = {
		{250, 8000, 0, 250},
		{250, 8000, 1, 250},
		{250, 8000, 2, 500},
		{250, 8000, 6, 8000},
		{250, 8000, 7, 8000},
		{250, 8000, UINT32_MAX, 8000},
		{1000, 300000, 9, 256000},
		{1000, 300000, 10, 300000},
		{1000, 300, 1, 300}, /* an interval shorter than the first pause */
		{1, 1, 5, 1},
		{3, INT64_MAX, 100, INT64_MAX},
	};
	uint64_t random = 1;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t least = cases[i].most_ms, most = 0;

		for (int round = 0; round < 200; round++) {
			int64_t pause = backoff_ms(cases[i].first_ms, cases[i].max_ms,
						   cases[i].failures, &random);

			least = pause < least ? pause : least;
			most = pause > most ? pause : most;
		}
		if (most > cases[i].most_ms || least < cases[i].most_ms - cases[i].most_ms / 4)
			fail_msg("case %zu: %lld to %lld", i, (long long)least, (long long)most);
		/* 200 of them are spread over nearly all of the quarter. */
		if (cases[i].most_ms >= 100 && most - least < cases[i].most_ms / 5)
			fail_msg("case %zu: no jitter: %lld to %lld", i, (long long)least,
				 (long long)most);
	}
}

/* A hundred that fail together, again and again: no instant sees many of them. */
static void test_crowd(void **state)
{
	(void)state;
	enum { CLIENTS = 100, TRIES = 8, SLOT_MS = 50 };
	static unsigned arrivals[400];
	unsigned most = 0;

	for (uint64_t client = 0; client < CLIENTS; client++) {
		uint64_t random = client; /* a seed each, however near */
		int64_t now_ms = 0;

		for (unsigned try = 1; try <= TRIES; try++)
			now_ms += backoff_ms(250, 2000, try, &random);
		assert_in_range(now_ms / SLOT_MS, 0, 399);
		if (++arrivals[now_ms / SLOT_MS] > most)
			most = arrivals[now_ms / SLOT_MS];
	}
	assert_in_range(most, 1, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

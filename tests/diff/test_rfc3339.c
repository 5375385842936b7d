#include "diff/rfc3339.h"

#include "tests/support/check.h"

static void test_reads(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00.001Z", 1},
		{"2026-01-02T03:04:05Z", 1767323045000},
		{"2026-01-02T03:04:05.678901Z", 1767323045678},
		{"2026-01-02T03:04:05.9Z", 1767323045900},
		{"2026-01-02T04:04:05+01:00", 1767323045000},
		{"2026-01-01T21:34:05-05:30", 1767323045000},
		{"2026-01-02t03:04:05z", 1767323045000},
		{"2024-02-29T12:00:00Z", 1709208000000},
		{"2000-03-01T00:00:00Z", 951868800000},
		{"1969-12-31T23:59:59Z", -1000},
		{"2016-12-31T23:59:60Z", 1483228800000},
		{"0001-01-01T00:00:00Z", -62135596800000},
		{"9999-12-31T23:59:59Z", 253402300799000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t ms = 42;

		assert_true(rfc3339_read(cases[i].text, &ms));
		assert_int_equal(ms, cases[i].ms);
	}
}

static void test_refuses(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"2026-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"",
		"2026",
		"2026-01-02",
		"2026-01-02T03:04:05",
		"2026-01-02T03:04:05ZZ",
		"2026-13-02T03:04:05Z",
		"2026-00-02T03:04:05Z",
		"2026-01-32T03:04:05Z",
		"2026-01-02T24:04:05Z",
		"2026-01-02T03:60:05Z",
		"2026-01-02T03:04:61Z",
		"2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05+1:00",
		"2026-01-02T03:04:05+0100",
		"2026-01-02T03:04:05+24:00",
		"2026-1-02T03:04:05Z",
		"+026-01-02T03:04:05Z",
		" 2026-01-02T03:04:05Z",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t ms = 42;

		assert_false(rfc3339_read(cases[i], &ms));
		assert_int_equal(ms, 42);
	}
}

static void test_prints(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1767323045678, "2026-01-02T03:04:05.678Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{1709208000000, "2024-02-29T12:00:00.000Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{951868800000, "2000-03-01T00:00:00.000Z"},
		{-62135596800000, "0001-01-01T00:00:00.000Z"},
		{253402300799000, "9999-12-31T23:59:59.000Z"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(64);
		int64_t ms = 42;

		rfc3339_print(cases[i].ms, &text);
		assert_string_equal(buf_str(&text), cases[i].text);
		assert_true(rfc3339_read(buf_str(&text), &ms));
		assert_int_equal(ms, cases[i].ms);
	}
}

static void test_prints_micro(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	(void)state;
	rfc3339_print_micro(1767323045678, &text);
	assert_string_equal(buf_str(&text), "2026-01-02T03:04:05.678000Z");
}

/* Every day of some 400 years reads back as itself. */
static void test_every_day(void **state)
{
	(void)state;
	for (int64_t day = -80000; day < 80000; day++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(64);
		int64_t ms = 42;

		rfc3339_print(day * 24 * 3600 * 1000, &text);
		assert_true(rfc3339_read(buf_str(&text), &ms));
		assert_int_equal(ms, day * 24 * 3600 * 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),     cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_prints),    cmocka_unit_test(test_prints_micro),
		cmocka_unit_test(test_every_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

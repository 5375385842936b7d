#include "diff/duration.h"

#include "tests/support/check.h"

static void test_parses(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"0", 0},
		{"0s", 0},
		{"300ms", 300},
		{"90s", 90000},
		{"1h30m", 5400000},
		{"1.5h", 5400000},
		{".5s", 500},
		{"5.s", 5000},
		{"1m0.25s", 60250},
		{"0.0009s", 0},
		{"1.00000000000000000000001s", 1000},
		{"2m3m", 300000},
		{"87600h", DURATION_MAX_MS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = -1;
		struct err err;

		assert_ok(duration_parse(cases[i].text, &ms, &err), err);
		if (ms != cases[i].ms)
			fail_msg("%s: expected %lld, got %lld", cases[i].text,
				 (long long)cases[i].ms, (long long)ms);
	}
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "\"\" is no duration such as 300ms, 90s or 1h30m"},
		{"s", "\"s\" is no duration such as 300ms, 90s or 1h30m"},
		{".s", "\".s\" is no duration such as 300ms, 90s or 1h30m"},
		{"-1s", "\"-1s\" is no duration such as 300ms, 90s or 1h30m"},
		{"+1s", "\"+1s\" is no duration such as 300ms, 90s or 1h30m"},
		{"1 s", "\"1 s\" is no duration such as 300ms, 90s or 1h30m"},
		{"1d", "\"1d\" is no duration such as 300ms, 90s or 1h30m"},
		{"10us", "\"10us\" is no duration such as 300ms, 90s or 1h30m"},
		{"1h ", "\"1h \" is no duration such as 300ms, 90s or 1h30m"},
		{"30", "duration \"30\" has no unit: write 30ms, 30s, 30m or 30h"},
		{"1h30", "duration \"1h30\" has no unit: write 1h30ms, 1h30s, 1h30m or 1h30h"},
		{"87600h1ms", "duration \"87600h1ms\" is over 10 years"},
		{"99999999999999999999999s",
		 "duration \"99999999999999999999999s\" is over 10 years"},
		{"315360000001ms", "duration \"315360000001ms\" is over 10 years"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 42;
		struct err err;

		assert_error(duration_parse(cases[i].text, &ms, &err), err, ERR_INVALID,
			     cases[i].message);
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
		{-5, "0s"},        {0, "0s"},          {1, "1ms"},
		{999, "999ms"},    {1000, "1s"},       {1500, "1.5s"},
		{2050, "2.05s"},   {9999, "9.999s"},   {10999, "10s"},
		{60000, "1m"},     {90000, "1m30s"},   {3600000, "1h"},
		{3605000, "1h5s"}, {5400000, "1h30m"}, {DURATION_MAX_MS, "87600h"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(100);

		duration_print(cases[i].ms, &out);
		assert_string_equal(buf_str(&out), cases[i].text);
	}
}

static void test_prints_ages(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{-5, "0s"},        {0, "0s"},          {59, "59s"},        {60, "1m"},
		{130, "2m10s"},    {3600, "1h"},       {3659, "1h"},       {11100, "3h5m"},
		{86399, "23h59m"}, {86400, "1d"},      {1053000, "12d4h"}, {8640000, "100d"},
		{8650000, "100d"}, {34560000, "400d"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(64);

		duration_print_age(cases[i].seconds * 1000 + 999 * (cases[i].seconds > 0), &out);
		assert_string_equal(buf_str(&out), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_prints),
		cmocka_unit_test(test_prints_ages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

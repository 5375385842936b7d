#include "diff/json_number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"

/* The thresholds of Go's encoding/json. */
static const char *as_json(double value, char out[JSON_NUMBER_MAX])
{
	return json_format_double(value, -6, 21, 1, out);
}

static void test_doubles(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.0, "-0"},
		{1, "1"},
		{-1.5, "-1.5"},
		{0.1, "0.1"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1e-6, "0.000001"},
		{1e-7, "1e-7"},
		{123456789e12, "123456789000000000000"},
		{1e21, "1e+21"},
		/* The nearest of 16 digits does not read back, the next one up does. */
		{0x1p-44, "5.684341886080802e-14"},
		{0x1p63, "9223372036854776000"},
		{9007199254740993e3, "9007199254740993000"},
		{5e-324, "5e-324"},
		{2.2250738585072014e-308, "2.2250738585072014e-308"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{0x1p-1074, "5e-324"},
	};
	char out[JSON_NUMBER_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(as_json(cases[i].value, out), cases[i].text);
}

static void test_floats(void **state)
{
	(void)state;
	char out[JSON_NUMBER_MAX];

	assert_string_equal(json_format_float(0.1f, -4, 6, 2, out), "0.1");
	assert_string_equal(json_format_float(16777216.0f, -4, 6, 2, out), "1.6777216e+07");
	assert_string_equal(json_format_float(3.4028235e38f, -4, 6, 2, out), "3.4028235e+38");
	assert_string_equal(json_format_float(1e-45f, -4, 6, 2, out), "1e-45");
	assert_string_equal(json_format_float(-0.00001f, -4, 6, 2, out), "-1e-05");
}

/* Every power of two, and what lies next to it: what is written reads back. */
static void test_reads_back(void **state)
{
	(void)state;
	char out[JSON_NUMBER_MAX];

	for (int exponent = -1074; exponent < 1024; exponent++) {
		double value = ldexp(1, exponent);
		double near[] = {value, nextafter(value, 0), nextafter(value, INFINITY)};

		for (size_t i = 0; i < 3; i++) {
			double back = strtod(as_json(near[i], out), NULL);

			assert_memory_equal(&back, &near[i], sizeof(back));
			assert_true(strlen(out) < JSON_NUMBER_MAX - 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "diff/quantity.h"

#include <string.h>

#include "tests/support/check.h"

static void assert_prints(const char *text, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(256);
	struct quantity quantity;
	struct err err;

	assert_ok(quantity_parse(text, &quantity, &err), err);
	quantity_print(&quantity, &out);
	if (strcmp(buf_str(&out), expected) != 0)
		fail_msg("\"%s\" prints as \"%s\", not \"%s\"", text, buf_str(&out), expected);
}

static void test_canonical_form(void **state)
{
	(void)state;
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{"0", "0"},
		{"-0", "0"},
		{"0Ki", "0"},
		{"00", "0"},
		{"m", "0"},
		{"0e99999999999999999999", "0"},
		{"1", "1"},
		{"+5", "5"},
		{"007", "7"},
		{"1.", "1"},
		{".5", "500m"},
		{"0.5", "500m"},
		{"-0.5", "-500m"},
		{"1000m", "1"},
		{"1500m", "1500m"},
		{"1.08", "1080m"},
		{"1080000000n", "1080m"},
		{"0.0005k", "500m"},
		{"1000M", "1G"},
		{"0.001T", "1G"},
		{"1234567M", "1234567M"},
		{"100.035k", "100035"},
		{"12E", "12E"},
		{"1000E", "1000E"},
		{"1Ki", "1Ki"},
		{"1023", "1023"},
		{"5Ki", "5Ki"},
		{"1024Mi", "1Gi"},
		{"1025024Mi", "1001Gi"},
		{"307200Ki", "300Mi"},
		{"1.5Gi", "1536Mi"},
		{"0.5Ki", "512"},
		{"0.1Ki", "102400m"},
		{"100.035Ki", "102435840m"},
		{".001Ki", "1024m"},
		{".000001Ki", "1024u"},
		{".000000000001Ki", "2n"},
		{"9Ei", "9223372036854775807"},
		{"-9Ei", "-9223372036854775807"},
		{"9223372036854775807Ki", "9223372036854775807"},
		{"99999999999999999999999999999999999999999999Ki", "9223372036854775807"},
		{"1.00000000000000000000Ei", "1Ei"},
		{"1e9", "1e9"},
		{"1E-3", "1e-3"},
		{".001e12", "1e9"},
		{"1000e-12", "1e-9"},
		{"12e2", "1200"},
		{"1.3E+6", "1300e3"},
		{"3.001n", "4n"},
		{"-3.001n", "-4n"},
		{"0.9n", "1n"},
		{"0.00000012345", "124n"},
		{"1e-99999", "1e-9"},
		{"0.00000000000000000000000000000000000000000000000001", "1n"},
		{"1.00000000000000000000000000000000000000000000000000", "1"},
		{"99999999999999999999999999999", "99999999999999999999999999999"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_prints(rows[i].text, rows[i].canonical);
}

static void test_what_the_server_stores(void **state)
{
	(void)state;
	static const struct {
		const char *json, *stored;
	} rows[] = {
		{"1", "1"},
		{"0.5", "500m"},
		{"2.50", "2500m"},
		{"1e3", "1k"},
		{"\" 1000m \"", "1"},
		{"\"+5\"", "+5"},
		{"\"05\"", "05"},
		{"\"1.500\"", "1.500"},
		{"\"1.234k\"", "1.234k"},
		{"\"1.5\"", "1500m"},
		{"\"0.500\"", "500m"},
		{"\"1024Mi\"", "1Gi"},
		{"\"1025Mi\"", "1025Mi"},
		{"\"512Mi\"", "512Mi"},
		{"\"5Pi\"", "5Pi"},
		{"\"5000m\"", "5"},
		{"\"1500u\"", "1500u"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
		CLEANUP(buf_release) struct buf out = BUF_INIT(256);

		assert_ok(json_parse(rows[i].json, strlen(rows[i].json), &value, &err), err);
		assert_ok(quantity_print_stored(value, &out, &err), err);
		assert_string_equal(buf_str(&out), rows[i].stored);
	}
}

static void test_equality_is_by_value(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{"\"1000m\"", "1", true},
		{"\"1Gi\"", "\"1024Mi\"", true},
		{"\"1Gi\"", "1073741824", true},
		{"\"0.1\"", "\"100m\"", true},
		{"\"1G\"", "\"1Gi\"", false},
		{"\"100\"", "\"100m\"", false},
		{"\"9007199254740993\"", "9007199254740993", true},
		{"\"9007199254740993\"", "\"9007199254740992\"", false},
		{"\"one\"", "\"one\"", false},
		{"null", "0", false},
		{"{}", "0", false},
		{"true", "true", false},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *a = NULL;
		CLEANUP(cJSON_Delete_p) cJSON *b = NULL;

		assert_ok(json_parse(rows[i].a, strlen(rows[i].a), &a, &err), err);
		assert_ok(json_parse(rows[i].b, strlen(rows[i].b), &b, &err), err);
		if (quantity_equal(a, b) != rows[i].equal || quantity_equal(b, a) != rows[i].equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
	assert_false(quantity_equal(NULL, NULL));
}

static void test_order_and_rounding(void **state)
{
	(void)state;
	static const struct {
		const char *text, *rounded;
	} rows[] = {
		{"9.0101", "9011m"}, {"-9.0101", "-9011m"}, {"100u", "1m"}, {"-1n", "-1m"},
		{"9.01", "9010m"},   {"1Ki", "1Ki"},        {"0", "0"},
	};
	struct quantity a, b;
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_ok(quantity_parse(rows[i].text, &a, &err), err);
		quantity_round_up_milli(&a);
		assert_ok(quantity_parse(rows[i].rounded, &b, &err), err);
		assert_int_equal(quantity_compare(&a, &b), 0);
	}
	assert_ok(quantity_parse("-1", &a, &err), err);
	assert_ok(quantity_parse("1n", &b, &err), err);
	assert_int_equal(quantity_compare(&a, &b), -1);
	assert_int_equal(quantity_compare(&b, &a), 1);
}

static void test_refused(void **state)
{
	(void)state;
	static const char format[] = "quantities must match the regular expression "
				     "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
	static const char suffix[] = "unable to parse quantity's suffix";
	static const struct {
		const char *text;
		enum err_class class;
		const char *message;
	} rows[] = {
		{"", ERR_INVALID, format},
		{" 1", ERR_INVALID, format},
		{"1 ", ERR_INVALID, format},
		{"aoeu", ERR_INVALID, format},
		{"1.1.M", ERR_INVALID, format},
		{"1+1.0M", ERR_INVALID, format},
		{"0.1mi", ERR_INVALID, suffix},
		{"0.1am", ERR_INVALID, format},
		{"1i", ERR_INVALID, suffix},
		{"-3.01e-", ERR_INVALID, suffix},
		{"1e", ERR_INVALID, suffix},
		{"1ee3", ERR_INVALID, suffix},
		{"1m3", ERR_INVALID, suffix},
		{"1MB", ERR_INVALID, format},
		{"1e40", ERR_LIMIT, "quantity out of range"},
		{"1e999999999999999999999", ERR_LIMIT, "quantity out of range"},
		{"340282366920938463463374607431.768211455", ERR_LIMIT, "quantity out of range"},
		{"1.0000000000000000000000000000001Ei", ERR_LIMIT, "quantity out of range"},
	};
	struct quantity quantity;
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_error(quantity_parse(rows[i].text, &quantity, &err), err, rows[i].class,
			     rows[i].message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical_form),
		cmocka_unit_test(test_what_the_server_stores),
		cmocka_unit_test(test_equality_is_by_value),
		cmocka_unit_test(test_order_and_rounding),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "diff/promotion_record.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

static struct promotion_record read_record(const char *text)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = value_of(text);
	struct promotion_record record;
	struct err err;

	assert_ok(promotion_record_from_json(value, &record, &err), err);
	return record;
}

static void assert_record(const struct promotion_record *record, const char *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	struct err err;

	assert_ok(promotion_record_to_json(record, &value, &err), err);
	assert_value(value, expected);
}

static void test_round_trips(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"{}",
		"{'replicas':0}",
		("{'replicas':5,'partition':2,'stepSince':'2026-01-02T03:04:05.678Z',"
		 "'stepGeneration':7}"),
		"{'rejected':{'digest':'d','commit':'c','reason':'r'},'goodRevision':'web-1'}",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(promotion_record_release)
		struct promotion_record record = read_record(cases[i]), copy = {0};
		struct err err;

		assert_record(&record, cases[i]);
		assert_ok(promotion_record_copy(&record, &copy, &err), err);
		assert_true(promotion_record_equal(&record, &copy));
		assert_record(&copy, cases[i]);
		assert_int_equal(promotion_record_is_empty(&record), i == 0);
		for (size_t j = 0; j < i; j++) {
			CLEANUP(promotion_record_release)
			struct promotion_record other = read_record(cases[j]);

			assert_false(promotion_record_equal(&record, &other));
		}
	}
}

static void test_what_it_does_not_understand_is_unknown(void **state)
{
	(void)state;
	CLEANUP(promotion_record_release)
	struct promotion_record record = read_record(
		"{'replicas':'5','stepSince':'yesterday','rejected':[],'goodRevision':7}");

	assert_true(promotion_record_is_empty(&record));
	assert_string_equal(record.rejected_digest, "");
}

static void test_rejecting(void **state)
{
	(void)state;
	CLEANUP(promotion_record_release) struct promotion_record record = {.step_since_ms = 1000};
	struct err err;

	assert_ok(promotion_record_set_rejected(&record, "d", "c", "r", "web-1", &err), err);
	assert_record(&record, "{'stepSince':'1970-01-01T00:00:01.000Z','rejected':{'digest':'d',"
			       "'commit':'c','reason':'r'},'goodRevision':'web-1'}");
	/* Its own texts may be given again. */
	assert_ok(promotion_record_set_rejected(&record, record.rejected_digest, "", "", "", &err),
		  err);
	assert_record(&record,
		      "{'stepSince':'1970-01-01T00:00:01.000Z','rejected':{'digest':'d'}}");
	assert_ok(promotion_record_set_rejected(&record, "", "", "", "", &err), err);
	assert_record(&record, "{'stepSince':'1970-01-01T00:00:01.000Z'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_what_it_does_not_understand_is_unknown),
		cmocka_unit_test(test_rejecting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

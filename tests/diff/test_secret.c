#include "diff/secret.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

#define SECRET(rest) "{'apiVersion':'v1','kind':'Secret'" rest "}"

static void test_is(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *secret = value_of(SECRET(""));
	CLEANUP(cJSON_Delete_p)
	cJSON *other = value_of("{'apiVersion':'e.org/v1','kind':'Secret'}");

	assert_true(secret_is(secret));
	assert_false(secret_is(other));
	assert_false(secret_is(NULL));
}

static void test_masks(void **state)
{
	(void)state;
	static const struct {
		const char *secret, *text, *masked;
	} cases[] = {
		{SECRET(",'stringData':{'a':'hunter2'}"), "x: \"hunter2\" is weak, hunter2",
		 "x: \"***\" is weak, ***"},
		{SECRET(",'stringData':{'a':'hunter2'}"), "hunter2hunter2", "******"},
		{SECRET(",'stringData':{'a':'hunter2'}"), "data: aHVudGVyMg==", "data: ***"},
		{SECRET(",'data':{'a':'aHVudGVyMg=='}"), "aHVudGVyMg== is hunter2", "*** is ***"},
		{SECRET(",'data':{'a':'no base64!'}"), "no base64!", "***"},
		{SECRET(",'data':{'a':'aHVudGVyMg=='},'stringData':{'b':'other'}"),
		 "hunter2, other", "***, ***"},
		/* Quoted, and a line of it. */
		{SECRET(",'stringData':{'a':'say \\u0022it\\u0022'}"), "bad: say \\\"it\\\"",
		 "bad: ***"},
		{SECRET(",'stringData':{'a':'-----BEGIN\\nabcdefgh\\n'}"), "at abcdefgh", "at ***"},
		/* What is too short to be one, or none. */
		{SECRET(",'stringData':{'a':'is'}"), "this is", "this is"},
		{SECRET(",'stringData':{'a':''}"), "this is", "this is"},
		{SECRET(",'stringData':{'a':1},'data':[]"), "this is", "this is"},
		{SECRET(""), "hunter2", "hunter2"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *secret = value_of(cases[i].secret);
		CLEANUP(free_p) char *text = strdup(cases[i].text);
		struct err err;

		assert_ok(secret_mask(secret, text, &err), err);
		assert_string_equal(text, cases[i].masked);
	}
}

static void test_masks_a_status(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *secret = value_of(SECRET(",'stringData':{'a':'hunter2'}"));
	CLEANUP(cJSON_Delete_p)
	cJSON *status = value_of("{'kind':'Status','message':'bad: hunter2','details':{'name':"
				 "'hunter2','causes':[{'message':'hunter2'},{}]}}");
	CLEANUP(cJSON_Delete_p) cJSON *other = value_of("{'kind':'A','message':'hunter2'}");
	struct err err;

	assert_ok(secret_mask_status(secret, status, &err), err);
	assert_value(status, "{'kind':'Status','message':'bad: ***','details':{'name':'hunter2',"
			     "'causes':[{'message':'***'},{}]}}");
	assert_ok(secret_mask_status(secret, other, &err), err);
	assert_value(other, "{'kind':'A','message':'hunter2'}");
	assert_ok(secret_mask_status(secret, NULL, &err), err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_masks_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

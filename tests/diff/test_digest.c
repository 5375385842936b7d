#include "diff/digest.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

static void digest_of(const cJSON *value, char hex[DIGEST_HEX_SIZE])
{
	struct err err;

	assert_ok(digest_json(value, hex, &err), err);
	assert_int_equal(strlen(hex), DIGEST_HEX_SIZE - 1);
}

/* The digests that `printf %s TEXT | sha256sum | cut -c 1-32` gives. */
static void test_is_sha256_of_sorted_json(void **state)
{
	(void)state;
	static const struct {
		const char *value, *hex;
	} cases[] = {
		{"{}", "44136fa355b3678a1146ad16f7e8649e"},
		{"null", "74234e98afe7498fb5daf1f36ac2d78a"},
		{"{'b':[1,'x'],'a':null}",
		 "c22cb7b0353770e2b38094af641143eb"}, /* {"a":null,"b":[1,"x"]} */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = value_of(cases[i].value);
		char hex[DIGEST_HEX_SIZE];

		digest_of(value, hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

static void test_equal_values_have_equal_digests(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"{'a':1,'b':{'c':2,'d':3}}", "{'b':{'d':3,'c':2},'a':1}", true},
		{"1", "1.0", true},
		{"0", "-0.0", true},
		{"1000000000000000000", "1e18", true},
		/* A double goes out in its shortest form, here 1152921504606847000. */
		{"1152921504606846976", "1.152921504606846976e18", false},
		{"9007199254740993", "9007199254740992", false},
		{"[1,2]", "[2,1]", false},
		{"'1'", "1", false},
		{"{}", "[]", false},
		{"{'a':null}", "{}", false},
		{"{'a':'b','c':'d'}", "{'a':'b\\',\\'c\\':\\'d'}", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *a = value_of(cases[i].a), *b = value_of(cases[i].b);
		char hex_a[DIGEST_HEX_SIZE], hex_b[DIGEST_HEX_SIZE];

		digest_of(a, hex_a);
		digest_of(b, hex_b);
		assert_int_equal(json_equal(a, b), cases[i].equal);
		assert_int_equal(!strcmp(hex_a, hex_b), cases[i].equal);
	}
}

/* More text than is hashed at once. */
static void test_hashes_long_values(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *list = cJSON_CreateArray();
	char before[DIGEST_HEX_SIZE], after[DIGEST_HEX_SIZE];
	struct err err;

	for (int i = 0; i < 20000; i++)
		assert_ok(json_append(list, json_new_int(i), &err), err);
	digest_of(list, before);
	cJSON_SetNumberValue(list->child, 1);
	digest_of(list, after);
	assert_string_not_equal(before, after);
	cJSON_SetNumberValue(list->child, 0);
	digest_of(list, after);
	assert_string_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_sha256_of_sorted_json),
		cmocka_unit_test(test_equal_values_have_equal_digests),
		cmocka_unit_test(test_hashes_long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

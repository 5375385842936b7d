#include "diff/pointer.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

static void parse(const char *text, struct pointer *ret_pointer)
{
	struct err err;

	assert_ok(pointer_parse(text, strlen(text), ret_pointer, &err), err);
}

/* The examples of RFC 6901, section 5, and lists by a member. */
static void test_follows(void **state)
{
	(void)state;
	static const char *const document =
		"{'foo':['bar','baz'],'':0,'a/b':1,'c%d':2,'e^f':3,'g|h':4,'i\\\\j':5,'k\\\"l':6,"
		"' ':7,'m~n':8,'list':[{'name':'a','v':1},{'name':'b','port':80},{'[x]':1}],"
		"'[name=a]':9}";
	static const struct {
		const char *pointer, *value; /* NULL: leads nowhere */
	} cases[] = {
		{"", NULL /* the document; below */},
		{"/foo", "['bar','baz']"},
		{"/foo/0", "'bar'"},
		{"/foo/1", "'baz'"},
		{"/", "0"},
		{"/a~1b", "1"},
		{"/c%d", "2"},
		{"/e^f", "3"},
		{"/g|h", "4"},
		{"/i\\j", "5"},
		{"/k\"l", "6"},
		{"/ ", "7"},
		{"/m~0n", "8"},
		{"/list/[name=b]/port", "80"},
		{"/list/[port=80]/name", "'b'"},
		{"/[name=a]", "9"},
		{"/foo/2", NULL},
		{"/foo/01", NULL},
		{"/foo/-", NULL},
		{"/foo/[name=bar]", NULL},
		{"/list/[name=c]", NULL},
		{"/list/[name=]", NULL},
		{"/list/name", NULL},
		{"/a/b", NULL},
		{"/a~1b/c", NULL},
		{"/foo/99999999999999999999", NULL},
	};
	CLEANUP(cJSON_Delete_p) cJSON *root = value_of(document);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(pointer_release) struct pointer pointer = {0};

		print_message("%s\n", cases[i].pointer);
		parse(cases[i].pointer, &pointer);
		const cJSON *found = pointer_get(&pointer, root);
		if (!*cases[i].pointer)
			assert_ptr_equal(found, root);
		else if (cases[i].value)
			assert_value(found, cases[i].value);
		else
			assert_null(found);
	}
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *pointer, *message;
	} cases[] = {
		{"a", "a JSON pointer begins with '/'"},
		{" /a", "a JSON pointer begins with '/'"},
		{"/a~", "in a JSON pointer '~' is written ~0, and '/' within a key ~1"},
		{"/a~2b/c", "in a JSON pointer '~' is written ~0, and '/' within a key ~1"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pointer pointer;

		assert_error(
			pointer_parse(cases[i].pointer, strlen(cases[i].pointer), &pointer, &err),
			err, ERR_INVALID, cases[i].message);
	}
	char deep[2 * POINTER_MAX_STEPS + 3] = "";
	struct pointer pointer;
	for (size_t i = 0; i <= POINTER_MAX_STEPS; i++)
		strcat(deep, "/a");
	assert_error(pointer_parse(deep, strlen(deep), &pointer, &err), err, ERR_LIMIT,
		     "it has more than 64 steps");
	assert_ok(pointer_parse(deep, strlen(deep) - 2, &pointer, &err), err);
	assert_int_equal(pointer.count, POINTER_MAX_STEPS);
	pointer_release(&pointer);
}

static void test_names_items(void **state)
{
	(void)state;
	static const char *const good[] = {"0", "10", "[name=web]", "[containerPort=80]", "[a=]"};
	static const char *const bad[] = {"", "-", "01", "web", "[web]", "[=web]", "[]", "1x"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(pointer_names_item(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(pointer_names_item(bad[i]));
}

static void test_carries(void **state)
{
	(void)state;
	static const struct {
		const char *pointer, *from, *root, *result;
	} cases[] = {
		{"/a", "{'a':1}", "{'a':2}", "{'a':1}"},
		{"/a", "{'a':1}", "{}", "{'a':1}"},
		{"/a", "{}", "{'a':2,'b':3}", "{'b':3}"},
		{"/a", "{}", "{}", "{}"},
		{"/a/b", "{'a':{'b':1,'c':2}}", "{}", "{'a':{'b':1}}"},
		{"/a/b", "{'a':{'b':1}}", "{'a':null}", "{'a':{'b':1}}"},
		{"/a/b", "{'a':{'c':1}}", "{}", "{}"},
		{"/a/b", "{}", "{'a':{'b':2}}", "{'a':{}}"},
		{"/a/b", "{'a':{'b':1}}", "{'a':'text'}", "{'a':'text'}"},
		{"/a/b", "{'a':[1]}", "{'a':{'b':2}}", "{'a':{}}"},
		{"/a/b", "{'a':{'b':{'c':[1,{}]}}}", "{'a':{'b':2}}", "{'a':{'b':{'c':[1,{}]}}}"},
		/* Lists. */
		{"/l/0", "{'l':[1,2]}", "{'l':[8,9]}", "{'l':[1,9]}"},
		{"/l/1", "{'l':[1]}", "{'l':[8,9]}", "{'l':[8]}"},
		{"/l/1", "{'l':[1,2]}", "{'l':[8]}", "{'l':[8,2]}"},
		{"/l/2", "{'l':[1,2,3]}", "{'l':[8]}", "{'l':[8]}"},
		{"/l/0", "{'l':[1]}", "{}", "{}"},
		{"/l/0/b", "{'l':[{'b':1}]}", "{'l':[{'b':2,'c':3}]}", "{'l':[{'b':1,'c':3}]}"},
		{"/l/1/b", "{'l':[{'b':1},{'b':2}]}", "{'l':[{}]}", "{'l':[{}]}"},
		{"/l/[n=x]/b", "{'l':[{'n':'w'},{'n':'x','b':1}]}", "{'l':[{'n':'x','b':2}]}",
		 "{'l':[{'n':'x','b':1}]}"},
		{"/l/[n=x]", "{'l':[{'n':'w'},{'n':'x','b':1}]}", "{'l':[{'n':'v'}]}",
		 "{'l':[{'n':'v'},{'n':'x','b':1}]}"},
		{"/l/[n=x]", "{'l':[]}", "{'l':[{'n':'x'},{'n':'v'}]}", "{'l':[{'n':'v'}]}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(pointer_release) struct pointer pointer = {0};
		CLEANUP(cJSON_Delete_p) cJSON *from = value_of(cases[i].from);
		CLEANUP(cJSON_Delete_p) cJSON *root = value_of(cases[i].root);
		struct err err;

		print_message("%s from %s to %s\n", cases[i].pointer, cases[i].from, cases[i].root);
		parse(cases[i].pointer, &pointer);
		assert_ok(pointer_carry(&pointer, root, from, &err), err);
		assert_value(root, cases[i].result);
		assert_value(from, cases[i].from);
	}
}

static void test_blanks(void **state)
{
	(void)state;
	static const struct {
		const char *pointer, *root, *result;
	} cases[] = {
		{"/a", "{'a':1,'b':2}", "{'b':2}"},        {"/a/b", "{'a':{'b':1}}", "{'a':{}}"},
		{"/l/0", "{'l':[1,2]}", "{'l':[null,2]}"}, {"/l/5", "{'l':[1,2]}", "{'l':[1,2]}"},
		{"/x/y/z", "{'l':[1,2]}", "{'l':[1,2]}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(pointer_release) struct pointer pointer = {0};
		CLEANUP(cJSON_Delete_p) cJSON *root = value_of(cases[i].root);
		struct err err;

		parse(cases[i].pointer, &pointer);
		assert_ok(pointer_blank(&pointer, root, &err), err);
		assert_value(root, cases[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows),     cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_names_items), cmocka_unit_test(test_carries),
		cmocka_unit_test(test_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

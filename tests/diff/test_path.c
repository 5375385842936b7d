#include "diff/path.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

#define POD                                                                                    \
	"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web','annotations':{'a.b/c':'A'," \
	"'':'E','q\\\"]':'Q'}},'spec':{'containers':[{'name':'nginx','ports':["                \
	"{'containerPort':80},{'containerPort':53,'protocol':'UDP'}],'args':['x','y']},"       \
	"{'name':'0','image':'zero'}],'nodeSelector':{'disk':'ssd'}}}"
#define FOO                                                                   \
	"{'apiVersion':'example.com/v1','kind':'Foo','metadata':{'name':'f'," \
	"'finalizers':['x.y/z']},'spec':{'nodes':[{'name':'n','v':1},{'v':2}]}}"

static void test_follows(void **state)
{
	(void)state;
	static const struct {
		const char *object, *path, *value;
	} cases[] = {
		{POD, "kind", "'Pod'"},
		{POD, "metadata.name", "'web'"},
		{POD, "metadata.annotations[\"a.b/c\"]", "'A'"},
		{POD, "metadata.annotations[a.b/c]", "'A'"},
		{POD, "metadata.annotations[\"\"]", "'E'"},
		{POD, "metadata.annotations[\"q\\\"]\"]", "'Q'"},
		{POD, "spec.containers[nginx].args[1]", "'y'"},
		{POD, "spec.containers[0].args[0]", "'x'"},
		{POD, "spec.containers[1].image", "'zero'"},
		{POD, "spec.containers[\"0\"].image", "'zero'"},
		{POD, "spec.containers[nginx].ports[53/UDP].protocol", "'UDP'"},
		{POD, "spec.containers[nginx].ports[80/TCP].containerPort", "80"},
		{POD, "spec[nodeSelector].disk", "'ssd'"},
		{FOO, "metadata.finalizers[x.y/z]", "'x.y/z'"},
		{FOO, "spec.nodes[n].v", "1"},
		{FOO, "spec.nodes[1].v", "2"},
		/* As far as it goes. */
		{POD, "spec.nodeSelector.none.below", "{'disk':'ssd'}"},
		{POD, "spec.nodeSelector.disk.below", "'ssd'"},
		{POD, "spec.containers[1].args[7]", "{'name':'0','image':'zero'}"},
		{POD, "spec.containers[nginx].args[2]", "['x','y']"},
		{POD, "spec.containers[nginx].args[18446744073709551616]", "['x','y']"},
		{POD, "spec.containers[nginx].args.x", "['x','y']"},
		{POD, "spec.nodeSelector[disk", "{'disk':'ssd'}"},
		{POD, "spec.nodeSelector[\"disk\"", "{'disk':'ssd'}"},
		{POD, "spec.nodeSelector[\"disk", "{'disk':'ssd'}"},
		{POD, "spec.nodeSelector[]", "{'disk':'ssd'}"},
		{POD, "spec.nodeSelector..disk", "{'disk':'ssd'}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);

		assert_value(path_follow(object, cases[i].path), cases[i].value);
	}
}

static void test_follows_nowhere(void **state)
{
	(void)state;
	static const char *const paths[] = {"", "x", ".", "[", "[]", "[0]", "<nil>", "Kind"};
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of(POD);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_ptr_equal(path_follow(object, paths[i]), object);
}

/* Every path that is written leads back to where it came from. */
static void test_writes_what_it_reads(void **state)
{
	(void)state;
	static const struct {
		const char *key, *text;
	} keys[] = {
		{"a", "a"},           {"a-b_C9", "a-b_C9"}, {"7", "7"},
		{"a.b", "[\"a.b\"]"}, {"", "[\"\"]"},       {"]", "[\"]\"]"},
		{"\"", "[\"\\\"\"]"}, {"\n", "[\"\\n\"]"},  {"ü", "[\"ü\"]"},
	};
	static const struct {
		const char *label, *text;
	} labels[] = {
		{"a", "[a]"},         {"a.b/c", "[a.b/c]"},   {"80/TCP", "[80/TCP]"},
		{"80", "[\"80\"]"},   {"", "[\"\"]"},         {"a]", "[\"a]\"]"},
		{"a b", "[\"a b\"]"}, {"a\\", "[\"a\\\\\"]"}, {"/ü", "[/ü]"},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of("{}");
		CLEANUP(buf_release) struct buf path = BUF_INIT(1000);
		struct err err;

		assert_ok(json_set_key(object, keys[i].key, json_new_int(1), &err), err);
		path_add_key(&path, keys[i].key);
		assert_string_equal(buf_str(&path), keys[i].text);
		assert_ptr_equal(path_follow(object, buf_str(&path)), object->child);
	}
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of("{'l':[{'name':'other'}]}");
		CLEANUP(buf_release) struct buf path = BUF_INIT(1000);
		cJSON *item = value_of("{}");
		struct err err;

		assert_ok(json_set_str(item, "name", labels[i].label, &err), err);
		assert_ok(json_append(json_get(object, "l"), item, &err), err);
		path_add_key(&path, "l");
		path_add_label(&path, labels[i].label);
		assert_string_equal(buf_str(&path) + 1, labels[i].text);
		assert_ptr_equal(path_follow(object, buf_str(&path)), item);
	}
}

static void test_is_within(void **state)
{
	(void)state;
	assert_true(path_is_within("status.x", "status"));
	assert_true(path_is_within("status[0]", "status"));
	assert_true(path_is_within("status", "status"));
	assert_false(path_is_within("statuses", "status"));
	assert_false(path_is_within("spec.status", "status"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_follows_nowhere),
		cmocka_unit_test(test_writes_what_it_reads),
		cmocka_unit_test(test_is_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

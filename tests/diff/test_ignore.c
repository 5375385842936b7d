#include "diff/ignore.h"

#include <string.h>

#include "diff/notes.h"
#include "diff/replacement.h"
#include "tests/support/check.h"
#include "tests/support/plan.h"
#include "tests/support/values.h"

/* A StatefulSet with the annotation (JSON with ' for "), that many replicas and that image. */
static cJSON *object_of(const char *annotation, const char *rest)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);

	buf_printf(&text,
		   "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web',"
		   "'annotations':{'tranche.dev/ignore':%s}},'spec':%s}",
		   annotation, rest);
	return value_of(buf_str(&text));
}

#define SPEC(replicas, image)                                                                      \
	"{'replicas':" replicas ",'template':{'spec':{'containers':[{'name':'web','image':'" image \
	"'}]}}}"

static void test_reads(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *object = object_of("' /spec/replicas,\\n  /metadata/annotations/example.com~1x\\t, "
				  "/spec/template/spec/"
				  "containers/[name=web]/image '",
				  SPEC("3", "nginx:1"));
	CLEANUP(cJSON_Delete_p) cJSON *bare = value_of("{'metadata':{}}");
	CLEANUP(ignore_release) struct ignore ignore = {0};
	struct err err;

	assert_ok(ignore_read(object, &ignore, &err), err);
	assert_int_equal(ignore.count, 3);
	assert_string_equal(ignore.items[0].text, "/spec/replicas");
	assert_string_equal(ignore.items[1].text, "/metadata/annotations/example.com~1x");
	assert_string_equal(ignore.items[1].pointer.steps[2], "example.com/x");
	assert_value(pointer_get(&ignore.items[2].pointer, object), "'nginx:1'");
	ignore_release(&ignore);
	assert_ok(ignore_read(bare, &ignore, &err), err);
	assert_int_equal(ignore.count, 0);
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *annotation, *message;
	} cases[] = {
		{"''", "tranche.dev/ignore \"\": an empty pointer is the whole object"},
		{"'/a,,/b'", "tranche.dev/ignore \"\": an empty pointer is the whole object"},
		{"'/a, '", "tranche.dev/ignore \"\": an empty pointer is the whole object"},
		{"'spec.replicas'",
		 "tranche.dev/ignore \"spec.replicas\": a JSON pointer begins with '/'"},
		{"'/a,/b~'", "tranche.dev/ignore \"/b~\": in a JSON pointer '~' is written ~0, and "
			     "'/' within a key ~1"},
		{"'/apiVersion'",
		 "tranche.dev/ignore \"/apiVersion\": this tells the object from all others"},
		{"'/kind'", "tranche.dev/ignore \"/kind\": this tells the object from all others"},
		{"'/metadata'",
		 "tranche.dev/ignore \"/metadata\": this tells the object from all others"},
		{"'/metadata/name'",
		 "tranche.dev/ignore \"/metadata/name\": this tells the object from all others"},
		{"'/metadata/namespace/x'", "tranche.dev/ignore \"/metadata/namespace/x\": this "
					    "tells the object from all others"},
		{"'/spec/template/spec/containers/web/image'",
		 "tranche.dev/ignore \"/spec/template/spec/containers/web/image\": \"web\" names "
		 "no "
		 "item of a list; write its index, or a member that tells it apart, as in "
		 "[name=web]"},
		{"5", "tranche.dev/ignore must be a string"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p)
		cJSON *object = object_of(cases[i].annotation, SPEC("3", "nginx:1"));
		struct ignore ignore;
		struct err err;

		assert_error(ignore_read(object, &ignore, &err), err, ERR_INVALID,
			     cases[i].message);
	}
	CLEANUP(buf_release) struct buf many = BUF_INIT(1 << 20);
	buf_puts(&many, "'/a");
	for (int i = 0; i < IGNORE_MAX_POINTERS; i++)
		buf_puts(&many, ",/a");
	buf_putc(&many, '\'');
	CLEANUP(cJSON_Delete_p) cJSON *object = object_of(buf_str(&many), "{}");
	struct ignore ignore;
	struct err err;
	assert_error(ignore_read(object, &ignore, &err), err, ERR_LIMIT,
		     "tranche.dev/ignore: more than 100 pointers");
}

/* What is sent: the live values in place of Git's; a create sends Git's. */
static void test_is_sent_as_it_is_live(void **state)
{
	(void)state;
	const char *annotation = "'/spec/replicas,/spec/paused,/metadata/annotations/a,"
				 "/spec/template/spec/containers/[name=web]/image'";
	CLEANUP(cJSON_Delete_p)
	cJSON *desired = object_of(
		annotation, "{'replicas':3,'paused':true,'template':{'spec':{'containers':[{"
			    "'name':'web','image':'nginx:2'},{'name':'b','image':'b:2'}]}}}");
	CLEANUP(cJSON_Delete_p)
	cJSON *live = value_of(
		"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web',"
		"'resourceVersion':'7','annotations':{'a':'1','b':'2'}},'spec':{'replicas':5,"
		"'template':{'spec':{'containers':[{'name':'b','image':'b:1'},{'name':'web',"
		"'image':'nginx:1'}]}}}}");
	CLEANUP(cJSON_Delete_p) cJSON *sent = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *created = NULL;
	struct err err;

	assert_ok(replacement_build(desired, live, NULL, &sent, &err), err);
	assert_value(json_get(sent, "spec"),
		     "{'replicas':5,'template':{'spec':{'containers':[{'name':'web','image':"
		     "'nginx:1'},{'name':'b','image':'b:2'}]}}}");
	assert_value(json_get(json_at(sent, "metadata.annotations"), "a"), "'1'");
	assert_null(json_get(json_at(sent, "metadata.annotations"), "b"));
	assert_ok(replacement_build(desired, NULL, NULL, &created, &err), err);
	assert_value(json_get(created, "spec"),
		     "{'replicas':3,'paused':true,'template':{'spec':{'containers':[{'name':'web',"
		     "'image':'nginx:2'},{'name':'b','image':'b:2'}]}}}");
}

/* The notes of a plan's item, one a line. */
static void assert_notes(const char *git, const char *live, const char *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *desired = value_of(git);
	CLEANUP(cJSON_Delete_p) cJSON *own = live ? value_of(live) : NULL;
	CLEANUP(buf_release) struct buf lines = BUF_INIT(1 << 20);
	struct plan_item item = {0};
	struct err err;

	assert_ok(notes_ignored(&item, desired, own, &err), err);
	for (size_t i = 0; i < item.note_count; i++)
		buf_printf(&lines, "%s\n", item.notes[i]);
	plan_item_release(&item);
	assert_string_equal(buf_str(&lines), expected);
}

#define WEB(ignore, spec)                                                               \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web',"        \
	"'annotations':{'tranche.dev/ignore':'" ignore "','kubectl.kubernetes.io/last-" \
	"applied-configuration':'long'}},'spec':" spec "}"
#define SECRET(ignore, rest)                                                        \
	"{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s','annotations':{" \
	"'tranche.dev/ignore':'" ignore "','kubectl.kubernetes.io/last-applied-"    \
	"configuration':'hunter2'}}," rest "}"

static void test_notes(void **state)
{
	(void)state;
	assert_notes(WEB("/spec/replicas", "{'replicas':3}"), NULL, "");
	assert_notes(WEB("/spec/replicas", "{'replicas':3}"),
		     WEB("/spec/replicas", "{'replicas':3}"), "");
	assert_notes(WEB("/spec/replicas,/spec/a,/spec/b,/status", "{'replicas':3,'a':{'x':1}}"),
		     WEB("", "{'replicas':5,'b':'5'}"),
		     "ignored: /spec/replicas (Git 3, live 5)\n"
		     "ignored: /spec/a (Git {\"x\":1}, live (none))\n"
		     "ignored: /spec/b (Git (none), live \"5\")\n");
	/* Nothing of a Secret, not even in what kubectl copied of it. */
	assert_notes(SECRET("/data/password,/data,/type,/metadata/annotations",
			    "'type':'a','data':{'password':'aGk='}"),
		     SECRET("x", "'type':'b','data':{'password':'aG8='}"),
		     "ignored: /data/password (Git ***, live ***)\n"
		     "ignored: /data (Git ***, live ***)\n"
		     "ignored: /type (Git a, live b)\n"
		     "ignored: /metadata/annotations (Git {\"tranche.dev/ignore\":\"/data/"
		     "password,/data,/type,/metadata/annotations\"}, live "
		     "{\"tranche.dev/ignore\":\"x\"})\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_is_sent_as_it_is_live),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

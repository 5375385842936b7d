#include "tests/kubesim/custom.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

/* A kind with this schema. */
static struct kind kind_with(cJSON *definition)
{
	return (struct kind){.kind = "Animal", .custom = true, .definition = definition};
}

static const char schema[] =
	"{'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'type':'object',"
	"'required':['food'],'properties':{'legs':{'type':'integer','default':4,'minimum':0,"
	"'maximum':1000},'food':{'type':'array','items':{'type':'string','enum':['hay','meat']}},"
	"'size':{'type':'number'},'port':{'x-kubernetes-int-or-string':true},'tag':{'type':'string'"
	","
	"'nullable':true},'extra':{'type':'object','x-kubernetes-preserve-unknown-fields':true},"
	"'marks':{'type':'object','additionalProperties':{'type':'object','properties':{'on':{'"
	"type':"
	"'boolean','default':true}}}}}}}}}}";

static void note(const char *path, void *context)
{
	buf_printf(context, "%s ", path);
}

static void test_prune(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *definition = value_of(schema);
	CLEANUP(cJSON_Delete_p)
	cJSON *object =
		value_of("{'apiVersion':'v1','kind':'Animal','metadata':{'x':1},'nope':1,"
			 "'spec':{'legs':4,'wings':2,'food':['hay'],'extra':{'any':{'x':1}},"
			 "'marks':{'a':{'on':true,'off':1}}}}");
	CLEANUP(buf_release) struct buf paths = BUF_INIT(1024);
	struct kind kind = kind_with(definition);

	(void)state;
	custom_prune(&kind, object, note, &paths);
	assert_string_equal(buf_str(&paths), "nope spec.wings spec.marks.a.off ");
	assert_value(
		object,
		"{'apiVersion':'v1','kind':'Animal','metadata':{'x':1},'spec':{'legs':4,'food':["
		"'hay'],'extra':{'any':{'x':1}},'marks':{'a':{'on':true}}}}");
}

static void test_defaults(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *definition = value_of(schema);
	CLEANUP(cJSON_Delete_p)
	cJSON *object = value_of("{'spec':{'legs':null,'marks':{'a':{},'b':{'on':false}}}}");
	struct kind kind = kind_with(definition);

	(void)state;
	custom_set_defaults(&kind, object);
	assert_value(object, "{'spec':{'legs':4,'marks':{'a':{'on':true},'b':{'on':false}}}}");
}

static void test_validation(void **state)
{
	static const struct {
		const char *object, *message; /* the first finding; NULL: none */
	} cases[] = {
		{"{'spec':{'food':['hay'],'legs':3,'size':2,'port':'http','tag':null}}", NULL},
		{"{'spec':{'food':['hay'],'size':1.5,'port':80}}", NULL},
		{"{'spec':{}}", "spec.food: Required value"},
		{"{'spec':{'food':'hay'}}",
		 "spec.food: Invalid value: \"string\": spec.food in body must be of type array: "
		 "\"string\""},
		{"{'spec':{'food':['fish']}}",
		 "spec.food[0]: Unsupported value: \"fish\": supported values: \"hay\", \"meat\""},
		{"{'spec':{'food':[],'legs':-1}}", "spec.legs: Invalid value: -1: spec.legs in "
						   "body should be greater than or equal to "
						   "0"},
		{"{'spec':{'food':[],'legs':1001}}", "spec.legs: Invalid value: 1001: spec.legs in "
						     "body should be less than or equal to "
						     "1000"},
		{"{'spec':{'food':[],'legs':1.5}}",
		 "spec.legs: Invalid value: \"number\": spec.legs in body must be of type integer: "
		 "\"number\""},
		{"{'spec':{'food':[],'marks':{'a':{'on':1}}}}",
		 "spec.marks.a.on: Invalid value: \"integer\": spec.marks.a.on in body must be of "
		 "type "
		 "boolean: \"integer\""},
	};
	CLEANUP(cJSON_Delete_p) cJSON *definition = value_of(schema);
	struct kind kind = kind_with(definition);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);
		CLEANUP(causes_release) struct causes causes = {0};
		CLEANUP(buf_release) struct buf text = BUF_INIT(1024);

		custom_validate(&kind, object, &causes);
		if (causes.count > 0)
			buf_printf(&text, "%s: %s", causes.items[0].field, causes.items[0].message);
		assert_string_equal(buf_str(&text), cases[i].message ? cases[i].message : "");
	}
}

static void test_without_a_schema(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *definition = value_of("{}");
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of("{'any':{'thing':[1]}}");
	CLEANUP(causes_release) struct causes causes = {0};
	struct kind kind = kind_with(definition);

	(void)state;
	custom_prune(&kind, object, note, NULL);
	custom_set_defaults(&kind, object);
	custom_validate(&kind, object, &causes);
	assert_value(object, "{'any':{'thing':[1]}}");
	assert_int_equal(causes.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_without_a_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

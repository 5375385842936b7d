#include "apply/refusal.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

static void test_classes_and_words(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body, *text; /* either or none */
		enum err_class class;
		const char *message;
	} cases[] = {
		{400, "{'message':'bad'}", NULL, ERR_INVALID, "bad"},
		{401, "{'message':'Unauthorized'}", NULL, ERR_DENIED,
		 "the server refused the credentials (Unauthorized): check the token or "
		 "certificate of the kubeconfig's user, or of the service account"},
		{401, NULL, NULL, ERR_DENIED,
		 "the server answered 401 (the credentials were refused)"},
		{403, "{'message':'forbidden: no'}", NULL, ERR_DENIED, "forbidden: no"},
		{404, NULL, "404 page not found\n", ERR_NOT_FOUND, "404 page not found"},
		{405, NULL, NULL, ERR_UNSUPPORTED, "the server answered 405 (method not allowed)"},
		{409, "{'reason':'AlreadyExists','message':'there'}", NULL, ERR_EXISTS, "there"},
		{409, "{'reason':'Conflict','message':'changed'}", NULL, ERR_CONFLICT, "changed"},
		{409, NULL, NULL, ERR_CONFLICT, "the server answered 409 (conflict)"},
		{410, "{'reason':'Expired','message':'too old'}", NULL, ERR_EXPIRED, "too old"},
		{413, NULL, NULL, ERR_LIMIT, "the server answered 413 (request too large)"},
		{415, NULL, NULL, ERR_UNSUPPORTED, "the server answered 415 (no success)"},
		{422, "{'message':'invalid'}", NULL, ERR_INVALID, "invalid"},
		{429, NULL, "Too many requests, please try again later.\n", ERR_TRANSIENT,
		 "Too many requests, please try again later."},
		{500, "{'message':'etcd'}", NULL, ERR_TRANSIENT, "etcd"},
		{501, NULL, NULL, ERR_UNSUPPORTED, "the server answered 501 (no success)"},
		{502, NULL, "<html>bad</html>", ERR_TRANSIENT,
		 "the server answered 502 (bad gateway)"},
		{503, "{}", NULL, ERR_TRANSIENT, "the server answered 503 (unavailable)"},
		{504, NULL,
		 "a\x01"
		 "b",
		 ERR_TRANSIENT, "the server answered 504 (gateway timeout)"},
		/* One line; and nothing of a body that the decoder quotes. */
		{400, "{'message':'first\\nsecond'}", NULL, ERR_INVALID, "first"},
		{400,
		 "{'message':'Secret in version \\u0022v1\\u0022 cannot be handled as a Secret: "
		 "v1.Secret.Data: base64Codec: invalid input, error found in #10 byte of "
		 "...|hunter2|..., bigger context ...|{}|...'}",
		 NULL, ERR_INVALID,
		 "Secret in version \"v1\" cannot be handled as a Secret: v1.Secret.Data: "
		 "base64Codec: invalid input"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p)
		cJSON *body = cases[i].body ? value_of(cases[i].body) : NULL;
		struct err err;

		assert_int_equal(refusal_err(cases[i].status, body, cases[i].text, &err), -1);
		assert_string_equal(err_class_name(err.class), err_class_name(cases[i].class));
		assert_string_equal(err.message, cases[i].message);
	}
}

static void test_what_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		bool unauthorized, immutable, statefulset;
	} cases[] = {
		{"{'code':403,'message':'statefulsets.apps is forbidden: User u cannot list "
		 "resource statefulsets in API group apps in the namespace x'}",
		 true, false},
		{"{'code':403,'message':'pods x is forbidden: exceeded quota: q'}", false, false},
		{"{'code':403,'message':'pods x is forbidden: unable to create new content in "
		 "namespace y because it is being terminated'}",
		 false, false},
		{"{'code':422,'message':'m','details':{'causes':[{'field':'spec','message':"
		 "'Forbidden: updates to statefulset spec for fields other than ...'}]}}",
		 false, true, true},
		{"{'code':422,'message':'m','details':{'causes':[{'field':'spec','message':"
		 "'policy: updates to statefulset spec for fields other than ...'}]}}",
		 false, true},
		{"{'code':422,'details':{'causes':[{'message':'Invalid value: x: field is "
		 "immutable'}]}}",
		 false, true},
		{"{'code':422,'details':{'causes':[{'message':'Required value'}]}}", false, false},
		{"{'code':422,'details':{'causes':[{'message':'Required value'},{'message':"
		 "'Forbidden: updates to provisioner are forbidden.'}]}}",
		 false, true},
		{"{'code':422,'details':{'causes':[{'message':'Invalid value: {}: cannot change "
		 "roleRef'}]}}",
		 false, true},
		{"{'code':400,'details':{'causes':[{'message':'field is immutable'}]}}", false,
		 false},
		{"{}", false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *body = value_of(cases[i].body);

		assert_int_equal(refusal_is_unauthorized(body), cases[i].unauthorized);
		assert_int_equal(refusal_is_immutable(body), cases[i].immutable);
		assert_int_equal(refusal_is_of_statefulset(body), cases[i].statefulset);
	}
	assert_false(refusal_is_unauthorized(NULL));
}

static void test_missing_kinds(void **state)
{
	static const struct {
		struct err err;
		bool of_kind;
	} cases[] = {
		{{ERR_NOT_FOUND, "404 page not found"}, true},
		{{ERR_NOT_FOUND, "the server could not find the requested resource"}, true},
		{{ERR_NOT_FOUND, "namespaces \"x\" not found"}, false},
		{{ERR_INVALID, "404 page not found"}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(refusal_is_of_kind(&cases[i].err), cases[i].of_kind);
}

static void test_long_words(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *body = value_of("{}");
	CLEANUP(buf_release) struct buf words = BUF_INIT(1 << 20);
	struct err err;

	buf_puts(&words, "spec.template: Invalid value: ");
	buf_fill(&words, 'x', 5000);
	buf_puts(&words, ": field is immutable");
	assert_ok(json_set_str(body, "message", buf_str(&words), &err), err);
	refusal_err(422, body, NULL, &err);
	assert_int_equal(strlen(err.message), 605);
	assert_non_null(strstr(err.message, "spec.template: Invalid value: xxx"));
	assert_string_equal(strstr(err.message, "x: field"), "x: field is immutable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes_and_words),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_missing_kinds),
		cmocka_unit_test(test_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/kubesim/protobuf.h"

#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

/* Messages are written as (tag, length, bytes): LEN("\x0a", "\x03", "abc"). */
#define ENVELOPE(type_meta, raw) "k8s\0\x0a" type_meta "\x12" raw

#define V1_CONFIG_MAP            \
	"\x0f\x0a\x02v1\x12\x09" \
	"ConfigMap"
#define V1_SECRET                \
	"\x0c\x0a\x02v1\x12\x06" \
	"Secret"

#define DECODE(bytes, ret_object, err) protobuf_decode(bytes, sizeof(bytes) - 1, ret_object, err)

static void test_config_map(void **state)
{
	/* metadata { name: "m", labels { a: b } }, data { k: "" }, immutable: false */
	static const char bytes[] = ENVELOPE(V1_CONFIG_MAP, "\x18"
							    "\x0a\x0d"
							    "\x0a\x01m"
							    "\x5a\x06\x0a\x01"
							    "a\x12\x01"
							    "b\x12\x00"
							    "\x12\x05\x0a\x01k\x12\x00"
							    "\x20\x00");
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct err err = {0};

	(void)state;
	assert_ok(DECODE(bytes, &object, &err), err);
	assert_value(object,
		     "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'m','labels':"
		     "{'a':'b'}},'data':{'k':''},'immutable':false}");
}

static void test_secret_bytes(void **state)
{
	static const char bytes[] = ENVELOPE(V1_SECRET, "\x0a"
							"\x12\x08\x0a\x01k\x12\x03"
							"\0\1\2");
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct err err = {0};

	(void)state;
	assert_ok(DECODE(bytes, &object, &err), err);
	assert_value(json_get(object, "data"), "{'k':'AAEC'}");
}

static void test_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		enum err_class class;
		const char *message;
	} cases[] = {
#define CASE(bytes, class, message) {bytes, sizeof(bytes) - 1, class, message}
		CASE("", ERR_INVALID, "provided data does not appear to be a protobuf message"),
		CASE("k8s", ERR_INVALID, "provided data does not appear to be a protobuf message"),
		CASE("k8s\0", ERR_INVALID, "the protobuf envelope cannot be read"),
		CASE("k8s\0\x0a\x7f", ERR_INVALID, "the protobuf envelope cannot be read"),
		CASE("k8s\0\x0a\x08\x0a\x02v1\x12\x02No", ERR_UNSUPPORTED,
		     "No is not read from protobuf"),
		CASE(ENVELOPE(V1_CONFIG_MAP, "\x03\x0a\x7fx"), ERR_INVALID,
		     "the protobuf message cannot be read"),
		CASE(ENVELOPE(V1_CONFIG_MAP, "\x02\x0a\xff"), ERR_INVALID,
		     "the protobuf message cannot be read"),
		CASE(ENVELOPE(V1_CONFIG_MAP, "\x01\x0b"), ERR_INVALID,
		     "the protobuf message cannot be read"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *object = NULL;
		struct err err = {0};

		assert_error(protobuf_decode(cases[i].bytes, cases[i].length, &object, &err), err,
			     cases[i].class, cases[i].message);
	}
}

/* No cut of a good message, and no byte changed in it, does harm. */
static void test_broken_anywhere(void **state)
{
	static const char bytes[] = ENVELOPE(V1_CONFIG_MAP, "\x0f\x0a\x03\x0a\x01m\x12\x08\x0a\x01k"
							    "\x12\x03xyz");
	char broken[sizeof(bytes)];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		for (int mask = 0; mask < 256; mask += 17) {
			cJSON *object = NULL;
			struct err err = {0};

			memcpy(broken, bytes, sizeof(bytes));
			broken[i] = (char)(broken[i] ^ mask);
			if (protobuf_decode(broken, sizeof(bytes) - 1, &object, &err) == 0)
				cJSON_Delete(object);
		}
		{
			cJSON *object = NULL;
			struct err err = {0};

			if (protobuf_decode(bytes, i, &object, &err) == 0)
				cJSON_Delete(object);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_map),
		cmocka_unit_test(test_secret_bytes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_broken_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

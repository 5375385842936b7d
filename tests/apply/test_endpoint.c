/* A whole URL taken apart. */

#include "apply/endpoint.h"

#include "tests/support/check.h"

static void test_urls(void **state)
{
	static const struct {
		const char *url;
		const char *server; /* NULL: it is refused */
		const char *target, *username, *password;
	} cases[] = {
		{"https://example.com", "https://example.com", "/", NULL, NULL},
		{"https://example.com/", "https://example.com", "/", NULL, NULL},
		{"HTTP://example.com:8080/a/b?c=d#e", "http://example.com:8080", "/a/b?c=d", NULL,
		 NULL},
		{"https://example.com?c=d", "https://example.com", "/?c=d", NULL, NULL},
		{"https://ann@example.com/x", "https://example.com", "/x", "ann", NULL},
		{"https://ann:p%40ss%2@[::1]:1/x", "https://[::1]:1", "/x", "ann", "p@ss%2"},
		{"https://a:b@c@example.com/x@y", "https://example.com", "/x@y", "a", "b@c"},
		{"https://a%00b@example.com/", "https://example.com", "/", "a%00b", NULL},
		{"", NULL, NULL, NULL, NULL},
		{"example.com/x", NULL, NULL, NULL, NULL},
		{"ftp://example.com/x", NULL, NULL, NULL, NULL},
		{"https://", NULL, NULL, NULL, NULL},
		{"https://ann@/x", NULL, NULL, NULL, NULL},
		{"https://example.com/a b", NULL, NULL, NULL, NULL},
		{"https://example.com/\r\nX: y", NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(endpoint_release) struct endpoint endpoint = {0};
		CLEANUP(free_p) char *target = NULL;
		struct err err;
		int result = endpoint_of_url(cases[i].url, &endpoint, &target, &err);

		if (!cases[i].server) {
			/* Nothing of it is in the message: it may be a secret. */
			assert_error(result, err, ERR_INVALID,
				     "the address is no URL such as https://example.com/path");
			continue;
		}
		assert_ok(result, err);
		assert_string_equal(endpoint.server, cases[i].server);
		assert_string_equal(target, cases[i].target);
		assert_string_equal(endpoint.username ? endpoint.username : "(none)",
				    cases[i].username ? cases[i].username : "(none)");
		assert_string_equal(endpoint.password ? endpoint.password : "(none)",
				    cases[i].password ? cases[i].password : "(none)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_urls)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

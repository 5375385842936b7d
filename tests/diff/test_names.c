#include "diff/names.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

#define A10 "aaaaaaaaaa"
#define A63 A10 A10 A10 A10 A10 A10 "aaa"

/* The words of a fault are the server's and long: what they have to hold is enough. */
static void test_names(void **state)
{
	(void)state;
	static const struct {
		enum name_rule rule;
		const char *text, *fault; /* NULL: none */
	} cases[] = {
		{NAME_SUBDOMAIN, "web", NULL},
		{NAME_SUBDOMAIN, "a.b-1.c", NULL},
		{NAME_SUBDOMAIN, "0", NULL},
		{NAME_SUBDOMAIN, "", "lowercase RFC 1123 subdomain"},
		{NAME_SUBDOMAIN, "Web", "lowercase RFC 1123 subdomain"},
		{NAME_SUBDOMAIN, "a..b", "lowercase RFC 1123 subdomain"},
		{NAME_SUBDOMAIN, "a.", "lowercase RFC 1123 subdomain"},
		{NAME_SUBDOMAIN, A63 A63 A63 A63 "aa", "no more than 253 bytes"},
		{NAME_LABEL, A63, NULL},
		{NAME_LABEL, A63 "a", "no more than 63 bytes"},
		{NAME_LABEL, "a.b", "lowercase RFC 1123 label"},
		{NAME_LABEL, "1a", NULL},
		{NAME_LABEL_1035, "1a", "DNS-1035 label"},
		{NAME_PATH_SEGMENT, "system:x Y", NULL},
		{NAME_PATH_SEGMENT, "..", "may not be '..'"},
		{NAME_PATH_SEGMENT, ".", "may not be '.'"},
		{NAME_PATH_SEGMENT, "a/b", "may not contain '/'"},
		{NAME_PATH_SEGMENT, "a%b", "may not contain '%'"},
		{NAME_QUALIFIED, "My_name.1", NULL},
		{NAME_QUALIFIED, "example.org/My_name", NULL},
		{NAME_QUALIFIED, "Example.org/a", "prefix part"},
		{NAME_QUALIFIED, "/a", "prefix part must be non-empty"},
		{NAME_QUALIFIED, "a/", "name part must be non-empty"},
		{NAME_QUALIFIED, "a/b/c", "name part must consist"},
		{NAME_QUALIFIED, "-a", "name part must consist"},
		{NAME_QUALIFIED, "a/" A63 "a", "name part must be no more than 63 bytes"},
		{NAME_QUALIFIED, A63 A63 A63 A63 "aa/a", "prefix part must be no more than 253"},
		{NAME_ANNOTATION, "Example.org/a", NULL},
		{NAME_ANNOTATION, "a b", "name part must consist"},
		{NAME_LABEL_VALUE, "", NULL},
		{NAME_LABEL_VALUE, "A_b.1", NULL},
		{NAME_LABEL_VALUE, "a b", "a valid label must"},
		{NAME_LABEL_VALUE, A63 "a", "no more than 63 bytes"},
		{NAME_PORT, "http-2", NULL},
		{NAME_PORT, "abcdefghijklmno", NULL},
		{NAME_PORT, "abcdefghijklmnop", "no more than 15 characters"},
		{NAME_PORT, "80", "at least one letter"},
		{NAME_PORT, "", "at least one letter"},
		{NAME_PORT, "HTTP", "only alpha-numeric characters"},
		{NAME_PORT, "a--b", "consecutive hyphens"},
		{NAME_PORT, "-a", "begin or end with a hyphen"},
		{NAME_PORT, "a-", "begin or end with a hyphen"},
		{NAME_CONFIG_KEY, "a_B-1.x", NULL},
		{NAME_CONFIG_KEY, ".hidden", NULL},
		{NAME_CONFIG_KEY, ".", "must not be '.'"},
		{NAME_CONFIG_KEY, "..", "must not be '..'"},
		{NAME_CONFIG_KEY, "..a", "must not start with '..'"},
		{NAME_CONFIG_KEY, "", "a valid config key"},
		{NAME_CONFIG_KEY, "a/b", "a valid config key"},
		{NAME_CONFIG_KEY, A63 A63 A63 A63 "aa", "no more than 253 bytes"},
		{NAME_ENV, "my.Name-1 x", NULL},
		{NAME_ENV, "a=b", "printable"},
		{NAME_ENV, "a\tb", "printable"},
		{NAME_ENV, "\xc3\xa9", "printable"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *fault = name_fault(cases[i].rule, cases[i].text);

		if (!fault != !cases[i].fault || (fault && !strstr(fault, cases[i].fault)))
			fail_msg("\"%s\" under rule %d: %s", cases[i].text, (int)cases[i].rule,
				 fault ? fault : "no fault");
	}
}

static void test_rules_of_kinds(void **state)
{
	(void)state;
	assert_int_equal(name_rule_of("", "Service"), NAME_LABEL_1035);
	assert_int_equal(name_rule_of("", "Namespace"), NAME_LABEL);
	assert_int_equal(name_rule_of("", "ConfigMap"), NAME_SUBDOMAIN);
	assert_int_equal(name_rule_of("rbac.authorization.k8s.io", "Role"), NAME_PATH_SEGMENT);
	assert_int_equal(name_rule_of("serving.knative.dev", "Service"), NAME_SUBDOMAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rules_of_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

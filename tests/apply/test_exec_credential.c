#include "apply/exec_credential.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/folder.h"

#define V1   EXEC_API_GROUP "/v1"
#define BETA EXEC_API_GROUP "/v1beta1"
#define ANSWER(status) \
	"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"status\":{" status "}}"
#define PEM "-----BEGIN x"

static void test_info(void **state)
{
	(void)state;
	static char server[] = "https://h:6443", name[] = "sni", proxy[] = "http://p:1";
	static char ca[] = "-----BEGIN CERTIFICATE-----\n", config[] = "{\"audience\":[1]}";
	static const struct {
		struct exec_config exec;
		struct endpoint endpoint;
		const char *expected;
	} cases[] = {
		{{.api_version = V1},
		 {.server = server},
		 "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
		 "\",\"spec\":{\"interactive\":false}}"},
		{{.api_version = BETA, .has_terminal = true},
		 {.server = server},
		 "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" BETA
		 "\",\"spec\":{\"interactive\":true}}"},
		{{.api_version = V1, .wants_cluster = true},
		 {.server = server},
		 "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
		 "\",\"spec\":{\"interactive\":false,\"cluster\":{\"server\":\"https://h:6443\","
		 "\"config\":null}}}"},
		{{.api_version = V1,
		  .wants_cluster = true,
		  .disable_compression = true,
		  .cluster_config = config},
		 {.server = server,
		  .tls_server_name = name,
		  .insecure = true,
		  .ca_pem = ca,
		  .proxy_url = proxy},
		 "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
		 "\",\"spec\":{\"interactive\":false,\"cluster\":{\"server\":\"https://h:6443\","
		 "\"tls-server-name\":\"sni\",\"insecure-skip-tls-verify\":true,"
		 "\"certificate-authority-data\":\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==\","
		 "\"proxy-url\":\"http://p:1\",\"disable-compression\":true,"
		 "\"config\":{\"audience\":[1]}}}}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf info = BUF_INIT(EXEC_INFO_MAX_BYTES);
		struct endpoint endpoint = cases[i].endpoint;
		struct exec_config exec = cases[i].exec;
		struct err err;

		endpoint.exec = &exec;
		assert_ok(exec_credential_print_info(&endpoint, &info, &err), err);
		assert_string_equal(buf_str(&info), cases[i].expected);
	}
}

/* The CA's file is handed over as data, as it is at that moment. */
static void test_ca_file(void **state)
{
	(void)state;
	static char server[] = "https://h", file[256];
	struct exec_config exec = {.api_version = V1, .wants_cluster = true};
	const struct endpoint endpoint = {.server = server, .ca_file = file, .exec = &exec};
	CLEANUP(buf_release) struct buf info = BUF_INIT(EXEC_INFO_MAX_BYTES);
	struct folder folder;
	struct err err;

	folder_make(&folder);
	snprintf(file, sizeof(file), "%s", folder_file(&folder, "ca"));
	folder_write(&folder, "ca", "PEM");
	assert_ok(exec_credential_print_info(&endpoint, &info, &err), err);
	assert_non_null(strstr(buf_str(&info), "\"certificate-authority-data\":\"UEVN\""));
	folder_remove(&folder);
	assert_int_equal(exec_credential_print_info(&endpoint, &info, &err), -1);
	assert_non_null(strstr(err.message, "no such file"));
}

static void test_answers(void **state)
{
	(void)state;
	static const struct exec_config exec = {.api_version = V1};
	static const struct {
		const char *text;
		const char *expected; /* "TOKEN CERT KEY EXPIRY", or the error */
	} cases[] = {
		{ANSWER("\"token\":\"abc\""), "abc - - never"},
		{ANSWER("\"token\":\"abc\",\"expirationTimestamp\":null"), "abc - - never"},
		{ANSWER("\"token\":\"abc\",\"expirationTimestamp\":\"1970-01-01T00:00:02Z\""),
		 "abc - - 2000"},
		{ANSWER("\"clientCertificateData\":\"" PEM "\",\"clientKeyData\":\"" PEM "\""),
		 "- " PEM " " PEM " never"},
		{"kind: ExecCredential\napiVersion: " V1 "\nstatus: {token: abc}\n",
		 "abc - - never"},
		{"", "what it printed is no ExecCredential"},
		{"{\"token\":\"hunter2", "what it printed is no ExecCredential"},
		{"hunter2", "what it printed is no ExecCredential"},
		{"{\"kind\":\"Status\"}", "what it printed is no ExecCredential"},
		{"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" BETA "\"}",
		 "it did not answer in " V1 ", which the kubeconfig asks for"},
		{"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\"}",
		 "what it printed has no status"},
		{ANSWER(""), "it gave neither a token nor a client certificate"},
		{ANSWER("\"token\":\"\""), "it gave neither a token nor a client certificate"},
		{ANSWER("\"token\":[]"), "the token that it gave is not a string"},
		{ANSWER("\"token\":\"a b\""),
		 "the token that it gave holds blanks or other characters that no token has, or is "
		 "larger than 65536 bytes"},
		{ANSWER("\"clientKeyData\":\"" PEM "\""),
		 "it gave a client key without its certificate"},
		{ANSWER("\"token\":\"a\",\"clientCertificateData\":\"" PEM "\""),
		 "it gave a client certificate without its key"},
		{ANSWER("\"clientCertificateData\":\"x\",\"clientKeyData\":\"" PEM "\""),
		 "the client certificate or key that it gave is not a PEM text"},
		{ANSWER("\"token\":\"a\",\"expirationTimestamp\":\"soon\""),
		 "the expirationTimestamp that it gave is no time as in RFC 3339"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(credential_release) struct credential credential = {0};
		CLEANUP(buf_release) struct buf seen = BUF_INIT(4096);
		const char *text = cases[i].text;
		struct err err;

		if (exec_credential_parse(&exec, text, strlen(text), &credential, &err) < 0) {
			assert_int_equal(err.class, ERR_INVALID);
			buf_puts(&seen, err.message);
		} else {
			buf_printf(&seen, "%s %s %s ", credential.token ? credential.token : "-",
				   credential.cert_pem ? credential.cert_pem : "-",
				   credential.key_pem ? credential.key_pem : "-");
			if (credential.expires_at_ms == INT64_MAX)
				buf_puts(&seen, "never");
			else
				buf_printf(&seen, "%lld", (long long)credential.expires_at_ms);
		}
		if (strcmp(buf_str(&seen), cases[i].expected) != 0)
			fail_msg("%s: %s\nexpected: %s", text, buf_str(&seen), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_ca_file),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

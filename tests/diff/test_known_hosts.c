/* known_hosts, line by line. What ssh-keygen writes is tested with a real sshd (test_source_ssh.sh). */
#include "diff/known_hosts.h"

#include <string.h>

#include "tests/support/check.h"

#define KEY   "AAAAC3NzaC1lZDI1NTE5AAAAIEuzOwAAAAAAAAAAAAAAAAAA"
#define OTHER "AAAAC3NzaC1lZDI1NTE5AAAAIEuzOwBBBBBBBBBBBBBBBBBB"

/* The bytes of KEY; the rest is zeros. */
#define KEY_BYTES 36
static const char key[KEY_BYTES] = "\0\0\0\x0bssh-ed25519\0\0\0 K\xb3;";

static void test_verdicts(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
		enum known_host verdict;
	} rows[] = {
		{"", "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"\n\n# a.example ssh-ed25519 " KEY "\n", "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"a.example ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_ACCEPTED},
		{"a.example\tssh-ed25519 \t" KEY " a comment\r\n", "A.Example", 22,
		 KNOWN_HOST_ACCEPTED},
		{"A.EXAMPLE ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_ACCEPTED},
		{"a.example ssh-ed25519 " OTHER, "a.example", 22, KNOWN_HOST_CHANGED},
		{"a.example ssh-ed25519 " OTHER "\na.example ssh-ed25519 " KEY, "a.example", 22,
		 KNOWN_HOST_ACCEPTED},
		{"b.example,a.example ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_ACCEPTED},
		{"*.example ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_ACCEPTED},
		{"*.example,!a.example ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"?.example ssh-ed25519 " KEY, "ab.example", 22, KNOWN_HOST_UNKNOWN},
		{"*a?z*l* ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"*a?p*l* ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_ACCEPTED},
		{"**.**e** ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_ACCEPTED},
		{"a.example? ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_UNKNOWN},
		/* Takes ages where each star is tried at each place. */
		{"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b ssh-ed25519 " KEY,
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 22,
		 KNOWN_HOST_UNKNOWN},
		{"a.example ssh-ed25519 " KEY, "xa.example", 22, KNOWN_HOST_UNKNOWN},
		{"[a.example]:2222 ssh-ed25519 " KEY, "a.example", 2222, KNOWN_HOST_ACCEPTED},
		{"[a.example]:2222 ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"[a.example]:2222 ssh-ed25519 " OTHER "\na.example ssh-ed25519 " KEY, "a.example",
		 2222, KNOWN_HOST_CHANGED},
		{"a.example ssh-ed25519 " KEY, "a.example", 2222, KNOWN_HOST_ACCEPTED},
		{"@revoked * ssh-ed25519 " KEY "\na.example ssh-ed25519 " KEY, "a.example", 22,
		 KNOWN_HOST_REVOKED},
		{"@revoked * ssh-ed25519 " OTHER, "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"@cert-authority * ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"a.example ssh-ed25519", "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"a.example ssh-ed25519 not*base64", "a.example", 22, KNOWN_HOST_CHANGED},
		/* HMAC-SHA1 of "a.example" with the salt "01234567890123456789" */
		{"|1|MDEyMzQ1Njc4OTAxMjM0NTY3ODk=|nZW5rzXTTkIngk21cQJPn4JUKW4= ssh-ed25519 " KEY,
		 "a.example", 22, KNOWN_HOST_ACCEPTED},
		{"|1|MDEyMzQ1Njc4OTAxMjM0NTY3ODk=|nZW5rzXTTkIngk21cQJPn4JUKW4= ssh-ed25519 " KEY,
		 "b.example", 22, KNOWN_HOST_UNKNOWN},
		{"|1|broken ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_UNKNOWN},
		{"|1| ssh-ed25519 " KEY, "a.example", 22, KNOWN_HOST_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum known_host verdict;
		struct err err;

		assert_ok(known_hosts_judge(rows[i].text, rows[i].host, rows[i].port, key,
					    KEY_BYTES, &verdict, &err),
			  err);
		if (verdict != rows[i].verdict)
			fail_msg("row %zu: verdict %d, expected %d", i, (int)verdict,
				 (int)rows[i].verdict);
	}
}

static void test_types(void **state)
{
	static const char text[] = "a.example ssh-ed25519 " KEY "\na.example ssh-rsa " KEY
				   "\nb.example ecdsa-sha2-nistp256 " KEY "\na.example ssh-dss " KEY
				   "\n@revoked a.example ecdsa-sha2-nistp384 " KEY;
	unsigned types = 0;
	struct err err;

	(void)state;
	assert_ok(known_hosts_types(text, "a.example", 22, &types, &err), err);
	assert_int_equal(types, 1u << HOST_KEY_ED25519 | 1u << HOST_KEY_RSA);
	assert_string_equal(host_key_type_name(HOST_KEY_ECDSA_521), "ecdsa-sha2-nistp521");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

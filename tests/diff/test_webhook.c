/*
 * Webhooks: the recorded requests of tests/fuzz/corpus/webhook, which follow what the providers
 * document; who is believed; who follows what.
 */
#include "diff/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/buf.h"
#include "diff/digest_mac.h"

#include "tests/support/check.h"
#include "tests/support/file.h"
#include "tests/support/webhook.h"

#define CORPUS "tests/fuzz/corpus/webhook/"
#define MAX    (1024u * 1024)

static void record_read(const char *name, struct recorded *recorded)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX);
	char path[256];

	snprintf(path, sizeof(path), CORPUS "%s", name);
	read_file(path, &text);
	recorded_read(recorded, buf_str(&text), text.length);
}

/* --- what each provider sends ---------------------------------------------------------------- */

#define GITHUB "https://github.com/acme/deploy"
#define GITLAB "git@gitlab.example.org:acme/platform/deploy.git"
#define GITEA  "ssh://git@git.example.org:2222/acme/deploy.git"

static const struct {
	const char *name, *provider;
	enum webhook_event event;
	const char *refs;   /* one after the other; "*": any */
	const char *repo;   /* whoever follows this ... */
	const char *ref;    /* ... at this, looks */
	const char *absent; /* and who follows that does not */
} rows[] = {
	{"github-push", "github", WEBHOOK_PUSH, "refs/heads/main", GITHUB, "main", "dev"},
	{"github-push", "github", WEBHOOK_PUSH, "refs/heads/main", GITHUB ".git", NULL, "v1.4.0"},
	{"github-push", "github", WEBHOOK_PUSH, "refs/heads/main", "git@github.com:Acme/Deploy",
	 "HEAD", "semver:1.x"},
	{"github-tag", "github", WEBHOOK_PUSH, "refs/tags/v1.4.0", GITHUB, "semver:1.x", "main"},
	{"github-tag", "github", WEBHOOK_PUSH, "refs/tags/v1.4.0", GITHUB, "v1.4.0", "HEAD"},
	{"github-delete", "github", WEBHOOK_PUSH, "refs/heads/gone", GITHUB, "gone", "HEAD"},
	{"github-create", "github", WEBHOOK_PUSH, "refs/tags/v1.4.0", GITHUB, "v1.4.0", "main"},
	{"github-form", "github", WEBHOOK_PUSH, "refs/heads/main", GITHUB, "main", "dev"},
	{"github-ping", "github", WEBHOOK_PING, NULL, NULL, NULL, NULL},
	{"github-issues", "github", WEBHOOK_IGNORED, NULL, NULL, NULL, NULL},
	{"gitlab-push", "gitlab", WEBHOOK_PUSH, "refs/heads/main", GITLAB, "main", "dev"},
	{"gitlab-tag", "gitlab", WEBHOOK_PUSH, "refs/tags/v1.4.0", GITLAB, "semver:*", "main"},
	{"gitlab-system", "gitlab", WEBHOOK_PUSH, "refs/heads/main refs/tags/v1.4.0", GITLAB,
	 "semver:*", "dev"},
	{"gitlab-system-user", "gitlab", WEBHOOK_IGNORED, "*", NULL, NULL, NULL},
	{"gitlab-merge", "gitlab", WEBHOOK_IGNORED, NULL, NULL, NULL, NULL},
	{"gitea-push", "gitea", WEBHOOK_PUSH, "refs/heads/main", GITEA, "main", "dev"},
	{"gitea-create", "gitea", WEBHOOK_PUSH, "refs/tags/v1.4.0", GITEA, "v1.4.0", "main"},
	{"forgejo-push", "gitea", WEBHOOK_PUSH, "refs/heads/main", GITEA, "refs/heads/main",
	 "refs/tags/main"},
	{"gogs-push", "gogs", WEBHOOK_PUSH, "refs/heads/main", GITEA, "main", "dev"},
	{"gogs-create", "gogs", WEBHOOK_PUSH, "refs/tags/v1.4.0", GITEA, "semver:^1", "main"},
	{"bitbucket-push", "bitbucket", WEBHOOK_PUSH, "refs/heads/main refs/tags/v1.4.0",
	 "git@bitbucket.org:acme/deploy.git", "main", "dev"},
	{"bitbucket-closed", "bitbucket", WEBHOOK_PUSH, "refs/heads/gone",
	 "https://ann@bitbucket.org/acme/deploy.git", "gone", "main"},
	{"bitbucket-dc-push", "bitbucket", WEBHOOK_PUSH, "refs/heads/main",
	 "https://bitbucket.example.org/scm/acme/deploy.git", "main", "dev"},
	{"bitbucket-dc-bare", "bitbucket", WEBHOOK_PUSH, "refs/heads/main",
	 "ssh://git@bitbucket.example.org:7999/acme/deploy.git", "main", "dev"},
	{"bitbucket-dc-bare", "bitbucket", WEBHOOK_PUSH, "refs/heads/main",
	 "https://bitbucket.example.org/scm/acme/deploy.git", NULL, "dev"},
	{"bitbucket-dc-ping", "bitbucket", WEBHOOK_PING, NULL, NULL, NULL, NULL},
	{"generic-push", "generic", WEBHOOK_PUSH, "refs/heads/main",
	 "git://127.0.0.1:9418/srv/git/deploy.git", "main", "dev"},
	{"generic-repository", "generic", WEBHOOK_PUSH, "*", "file:///srv/git/deploy.git", "main",
	 NULL},
	{"generic-empty", "generic", WEBHOOK_PUSH, "*", "https://anywhere/at/all", "main", NULL},
	{"generic-odd", "generic", WEBHOOK_PUSH, "refs/heads/odd", "https://anywhere/at/all", "odd",
	 "main"},
};

static void check_refs(const char *name, const struct webhook_push *push, const char *expected)
{
	CLEANUP(buf_release) struct buf seen = BUF_INIT(MAX);

	for (size_t i = 0; i < push->ref_count; i++)
		buf_printf(&seen, "%s%s", i ? " " : "", push->refs[i]);
	if (push->any_ref)
		buf_puts(&seen, "*");
	if (strcmp(buf_str(&seen), expected) != 0)
		fail_msg("%s: refs \"%s\", expected \"%s\"", name, buf_str(&seen), expected);
}

static void test_providers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(webhook_push_release) struct webhook_push push = {0};
		CLEANUP(recorded_release) struct recorded recorded;
		const char *name = rows[i].name;
		struct err err;

		record_read(name, &recorded);
		assert_string_equal(webhook_provider_name(webhook_provider_of(&recorded.request)),
				    rows[i].provider);
		assert_ok(webhook_verify(&recorded.request, RECORDED_SECRET, &err), err);
		assert_int_equal(webhook_verify(&recorded.request, "another", &err), -1);
		assert_ok(webhook_read(&recorded.request, &push, &err), err);
		if (push.event != rows[i].event)
			fail_msg("%s: event %d", name, (int)push.event);
		check_refs(name, &push, rows[i].refs ? rows[i].refs : "");
		if (!rows[i].repo)
			continue;
		if (!webhook_follows(&push, rows[i].repo, rows[i].ref))
			fail_msg("%s: %s is not followed", name, rows[i].repo);
		if (rows[i].absent && webhook_follows(&push, rows[i].repo, rows[i].absent))
			fail_msg("%s: %s is followed", name, rows[i].absent);
	}
}

/* --- who is believed ------------------------------------------------------------------------- */

/* The vector of GitHub's documentation, and of RFC 4231. */
static void test_vectors(void **state)
{
	char hex[DIGEST_SHA256_HEX];
	struct err err;

	(void)state;
	assert_ok(digest_hmac_sha256("It's a Secret to Everybody", 26, "Hello, World!", 13, hex,
				     &err),
		  err);
	assert_string_equal(hex,
			    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
	assert_ok(digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, hex, &err),
		  err);
	assert_string_equal(hex,
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_true(digest_is_secret("a", "a"));
	assert_true(digest_is_secret("", ""));
	assert_false(digest_is_secret("a", "b"));
	assert_false(digest_is_secret("a", "ab"));
	assert_false(digest_is_secret("a", ""));
}

#define MAC "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static void test_signatures(void **state)
{
	static const struct {
		const char *headers;
		const char *message; /* NULL: believed */
		bool signed_at_all;
	} cases[] = {
		{"X-Signature: sha256=" MAC "\n", NULL, true},
		{"x-signature: sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043"
		 "E17\n",
		 NULL, true},
		{"X-GitHub-Event: push\nX-Hub-Signature-256: sha256=" MAC "\n", NULL, true},
		{"X-Gitea-Event: push\nX-Gitea-Signature: " MAC "\n", NULL, true},
		{"X-Gitlab-Event: Push Hook\nX-Gitlab-Token: It's a Secret to Everybody\n", NULL,
		 true},
		{"", "no X-Signature: give the webhook a secret", false},
		{"X-GitHub-Event: push\n", "no X-Hub-Signature-256: give the webhook a secret",
		 false},
		{"X-GitHub-Event: push\nX-Hub-Signature-256: sha1=" MAC "\n",
		 "X-Hub-Signature-256 does not begin with \"sha256=\"", false},
		{"X-GitHub-Event: push\nX-Hub-Signature-256: sha256=\n",
		 "X-Hub-Signature-256 is not that of the body by our secret", true},
		{"X-GitHub-Event: push\nX-Hub-Signature-256: sha256=" MAC "00\n",
		 "X-Hub-Signature-256 is not that of the body by our secret", true},
		{"X-Event-Key: repo:push\nX-Hub-Signature: sha256=0" MAC "\n",
		 "X-Hub-Signature is not that of the body by our secret", true},
		/* Who says that he is Gitea is asked for Gitea's, whatever else he has. */
		{"X-Gitea-Event: push\nX-GitHub-Event: push\nX-Hub-Signature-256: sha256=" MAC "\n",
		 "no X-Gitea-Signature: give the webhook a secret", false},
		{"X-Gitlab-Event: Push Hook\nX-Gitlab-Token: it's a secret to everybody\n",
		 "X-Gitlab-Token is not the secret", true},
		{"X-Gitlab-Event: Push Hook\nX-Gitlab-Token: sha256=" MAC "\n",
		 "X-Gitlab-Token is not the secret", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(recorded_release) struct recorded recorded;
		char text[1024];
		struct err err;
		int length = snprintf(text, sizeof(text), "%s\nHello, World!", cases[i].headers);

		recorded_read(&recorded, text, (size_t)length);
		if (cases[i].message)
			assert_error(webhook_verify(&recorded.request, "It's a Secret to Everybody",
						    &err),
				     err, ERR_DENIED, cases[i].message);
		else
			assert_ok(webhook_verify(&recorded.request, "It's a Secret to Everybody",
						 &err),
				  err);
		assert_int_equal(webhook_is_signed(&recorded.request, &err) == 0,
				 cases[i].signed_at_all);
	}
}

/* --- bodies ---------------------------------------------------------------------------------- */

static int read_body(const char *headers, const char *body, struct webhook_push *ret_push,
		     struct err *err)
{
	CLEANUP(recorded_release) struct recorded recorded;
	CLEANUP(buf_release) struct buf text = BUF_INIT(8 * MAX);

	buf_printf(&text, "%s\n%s", headers, body);
	recorded_read(&recorded, buf_str(&text), text.length);
	return webhook_read(&recorded.request, ret_push, err);
}

static void test_bad_bodies(void **state)
{
	static const struct {
		const char *headers, *body;
		enum err_class class;
		const char *message;
	} cases[] = {
		{"", "ref=main", ERR_INVALID, "1:1: \"r\" where a value should be"},
		{"", "[]", ERR_INVALID, "the body is no JSON object"},
		{"", "{} {}", ERR_INVALID, "1:4: more than one value"},
		{"", "{\"ref\":\"a", ERR_INVALID, "1:8: a string that does not end"},
		{"X-GitHub-Event: push\nContent-Type: application/x-www-form-urlencoded\n", "pay=1",
		 ERR_INVALID, "the form has no payload"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct webhook_push push;
		struct err err;

		assert_error(read_body(cases[i].headers, cases[i].body, &push, &err), err,
			     cases[i].class, cases[i].message);
	}
}

/* No more than so many values, however short they are. */
static void test_caps(void **state)
{
	CLEANUP(webhook_push_release) struct webhook_push push = {0};
	CLEANUP(buf_release) struct buf body = BUF_INIT(8 * MAX);
	struct err err;

	(void)state;
	buf_puts(&body, "{\"commits\":[0");
	for (unsigned i = 0; i < WEBHOOK_MAX_NODES; i++)
		buf_puts(&body, ",0");
	buf_puts(&body, "]}");
	assert_int_equal(read_body("", buf_str(&body), &push, &err), -1);
	assert_int_equal(err.class, ERR_LIMIT);

	buf_clear(&body);
	buf_puts(&body, "{\"refs\":[\"refs/heads/0\"");
	for (unsigned i = 1; i < 2 * WEBHOOK_MAX_REFS; i++)
		buf_printf(&body, ",\"refs/heads/%u\"", i);
	buf_puts(&body, "]}");
	assert_ok(read_body("", buf_str(&body), &push, &err), err);
	assert_true(push.any_ref);
	assert_true(webhook_follows(&push, "any", "another"));
}

/* --- who follows what ------------------------------------------------------------------------ */

static void test_repositories(void **state)
{
	static const struct {
		const char *pushed, *followed;
		bool same;
	} cases[] = {
		{"https://h/a/b", "https://h/a/b", true},
		{"https://h/a/b.git", "https://h/a/b", true},
		{"https://h/a/b", "https://h/a/b.git/", true},
		{"https://H/A/B", "https://h/a/b", true},
		{"https://u:p@h:8443/a/b.git", "ssh://git@h:22/a/b", true},
		{"git@h:a/b.git", "https://h/a/b", true},
		{"git@h:/a/b.git", "ssh://h/a/b", true},
		{"h:a/b", "git://h/a/b", true},
		{"https://outside/a/b", "https://inside:3000/a/b", true},
		{"/a/b.git", "file:///a/b.git", true},
		{"a/b", "https://h/a/b", true},
		{"a/b", "https://h/scm/a/b.git", true},
		{"a/b", "https://h/xa/b", false},
		{"a/b", "https://h/a/b/c", false},
		{"https://h/a/b", "https://h/scm/a/b", false},
		{"https://h/a/b", "https://h/a/c", false},
		{"https://h/a/b", "https://h/a/b2", false},
		{"https://h/", "https://h/a/b", false},
		{"https://h", "https://h/a/b", false},
		{"git@h:", "git@h:", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *repository = strdup(cases[i].pushed);
		const struct webhook_push push = {.event = WEBHOOK_PUSH,
						  .repositories = &repository,
						  .repository_count = 1,
						  .any_ref = true};

		if (webhook_follows(&push, cases[i].followed, NULL) != cases[i].same)
			fail_msg("\"%s\" and \"%s\": expected %s", cases[i].pushed,
				 cases[i].followed, cases[i].same ? "the same" : "others");
		free(repository);
	}
}

static void test_refs(void **state)
{
	static const struct {
		const char *pushed, *default_branch, *followed;
		bool follows;
	} cases[] = {
		{"refs/heads/main", "main", NULL, true},
		{"refs/heads/main", NULL, NULL, true},
		{"refs/heads/main", "trunk", NULL, false},
		{"refs/heads/main", "trunk", "HEAD", false},
		{"refs/tags/main", NULL, NULL, false},
		{"refs/heads/main", NULL, "main", true},
		{"refs/heads/main", NULL, "refs/heads/main", true},
		{"refs/heads/a/b", NULL, "a/b", true},
		{"refs/heads/main", NULL, "mai", false},
		{"refs/heads/main", NULL, "maint", false},
		{"refs/tags/v1", NULL, "v1", true},
		{"refs/tags/v1", NULL, "semver:>=1", true},
		{"refs/heads/v1", NULL, "semver:>=1", false},
		{"refs/heads/main", NULL, "3f2c1ab", true},
		{"refs/heads/main", NULL, "3f2c1a", false},
		{"refs/heads/main", NULL, "dev~1", true},
		{"refs/notes/commits", NULL, "main", false},
		{"refs/notes/commits", NULL, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *ref = strdup(cases[i].pushed);
		char *branch = cases[i].default_branch ? strdup(cases[i].default_branch) : NULL;
		const struct webhook_push push = {.event = WEBHOOK_PUSH,
						  .refs = &ref,
						  .ref_count = 1,
						  .default_branch = branch};

		if (webhook_follows(&push, "any", cases[i].followed) != cases[i].follows)
			fail_msg("%s for %s: expected %d", cases[i].pushed, cases[i].followed,
				 cases[i].follows);
		free(ref);
		free(branch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_providers),  cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_signatures), cmocka_unit_test(test_bad_bodies),
		cmocka_unit_test(test_caps),       cmocka_unit_test(test_repositories),
		cmocka_unit_test(test_refs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whatever a webhook's request holds: it is read or refused, and what it names is found again. */
#include <string.h>

#include "diff/cleanup.h"
#include "diff/webhook.h"

#include "tests/fuzz/fuzz.h"
#include "tests/support/webhook.h"

static void check_push(const struct webhook_push *push)
{
	static const char *const repos[] = {"https://github.com/acme/deploy.git",
					    "git@h:acme/deploy", "/srv/git/deploy.git", ".", ""};
	static const char *const refs[] = {NULL, "HEAD", "main", "v1.4.0", "semver:1.x", "main~1"};

	must(push->repository_count <= WEBHOOK_MAX_REPOSITORIES);
	must(push->ref_count <= WEBHOOK_MAX_REFS + 1);
	for (size_t i = 0; i < push->ref_count; i++)
		must(strncmp(push->refs[i], "refs/", 5) == 0);
	for (size_t i = 0; i < sizeof(repos) / sizeof(repos[0]); i++)
		for (size_t j = 0; j < sizeof(refs) / sizeof(refs[0]); j++)
			(void)webhook_follows(push, repos[i], refs[j]);
	if (push->event == WEBHOOK_PUSH && push->repository_count == 0)
		must(webhook_follows(push, "any", push->ref_count ? push->refs[0] : "any"));
}

int fuzz_webhook(const uint8_t *data, size_t size)
{
	CLEANUP(webhook_push_release) struct webhook_push push = {0};
	CLEANUP(recorded_release) struct recorded recorded;
	struct err err;

	recorded_read(&recorded, data, size);
	if (webhook_verify(&recorded.request, RECORDED_SECRET, &err) == 0)
		must(webhook_is_signed(&recorded.request, &err) == 0);
	else
		must(err.class == ERR_DENIED);
	if (webhook_read(&recorded.request, &push, &err) == 0)
		check_push(&push);
	else
		must(err.class == ERR_INVALID || err.class == ERR_LIMIT);
	return 0;
}

#include "diff/webhook.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "diff/digest_mac.h"

/*
 * In the order in which they are tried: Forgejo says that it is Gitea, which says that it is Gogs, which
 * says that it is GitHub.
 */
static const struct provider_row {
	enum webhook_provider provider;
	const char *event; /* the header that names the event; NULL: whoever is left */
	const char *signature, *prefix;
	bool is_plain; /* the signature is the secret itself */
} rows[] = {
	{WEBHOOK_GITEA, "X-Gitea-Event", "X-Gitea-Signature", "", false},
	{WEBHOOK_GOGS, "X-Gogs-Event", "X-Gogs-Signature", "", false},
	{WEBHOOK_GITLAB, "X-Gitlab-Event", "X-Gitlab-Token", "", true},
	{WEBHOOK_GITHUB, "X-GitHub-Event", "X-Hub-Signature-256", "sha256=", false},
	{WEBHOOK_BITBUCKET, "X-Event-Key", "X-Hub-Signature", "sha256=", false},
	{WEBHOOK_GENERIC, NULL, "X-Signature", "sha256=", false},
};

static const struct provider_row *row_of(const struct webhook_request *request)
{
	const struct provider_row *row = rows;

	while (row->event && !*request->header(request->context, row->event))
		row++;
	return row;
}

const char *webhook_provider_name(enum webhook_provider provider)
{
	static const char *const names[] = {"github", "gitlab",    "gitea",
					    "gogs",   "bitbucket", "generic"};

	return names[provider];
}

enum webhook_provider webhook_provider_of(const struct webhook_request *request)
{
	return row_of(request)->provider;
}

const char *webhook_event_name(const struct webhook_request *request)
{
	const char *name = row_of(request)->event;

	return name ? request->header(request->context, name) : "push";
}

int webhook_is_signed(const struct webhook_request *request, struct err *err)
{
	const struct provider_row *row = row_of(request);
	const char *signature = request->header(request->context, row->signature);

	if (!*signature)
		return err_set(err, ERR_DENIED, "no %s: give the webhook a secret", row->signature);
	if (strncmp(signature, row->prefix, strlen(row->prefix)) != 0)
		return err_set(err, ERR_DENIED, "%s does not begin with \"%s\"", row->signature,
			       row->prefix);
	return 0;
}

int webhook_verify(const struct webhook_request *request, const char *secret, struct err *err)
{
	const struct provider_row *row = row_of(request);
	char expected[DIGEST_SHA256_HEX], presented[DIGEST_SHA256_HEX];
	size_t length;

	if (webhook_is_signed(request, err) < 0)
		return -1;
	const char *signature =
		request->header(request->context, row->signature) + strlen(row->prefix);
	if (row->is_plain)
		return digest_is_secret(secret, signature)
			       ? 0
			       : err_set(err, ERR_DENIED, "%s is not the secret", row->signature);
	if (digest_hmac_sha256(secret, strlen(secret), request->body, request->length, expected,
			       err) < 0)
		return -1;
	for (length = 0; length < sizeof(presented) - 1 && signature[length]; length++)
		presented[length] = (char)tolower((unsigned char)signature[length]);
	presented[length] = '\0';
	if (signature[length] || !digest_is_secret(expected, presented))
		return err_set(err, ERR_DENIED, "%s is not that of the body by our secret",
			       row->signature);
	return 0;
}

void webhook_push_release(struct webhook_push *push)
{
	for (size_t i = 0; i < push->repository_count; i++)
		free(push->repositories[i]);
	for (size_t i = 0; i < push->ref_count; i++)
		free(push->refs[i]);
	free(push->repositories);
	free(push->refs);
	free(push->default_branch);
	free(push->what);
	*push = (struct webhook_push){0};
}

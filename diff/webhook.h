/*
 * webhook.h - what a Git server says when something was pushed, as values.
 *
 * Of a request only three things are believed, once its signature holds: that something was pushed,
 * to which repository, and to which refs. It says where to look, never what is there.
 *
 *	GitHub           X-GitHub-Event, X-Hub-Signature-256: sha256=HEX
 *	GitLab           X-Gitlab-Event, X-Gitlab-Token: the secret itself
 *	Gitea, Forgejo   X-Gitea-Event, X-Gitea-Signature: HEX (they say X-GitHub-Event too)
 *	Gogs             X-Gogs-Event, X-Gogs-Signature: HEX
 *	Bitbucket        X-Event-Key, X-Hub-Signature: sha256=HEX (Cloud and Data Center)
 *	anything else    X-Signature: sha256=HEX; the body {"repository": URL, "ref": REF}, either of
 *	                 which may be left out, or nothing
 *
 * HEX is HMAC-SHA256 of the body by the secret.
 */
#ifndef DIFF_WEBHOOK_H
#define DIFF_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/err.h"

#define WEBHOOK_MAX_BYTES        (4u * 1024 * 1024) /* of a body */
#define WEBHOOK_MAX_NODES        150000 /* JSON values in it: 2000 commits with their files */
#define WEBHOOK_MAX_REFS         256    /* of one push; more count as any ref */
#define WEBHOOK_MAX_REPOSITORIES 16     /* names of its repository that are looked at */

enum webhook_provider {
	WEBHOOK_GITHUB,
	WEBHOOK_GITLAB,
	WEBHOOK_GITEA,
	WEBHOOK_GOGS,
	WEBHOOK_BITBUCKET,
	WEBHOOK_GENERIC,
};
#define WEBHOOK_PROVIDER_COUNT (WEBHOOK_GENERIC + 1)

/* "github" */
const char *webhook_provider_name(enum webhook_provider provider);

/* A request; all is borrowed. */
struct webhook_request {
	/* The value of a header, in any case; "" where there is none. */
	const char *(*header)(const void *context, const char *name);
	const void *context;
	const char *body;
	size_t length;
};

/* By its headers. */
enum webhook_provider webhook_provider_of(const struct webhook_request *request);

/* The provider's word for what happened: "push", "Tag Push Hook", "repo:push". */
const char *webhook_event_name(const struct webhook_request *request);

/*
 * Whether the headers bear a signature at all, which can be told before the body is here.
 * ERR_DENIED with the header that is missing.
 */
int webhook_is_signed(const struct webhook_request *request, struct err *err);

/* Whether the signature is that of the body by `secret`, in constant time. ERR_DENIED. */
int webhook_verify(const struct webhook_request *request, const char *secret, struct err *err);

enum webhook_event {
	WEBHOOK_PUSH,
	WEBHOOK_PING,   /* the provider tries whether somebody is there */
	WEBHOOK_IGNORED /* something else happened */
};

struct webhook_push {
	enum webhook_event event;
	char *what; /* the provider's word for the event: "push", "Tag Push Hook" */
	/*
	 * URLs of the repository, as they came. A text without a host ("shop/deploy") is the path
	 * of one whose host is not told. None: any repository.
	 */
	char **repositories;
	size_t repository_count;
	char **refs; /* whole, "refs/heads/main" */
	size_t ref_count;
	bool any_ref;         /* none is told, or too many */
	char *default_branch; /* "main"; NULL: not told */
};
void webhook_push_release(struct webhook_push *push);

/*
 * Reads a request whose signature holds. ERR_INVALID, ERR_LIMIT for a body that is not what the
 * provider sends; ERR_NO_MEMORY.
 */
int webhook_read(const struct webhook_request *request, struct webhook_push *ret_push,
		 struct err *err);

/*
 * Whether somebody who follows `ref` (source.h; NULL: HEAD) of `repo` should look at it now. A
 * repository is known by its path alone, without ".git" and in any case: its server may call itself
 * otherwise than it is called from here (another name, port, or protocol), and a look too many does
 * no harm. A ref that is no name of a branch or tag (a commit, "main~1") may be moved by any push.
 */
bool webhook_follows(const struct webhook_push *push, const char *repo, const char *ref);

#endif

/*
 * source_git_auth.h - libgit2's questions while it talks to a server: who are you, is this the
 * right server, may it go on.
 */
#ifndef AGENT_SOURCE_GIT_AUTH_H
#define AGENT_SOURCE_GIT_AUTH_H

#include <git2.h>

#include "agent/source_credentials.h"
#include "agent/source_git_remote.h"
#include "diff/known_hosts.h"

/* One conversation; the payload of all callbacks. */
struct git_call {
	const struct remote_request *request;
	struct source_credentials credentials; /* all NULL: none were given */
	char *host;                            /* of an SSH URL; NULL for others */
	int port;
	char *known_hosts;      /* text; NULL where there is none */
	char *known_hosts_name; /* as messages have it */
	char *bearer_header;    /* or NULL */
	int attempts;           /* how often we said who we are */
	char *url_password;     /* of the URL, which libgit2 presents by itself; or NULL */
	struct err err;         /* what a callback found, in better words than libgit2's */
};

/* Reads the credentials and the known hosts. */
int git_call_init(struct git_call *call, const struct remote_request *request, struct err *err);
void git_call_release(struct git_call *call);

/* Fills in the callbacks; to be done again for each connection. */
void git_call_prepare(struct git_call *call, git_remote_callbacks *callbacks);

/*
 * Which type of host key to ask an SSH server for: libgit2 looks it up in HOME/.ssh/known_hosts, so
 * HOME becomes a folder in the clone with a line of that type. HOST_KEY_TYPE_COUNT: any.
 */
int git_call_prefer(const struct git_call *call, enum host_key_type type, struct err *err);

/*
 * Makes ca.crt of the credentials the only signers that are trusted, and tls.crt what we show. To
 * be released only after the remote.
 */
int git_call_trust(const struct git_call *call, struct err *err);

/* Puts "***" for what is secret. */
void git_call_mask(const struct git_call *call, struct err *err);

#endif

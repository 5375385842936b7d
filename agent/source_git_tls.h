/*
 * source_git_tls.h - HTTPS with a client certificate. libgit2 1.5 has no option for one, but takes
 * another's TLS in place of its own: this one is OpenSSL's, TLS 1.2 or newer.
 *
 * The server's certificate is checked as without it: signed by ca.crt, or else by the system's
 * list, and for the host of the URL (here also where that is an IP address). Nothing here has a
 * deadline: it is for the process that fetches, which is killed.
 */
#ifndef AGENT_SOURCE_GIT_TLS_H
#define AGENT_SOURCE_GIT_TLS_H

#include "agent/source_credentials.h"

/*
 * From now on all HTTPS connections of libgit2 in this process present tls.crt and tls.key of the
 * credentials, which have both; `folder` is their name in messages. ERR_INVALID: one of the files
 * is not what it should be, or the key is not the certificate's.
 */
int git_tls_begin(const struct source_credentials *credentials, const char *folder,
		  struct err *err);

/* Once no remote is open any more; also where nothing was begun. */
void git_tls_end(void);

#endif

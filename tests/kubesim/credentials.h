/*
 * credentials.h - what a client needs to trust the server and to be trusted: a certificate made
 * for this run, and a token.
 */
#ifndef TESTS_KUBESIM_CREDENTIALS_H
#define TESTS_KUBESIM_CREDENTIALS_H

#include <stdint.h>

#include "diff/err.h"

struct credentials {
	char *certificate; /* PEM; signs itself, for localhost and 127.0.0.1 */
	char *private_key; /* PEM */
	char *token;
};

/* New ones each time, good for ten years. ERR_INTERNAL if the library refuses. */
int credentials_make(struct credentials *ret_credentials, struct err *err);
void credentials_release(struct credentials *credentials);

/*
 * Writes a kubeconfig with one context, `kubesim`, readable by the owner only, so that it is there
 * whole or not at all. ERR_INVALID "PATH: ..." if it cannot be written.
 */
int credentials_write_kubeconfig(const struct credentials *credentials, const char *server_url,
				 const char *path, struct err *err);

#endif

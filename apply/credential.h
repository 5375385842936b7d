/*
 * credential.h - what proves who we are: a bearer token, or a client certificate with its key.
 */
#ifndef APPLY_CREDENTIAL_H
#define APPLY_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/err.h"

#define CREDENTIAL_MAX_TOKEN_BYTES (64u * 1024)

/* Strings are owned; NULL: none. Zero-initialised is nothing at all. */
struct credential {
	char *token;
	char *cert_pem, *key_pem;
	int64_t expires_at_ms; /* Unix time; INT64_MAX: never, or it is not known */
};

void credential_release(struct credential *credential);

/* Whether a text could be a token: printable ASCII without blanks, within the cap, not empty. */
bool credential_is_token(const char *text);

/* Frees a secret text and leaves nothing of it in the memory. NULL is fine. */
void secret_free(char *text);

#endif

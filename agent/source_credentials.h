/*
 * source_credentials.h - how a Git source says who it is: a folder as a mounted Secret has it, with
 * the key names that Flux uses.
 *
 *	username, password   HTTPS basic; over SSH with no identity, a password login
 *	bearerToken          HTTPS, "Authorization: Bearer"
 *	ca.crt               who signs the HTTPS server's certificate, instead of the system's list
 *	tls.crt, tls.key     HTTPS: the certificate that we show, with those between it and its CA
 *	                     if there are any, and its key; both PEM, the key without a passphrase
 *	identity             an SSH private key; `password` is its passphrase
 *	identity.pub         its public half, which is otherwise derived
 *	known_hosts          the SSH servers' keys, instead of ~/.ssh/known_hosts
 *
 * One line break at the end of username, password and bearerToken is no part of them.
 */
#ifndef AGENT_SOURCE_CREDENTIALS_H
#define AGENT_SOURCE_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/err.h"

#define CREDENTIALS_MAX_BYTES (1024u * 1024) /* of one file */

/* NULL: the folder has no such key. */
struct source_credentials {
	char *username;
	char *password;
	char *bearer_token;
	char *identity;
	char *identity_pub;
	char *known_hosts;
	char *ca_certificate;
	char *tls_certificate; /* both or none */
	char *tls_key;
};

/*
 * Reads the folder as it is now. All of it is read from one state of the Secret: where there is a
 * `..data` link, which Kubernetes swaps, it is followed once. Errors: ERR_NOT_FOUND for no folder
 * or none of the keys in it; ERR_DENIED; ERR_LIMIT; ERR_INVALID for what contradicts itself, or is
 * half of a pair.
 */
int source_credentials_read(const char *folder, struct source_credentials *ret_credentials,
			    struct err *err);

/* Wipes the secrets from memory, too. */
void source_credentials_release(struct source_credentials *credentials);

/* Puts "***" in place of each secret that stands in the text. */
void source_credentials_mask(const struct source_credentials *credentials, char *text);

/* The same for one secret; NULL is none. Very short ones stand in too many words, and are left. */
void mask_secret(char *text, const char *secret);

#endif

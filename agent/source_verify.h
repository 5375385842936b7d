/*
 * source_verify.h - whether a commit or tag is signed by one of the keys in a folder.
 *
 *	*.pub			SSH public keys
 *	allowed_signers		SSH keys as ssh-keygen(1), ALLOWED SIGNERS has them, with their limits
 *	*.gpg, *.asc		OpenPGP public keys, binary or armoured
 *
 * ssh-keygen and gpgv do the checking, as children with a deadline. Whatever goes wrong on the way,
 * a program that is missing included, is an error, never a good signature.
 */
#ifndef AGENT_SOURCE_VERIFY_H
#define AGENT_SOURCE_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"

#define VERIFY_MS             20000              /* for each run of a program */
#define VERIFY_MAX_KEYS_BYTES (4u * 1024 * 1024) /* of all keys together */

/* Borrowed. */
struct signed_text {
	const char *what;      /* as messages have it: "main@1234567" */
	const char *signature; /* armoured; NULL or "": there is none */
	const char *payload;   /* what is signed */
	size_t payload_length;
	int64_t when_s; /* what it says itself of when it was made: Unix time */
};

/*
 * The keys are read anew. `scratch` is a folder for temporary files; NULL: $TMPDIR or /tmp. Errors:
 * ERR_DENIED where it is not signed, or not by one of the keys; ERR_NOT_FOUND for no folder or no
 * key of that kind in it; ERR_UNSUPPORTED for a kind of signature that is not known, or a missing
 * program; ERR_TRANSIENT for one that does not end; ERR_LIMIT.
 */
int source_verify(const char *keys_folder, const char *scratch, const struct signed_text *text,
		  struct err *err);

#endif

/*
 * digest_mac.h - keyed digests of bytes (HMAC, RFC 2104).
 */
#ifndef DIFF_DIGEST_MAC_H
#define DIFF_DIGEST_MAC_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/err.h"

#define DIGEST_SHA1_BYTES   20
#define DIGEST_SHA256_BYTES 32
#define DIGEST_SHA256_HEX   65 /* the same in hex and the NUL */

/* For the hashed names of known_hosts. ERR_INTERNAL where libcrypto refuses. */
int digest_hmac_sha1(const void *key, size_t key_length, const void *bytes, size_t length,
		     unsigned char ret_mac[DIGEST_SHA1_BYTES], struct err *err);

/* In lower-case hex, as webhooks are signed. ERR_INTERNAL as above. */
int digest_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
		       char ret_hex[DIGEST_SHA256_HEX], struct err *err);

/*
 * Whether the texts are equal, in a time that tells nothing of where they differ, nor how long
 * `secret` is. False also where libcrypto refuses.
 */
bool digest_is_secret(const char *secret, const char *presented);

#endif

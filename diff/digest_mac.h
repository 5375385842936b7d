/*
 * digest_mac.h - keyed digests of bytes (HMAC, RFC 2104).
 */
#ifndef DIFF_DIGEST_MAC_H
#define DIFF_DIGEST_MAC_H

#include <stddef.h>

#include "diff/err.h"

#define DIGEST_SHA1_BYTES 20

/* For the hashed names of known_hosts, which are made of it. ERR_INTERNAL where libcrypto refuses. */
int digest_hmac_sha1(const void *key, size_t key_length, const void *bytes, size_t length,
		     unsigned char ret_mac[DIGEST_SHA1_BYTES], struct err *err);

#endif

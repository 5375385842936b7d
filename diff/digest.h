/*
 * digest.h - a short fingerprint of a JSON value, equal for values that json_equal calls equal.
 */
#ifndef DIFF_DIGEST_H
#define DIFF_DIGEST_H

#include "diff/json.h"

#define DIGEST_HEX_SIZE 33 /* 128 bits in hex and the NUL */

/*
 * SHA-256, cut to 128 bits, over the value's compact JSON with sorted keys. ERR_NO_MEMORY;
 * ERR_INTERNAL where libcrypto refuses SHA-256.
 */
int digest_json(const cJSON *value, char ret_hex[DIGEST_HEX_SIZE], struct err *err);

#endif

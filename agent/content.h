/*
 * content.h - a fingerprint of what a file holds, or the files of a folder.
 */
#ifndef AGENT_CONTENT_H
#define AGENT_CONTENT_H

#include "diff/digest_mac.h"

#define CONTENT_MAX_FILES 1000 /* of a folder; others do not count */

/*
 * Of a file its bytes; of a folder the names and bytes of its files, those with a dot in front
 * passed over; where it cannot be read, why. Equal for what is equal. ERR_NO_MEMORY; ERR_INTERNAL
 * where libcrypto refuses.
 */
int content_fingerprint(const char *path, size_t max_bytes, char ret_hex[DIGEST_SHA256_HEX],
			struct err *err);

#endif

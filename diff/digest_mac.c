#include "diff/digest_mac.h"

#include <openssl/hmac.h>

int digest_hmac_sha1(const void *key, size_t key_length, const void *bytes, size_t length,
		     unsigned char ret_mac[DIGEST_SHA1_BYTES], struct err *err)
{
	unsigned int written = DIGEST_SHA1_BYTES;

	if (!HMAC(EVP_sha1(), key, (int)key_length, bytes, length, ret_mac, &written))
		return err_set(err, ERR_INTERNAL, "HMAC-SHA1 failed");
	return 0;
}

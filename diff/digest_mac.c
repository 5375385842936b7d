#include "diff/digest_mac.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

int digest_hmac_sha1(const void *key, size_t key_length, const void *bytes, size_t length,
		     unsigned char ret_mac[DIGEST_SHA1_BYTES], struct err *err)
{
	unsigned int written = DIGEST_SHA1_BYTES;

	if (!HMAC(EVP_sha1(), key, (int)key_length, bytes, length, ret_mac, &written))
		return err_set(err, ERR_INTERNAL, "HMAC-SHA1 failed");
	return 0;
}

int digest_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
		       char ret_hex[DIGEST_SHA256_HEX], struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[DIGEST_SHA256_BYTES];
	unsigned int written = sizeof(mac);

	if (!HMAC(EVP_sha256(), key, (int)key_length, bytes, length, mac, &written))
		return err_set(err, ERR_INTERNAL, "HMAC-SHA256 failed");
	for (size_t i = 0; i < sizeof(mac); i++) {
		ret_hex[2 * i] = digits[mac[i] >> 4];
		ret_hex[2 * i + 1] = digits[mac[i] & 15];
	}
	ret_hex[2 * sizeof(mac)] = '\0';
	return 0;
}

/* Digests are compared, which have one length and cannot be chosen to agree in part. */
bool digest_is_secret(const char *secret, const char *presented)
{
	static const char key[] = "tranche";
	char ours[DIGEST_SHA256_HEX], theirs[DIGEST_SHA256_HEX];
	struct err ignored;

	return digest_hmac_sha256(key, sizeof(key), secret, strlen(secret), ours, &ignored) == 0 &&
	       digest_hmac_sha256(key, sizeof(key), presented, strlen(presented), theirs,
				  &ignored) == 0 &&
	       CRYPTO_memcmp(ours, theirs, sizeof(ours)) == 0;
}

#include "diff/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#define FLUSH_BYTES    8192
#define MAX_TEXT_BYTES (64u * 1024 * 1024) /* of one scalar */
#define DIGEST_BYTES   ((DIGEST_HEX_SIZE - 1) / 2)

struct hasher {
	EVP_MD_CTX *context;
	struct buf pending; /* text not yet hashed */
	struct err *err;
};

static int flush(struct hasher *hasher)
{
	if (buf_check(&hasher->pending, "a value", hasher->err) < 0)
		return -1;
	if (EVP_DigestUpdate(hasher->context, buf_str(&hasher->pending), hasher->pending.length) !=
	    1)
		return err_set(hasher->err, ERR_INTERNAL, "SHA-256 failed");
	buf_clear(&hasher->pending);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;

	return strcmp((*left)->string, (*right)->string);
}

/* The members of an object, or the items of a list, in the order in which they are hashed. */
static const cJSON **ordered_children(const cJSON *value, size_t *ret_count)
{
	const cJSON *child;
	size_t count = 0;

	json_each (child, value)
		count++;
	const cJSON **children = calloc(count ? count : 1, sizeof(*children));
	if (!children)
		return NULL;
	count = 0;
	json_each (child, value)
		children[count++] = child;
	if (cJSON_IsObject(value))
		qsort(children, count, sizeof(*children), by_key);
	*ret_count = count;
	return children;
}

static int hash(struct hasher *hasher, const cJSON *value);

static int hash_children(struct hasher *hasher, const cJSON *value)
{
	bool is_object = cJSON_IsObject(value);
	size_t count = 0;
	CLEANUP(free_p) const cJSON **children = ordered_children(value, &count);

	if (!children)
		return err_no_memory(hasher->err);
	buf_putc(&hasher->pending, is_object ? '{' : '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(&hasher->pending, ',');
		if (is_object) {
			json_print_string(children[i]->string, &hasher->pending);
			buf_putc(&hasher->pending, ':');
		}
		if (hash(hasher, children[i]) < 0)
			return -1;
	}
	buf_putc(&hasher->pending, is_object ? '}' : ']');
	return 0;
}

static int hash(struct hasher *hasher, const cJSON *value)
{
	int64_t integer;

	if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
		if (hash_children(hasher, value) < 0)
			return -1;
	} else if (json_int_value(value, &integer)) {
		/* One text for one value: -0.0 and 0, 2^60 as a double and as an integer. */
		buf_printf(&hasher->pending, "%" PRId64, integer);
	} else {
		json_print(value, &hasher->pending);
	}
	return hasher->pending.length < FLUSH_BYTES ? 0 : flush(hasher);
}

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void release_pending(struct hasher *hasher)
{
	buf_release(&hasher->pending);
}

int digest_json(const cJSON *value, char ret_hex[DIGEST_HEX_SIZE], struct err *err)
{
	CLEANUP(free_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
	CLEANUP(release_pending)
	struct hasher hasher = {
		.context = context,
		.pending = BUF_INIT(MAX_TEXT_BYTES),
		.err = err,
	};
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!context)
		return err_no_memory(err);
	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return err_set(err, ERR_INTERNAL, "SHA-256 is not available");
	if (hash(&hasher, value) < 0 || flush(&hasher) < 0)
		return -1;
	if (EVP_DigestFinal_ex(context, digest, NULL) != 1)
		return err_set(err, ERR_INTERNAL, "SHA-256 failed");
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

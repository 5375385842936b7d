#include "diff/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#define FLUSH_BYTES    8192
#define FEW_MEMBERS    32
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

/* Few members, which most objects have and which mostly come in order, need no more than this. */
static void sort_few(const cJSON **members, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const cJSON *member = members[i];
		size_t at = i;

		for (; at > 0 && strcmp(members[at - 1]->string, member->string) > 0; at--)
			members[at] = members[at - 1];
		members[at] = member;
	}
}

static int hash(struct hasher *hasher, const cJSON *value);

static int hash_list(struct hasher *hasher, const cJSON *list)
{
	const cJSON *item;

	buf_putc(&hasher->pending, '[');
	json_each (item, list) {
		if (item != list->child)
			buf_putc(&hasher->pending, ',');
		if (hash(hasher, item) < 0)
			return -1;
	}
	buf_putc(&hasher->pending, ']');
	return 0;
}

static int hash_members(struct hasher *hasher, const cJSON **members, size_t count)
{
	buf_putc(&hasher->pending, '{');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(&hasher->pending, ',');
		json_print_string(members[i]->string, &hasher->pending);
		buf_putc(&hasher->pending, ':');
		if (hash(hasher, members[i]) < 0)
			return -1;
	}
	buf_putc(&hasher->pending, '}');
	return 0;
}

static int hash_many(struct hasher *hasher, const cJSON *object, size_t count)
{
	CLEANUP(free_p) const cJSON **members = calloc(count, sizeof(*members));
	const cJSON *member;

	if (!members)
		return err_no_memory(hasher->err);
	count = 0;
	json_each (member, object)
		members[count++] = member;
	qsort(members, count, sizeof(*members), by_key);
	return hash_members(hasher, members, count);
}

/* The members in the order of their keys. */
static int hash_object(struct hasher *hasher, const cJSON *object)
{
	const cJSON *few[FEW_MEMBERS] = {NULL}, *member;
	size_t count = 0;

	json_each (member, object) {
		if (count < FEW_MEMBERS)
			few[count] = member;
		count++;
	}
	if (count > FEW_MEMBERS)
		return hash_many(hasher, object, count);
	sort_few(few, count);
	return hash_members(hasher, few, count);
}

static int hash(struct hasher *hasher, const cJSON *value)
{
	int64_t integer;

	if (cJSON_IsObject(value)) {
		if (hash_object(hasher, value) < 0)
			return -1;
	} else if (cJSON_IsArray(value)) {
		if (hash_list(hasher, value) < 0)
			return -1;
	} else if (json_int_value(value, &integer)) {
		/* One text for one value: -0.0 and 0, 2^60 as a double and as an integer. */
		buf_put_int(&hasher->pending, integer);
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
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!context)
		return err_no_memory(err);
	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return err_set(err, ERR_INTERNAL, "SHA-256 is not available");
	if (hash(&hasher, value) < 0 || flush(&hasher) < 0)
		return -1;
	if (EVP_DigestFinal_ex(context, digest, NULL) != 1)
		return err_set(err, ERR_INTERNAL, "SHA-256 failed");
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		ret_hex[2 * i] = hex[digest[i] >> 4];
		ret_hex[2 * i + 1] = hex[digest[i] & 15];
	}
	ret_hex[2 * DIGEST_BYTES] = '\0';
	return 0;
}

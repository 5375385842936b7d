#include "agent/shard.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A number without a sign, at most `max`; false for anything else. */
static bool read_number(const char *text, size_t length, int64_t max, int64_t *ret_number)
{
	int64_t number = 0;

	if (length == 0 || length > 9)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		number = number * 10 + (text[i] - '0');
	}
	*ret_number = number;
	return number <= max;
}

static bool read_ordinal(const char *hostname, int64_t *ret_index)
{
	const char *dash = strrchr(hostname, '-');

	return dash && read_number(dash + 1, strlen(dash + 1), SHARD_MAX_COUNT - 1, ret_index);
}

int shard_parse(const char *text, const char *hostname, struct config_shard *ret_shard,
		struct err *err)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : 0;
	struct config_shard shard = {0};

	if (!slash || !read_number(slash + 1, strlen(slash + 1), SHARD_MAX_COUNT, &shard.count) ||
	    shard.count == 0)
		return err_set(err, ERR_INVALID,
			       "\"%s\" is no shard: write INDEX/COUNT or auto/COUNT, such as 0/3",
			       text);
	if (length == 4 && strncmp(text, "auto", 4) == 0) {
		if (!read_ordinal(hostname, &shard.index))
			return err_set(
				err, ERR_INVALID,
				"\"%s\" needs a host name that ends in a number, as the Pods of "
				"a StatefulSet have: this is \"%s\"",
				text, hostname);
	} else if (!read_number(text, length, SHARD_MAX_COUNT, &shard.index))
		return err_set(err, ERR_INVALID,
			       "\"%s\" is no shard: write INDEX/COUNT or auto/COUNT, such as 0/3",
			       text);
	if (shard.index >= shard.count)
		return err_set(err, ERR_INVALID,
			       "there is no shard %" PRId64 " of %" PRId64
			       ": they are numbered from 0 to %" PRId64,
			       shard.index, shard.count, shard.count - 1);
	*ret_shard = shard;
	return 0;
}

bool shard_is_split(const struct config_shard *shard)
{
	return shard->count > 1;
}

/* FNV-1a of 64 bits, stirred so that names that differ in their last letter only end up apart. */
static uint64_t hash(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
	hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
	return hash ^ (hash >> 33);
}

int64_t shard_of(const char *app, int64_t count)
{
	uint64_t key = hash(app);
	int64_t shard = 0;

	for (int64_t next = 0; next < count;) {
		shard = next;
		key = key * 2862933555777941757u + 1;
		next = (int64_t)((double)(shard + 1) *
				 ((double)(1ll << 31) / (double)((key >> 33) + 1)));
	}
	return shard;
}

bool shard_has(const struct config_shard *shard, const char *app)
{
	return !shard_is_split(shard) || shard_of(app, shard->count) == shard->index;
}

void shard_print_lease(const struct config_shard *shard, const char *lease, struct buf *out)
{
	buf_puts(out, lease);
	if (shard_is_split(shard))
		buf_printf(out, "-shard-%" PRId64, shard->index);
}

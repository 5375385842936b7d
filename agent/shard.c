#include "agent/shard.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "diff/hash.h"

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

/* Stirred, so that names that differ in their last letter only end up apart. */
static uint64_t hash_name(const char *name)
{
	uint64_t hash = hash_bytes(HASH_SEED, name, strlen(name));

	hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
	hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
	return hash ^ (hash >> 33);
}

int64_t shard_of(const char *app, int64_t count)
{
	uint64_t key = hash_name(app);
	int64_t shard = 0;

	for (int64_t next = 0; next < count;) {
		shard = next;
		key = key * 2862933555777941757u + 1;
		next = (int64_t)((double)(shard + 1) *
				 ((double)(1LL << 31) / (double)((key >> 33) + 1)));
	}
	return shard;
}

/* Of the apps that are connected with this one, the first by name. */
static size_t find_first(const size_t *first, size_t app)
{
	while (first[app] != app)
		app = first[app];
	return app;
}

static void connect(const struct config *config, size_t *first, size_t a, size_t b)
{
	a = find_first(first, a);
	b = find_first(first, b);
	if (strcmp(config->apps[a].name, config->apps[b].name) < 0)
		first[b] = a;
	else
		first[a] = b;
}

static void connect_all(const struct config *config, size_t *first)
{
	for (size_t i = 0; i < config->app_count; i++)
		first[i] = i;
	for (size_t i = 0; i < config->app_count; i++) {
		const struct config_strings *names = &config->apps[i].depends_on;

		for (size_t k = 0; k < names->count; k++) {
			const struct config_app *other = config_find_app(config, names->items[k]);

			if (other)
				connect(config, first, i, (size_t)(other - config->apps));
		}
	}
}

int shard_take(struct config *config, struct err *err)
{
	const struct config_shard *shard = &config->shard;
	CLEANUP(free_p) size_t *first = calloc(config->app_count + 1, sizeof(*first));
	CLEANUP(free_p) bool *ours = calloc(config->app_count + 1, sizeof(*ours));
	size_t kept = 0;

	if (!first || !ours)
		return err_no_memory(err);
	if (!shard_is_split(shard))
		return 0;
	connect_all(config, first);
	for (size_t i = 0; i < config->app_count; i++) {
		const char *name = config->apps[find_first(first, i)].name;

		ours[i] = shard_of(name, shard->count) == shard->index;
	}
	for (size_t i = 0; i < config->app_count; i++)
		if (ours[i])
			config->apps[kept++] = config->apps[i];
		else
			config_app_release(&config->apps[i]);
	config->app_count = kept;
	return 0;
}

void shard_print_lease(const struct config_shard *shard, const char *lease, struct buf *out)
{
	buf_puts(out, lease);
	if (shard_is_split(shard))
		buf_printf(out, "-shard-%" PRId64, shard->index);
}

/*
 * shard.h - several agents share the apps of one configuration: which of them an app belongs to.
 *
 * By the name alone, so that all of them agree without asking each other; where their number
 * changes from n to n + 1, one app of n + 1 moves and no other (jump consistent hash, Lamping and
 * Veach 2014). The agents of one shard elect their leader by a Lease of its own.
 */
#ifndef AGENT_SHARD_H
#define AGENT_SHARD_H

#include "agent/config.h"
#include "diff/buf.h"

#define SHARD_MAX_COUNT 1000

/*
 * Reads "INDEX/COUNT" with an index from 0 on, or "auto/COUNT": the index is what `hostname` ends
 * in after its last dash, as in the Pods of a StatefulSet. ERR_INVALID.
 */
int shard_parse(const char *text, const char *hostname, struct config_shard *ret_shard,
		struct err *err);

/* Whether there are several, and the one that the app belongs to. */
bool shard_is_split(const struct config_shard *shard);
int64_t shard_of(const char *app, int64_t count);

/*
 * Leaves in the configuration only the apps that are this agent's. Apps that depend on each other
 * stay together: all go where the one goes whose name is first. ERR_NO_MEMORY.
 */
int shard_take(struct config *config, struct err *err);

/* Appends the name of the shard's Lease: "tranche", or of several shards "tranche-shard-2". */
void shard_print_lease(const struct config_shard *shard, const char *lease, struct buf *out);

#endif

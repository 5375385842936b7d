/*
 * hash.h - a number for a text: to tell whether it is another one than before, and to share things
 * out by, the objects of an inventory to its parts and apps to shards.
 *
 * It stays as it is: inventories in clusters are split by it, and agents of two versions have to
 * agree on the shards.
 *
 * Texts with equal hashes are easily made. So nothing that a stranger names is looked up by it
 * (names from Git are sorted, as in manifest_check.c), and what must not be forged has a digest
 * (digest.h).
 */
#ifndef DIFF_HASH_H
#define DIFF_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SEED 14695981039346656037u

/* FNV-1a of 64 bits, begun with the seed or gone on with what came before. */
static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length--)
		hash = (hash ^ *at++) * 1099511628211u;
	return hash;
}

#endif

/*
 * hash.h - a number for a text, to find it by or to tell whether it is another one now; not for what a
 * stranger may choose (digest.h).
 */
#ifndef DIFF_HASH_H
#define DIFF_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SEED 14695981039346656037u

/* FNV-1a, begun with the seed or gone on with what came before. */
static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length--)
		hash = (hash ^ *at++) * 1099511628211u;
	return hash;
}

#endif

/*
 * pointer.h - JSON pointers (RFC 6901): a value within another, by the keys and places that lead to
 * it.
 *
 *	/spec/replicas
 *	/metadata/annotations/example.com~1x			~1 is '/', ~0 is '~'
 *	/spec/template/spec/containers/0/image			a list item by its index
 *	/spec/template/spec/containers/[name=web]/image		or by one of its members
 *
 * The last form is not the RFC's but kustomize's for an item in a field path: an index means
 * another item as soon as one is put in front.
 */
#ifndef DIFF_POINTER_H
#define DIFF_POINTER_H

#include "diff/json.h"

#define POINTER_MAX_STEPS 64

/* Zero-initialised leads to the whole value. */
struct pointer {
	char *steps[POINTER_MAX_STEPS]; /* unescaped */
	size_t count;
};

/*
 * Reads a pointer of `length` bytes. ERR_INVALID where it is not empty and begins with something
 * else than '/', or '~' is followed by neither 0 nor 1; ERR_LIMIT above POINTER_MAX_STEPS.
 */
int pointer_parse(const char *text, size_t length, struct pointer *ret_pointer, struct err *err);
void pointer_release(struct pointer *pointer);

/* Whether a step could name an item of a list: an index without leading zeros, or [KEY=VALUE]. */
bool pointer_names_item(const char *step);

/* What one step leads to from an object or a list, or all of them. NULL where there is nothing. */
cJSON *pointer_step(const cJSON *value, const char *step);
cJSON *pointer_get(const struct pointer *pointer, const cJSON *root);

/*
 * Makes the value that the pointer leads to in `root` a copy of the one in `from`: where that has
 * none, it goes. Objects on the way that only `from` has are made; a list or an item of one on the
 * way is not, and then nothing is done. Not for the empty pointer.
 */
int pointer_carry(const struct pointer *pointer, cJSON *root, const cJSON *from, struct err *err);

/* Takes the value out of its object, or puts null in its place in a list; missing is fine. */
int pointer_blank(const struct pointer *pointer, cJSON *root, struct err *err);

#endif

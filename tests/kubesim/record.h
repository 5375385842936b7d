/*
 * record.h - one version of one object, counted and shared.
 *
 * An object never changes once it is stored: the next version is another record. The store, its
 * history, watches and controllers hold the same ones.
 */
#ifndef TESTS_KUBESIM_RECORD_H
#define TESTS_KUBESIM_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "diff/json.h"

/*
 * Where an object stands. `resource` is the plural of URLs; `namespace` is "" if it has none. The
 * strings are borrowed, and may be the object's own.
 */
struct key {
	const char *group, *resource, *namespace, *name;
};

struct record {
	const cJSON *object; /* whole, with apiVersion, kind and metadata.resourceVersion */
	struct key key;      /* lives as long as the record */
	uint64_t version;    /* metadata.resourceVersion as a number */
	unsigned references; /* private, as is what follows */
	char *text;
	size_t text_length;
};

/*
 * Takes the object, copies the key. Version 0 is for what the store does not hold: the result of a
 * dry run, or what is made for output only.
 */
struct record *record_new(const struct key *key, cJSON *take_object, uint64_t version);

struct record *record_hold(struct record *record);

/* NULL is fine. */
void record_drop(struct record *record);
DEFINE_FREE_P(struct record, record_drop);

/* The object as compact JSON, printed once and kept. */
const char *record_text(struct record *record, size_t *ret_length);

/* A list of held records in the order of namespace and name. */
struct records {
	struct record **items;
	size_t count;
};

/* Appends the record, held once more. */
void records_add(struct records *records, struct record *record);
void records_release(struct records *records);

#endif

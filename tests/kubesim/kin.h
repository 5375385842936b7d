/*
 * kin.h - the objects of the store by their uids, and by those of their owners.
 *
 * Each object that comes or goes is asked for by uid (gc.h): without this it would be a search through all of them,
 * and the end of a Namespace with thousands of objects one that keeps the server from answering.
 */
#ifndef TESTS_KUBESIM_KIN_H
#define TESTS_KUBESIM_KIN_H

#include "tests/kubesim/record.h"

struct relative;

/* All zero is empty. */
struct kin {
	struct relative **buckets;
	size_t bucket_count, count;
};

void kin_release(struct kin *kin);

/* The object is there. Holds the record. */
void kin_add(struct kin *kin, struct record *record);

/* It is not any more; `record` is the one that was added. */
void kin_remove(struct kin *kin, struct record *record);

/* The object with this uid, borrowed, or NULL. */
struct record *kin_find(const struct kin *kin, const char *uid);

/* Those that have an ownerReference with this uid, by resource, namespace and name. */
void kin_list_dependents(const struct kin *kin, const char *uid, struct records *ret_records);

#endif

/*
 * compare_list.h - which item of one list is which of another.
 */
#ifndef DIFF_COMPARE_LIST_H
#define DIFF_COMPARE_LIST_H

#include "diff/schema.h"

#define LIST_NO_TWIN SIZE_MAX

/* An item of one of the two lists. */
struct list_item {
	const cJSON *value;
	char *label; /* what tells it apart; NULL if the two lists go by index */
	size_t twin; /* the index of the same item in the other list, or LIST_NO_TWIN */
	bool moved;  /* of an item of `to`: it passed others that stayed in order */
};

struct list_pairs {
	struct list_item *from, *to;
	size_t from_count, to_count;
};

/* Whether two items are the same value. */
struct list_equality {
	bool (*equal)(const cJSON *from, const cJSON *to, void *ctx);
	void *ctx;
};

/*
 * Pairs the items of two lists of this type: by label where all items have one of their own, else
 * in the way that leaves most items alone (a longest common subsequence), equal ones that are out
 * of order with each other, and what is left between two such in its order. *ret_pairs is released
 * with list_pairs_release. ERR_NO_MEMORY.
 */
int list_pairs_make(const struct schema_field *type, const cJSON *from, const cJSON *to,
		    const struct list_equality *equality, struct list_pairs *ret_pairs,
		    struct err *err);
void list_pairs_release(struct list_pairs *pairs);

#endif

/*
 * inventory_private.h - what the files of an inventory share.
 *
 *	inventory.c         the value: what is noted of the app, its entries
 *	inventory_digest.c  the digests that entries hold
 *	inventory_text.c    as JSON: the head, one part
 *	inventory_split.c   how many parts, and which entry is in which
 *	inventory_map.c     as ConfigMaps: names, labels, what is read from one
 *	inventory_load.c    from the cluster
 *	inventory_save.c    into the cluster
 *	inventory_list.c    of all apps
 */
#ifndef APPLY_INVENTORY_PRIVATE_H
#define APPLY_INVENTORY_PRIVATE_H

#include "apply/inventory.h"

#define INVENTORY_MAX_PARTS 1024
#define INVENTORY_SET_SIZE  13 /* of a set's name: twelve hexadecimal digits and the NUL */

/* Puts a copy of `value` (NULL: "") in place of *text. */
int inventory_set_text(char **text, const char *value, struct err *err);

void inventory_entry_release(struct inventory_entry *entry);

/* Fills in the texts, copied into one allocation; NULL counts as "". Nothing else is touched. */
int inventory_entry_set_texts(struct inventory_entry *entry, const struct ref *ref, const char *uid,
			      const char *desired, const char *live, struct err *err);

/* Puts the entry in, in place of one of the same object; takes what is in it. Marks nothing. */
int inventory_put_entry(struct inventory *inventory, struct inventory_entry *take, struct err *err);

void inventory_part_release(struct inventory_part *part);

/* --- inventory_split.c ------------------------------------------------------------------------ */

/* Which of `part_count` parts an entry of the object is in. */
size_t inventory_part_of(const struct ref *ref, size_t part_count);

/* Sorts the entries into so many parts, of which nothing is in the cluster. All or nothing. */
int inventory_split(struct inventory *inventory, size_t part_count, struct err *err);

/*
 * Splits or joins, where what has changed since the last time makes that worthwhile. One part means
 * that all fits into the head.
 */
int inventory_balance(struct inventory *inventory, struct err *err);

/* Names the set that is to be written next: later than the one before it. */
int inventory_next_set(struct inventory *inventory, struct err *err);

/* --- inventory_text.c ------------------------------------------------------------------------- */

/* The head's text, with the entries in it where there is one part; else without. */
int inventory_print_head(const struct inventory *inventory, struct buf *out, struct err *err);

/* A part's text, and from one. */
int inventory_print_part(const struct inventory *inventory, size_t index, struct buf *out,
			 struct err *err);
int inventory_parse_part(struct inventory *inventory, size_t index, const char *text, size_t length,
			 struct err *err);

/* How many bytes the part's entries have as text. */
int inventory_measure(const struct inventory_part *part, size_t *ret_bytes, struct err *err);

/* --- inventory_map.c -------------------------------------------------------------------------- */

/* The ConfigMaps' names. The caller frees them; NULL when memory runs out. */
char *inventory_head_name(const char *app);
char *inventory_part_name(const struct inventory *inventory, size_t index);

/* Whether the ConfigMap is a part of a set that is older than the inventory's. */
bool inventory_is_outdated(const struct inventory *inventory, const char *name);

/* As it is sent, with its resourceVersion where it has one; the whole inventory, or the head. */
int inventory_make_head(const struct inventory *inventory, const char *namespace,
			cJSON **ret_config_map, struct err *err);
int inventory_make_part(const struct inventory *inventory, size_t index, const char *namespace,
			cJSON **ret_config_map, struct err *err);

/* The head of that app with the history, and a part of the head's, from what the server sent. */
int inventory_take_head(const cJSON *config_map, const char *app, struct inventory *ret_inventory,
			struct err *err);
int inventory_take_part(const cJSON *config_map, size_t index, struct inventory *inventory,
			struct err *err);

#endif

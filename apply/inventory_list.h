/*
 * inventory_list.h - the inventories of all apps in a namespace, for a look at what they remember.
 */
#ifndef APPLY_INVENTORY_LIST_H
#define APPLY_INVENTORY_LIST_H

#include "apply/inventory.h"

/* An entry with a uid. */
struct inventories_uid {
	const struct inventory_entry *entry;
	const struct inventory *inventory;
};

struct inventories {
	struct inventory *items; /* by name of the ConfigMap */
	size_t count, capacity;
	struct inventories_uid *uids; /* sorted, of all those that were listed */
	size_t uid_count;
	struct err unreadable; /* why one of them could not be read; ERR_NONE: all could */
};

void inventories_release(struct inventories *inventories);

/*
 * What is remembered of the object's promotion by whichever app owns it; NULL: by none. Borrowed.
 */
const struct promotion_record *inventories_find(const struct inventories *inventories,
						const struct ref *ref);

/*
 * The inventory of another app that has the object, by this ref or, unless that is "", by its uid
 * (the server may offer it in two groups), and has not seen it leave its Git: a suspended one
 * before others; NULL: none. Borrowed. The one that asks is `app` with its inventory in
 * `namespace`.
 */
const struct inventory *inventories_find_owner(const struct inventories *inventories,
					       const struct ref *ref, const char *uid,
					       const char *app, const char *namespace);

/*
 * Lists the ConfigMaps with app.kubernetes.io/managed-by: tranche in the namespace ("": in all).
 * One that cannot be read as an inventory is passed over; `unreadable` tells. The callback takes
 * what is in *inventories by copying the struct and zeroing it; what it leaves is released. Its id,
 * or 0 with *err.
 */
uint64_t inventory_list(struct cluster *cluster, const char *namespace,
			void (*on_listed)(void *ctx, const struct err *err,
					  struct inventories *inventories),
			void *ctx, struct err *err);

#endif

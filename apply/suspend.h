/*
 * suspend.h - an app suspended or resumed, in its inventory.
 *
 * Whoever syncs it, wherever that runs, reads the inventory before it writes anything, and so heeds
 * it.
 */
#ifndef APPLY_SUSPEND_H
#define APPLY_SUSPEND_H

#include "apply/cluster.h"
#include "apply/inventory.h"

struct suspend_order {
	const char *namespace, *app;
	bool suspends; /* else it resumes */
	const char *by;
	const char *reason; /* NULL: none */
	bool anew;          /* also where the app was never synced: its inventory is begun */
};

/*
 * Reads the inventory, notes the order and an entry in its history, and saves it; again where
 * somebody else has saved it meanwhile. All strings are copied. *changed is false where it was so
 * already; `inventory` is as it stands then, borrowed. Errors: ERR_NOT_FOUND where there is none,
 * else as inventory_load and inventory_save. Its id, or 0 with *err.
 */
uint64_t suspend_app(struct cluster *cluster, const struct suspend_order *order,
		     void (*on_done)(void *ctx, const struct err *err, bool changed,
				     const struct inventory *inventory),
		     void *ctx, struct err *err);

#endif

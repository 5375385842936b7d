/*
 * inventories.h - what the apps of a namespace remember, kept up to date.
 */
#ifndef AGENT_INVENTORIES_H
#define AGENT_INVENTORIES_H

#include "apply/inventory_list.h"

/* A watch on them; zero-initialised: not begun. Stays where it is while it runs. */
struct inventory_watch {
	struct inventories known;
	struct inventory_watch_load *loads; /* of the parts of split inventories, under way */
	struct cluster *cluster;
	uint64_t id;
	/*
	 * Called once when what there is has been read, or may not be (without the right to read
	 * ConfigMaps nothing is known, which is no error), and after each change from then on.
	 */
	void (*on_change)(void *ctx);
	void *ctx;
	bool synced;
	bool readable;   /* what there is is known */
	bool unreadable; /* the parts of an inventory could not be read */
};

/* Begins; with `once` it ends by itself when everything has been read. ERR_NO_MEMORY only. */
int inventory_watch_start(struct inventory_watch *watch, struct cluster *cluster,
			  const char *namespace, bool once, void (*on_change)(void *ctx), void *ctx,
			  struct err *err);

/* Ends it and releases what is known. Before cluster_free. */
void inventory_watch_release(struct inventory_watch *watch);

/* The inventory that owns the object, and its entry; NULL: none. Borrowed. */
const struct inventory *inventory_watch_owner(const struct inventory_watch *watch,
					      const struct ref *ref,
					      const struct inventory_entry **ret_entry);

/* The app's own; NULL: there is none. Borrowed. */
const struct inventory *inventory_watch_app(const struct inventory_watch *watch, const char *app);

#endif

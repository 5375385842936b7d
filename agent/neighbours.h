/*
 * neighbours.h - what other apps have: by their inventories, and by what the commit gives them
 * next.
 */
#ifndef AGENT_NEIGHBOURS_H
#define AGENT_NEIGHBOURS_H

#include "agent/app.h"

struct uv_loop_s;
struct neighbours;

/*
 * Looks for the objects. The inventories of all namespaces are read or, where that is not permitted
 * or the app keeps to its namespace, those of its own; with app->prune.enabled then also the
 * folders of the apps that follow the same repository (moved.h), where there are any refs. `done`
 * is called from the loop, once. The refs are borrowed and outlive it, as do the app and the
 * cluster.
 */
int neighbours_look(struct uv_loop_s *loop, struct cluster *cluster, const struct app *app,
		    const struct ref *const *refs, size_t count, void (*done)(void *context),
		    void *context, struct neighbours **ret_neighbours, struct err *err);

/* Cancels what is under way. NULL is fine. */
void neighbours_free(struct neighbours *neighbours);

/*
 * Why not all of them could be read, so that nobody is known not to have an object; NULL: they
 * were.
 */
const struct err *neighbours_trouble(const struct neighbours *neighbours);

/*
 * The inventory of the app that has the object, by its ref or, unless that is "", its uid; NULL:
 * none. Borrowed.
 */
const struct inventory *neighbours_owner(const struct neighbours *neighbours, const struct ref *ref,
					 const char *uid);

/* The app that will have it once it syncs, by the object's place among the refs; NULL: none. */
const char *neighbours_heir(const struct neighbours *neighbours, size_t index);

#endif

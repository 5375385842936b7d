/*
 * neighbours.h - what other apps have, by their inventories, and what the commit will give them.
 */
#ifndef AGENT_NEIGHBOURS_H
#define AGENT_NEIGHBOURS_H

#include "agent/app.h"

struct uv_loop_s;
struct neighbours;

/*
 * Finds out which other apps have the objects of `refs`, or will. Reads the inventories of all
 * namespaces or, where that is not permitted or the app keeps to its namespace, those of its own.
 * With app->prune.enabled, and if there are any refs, then also the folders of the apps that follow
 * the same repository (moved.h). `done` is called from the loop, once. The refs, the app and the
 * cluster are borrowed and outlive it.
 */
int neighbours_look(struct uv_loop_s *loop, struct cluster *cluster, const struct app *app,
		    const struct ref *const *refs, size_t count, void (*done)(void *context),
		    void *context, struct neighbours **ret_neighbours, struct err *err);

/* Cancels what is under way. NULL is fine. */
void neighbours_free(struct neighbours *neighbours);

/* Why some could not be read: any of them may have any object then. NULL: all were. */
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

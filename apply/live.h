/*
 * live.h - the objects as they are in the cluster now.
 */
#ifndef APPLY_LIVE_H
#define APPLY_LIVE_H

#include "apply/cluster.h"
#include "apply/target.h"

#define LIVE_LIST_FROM 8 /* that many objects of one kind in one namespace are listed, not got */

/*
 * Fills `live` of each target that has a resource and was not read yet, or leaves NULL where there
 * is no such object (or no such namespace). Where many objects of a kind are wanted, the kind is
 * listed page by page and the others dropped as they come; without the right to list, they are got
 * one by one. Reads are consistent (never from a server's stale cache).
 *
 * Returns the stage's id, 0 with *err when memory runs out.
 */
uint64_t live_read(struct cluster *cluster, struct targets *targets, stage_done *done, void *ctx,
		   struct err *err);

/*
 * The same before anybody knows whether the objects are wanted: what the server warns of goes no
 * further than the targets' `warnings`.
 */
uint64_t live_read_ahead(struct cluster *cluster, struct targets *targets, stage_done *done,
			 void *ctx, struct err *err);

/*
 * Moves what was read ahead of the same objects, or why they could not be, over to targets that are
 * about to be read, and passes on what the server warned of them.
 */
void live_take_over(struct cluster *cluster, struct targets *targets, struct targets *ahead);

#endif

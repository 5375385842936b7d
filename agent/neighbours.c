#include "agent/neighbours.h"

#include <stdlib.h>
#include <string.h>

#include "agent/moved.h"
#include "apply/inventory_list.h"

struct neighbours {
	struct uv_loop_s *loop;
	struct cluster *cluster;
	const struct app *app;
	const struct ref *const *refs;
	size_t count;
	void (*done)(void *context);
	void *context;

	uint64_t id;     /* of the listing under way */
	bool everywhere; /* it is of all namespaces */
	struct inventories inventories;
	struct moved *moved; /* NULL: nobody else follows the repository */
	struct err trouble;
};

static void on_moved(void *context, const struct err *err)
{
	struct neighbours *neighbours = context;

	if (err->class != ERR_NONE)
		neighbours->trouble = *err;
	neighbours->done(neighbours->context);
}

static void look_for_heirs(struct neighbours *neighbours)
{
	if (neighbours->count && neighbours->app->prune.enabled &&
	    neighbours->trouble.class == ERR_NONE &&
	    moved_start(neighbours->loop, neighbours->app, &neighbours->inventories,
			neighbours->refs, neighbours->count, on_moved, neighbours,
			&neighbours->moved, &neighbours->trouble) == 0 &&
	    neighbours->moved)
		return;
	neighbours->done(neighbours->context);
}

static int list(struct neighbours *neighbours, struct err *err);

static void on_listed(void *context, const struct err *err, struct inventories *inventories)
{
	struct neighbours *neighbours = context;

	neighbours->id = 0;
	if (!err) {
		neighbours->inventories = *inventories;
		*inventories = (struct inventories){0};
		neighbours->trouble = neighbours->inventories.unreadable;
		look_for_heirs(neighbours);
		return;
	}
	neighbours->trouble = *err;
	if (err->class == ERR_DENIED && neighbours->everywhere) {
		neighbours->everywhere = false;
		if (list(neighbours, &neighbours->trouble) == 0)
			return;
	}
	neighbours->done(neighbours->context);
}

static int list(struct neighbours *neighbours, struct err *err)
{
	neighbours->id = inventory_list(neighbours->cluster,
					neighbours->everywhere ? "" : neighbours->app->namespace,
					on_listed, neighbours, err);
	return neighbours->id ? 0 : -1;
}

int neighbours_look(struct uv_loop_s *loop, struct cluster *cluster, const struct app *app,
		    const struct ref *const *refs, size_t count, void (*done)(void *context),
		    void *context, struct neighbours **ret_neighbours, struct err *err)
{
	struct neighbours *neighbours = calloc(1, sizeof(*neighbours));

	if (!neighbours)
		return err_no_memory(err);
	*neighbours = (struct neighbours){
		.loop = loop,
		.cluster = cluster,
		.app = app,
		.refs = refs,
		.count = count,
		.done = done,
		.context = context,
		.everywhere = !app->namespace_only,
	};
	if (list(neighbours, err) < 0) {
		free(neighbours);
		return -1;
	}
	*ret_neighbours = neighbours;
	return 0;
}

void neighbours_free(struct neighbours *neighbours)
{
	if (!neighbours)
		return;
	cluster_cancel(neighbours->cluster, neighbours->id);
	moved_free(neighbours->moved);
	inventories_release(&neighbours->inventories);
	free(neighbours);
}

const struct err *neighbours_trouble(const struct neighbours *neighbours)
{
	return neighbours->trouble.class == ERR_NONE ? NULL : &neighbours->trouble;
}

const struct inventory *neighbours_owner(const struct neighbours *neighbours, const struct ref *ref,
					 const char *uid)
{
	return inventories_find_owner(&neighbours->inventories, ref, uid, neighbours->app->name,
				      neighbours->app->namespace);
}

const char *neighbours_heir(const struct neighbours *neighbours, size_t index)
{
	return neighbours->moved ? moved_to(neighbours->moved, index) : NULL;
}

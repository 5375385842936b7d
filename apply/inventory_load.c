#include "apply/inventory_private.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/resource.h"

#define METADATA     "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
#define AT_ONCE      8 /* parts that are read side by side: each has some 100 KiB in memory */
#define MAX_ATTEMPTS 5 /* at a head whose parts are gone by the time they are asked for */

enum load_step {
	LOAD_METADATA, /* of the head: whether it is another than the known one */
	LOAD_HEAD,
	LOAD_PARTS,
};

struct load {
	struct fanout fanout;
	enum load_step step;
	char *namespace, *app, *name;
	struct inventory *known;      /* borrowed; NULL: nothing is known */
	bool is_other;                /* the head is not the known one */
	struct inventory inventory;   /* what has been read of it */
	size_t *wanted, wanted_count; /* the parts to be read */
	bool is_gone;                 /* a part was not there */
	char *gone_version;           /* the head's resourceVersion when one was not there before */
	int attempts;
	void (*on_loaded)(void *ctx, const struct err *err, struct inventory *inventory);
	void *ctx;
};

static void load_free(void *stage)
{
	struct load *load = stage;

	fanout_release(&load->fanout);
	inventory_release(&load->inventory);
	free(load->namespace);
	free(load->app);
	free(load->name);
	free(load->wanted);
	free(load->gone_version);
	free(load);
}

static void load_finish(struct load *load, const struct err *err)
{
	CLEANUP(inventory_release) struct inventory inventory = {0};
	void (*on_loaded)(void *, const struct err *, struct inventory *) = load->on_loaded;
	void *ctx = load->ctx;
	struct err copy = err ? *err : (struct err){0};

	if (!err) {
		inventory = load->inventory;
		load->inventory = (struct inventory){0};
	}
	load_free(load);
	on_loaded(ctx, err ? &copy : NULL, &inventory);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int get(const struct load *load, struct fanout_slot *slot, const char *name,
	       const char *accept, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);

	if (!name)
		return err_no_memory(err);
	if (resource_print_object(&resource_config_maps, load->namespace, name, &path, err) < 0 ||
	    buf_check(&path, "the inventory's path", err) < 0)
		return -1;
	return fanout_send(
		slot,
		(struct cluster_request){.method = "GET", .path = buf_str(&path), .accept = accept},
		err);
}

static void load_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct load *load = stage;
	CLEANUP(free_p) char *part = NULL;
	struct err err;
	int sent;

	if (load->step == LOAD_PARTS) {
		if (load->is_gone)
			return; /* the others are, too */
		part = inventory_part_name(&load->inventory, load->wanted[index]);
		sent = get(load, slot, part, NULL, &err);
	} else {
		sent = get(load, slot, load->name, load->step == LOAD_METADATA ? METADATA : NULL,
			   &err);
	}
	if (sent < 0)
		fanout_fail(&load->fanout, &err);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Where the server was not reached or does not know us, it is nothing of the ConfigMap's. */
static void fail(struct load *load, const char *name, const struct err *err,
		 const struct cluster_answer *answer)
{
	struct err own = *err;

	if (answer->status != 0 && answer->status != 401)
		err_prefix(&own, "configmap/%s", name ? name : load->name);
	fanout_fail(&load->fanout, &own);
}

static void take_head(struct load *load, const struct err *err, struct cluster_answer *answer)
{
	struct err own;
	int taken;

	if (err && err->class != ERR_NOT_FOUND) {
		fail(load, load->name, err, answer);
		return;
	}
	inventory_release(&load->inventory);
	taken = err ? inventory_init(&load->inventory, load->app, &own)
		    : inventory_take_head(answer->body, load->app, &load->inventory, &own);
	if (taken < 0)
		fail(load, load->name, &own, answer);
}

static void take_metadata(struct load *load, const struct err *err, struct cluster_answer *answer)
{
	const char *known = load->known->resource_version ? load->known->resource_version : "";
	const char *version = json_str(answer->body, "metadata.resourceVersion");

	if (err && err->class != ERR_NOT_FOUND)
		fail(load, load->name, err, answer);
	else if (err ? *known : !version || strcmp(version, known) != 0)
		load->is_other = true;
}

static void take_part(struct load *load, size_t index, const struct err *err,
		      struct cluster_answer *answer)
{
	CLEANUP(free_p) char *name = inventory_part_name(&load->inventory, index);
	struct err own;

	if (err && err->class == ERR_NOT_FOUND)
		load->is_gone = true; /* another set is in its place by now, or it is lost */
	else if (err)
		fail(load, name, err, answer);
	else if (inventory_take_part(answer->body, index, &load->inventory, &own) < 0)
		fail(load, name, &own, answer);
}

static void load_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
			 struct cluster_answer *answer)
{
	struct load *load = stage;

	(void)slot;
	switch (load->step) {
	case LOAD_METADATA: take_metadata(load, err, answer); break;
	case LOAD_HEAD: take_head(load, err, answer); break;
	case LOAD_PARTS: take_part(load, load->wanted[index], err, answer); break;
	}
}

/* --- from step to step ------------------------------------------------------------------------ */

/* The known part, where it is what the head says that it is; NULL: it has to be read. */
static struct inventory_part *known_part(const struct load *load, size_t index)
{
	const struct inventory *known = load->known, *head = &load->inventory;

	if (!known || known->unread || known->regrouped || !known->set ||
	    known->part_count != head->part_count || strcmp(known->set, head->set) != 0)
		return NULL;
	struct inventory_part *part = &known->parts[index];
	return !part->changed && part->resource_version &&
			       strcmp(part->resource_version,
				      head->parts[index].resource_version) == 0
		       ? part
		       : NULL;
}

static int choose_parts(struct load *load, struct err *err)
{
	size_t count = load->inventory.unread;

	free(load->wanted);
	load->wanted_count = 0;
	load->wanted = calloc(count + 1, sizeof(*load->wanted));
	if (!load->wanted)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++)
		if (!known_part(load, i))
			load->wanted[load->wanted_count++] = i;
	return 0;
}

static void move_known_parts(struct load *load)
{
	struct inventory *inventory = &load->inventory;

	for (size_t i = 0; i < inventory->unread; i++) {
		struct inventory_part *known = known_part(load, i);

		if (!known)
			continue;
		inventory_part_release(&inventory->parts[i]);
		inventory->parts[i] = *known;
		*known = (struct inventory_part){0};
		inventory->count += inventory->parts[i].count;
	}
}

/* The parts are not there: of another set by now, unless the head says the same again. */
static int look_again(struct load *load, struct err *err)
{
	const char *version = load->inventory.resource_version;

	if ((load->gone_version && strcmp(load->gone_version, version) == 0) ||
	    ++load->attempts == MAX_ATTEMPTS)
		return err_set(err, ERR_INVALID,
			       "configmap/%s: not all of its parts are there; put them back, or "
			       "delete it, too, and the next sync takes everything for new",
			       load->name);
	load->is_gone = false;
	return inventory_set_text(&load->gone_version, version, err);
}

/* Begins the step with so many requests. 1: under way. */
static int enter(struct load *load, enum load_step step, size_t count, struct err *err)
{
	load->step = step;
	return fanout_run(&load->fanout, count, err) < 0 ? -1 : 1;
}

static int read_parts(struct load *load, struct err *err)
{
	if (choose_parts(load, err) < 0)
		return -1;
	return enter(load, LOAD_PARTS, load->wanted_count, err);
}

/* After a step that went well. 1: another is under way, 0: that was all. */
static int advance(struct load *load, struct err *err)
{
	switch (load->step) {
	case LOAD_METADATA: return load->is_other ? enter(load, LOAD_HEAD, 1, err) : 0;
	case LOAD_HEAD: return load->inventory.unread ? read_parts(load, err) : 0;
	case LOAD_PARTS:
		if (load->is_gone)
			return look_again(load, err) < 0 ? -1 : enter(load, LOAD_HEAD, 1, err);
		move_known_parts(load);
		load->inventory.unread = 0;
		return 0;
	}
	return 0;
}

static void load_done(void *stage, const struct err *err)
{
	struct load *load = stage;
	struct err own;
	int next;

	if (err) {
		load_finish(load, err);
		return;
	}
	next = advance(load, &own);
	if (next <= 0)
		load_finish(load, next < 0 ? &own : NULL);
}

static const struct fanout_ops ops = {
	.start = load_start,
	.proceed = load_proceed,
	.finish = load_done,
	.cancel = load_free,
};

static uint64_t
begin(struct cluster *cluster, const char *namespace, const char *app, struct inventory *known,
      void (*on_loaded)(void *ctx, const struct err *err, struct inventory *inventory), void *ctx,
      struct err *err)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load) {
		err_no_memory(err);
		return 0;
	}
	load->fanout.width = AT_ONCE;
	load->known = known;
	load->on_loaded = on_loaded;
	load->ctx = ctx;
	load->namespace = strdup(namespace);
	load->app = strdup(app);
	load->name = inventory_head_name(app);
	if (!load->namespace || !load->app || !load->name)
		err_no_memory(err);
	else if (fanout_init(&load->fanout, cluster, &ops, load, err) &&
		 enter(load, known ? LOAD_METADATA : LOAD_HEAD, 1, err) > 0)
		return load->fanout.task;
	load_free(load);
	return 0;
}

uint64_t inventory_load(struct cluster *cluster, const char *namespace, const char *app,
			void (*on_loaded)(void *ctx, const struct err *err,
					  struct inventory *inventory),
			void *ctx, struct err *err)
{
	return begin(cluster, namespace, app, NULL, on_loaded, ctx, err);
}

uint64_t inventory_refresh(struct cluster *cluster, const char *namespace, const char *app,
			   struct inventory *known,
			   void (*on_loaded)(void *ctx, const struct err *err,
					     struct inventory *inventory),
			   void *ctx, struct err *err)
{
	return begin(cluster, namespace, app, known, on_loaded, ctx, err);
}

#include "apply/inventory_private.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/page.h"
#include "apply/wire.h"

#define METADATA "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
#define AT_ONCE  8 /* parts that are written side by side: each has some 100 KiB in memory */
#define MAX_SENT 2 /* times that one is sent where no answer comes */

enum save_step {
	SAVE_PARTS,
	SAVE_HEAD,
	SAVE_LOOK, /* for parts of older sets */
	SAVE_SWEEP,
};

/* How a ConfigMap's writing goes. */
struct attempt {
	cJSON *config_map; /* as it was sent: of the inventory the history may be another by now */
	unsigned sent;
	bool looking;     /* whether it is there all the same */
	struct err cause; /* then: how the write failed */
};

struct save {
	struct fanout fanout;
	enum save_step step;
	struct attempt attempts[AT_ONCE]; /* of the slots */
	char *namespace;
	struct inventory *inventory; /* borrowed */
	size_t *parts, part_count;   /* those to be written */
	char **outdated;             /* names of parts to be deleted */
	size_t outdated_count;
	char *continue_token; /* of the list's next page */
	bool is_left;         /* of those, one may still be there */
	void (*on_saved)(void *ctx, const struct err *err);
	void *ctx;
};

static void drop_outdated(struct save *save)
{
	for (size_t i = 0; i < save->outdated_count; i++)
		free(save->outdated[i]);
	free(save->outdated);
	save->outdated = NULL;
	save->outdated_count = 0;
}

static void save_free(void *stage)
{
	struct save *save = stage;

	fanout_release(&save->fanout);
	drop_outdated(save);
	for (size_t i = 0; i < AT_ONCE; i++)
		cJSON_Delete(save->attempts[i].config_map);
	free(save->continue_token);
	free(save->namespace);
	free(save->parts);
	free(save);
}

static void save_finish(struct save *save, const struct err *err)
{
	void (*on_saved)(void *, const struct err *) = save->on_saved;
	void *ctx = save->ctx;
	struct err copy = err ? *err : (struct err){0};

	save_free(save);
	on_saved(ctx, err ? &copy : NULL);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* POST or PUT, as the ConfigMap has a resourceVersion or not. */
static int write_map(const struct save *save, struct fanout_slot *slot, const cJSON *config_map,
		     struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);
	bool exists = json_str(config_map, "metadata.resourceVersion");

	if (!exists)
		resource_print_collection(&resource_config_maps, save->namespace, &path);
	else if (resource_print_object(&resource_config_maps, save->namespace,
				       json_str(config_map, "metadata.name"), &path, err) < 0)
		return -1;
	buf_puts(&path, "?fieldManager=" WIRE_FIELD_MANAGER);
	if (buf_check(&path, "the inventory's path", err) < 0)
		return -1;
	return fanout_send(slot,
			   (struct cluster_request){.method = exists ? "PUT" : "POST",
						    .path = buf_str(&path),
						    .body = config_map},
			   err);
}

/* Which part an item of SAVE_PARTS is about. */
static struct inventory_part *part_of(const struct save *save, size_t item)
{
	return &save->inventory->parts[save->parts[item]];
}

static char *name_of(const struct save *save, size_t item)
{
	return save->step == SAVE_HEAD ? inventory_head_name(save->inventory->app)
				       : inventory_part_name(save->inventory, save->parts[item]);
}

static char **version_of(const struct save *save, size_t item)
{
	return save->step == SAVE_HEAD ? &save->inventory->resource_version
				       : &part_of(save, item)->resource_version;
}

static int make_map(const struct save *save, size_t item, cJSON **ret_config_map, struct err *err)
{
	return save->step == SAVE_HEAD
		       ? inventory_make_head(save->inventory, save->namespace, ret_config_map, err)
		       : inventory_make_part(save->inventory, save->parts[item], save->namespace,
					     ret_config_map, err);
}

/* Asks for what is there. */
static int look(const struct save *save, size_t item, struct fanout_slot *slot, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);
	CLEANUP(free_p) char *name = name_of(save, item);

	if (!name)
		return err_no_memory(err);
	if (resource_print_object(&resource_config_maps, save->namespace, name, &path, err) < 0 ||
	    buf_check(&path, "the inventory's path", err) < 0)
		return -1;
	return fanout_send(slot, (struct cluster_request){.method = "GET", .path = buf_str(&path)},
			   err);
}

/* Whether it may have been written, now or when it was sent before (cluster.h). */
static bool is_doubtful(const struct err *err)
{
	return err->class == ERR_TRANSIENT || err->class == ERR_CONFLICT ||
	       err->class == ERR_EXISTS;
}

static bool is_same(const cJSON *config_map, const cJSON *found)
{
	return json_equal(json_get(config_map, "data"), json_get(found, "data"));
}

/* Whether all is as it was before the write. */
static bool has_not_arrived(const cJSON *config_map, const struct err *err, const cJSON *found)
{
	const char *before = json_str(config_map, "metadata.resourceVersion");
	const char *now = err ? NULL : json_str(found, "metadata.resourceVersion");

	if (!before)
		return err && err->class == ERR_NOT_FOUND;
	return now && strcmp(now, before) == 0;
}

/* Takes over the resourceVersion of what was written, or ends the save. */
static void take_written(struct save *save, size_t item, const struct err *err,
			 const struct cluster_answer *answer)
{
	CLEANUP(free_p) char *name = name_of(save, item);
	struct err own;

	if (save->step == SAVE_PARTS)
		part_of(save, item)->changed = err;
	if (err)
		own = *err;
	else if (inventory_set_text(version_of(save, item),
				    json_str(answer->body, "metadata.resourceVersion"), &own) == 0)
		return;
	err_prefix(&own, "configmap/%s", name ? name : INVENTORY_PREFIX);
	fanout_fail(&save->fanout, &own);
}

static struct attempt *attempt_of(struct save *save, const struct fanout_slot *slot)
{
	return &save->attempts[slot - save->fanout.slots];
}

static void start_write(struct save *save, size_t item, struct fanout_slot *slot)
{
	struct attempt *attempt = attempt_of(save, slot);
	struct err err;

	cJSON_Delete(STEAL(attempt->config_map));
	attempt->looking = false;
	attempt->sent = 1;
	if (make_map(save, item, &attempt->config_map, &err) < 0 ||
	    write_map(save, slot, attempt->config_map, &err) < 0)
		fanout_fail(&save->fanout, &err);
}

/*
 * A write without an answer may have been done, and done once more it finds a newer
 * resourceVersion. So what is there is looked at: it is what was to be written, or what it was
 * before, or somebody else's.
 */
static void proceed_write(struct save *save, size_t item, struct fanout_slot *slot,
			  const struct err *err, const struct cluster_answer *answer)
{
	struct attempt *attempt = attempt_of(save, slot);
	struct err ignored;

	if (!attempt->looking) {
		if (err && is_doubtful(err) && look(save, item, slot, &ignored) == 0) {
			attempt->looking = true;
			attempt->cause = *err;
			return;
		}
	} else if (err || !is_same(attempt->config_map, answer->body)) {
		attempt->looking = false;
		if (attempt->cause.class == ERR_TRANSIENT && attempt->sent < MAX_SENT &&
		    has_not_arrived(attempt->config_map, err, answer->body) &&
		    write_map(save, slot, attempt->config_map, &ignored) == 0) {
			attempt->sent++;
			return;
		}
		err = &attempt->cause;
	}
	take_written(save, item, err, answer);
}

/* --- sweeping --------------------------------------------------------------------------------- */

static int ask_page(struct save *save, struct fanout_slot *slot, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(64u * 1024), selector = BUF_INIT(4096);

	page_print_path(&resource_config_maps, save->namespace, save->continue_token, &path);
	buf_printf(&selector,
		   "app.kubernetes.io/component=" INVENTORY_PART ",app.kubernetes.io/instance=%s",
		   save->inventory->app);
	buf_puts(&path, "&labelSelector=");
	resource_print_encoded(buf_str(&selector), &path);
	if (buf_check(&path, "the path of a list", err) < 0)
		return -1;
	return fanout_send(slot,
			   (struct cluster_request){
				   .method = "GET", .path = buf_str(&path), .accept = METADATA},
			   err);
}

/* Remembers which ones on the page are to be deleted. 1: there is another page. */
static int take_page(struct save *save, const cJSON *page, struct err *err)
{
	const cJSON *items = json_get(page, "items"), *item;

	drop_outdated(save);
	save->outdated = calloc((size_t)cJSON_GetArraySize(items) + 1, sizeof(*save->outdated));
	if (!save->outdated)
		return err_no_memory(err);
	json_each (item, items) {
		const char *name = json_str(item, "metadata.name");

		if (!name || !inventory_is_outdated(save->inventory, name))
			continue;
		if (!(save->outdated[save->outdated_count] = strdup(name)))
			return err_no_memory(err);
		save->outdated_count++;
	}
	return page_take_token(page, &save->continue_token, err);
}

static int delete_part(struct save *save, size_t index, struct fanout_slot *slot, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);

	if (resource_print_object(&resource_config_maps, save->namespace, save->outdated[index],
				  &path, err) < 0 ||
	    buf_check(&path, "a part's path", err) < 0)
		return -1;
	return fanout_send(
		slot, (struct cluster_request){.method = "DELETE", .path = buf_str(&path)}, err);
}

/* --- from step to step ------------------------------------------------------------------------ */

static void save_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct save *save = stage;
	struct err err;

	switch (save->step) {
	case SAVE_PARTS:
	case SAVE_HEAD: start_write(save, index, slot); break;
	case SAVE_LOOK: save->is_left |= ask_page(save, slot, &err) < 0; break;
	case SAVE_SWEEP: save->is_left |= delete_part(save, index, slot, &err) < 0; break;
	}
}

static void save_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
			 struct cluster_answer *answer)
{
	struct save *save = stage;
	struct err ignored;

	switch (save->step) {
	case SAVE_PARTS:
	case SAVE_HEAD: proceed_write(save, index, slot, err, answer); break;
	case SAVE_LOOK: save->is_left |= err || take_page(save, answer->body, &ignored) < 0; break;
	case SAVE_SWEEP: save->is_left |= err && err->class != ERR_NOT_FOUND; break;
	}
}

/* Begins the step with so many requests. 1: under way. */
static int enter(struct save *save, enum save_step step, size_t count, struct err *err)
{
	save->step = step;
	return fanout_run(&save->fanout, count, err) < 0 ? -1 : 1;
}

/* What could not be deleted is left to the next process. */
static int end_sweep(struct save *save)
{
	struct inventory *inventory = save->inventory;

	inventory->swept = true;
	if (!save->is_left && inventory->part_count == 1)
		free(STEAL(inventory->set));
	return 0;
}

/* After a step. 1: another is under way, 0: that was all. */
static int advance(struct save *save, struct err *err)
{
	struct inventory *inventory = save->inventory;

	switch (save->step) {
	case SAVE_PARTS: return enter(save, SAVE_HEAD, 1, err);
	case SAVE_HEAD:
		if (!inventory->set || inventory->swept)
			return 0;
		return enter(save, SAVE_LOOK, 1, err);
	case SAVE_LOOK:
		if (!save->is_left && save->outdated_count)
			return enter(save, SAVE_SWEEP, save->outdated_count, err);
		return end_sweep(save);
	case SAVE_SWEEP:
		if (!save->is_left && save->continue_token)
			return enter(save, SAVE_LOOK, 1, err);
		return end_sweep(save);
	}
	return 0;
}

static void save_done(void *stage, const struct err *err)
{
	struct save *save = stage;
	struct err own;
	int next;

	if (err) {
		save_finish(save, err);
		return;
	}
	next = advance(save, &own);
	if (next <= 0)
		save_finish(save, next < 0 ? &own : NULL);
}

static const struct fanout_ops ops = {
	.start = save_start,
	.proceed = save_proceed,
	.finish = save_done,
	.cancel = save_free,
};

/* Which parts are to be written, of which set. */
static int choose_parts(struct save *save, struct err *err)
{
	struct inventory *inventory = save->inventory;

	if (inventory_balance(inventory, err) < 0)
		return -1;
	if (inventory->part_count > 1 ? inventory->regrouped || !inventory->set
				      : inventory->regrouped && inventory->set) {
		if (inventory_next_set(inventory, err) < 0)
			return -1;
		inventory->swept = false;
	}
	inventory->regrouped = false;
	if (inventory->part_count == 1)
		return 0;
	save->parts = calloc(inventory->part_count, sizeof(*save->parts));
	if (!save->parts)
		return err_no_memory(err);
	for (size_t i = 0; i < inventory->part_count; i++)
		if (inventory->parts[i].changed || !inventory->parts[i].resource_version)
			save->parts[save->part_count++] = i;
	return 0;
}

uint64_t inventory_save(struct cluster *cluster, const char *namespace, struct inventory *inventory,
			void (*on_saved)(void *ctx, const struct err *err), void *ctx,
			struct err *err)
{
	struct save *save = calloc(1, sizeof(*save));

	if (!save) {
		err_no_memory(err);
		return 0;
	}
	save->fanout.width = AT_ONCE;
	save->inventory = inventory;
	save->on_saved = on_saved;
	save->ctx = ctx;
	save->namespace = strdup(namespace);
	if (!save->namespace)
		err_no_memory(err);
	else if (choose_parts(save, err) == 0 &&
		 fanout_init(&save->fanout, cluster, &ops, save, err) &&
		 enter(save, SAVE_PARTS, save->part_count, err) > 0)
		return save->fanout.task;
	save_free(save);
	return 0;
}

#include "agent/orphans_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/pass.h"
#include "apply/live.h"
#include "apply/prune.h"

static void start(struct orphans *orphans, enum orphans_step step);

/* --- finding ---------------------------------------------------------------------------------- */

static int by_ref(const void *a, const void *b)
{
	return ref_compare(*(const struct ref *const *)a, *(const struct ref *const *)b);
}

/*
 * Whether one of the sorted refs is this object. One whose kind could not be resolved may lack its
 * namespace; it is in Git all the same.
 */
static bool is_in_git(const struct ref *const *in_git, size_t count, const struct ref *ref,
		      const char *default_namespace)
{
	char nowhere[] = "";
	struct ref unplaced = *ref;
	const struct ref *key = ref;

	if (bsearch(&key, in_git, count, sizeof(*in_git), by_ref))
		return true;
	if (strcmp(ref->namespace, default_namespace) != 0)
		return false;
	unplaced.namespace = nowhere;
	key = &unplaced;
	return bsearch(&key, in_git, count, sizeof(*in_git), by_ref) != NULL;
}

/* One of each, in the order of the refs. */
static int take_all(struct orphans *orphans, const struct ref *const *refs, size_t count,
		    struct err *err)
{
	orphans->items = calloc(count + 1, sizeof(*orphans->items));
	if (!orphans->items)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct orphan *orphan = &orphans->items[i];

		if (ref_copy(refs[i], &orphan->shell.ref, err) < 0)
			return -1;
		orphan->verdict = PRUNE_KEEP;
		orphans->count++;
		if (targets_add(&orphans->targets, &orphan->shell, err) < 0)
			return -1;
	}
	return 0;
}

static int find_all(struct orphans *orphans, const struct targets *targets, struct err *err)
{
	const struct app *app = orphans->options.app;
	CLEANUP(free_p) const struct ref **in_git = calloc(targets->count + 1, sizeof(*in_git));
	CLEANUP(free_p)
	const struct ref **refs = calloc(app->inventory.count + 1, sizeof(*refs));
	struct inventory_cursor cursor = {0};
	size_t count = 0;

	if (!in_git || !refs)
		return err_no_memory(err);
	for (size_t i = 0; i < targets->count; i++)
		in_git[i] = &targets->items[i].ref;
	qsort(in_git, targets->count, sizeof(*in_git), by_ref);
	for (const struct inventory_entry *entry;
	     (entry = inventory_next(&app->inventory, &cursor));) {
		if (!is_in_git(in_git, targets->count, &entry->ref, app->namespace))
			refs[count++] = &entry->ref;
	}
	qsort(refs, count, sizeof(*refs), by_ref);
	return take_all(orphans, refs, count, err);
}

int orphans_new(const struct orphans_options *options, const struct targets *targets,
		struct orphans **ret_orphans, struct err *err)
{
	struct orphans *orphans = calloc(1, sizeof(*orphans));

	if (!orphans)
		return err_no_memory(err);
	orphans->options = *options;
	if (find_all(orphans, targets, err) < 0) {
		orphans_free(orphans);
		return -1;
	}
	*ret_orphans = orphans;
	return 0;
}

void orphans_free(struct orphans *orphans)
{
	if (!orphans)
		return;
	cluster_cancel(orphans->options.cluster, orphans->id);
	targets_release(&orphans->targets);
	neighbours_free(orphans->neighbours);
	free(orphans->refs);
	for (size_t i = 0; i < orphans->count; i++)
		ref_release(&orphans->items[i].shell.ref);
	free(orphans->items);
	free(orphans);
}

size_t orphans_count(const struct orphans *orphans)
{
	return orphans->count;
}

/* --- looking ---------------------------------------------------------------------------------- */

static void finish(struct orphans *orphans, const struct err *err)
{
	orphans->options.done(orphans->options.context, err);
}

static bool any_live(const struct orphans *orphans)
{
	for (size_t i = 0; i < orphans->targets.count; i++)
		if (orphans->targets.items[i].live)
			return true;
	return false;
}

static void on_neighbours(void *context)
{
	finish(context, NULL);
}

static int look_at_neighbours(struct orphans *orphans, struct err *err)
{
	const struct orphans_options *options = &orphans->options;

	orphans->refs = calloc(orphans->count, sizeof(*orphans->refs));
	if (!orphans->refs)
		return err_no_memory(err);
	for (size_t i = 0; i < orphans->count; i++)
		orphans->refs[i] = &orphans->items[i].shell.ref;
	return neighbours_look(options->loop, options->cluster, options->app, orphans->refs,
			       orphans->count, on_neighbours, orphans, &orphans->neighbours, err);
}

static void prune_round(struct orphans *orphans);

static void on_step_done(void *context, const struct err *err)
{
	struct orphans *orphans = context;
	struct err own;

	orphans->id = 0;
	if (err)
		finish(orphans, err);
	else if (orphans->step == STEP_RESOLVE)
		start(orphans, STEP_READ);
	else if (orphans->pruning)
		prune_round(orphans);
	else if (!any_live(orphans))
		finish(orphans, NULL);
	else if (look_at_neighbours(orphans, &own) < 0)
		finish(orphans, &own);
}

/* Objects that --namespace-only puts out of reach are not even asked for. */
static void fence(struct orphans *orphans)
{
	const struct app *app = orphans->options.app;

	for (size_t i = 0; i < orphans->targets.count; i++) {
		struct target *target = &orphans->targets.items[i];
		struct err err;

		if (!app_is_outside(orphans->options.app, &target->ref))
			continue;
		err_set(&err, ERR_DENIED, "it is outside of the namespace \"%s\"", app->namespace);
		target_fail(target, &err);
	}
}

void orphans_look(struct orphans *orphans)
{
	start(orphans, STEP_RESOLVE);
}

/* --- pruning ---------------------------------------------------------------------------------- */

static void on_target(void *context, struct target *target)
{
	struct orphans *orphans = context;

	if (orphans->options.on_pruned)
		orphans->options.on_pruned(orphans->options.context,
					   orphans_item_of(orphans, target), target);
}

/* Whether what was decided is no longer about what is there, or may have happened. */
static bool was_overtaken(const struct target *target)
{
	return target->error->class == ERR_CONFLICT || target->error->class == ERR_TRANSIENT;
}

/* Takes over how the targets of this round ended, and collects those to be done again. */
static int settle_round(struct orphans *orphans, struct targets *again, struct err *err)
{
	for (size_t i = 0; i < orphans->targets.count; i++) {
		const struct target *target = &orphans->targets.items[i];
		struct orphan *orphan = orphans_of_target(orphans, target);

		if (!target->write)
			continue;
		if (!target->error) {
			orphan->gone = !target->written;
		} else if (was_overtaken(target) && orphans->round + 1 < PASS_MAX_ROUNDS) {
			if (targets_add(again, target->manifest, err) < 0)
				return -1;
		} else {
			struct plan_item *item = orphans_item_of(orphans, target);

			item->action = PLAN_FAILED;
			item->error = *target->error;
		}
	}
	return 0;
}

static void on_pruned(void *context, const struct err *err)
{
	struct orphans *orphans = context;
	struct targets again = {0};
	struct err own;

	orphans->id = 0;
	if (err || settle_round(orphans, &again, &own) < 0) {
		targets_release(&again);
		finish(orphans, err ? err : &own);
		return;
	}
	if (again.count == 0) {
		finish(orphans, NULL);
		return;
	}
	targets_release(&orphans->targets);
	orphans->targets = again;
	orphans->round++;
	start(orphans, STEP_RESOLVE);
}

/* Decides again on what was read again, and deletes. */
static void prune_round(struct orphans *orphans)
{
	for (size_t i = 0; i < orphans->targets.count; i++) {
		struct target *target = &orphans->targets.items[i];
		const struct orphan *orphan = orphans_of_target(orphans, target);
		struct err err;

		if (orphans->round > 0 && orphans_decide_one(orphans, target, &err) < 0) {
			finish(orphans, &err);
			return;
		}
		target->write = orphan->verdict == PRUNE_DELETE;
		if (orphans->round > 0 && orphan->verdict == PRUNE_GONE) {
			target->result = TARGET_DELETED;
			on_target(orphans, target);
		}
	}
	start(orphans, STEP_PRUNE);
}

void orphans_prune(struct orphans *orphans)
{
	orphans->pruning = true;
	prune_round(orphans);
}

static void start(struct orphans *orphans, enum orphans_step step)
{
	const struct orphans_options *options = &orphans->options;
	const struct app *app = options->app;
	struct err err;

	orphans->step = step;
	switch (step) {
	case STEP_RESOLVE:
		fence(orphans);
		orphans->id = discovery_resolve(options->discovery, &orphans->targets,
						app->namespace, on_step_done, orphans, &err);
		break;
	case STEP_READ:
		orphans->id =
			live_read(options->cluster, &orphans->targets, on_step_done, orphans, &err);
		break;
	case STEP_PRUNE:
		orphans->id = prune(options->cluster, &orphans->targets, on_target, on_pruned,
				    orphans, &err);
		break;
	}
	if (orphans->id == 0)
		finish(orphans, &err);
}

/* --- what is remembered ----------------------------------------------------------------------- */

static int compare_ref(const void *ref, const void *item)
{
	return ref_compare(ref, &((const struct orphan *)item)->shell.ref);
}

enum orphan_fate orphans_fate(const struct orphans *orphans, const struct ref *ref)
{
	const struct orphan *orphan = NULL;

	if (orphans)
		orphan = bsearch(ref, orphans->items, orphans->count, sizeof(*orphan), compare_ref);
	if (!orphan)
		return ORPHAN_IN_GIT;
	return orphan->gone || orphan->verdict == PRUNE_GONE || orphan->verdict == PRUNE_RELEASE
		       ? ORPHAN_FORGET
		       : ORPHAN_REMEMBER;
}

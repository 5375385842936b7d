#include "agent/orphans.h"

#include <stdlib.h>
#include <string.h>

#include "agent/neighbours.h"
#include "agent/pass.h"
#include "apply/live.h"
#include "apply/prune.h"
#include "apply/wire.h"

struct orphan {
	struct manifest shell; /* first; has a ref only: a target wants one */
	enum prune_verdict verdict;
	bool has_item;
	size_t item; /* of the plan */
	bool gone;   /* deleted, and not only on its way */
};

enum step {
	STEP_RESOLVE,
	STEP_READ,
	STEP_PRUNE,
};

struct orphans {
	struct orphans_options options;
	struct orphan *items; /* sorted by ref_compare, as the inventory */
	size_t count;
	struct targets targets; /* of this round */
	enum step step;
	bool pruning; /* orphans_prune, not orphans_look */
	int round;
	uint64_t id;                   /* of the work under way */
	const struct ref **refs;       /* of the items */
	struct neighbours *neighbours; /* NULL: not looked at */
};

static void start(struct orphans *orphans, enum step step);

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

static int find_all(struct orphans *orphans, const struct targets *targets, struct err *err)
{
	const struct app *app = orphans->options.app;
	CLEANUP(free_p) const struct ref **in_git = calloc(targets->count + 1, sizeof(*in_git));

	orphans->items = calloc(app->inventory.count + 1, sizeof(*orphans->items));
	if (!in_git || !orphans->items)
		return err_no_memory(err);
	for (size_t i = 0; i < targets->count; i++)
		in_git[i] = &targets->items[i].ref;
	qsort(in_git, targets->count, sizeof(*in_git), by_ref);
	for (size_t i = 0; i < app->inventory.count; i++) {
		const struct ref *ref = &app->inventory.entries[i].ref;
		struct orphan *orphan = &orphans->items[orphans->count];

		if (is_in_git(in_git, targets->count, ref, app->namespace))
			continue;
		if (ref_copy(ref, &orphan->shell.ref, err) < 0)
			return -1;
		orphan->verdict = PRUNE_KEEP;
		orphans->count++;
		if (targets_add(&orphans->targets, &orphan->shell, err) < 0)
			return -1;
	}
	return 0;
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

/* The shell is its orphan's first member. */
static struct orphan *orphan_of(struct orphans *orphans, const struct target *target)
{
	const struct orphan *orphan = (const void *)target->manifest;

	return &orphans->items[orphan - orphans->items];
}

static struct plan_item *item_of(struct orphans *orphans, const struct target *target)
{
	return &orphans->options.plan->items[orphan_of(orphans, target)->item];
}

/* --- one object ------------------------------------------------------------------------------- */

static bool is_outside(const struct app *app, const struct ref *ref)
{
	return app->namespace_only && strcmp(ref->namespace, app->namespace) != 0;
}

/* What cannot be looked at stays; that is a failure only where it was to be deleted. */
static enum prune_verdict decide_unread(const struct orphans *orphans, const struct target *target,
					struct buf *why)
{
	if (!target->resource && target->error->class == ERR_NOT_FOUND) {
		buf_puts(why, "no longer this app's: the cluster does not offer its kind any more");
		return PRUNE_RELEASE;
	}
	if (is_outside(orphans->options.app, &target->ref))
		buf_puts(why, "kept: --namespace-only leaves it alone");
	else
		buf_printf(why, "kept: it cannot be read: %s", target->error->message);
	return PRUNE_KEEP;
}

static int decide_read(struct orphans *orphans, const struct target *target, bool *ret_changed,
		       enum prune_verdict *ret_verdict, struct buf *why, struct err *err)
{
	const struct app *app = orphans->options.app;
	const struct inventory_entry *entry = inventory_find(&app->inventory, &target->ref);
	const struct neighbours *others = orphans->neighbours;
	size_t place = (size_t)(orphan_of(orphans, target) - orphans->items);
	CLEANUP(free_p) char *digest = NULL;

	if (!entry)
		return err_set(err, ERR_INTERNAL, "the inventory has lost an orphan");
	/* The manifest is no more, but the live object says as it did what Git does not decide. */
	if (target->live &&
	    inventory_digest_live(&target->ref, target->live, target->live, &digest, err) < 0)
		return -1;
	*ret_changed = digest && strcmp(digest, entry->live) != 0;
	const struct prune_facts facts = {
		.ref = &target->ref,
		.live = target->live,
		.uid = entry->uid,
		.changed = *ret_changed,
		.marks = entry->marks,
		.other_app = others ? neighbours_owner(others, &target->ref) : NULL,
		.next_app = others ? neighbours_heir(others, place) : NULL,
		.manager = WIRE_FIELD_MANAGER,
	};
	*ret_verdict = prune_decide(&facts, &app->prune, why);
	return 0;
}

/* The item, made or emptied for another round. */
static int renew_item(struct orphans *orphans, const struct target *target,
		      struct plan_item **ret_item, struct err *err)
{
	struct orphan *orphan = orphan_of(orphans, target);

	if (orphan->has_item) {
		*ret_item = item_of(orphans, target);
		plan_item_release(*ret_item);
	} else if ((*ret_item = plan_add(orphans->options.plan))) {
		orphan->has_item = true;
		orphan->item = orphans->options.plan->count - 1;
	} else {
		return err_no_memory(err);
	}
	return ref_copy(&target->ref, &(*ret_item)->ref, err);
}

/* What is kept stays as it is: there is no difference to be shown. */
static int keep(struct plan_item *item, enum plan_action action, const char *why, struct err *err)
{
	item->action = action;
	if (item->from && !item->to && !(item->to = json_copy(item->from)))
		return err_no_memory(err);
	return plan_item_note(item, err, "%s", why);
}

static int announce(struct plan_item *item, const struct target *target, bool changed,
		    struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);

	item->action = PLAN_PRUNE;
	prune_print_consequences(&target->ref, target->live, &text);
	if (text.length && plan_item_note(item, err, "%s", buf_str(&text)) < 0)
		return -1;
	return changed ? plan_item_note(item, err, "it was changed since it was applied") : 0;
}

static int decide(struct orphans *orphans, const struct target *target, struct err *err)
{
	struct orphan *orphan = orphan_of(orphans, target);
	const struct app *app = orphans->options.app;
	CLEANUP(buf_release) struct buf why = BUF_INIT(4096);
	struct plan_item *item;
	bool changed = false;

	if (target->error)
		orphan->verdict = decide_unread(orphans, target, &why);
	else if (decide_read(orphans, target, &changed, &orphan->verdict, &why, err) < 0)
		return -1;
	if (orphan->verdict == PRUNE_GONE && !orphan->has_item)
		return 0;
	if (renew_item(orphans, target, &item, err) < 0)
		return -1;
	if (target->live && !(item->from = object_normalised(target->live)))
		return err_no_memory(err);
	if (target->error && orphan->verdict == PRUNE_KEEP && app->prune.enabled &&
	    !is_outside(app, &target->ref)) {
		item->action = PLAN_FAILED;
		item->error = *target->error;
		return 0;
	}
	if (orphan->verdict == PRUNE_DELETE || orphan->verdict == PRUNE_GONE)
		return announce(item, target, changed, err);
	return keep(item, PLAN_ORPHAN, buf_str(&why), err);
}

/* --- all of them ------------------------------------------------------------------------------ */

static bool is_statefulset(const struct ref *ref)
{
	return ref_is(ref, "apps", "StatefulSet");
}

static struct prune_set count_set(struct orphans *orphans)
{
	const struct manifest_set *manifests = &orphans->options.app->fetched.manifests;
	struct prune_set set = {.in_git = manifests->count, .objects = manifests->count};

	set.failed = plan_count(orphans->options.plan, PLAN_FAILED);
	for (size_t i = 0; i < manifests->count; i++)
		set.statefulsets += is_statefulset(&manifests->items[i].ref);
	for (size_t i = 0; i < orphans->targets.count; i++) {
		const struct target *target = &orphans->targets.items[i];
		enum prune_verdict verdict = orphan_of(orphans, target)->verdict;
		bool deleted = verdict == PRUNE_DELETE && !prune_is_ordered(target->live);

		if (verdict != PRUNE_DELETE && verdict != PRUNE_KEEP)
			continue;
		set.objects++;
		set.statefulsets += is_statefulset(&target->ref);
		set.deletes += deleted;
		set.statefulset_deletes += deleted && is_statefulset(&target->ref);
	}
	return set;
}

/* Blocks what was to be deleted; but for `all` not what says itself that it may be. */
static int block(struct orphans *orphans, bool all, const char *why, struct err *err)
{
	for (size_t i = 0; i < orphans->targets.count; i++) {
		const struct target *target = &orphans->targets.items[i];
		struct orphan *orphan = orphan_of(orphans, target);

		if (orphan->verdict != PRUNE_DELETE || (!all && prune_is_ordered(target->live)))
			continue;
		CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
		struct plan_item *item = item_of(orphans, target);
		struct plan_item fresh = {.ref = item->ref, .from = STEAL(item->from)};

		item->ref = (struct ref){0};
		plan_item_release(item);
		*item = fresh;
		orphan->verdict = PRUNE_KEEP;
		buf_printf(&text, "not pruned: %s", why);
		if (keep(item, PLAN_BLOCKED, buf_str(&text), err) < 0)
			return -1;
	}
	return 0;
}

int orphans_decide(struct orphans *orphans, struct err *err)
{
	CLEANUP(buf_release) struct buf why = BUF_INIT(4096);

	for (size_t i = 0; i < orphans->targets.count; i++)
		if (decide(orphans, &orphans->targets.items[i], err) < 0)
			return -1;
	const struct err *trouble =
		orphans->neighbours ? neighbours_trouble(orphans->neighbours) : NULL;
	if (trouble) {
		buf_printf(&why, "what other apps have cannot be read: %s", trouble->message);
		return block(orphans, true, buf_str(&why), err);
	}
	const struct prune_set set = count_set(orphans);
	if (prune_is_refused(&set, &orphans->options.app->prune, &why))
		return block(orphans, set.failed > 0, buf_str(&why), err);
	return 0;
}

int orphans_check_prune(struct orphans *orphans, bool *ret_any, struct err *err)
{
	const struct prune_set set = {.failed = plan_count(orphans->options.plan, PLAN_FAILED)};
	CLEANUP(buf_release) struct buf why = BUF_INIT(4096);

	*ret_any = false;
	if (prune_is_refused(&set, &orphans->options.app->prune, &why))
		return block(orphans, true, buf_str(&why), err);
	for (size_t i = 0; i < orphans->count; i++)
		*ret_any |= orphans->items[i].verdict == PRUNE_DELETE;
	return 0;
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

		if (!is_outside(app, &target->ref))
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
		orphans->options.on_pruned(orphans->options.context, item_of(orphans, target),
					   target);
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
		struct orphan *orphan = orphan_of(orphans, target);

		if (!target->write)
			continue;
		if (!target->error) {
			orphan->gone = !target->written;
		} else if (was_overtaken(target) && orphans->round + 1 < PASS_MAX_ROUNDS) {
			if (targets_add(again, target->manifest, err) < 0)
				return -1;
		} else {
			struct plan_item *item = item_of(orphans, target);

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
		const struct orphan *orphan = orphan_of(orphans, target);
		struct err err;

		if (orphans->round > 0 && decide(orphans, target, &err) < 0) {
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

static void start(struct orphans *orphans, enum step step)
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

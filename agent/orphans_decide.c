#include "agent/orphans_private.h"

#include <stdlib.h>
#include <string.h>

#include "apply/wire.h"

/* The shell is its orphan's first member. */
struct orphan *orphans_of_target(struct orphans *orphans, const struct target *target)
{
	const struct orphan *orphan = (const void *)target->manifest;

	return &orphans->items[orphan - orphans->items];
}

struct plan_item *orphans_item_of(struct orphans *orphans, const struct target *target)
{
	return &orphans->options.plan->items[orphans_of_target(orphans, target)->item];
}

/* --- one object ------------------------------------------------------------------------------- */

/* What cannot be looked at stays; that is a failure only where it was to be deleted. */
static enum prune_verdict decide_unread(const struct orphans *orphans, const struct target *target,
					struct buf *why)
{
	if (!target->resource && target->error->class == ERR_NOT_FOUND) {
		buf_puts(why, "no longer this app's: the cluster does not offer its kind any more");
		return PRUNE_RELEASE;
	}
	if (app_is_outside(orphans->options.app, &target->ref))
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
	size_t place = (size_t)(orphans_of_target(orphans, target) - orphans->items);
	const char *uid = json_str(target->live, "metadata.uid");
	const struct inventory *owner =
		others ? neighbours_owner(others, &target->ref, uid ? uid : "") : NULL;
	CLEANUP(free_p) char *digest = NULL;

	if (!entry)
		return err_set(err, ERR_INTERNAL, "the inventory has lost an orphan");
	/* The manifest is no more, but the live object says as it did what Git does not decide. */
	if (target->live &&
	    inventory_digest_live(&target->ref, target->live, target->live, &digest, err) < 0)
		return -1;
	*ret_changed = digest && strcmp(digest, entry->live) != 0;
	if (*ret_changed && json_unpack_managed_fields(target->live, err) < 0)
		return -1;
	const struct prune_facts facts = {
		.ref = &target->ref,
		.live = target->live,
		.in_git = orphans->items[place].in_git,
		.uid = entry->uid,
		.changed = *ret_changed,
		.marks = entry->marks,
		.other_app = owner ? owner->app : NULL,
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
	struct orphan *orphan = orphans_of_target(orphans, target);

	if (orphan->has_item) {
		*ret_item = orphans_item_of(orphans, target);
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
	if (target->live)
		prune_print_consequences(&target->ref, target->live, &text);
	if (text.length && plan_item_note(item, err, "%s", buf_str(&text)) < 0)
		return -1;
	return changed ? plan_item_note(item, err, "it was changed since it was applied") : 0;
}

int orphans_decide_one(struct orphans *orphans, const struct target *target, struct err *err)
{
	struct orphan *orphan = orphans_of_target(orphans, target);
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
	    !app_is_outside(orphans->options.app, &target->ref)) {
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
		enum prune_verdict verdict = orphans_of_target(orphans, target)->verdict;
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
		struct orphan *orphan = orphans_of_target(orphans, target);

		if (orphan->verdict != PRUNE_DELETE || (!all && prune_is_ordered(target->live)))
			continue;
		CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
		struct plan_item *item = orphans_item_of(orphans, target);
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

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Marks those that are in Git after all, in another group that the server offers them in. */
static int find_in_git(struct orphans *orphans, const struct targets *targets, struct err *err)
{
	CLEANUP(free_p) const char **uids = calloc(targets->count + 1, sizeof(*uids));
	size_t count = 0;

	if (!uids)
		return err_no_memory(err);
	for (size_t i = 0; i < targets->count; i++)
		if ((uids[count] = json_str(targets->items[i].live, "metadata.uid")))
			count++;
	qsort(uids, count, sizeof(*uids), by_text);
	for (size_t i = 0; i < orphans->targets.count; i++) {
		const struct target *target = &orphans->targets.items[i];
		const char *uid = json_str(target->live, "metadata.uid");

		orphans_of_target(orphans, target)->in_git =
			uid && bsearch(&uid, uids, count, sizeof(*uids), by_text);
	}
	return 0;
}

int orphans_decide(struct orphans *orphans, const struct targets *targets, struct err *err)
{
	CLEANUP(buf_release) struct buf why = BUF_INIT(4096);

	if (find_in_git(orphans, targets, err) < 0)
		return -1;
	for (size_t i = 0; i < orphans->targets.count; i++)
		if (orphans_decide_one(orphans, &orphans->targets.items[i], err) < 0)
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

#include "agent/chronicle_notices.h"

#include <string.h>

#include "agent/report.h"
#include "agent/steer_words.h"
#include "apply/clock.h"

#define MAX_TEXT_BYTES     16384
#define MAX_FINDINGS_TOLD  8
#define MAX_WRITTEN_SINGLY 20 /* objects of one sync that are told one by one */

/* --- one notice ------------------------------------------------------------------------------- */

static const char *uid_of(const struct app *app, const struct ref *ref)
{
	const struct inventory_entry *entry =
		app->inventory_known ? inventory_find(&app->inventory, ref) : NULL;

	return entry ? entry->uid : "";
}

/* NULL when memory runs out, which the board takes for nothing to tell. `ref` may be NULL. */
static struct notice *make(const struct chronicle *chronicle, enum notice_kind kind,
			   enum notice_state state, const struct ref *ref, const char *text)
{
	const struct app *app = chronicle->app;
	const struct snapshot *snapshot = &app->fetched.snapshot;
	CLEANUP(notice_drop_p)
	struct notice *notice = notice_new(kind, state, app->name, ref, text, clock_unix_ms());
	struct err err;

	if (!notice ||
	    notice_set_commit(notice, snapshot->revision, snapshot->commit, snapshot->author,
			      snapshot->subject, &err) < 0 ||
	    (ref && notice_set_uid(notice, uid_of(app, ref), &err) < 0))
		return NULL;
	return STEAL(notice);
}

static void add_field(struct notice *notice, const char *name, const char *value)
{
	struct err ignored; /* a notice that lacks a detail is a notice still */

	if (notice)
		(void)notice_add_field(notice, name, value, &ignored);
}

static void hold(struct chronicle *chronicle, enum notice_kind kind, const struct ref *ref,
		 const char *text, bool may_pass)
{
	notice_board_put(&chronicle->board, make(chronicle, kind, NOTICE_BEGINS, ref, text),
			 may_pass);
}

/* --- faults of whole passes ------------------------------------------------------------------- */

static void put_refused_commit(struct chronicle *chronicle, const struct err *err)
{
	const struct findings *findings = &chronicle->app->fetched.findings;
	struct notice *notice =
		make(chronicle, NOTICE_COMMIT_REFUSED, NOTICE_BEGINS, NULL, err->message);
	int told = 0;

	for (size_t i = 0; i < findings->count && told < MAX_FINDINGS_TOLD; i++) {
		CLEANUP(buf_release) struct buf place = BUF_INIT(MAX_TEXT_BYTES);
		const struct finding *finding = &findings->items[i];

		if (finding->level != FINDING_ERROR)
			continue;
		buf_printf(&place, "%s:%u", finding->file, finding->mark.line);
		add_field(notice, buf_str(&place), finding->message);
		told++;
	}
	notice_board_put(&chronicle->board, notice, false);
}

static void put_fault(struct chronicle *chronicle, const struct pass *pass)
{
	const struct err *err = pass_error(pass);
	bool may_pass = err->class == ERR_TRANSIENT;

	switch (pass_fault(pass)) {
	case PASS_SOURCE:
		hold(chronicle,
		     err->class == ERR_UNTRUSTED ? NOTICE_SIGNATURE_REFUSED : NOTICE_SOURCE_FAILED,
		     NULL, err->message, may_pass);
		break;
	case PASS_SUSPENDED: break;
	case PASS_MANIFEST: put_refused_commit(chronicle, err); break;
	case PASS_CLUSTER:
		hold(chronicle, NOTICE_CLUSTER_LOST, NULL, err->message, may_pass);
		break;
	case PASS_FINE:
		if (pass_trouble(pass))
			hold(chronicle, NOTICE_SYNC_FAILED, NULL, pass_trouble(pass)->message,
			     pass_trouble(pass)->class == ERR_TRANSIENT);
		break;
	}
}

/* --- objects ---------------------------------------------------------------------------------- */

/* What changed, from what to what, and by whom: a field each. */
static void add_changes(struct notice *notice, const struct plan_item *item)
{
	for (size_t i = 0; i < item->changes.count; i++) {
		const struct change *change = &item->changes.items[i];
		const struct culprit *culprit = plan_item_culprit(item, i);
		CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);

		change_print_value(change, change->to, &text);
		buf_puts(&text, " -> ");
		change_print_value(change, change->from, &text);
		if (culprit) {
			buf_putc(&text, ' ');
			culprit_print(culprit, &text);
		}
		add_field(notice, change->path, buf_str(&text));
	}
}

static void put_drift(struct chronicle *chronicle, const struct plan_item *item,
		      const struct steer *steer)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);

	report_item_drift(item, steer, &text);
	if (text.length == 0)
		return;
	struct notice *notice =
		make(chronicle, NOTICE_DRIFT, NOTICE_BEGINS, &item->ref, buf_str(&text));
	if (item->action == PLAN_DRIFT)
		add_changes(notice, item);
	notice_board_put(&chronicle->board, notice, false);
}

static void put_promotion(struct chronicle *chronicle, const struct plan_item *item,
			  const struct steer *steer)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);
	enum steer_state state = steer_state(steer);

	/* Stuck is what the watch on the rollout finds, also where nothing is promoted. */
	if (state != STEER_BLOCKED && state != STEER_ROLLED_BACK)
		return;
	steer_print_state(steer, &text);
	hold(chronicle,
	     state == STEER_BLOCKED ? NOTICE_ROLLOUT_BLOCKED : NOTICE_ROLLOUT_ROLLED_BACK,
	     &item->ref, buf_str(&text), false);
}

static void put_item(struct chronicle *chronicle, const struct plan_item *item,
		     const struct steer *steer)
{
	put_drift(chronicle, item, steer);
	if (item->fight)
		hold(chronicle, NOTICE_DRIFT_FIGHT, &item->ref, item->fight, false);
	if (item->action == PLAN_FAILED) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);

		report_place(item, &text);
		buf_puts(&text, item->error.message);
		hold(chronicle, NOTICE_SYNC_FAILED, &item->ref, buf_str(&text),
		     item->error.class == ERR_TRANSIENT);
	}
	if (item->action == PLAN_BLOCKED && !item->file && item->note_count)
		hold(chronicle, NOTICE_PRUNE_REFUSED, &item->ref, item->notes[0], false);
	put_promotion(chronicle, item, steer);
}

/* --- which conditions a pass has nothing to say about ------------------------------------------ */

static bool has_ref(const struct pass *pass, const struct ref *ref)
{
	const struct plan *plan = pass_plan(pass);

	for (size_t i = 0; i < plan->count; i++)
		if (ref_equal(&plan->items[i].ref, ref))
			return true;
	return false;
}

static bool is_unknown(void *context, const struct notice *notice)
{
	const struct pass *pass = context;
	enum pass_fault fault = pass_fault(pass);

	switch (notice->kind) {
	case NOTICE_SOURCE_FAILED:
	case NOTICE_SIGNATURE_REFUSED: return !pass_is_whole(pass);
	case NOTICE_COMMIT_REFUSED: return !pass_is_whole(pass) || fault == PASS_SOURCE;
	case NOTICE_CLUSTER_LOST: return fault == PASS_SOURCE || fault == PASS_MANIFEST;
	case NOTICE_ROLLOUT_STUCK: /* unless the object has left Git */
		return fault != PASS_FINE || !pass_looks_at_all(pass) ||
		       has_ref(pass, &notice->ref);
	default:
		return fault != PASS_FINE || (!pass_looks_at_all(pass) && notice->has_object &&
					      !has_ref(pass, &notice->ref));
	}
}

/* --- what was written --------------------------------------------------------------------------- */

void chronicle_notice_written(struct chronicle *chronicle, const struct plan_item *item,
			      const cJSON *written, const char *line)
{
	CLEANUP(buf_release) struct buf object = BUF_INIT(1024);
	const char *uid = json_str(written, "metadata.uid");
	struct err ignored;

	if (chronicle->written_count++ < MAX_WRITTEN_SINGLY) {
		struct notice *notice =
			make(chronicle, NOTICE_SYNCED, NOTICE_ONCE, &item->ref, line);

		if (notice && uid)
			(void)notice_set_uid(notice, uid, &ignored);
		notice_board_once(&chronicle->board, notice);
		return;
	}
	if (!chronicle->others_written)
		chronicle->others_written = make(chronicle, NOTICE_SYNCED, NOTICE_ONCE, NULL, "");
	report_key(&item->ref, &object);
	add_field(chronicle->others_written, buf_str(&object), line);
}

void chronicle_notice_undone(struct chronicle *chronicle, const struct plan_item *item,
			     const char *line)
{
	struct notice *notice = make(chronicle, NOTICE_DRIFT, NOTICE_ONCE, &item->ref, line);

	add_changes(notice, item);
	notice_board_once(&chronicle->board, notice);
}

/* More than can be told one by one become one. */
static void put_others_written(struct chronicle *chronicle)
{
	CLEANUP(notice_drop_p) struct notice *notice = STEAL(chronicle->others_written);
	CLEANUP(buf_release) struct buf text = BUF_INIT(128);
	struct err ignored;

	buf_printf(&text, "%zu more objects were written",
		   chronicle->written_count - MAX_WRITTEN_SINGLY);
	chronicle->written_count = 0;
	if (notice && notice_set_text(notice, buf_str(&text), &ignored) == 0)
		notice_board_once(&chronicle->board, STEAL(notice));
}

/* --- over a restart --------------------------------------------------------------------------- */

/* What the process before this one told of is in the inventory, as soon as that was read. */
static void restore(struct chronicle *chronicle)
{
	const struct app *app = chronicle->app;

	if (chronicle->remembers || !app->inventory_known)
		return;
	notice_board_restore(&chronicle->board, app->name, app->inventory.alerts);
	chronicle->remembers = true;
}

bool chronicle_remember(struct chronicle *chronicle, struct inventory *inventory)
{
	CLEANUP(cJSON_Delete_p) cJSON *alerts = NULL;
	struct err err;

	if (!chronicle->remembers || notices_sink_count(chronicle->board.notices) == 0 ||
	    notice_board_to_json(&chronicle->board, chronicle->app->name, &alerts, &err) < 0 ||
	    json_equal(alerts, inventory->alerts))
		return false;
	cJSON_Delete(inventory->alerts);
	inventory->alerts = STEAL(alerts);
	return true;
}

/* --- a pass ------------------------------------------------------------------------------------- */

void chronicle_notice_pass(struct chronicle *chronicle, const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);
	struct notice_board *board = &chronicle->board;

	restore(chronicle);
	if (chronicle->written_count > MAX_WRITTEN_SINGLY)
		put_others_written(chronicle);
	chronicle->written_count = 0;
	notice_board_begin(board);
	notice_board_keep(board, is_unknown, (void *)(uintptr_t)pass);
	put_fault(chronicle, pass);
	for (size_t i = 0; pass_fault(pass) == PASS_FINE && i < plan->count; i++)
		put_item(chronicle, &plan->items[i], pass_steer(pass, i));
	notice_board_end(board, clock_unix_ms());
	notice_board_tell(board);
}

/* --- rollouts ----------------------------------------------------------------------------------- */

static struct ref ref_of_rollout(const struct rollout *rollout)
{
	/* A view: nothing of it is released. */
	return (struct ref){(char *)(uintptr_t) "apps", (char *)(uintptr_t) "v1",
			    (char *)(uintptr_t) "StatefulSet", rollout->namespace, rollout->name};
}

/*
 * A Pod that crashes again and again is stuck, then starts, then is stuck: that is one condition. It is over when
 * the rollout has come to rest, or goes to another revision.
 */
static void put_stuck(struct chronicle *chronicle, const struct rollout *rollout,
		      const struct ref *ref)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT(2048);
	struct notice_board *board = &chronicle->board;

	notice_print_key(NOTICE_ROLLOUT_STUCK, chronicle->app->name, ref, &key);
	struct notice_board_item *item = notice_board_find(board, buf_str(&key));
	if (item && item->mark && strcmp(item->mark, rollout->update_revision) != 0) {
		notice_board_lift(board, buf_str(&key), clock_unix_ms());
		item = NULL;
	}
	if (rollout->phase == ROLLOUT_STUCK) {
		hold(chronicle, NOTICE_ROLLOUT_STUCK, ref, rollout->reason, false);
		item = notice_board_find(board, buf_str(&key));
		if (item && !item->mark)
			item->mark = strdup(rollout->update_revision);
	} else if (item && (rollout_is_settled(rollout) || rollout_has_failed(rollout))) {
		notice_board_lift(board, buf_str(&key), clock_unix_ms());
	}
}

/* Once for each place where it comes to rest, however often it is looked at. */
static void put_arrival(struct chronicle *chronicle, const struct rollout *rollout,
			const struct ref *ref, bool is_news)
{
	CLEANUP(buf_release) struct buf place = BUF_INIT(MAX_TEXT_BYTES);
	CLEANUP(buf_release) struct buf key = BUF_INIT(2048);
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);
	struct err ignored;
	bool is_new = false;

	if (rollout->phase != ROLLOUT_CANARY && rollout->phase != ROLLOUT_COMPLETE)
		return;
	report_key(ref, &key);
	/* Not the replicas: that somebody scales is no rollout. */
	buf_printf(&place, "%s %s %lld", rollout_phase_name(rollout->phase),
		   rollout->update_revision, (long long)rollout->partition);
	if (conditions_hold(&chronicle->arrivals, buf_str(&key), buf_str(&place), &is_new,
			    &ignored) < 0 ||
	    !is_new || !is_news)
		return;
	rollout_print(rollout, &text);
	notice_board_once(&chronicle->board,
			  make(chronicle,
			       rollout->phase == ROLLOUT_CANARY ? NOTICE_CANARY_READY
								: NOTICE_ROLLOUT_COMPLETE,
			       NOTICE_ONCE, ref, buf_str(&text)));
}

void chronicle_watch(struct chronicle *chronicle, const struct rollout *rollout, bool has_moved)
{
	const struct ref ref = ref_of_rollout(rollout);

	if (rollout->phase == ROLLOUT_SETTLING || !chronicle->remembers)
		return; /* what was told before is not known yet */
	put_stuck(chronicle, rollout, &ref);
	put_arrival(chronicle, rollout, &ref, has_moved);
	notice_board_tell(&chronicle->board);
}

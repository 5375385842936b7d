#include "agent/chronicle.h"

#include <string.h>

#include "agent/chronicle_notices.h"
#include "agent/report.h"
#include "agent/steer_words.h"

#define MAX_LINE_BYTES 16384
#define SUSPENSION     "suspension" /* a fault that is none */

void chronicle_release(struct chronicle *chronicle)
{
	conditions_release(&chronicle->drift);
	conditions_release(&chronicle->fights);
	conditions_release(&chronicle->failed);
	conditions_release(&chronicle->left);
	conditions_release(&chronicle->autoscaled);
	conditions_release(&chronicle->promotions);
	conditions_release(&chronicle->faults);
	conditions_release(&chronicle->findings);
	conditions_release(&chronicle->arrivals);
	notice_board_release(&chronicle->board);
	notice_drop(STEAL(chronicle->others_written));
}

struct log_subject chronicle_subject(const struct chronicle *chronicle, const char *object)
{
	return (struct log_subject){.app = chronicle->app->name,
				    .revision = app_commit(chronicle->app),
				    .object = object};
}

/* --- conditions told once -------------------------------------------------------------------- */

/* Tells that something holds, if that is news. */
static void hold(struct chronicle *chronicle, struct conditions *conditions, const char *key,
		 const char *text, enum log_level level, const char *object, const char *message)
{
	const struct log_subject subject = chronicle_subject(chronicle, object);
	struct err err;
	bool is_new = true;

	if (conditions_hold(conditions, key, text, &is_new, &err) < 0)
		log_line(LOG_ERROR, &subject, "%s", err.message);
	if (is_new)
		log_line(level, &subject, "%s", message);
}

/*
 * What tells one failure from the next: of one that may pass by itself the words change as it goes
 * on.
 */
static const char *nature(const struct err *err)
{
	return err->class == ERR_TRANSIENT ? "" : err->message;
}

/* "shop/statefulset.apps/web" as "statefulset.apps/web". */
static const char *object_of_key(const char *key)
{
	const char *first = strchr(key, '/');

	return first && strchr(first + 1, '/') ? first + 1 : key;
}

static void tell_end(const struct chronicle *chronicle, const char *key, const char *message)
{
	const struct log_subject subject = chronicle_subject(chronicle, object_of_key(key));

	log_line(LOG_INFO, &subject, "%s", message);
}

static void on_drift_ended(void *context, const char *key)
{
	tell_end(context, key, "drift ended");
}

static void on_fight_ended(void *context, const char *key)
{
	tell_end(context, key, "the fight over it ended");
}

static void on_failure_ended(void *context, const char *key)
{
	tell_end(context, key, "works again");
}

static void on_autoscaling_ended(void *context, const char *key)
{
	tell_end(context, key, "replicas of Git count again");
}

static void on_fault_ended(void *context, const char *key)
{
	const struct log_subject subject = chronicle_subject(context, NULL);

	if (strcmp(key, SUSPENSION) == 0)
		log_line(LOG_INFO, &subject, "the app is resumed");
	else
		log_line(LOG_INFO, &subject, "the %s works again", key);
}

static void forget(void *context, const char *key)
{
	(void)context;
	(void)key;
}

/* --- promotions ------------------------------------------------------------------------------ */

/* "shop/statefulset.apps/web blocked" */
static void print_state_key(const char *key, enum steer_state state, struct buf *out)
{
	buf_printf(out, "%s %s", key, steer_state_name(state));
}

static void on_promotion_ended(void *context, const char *state_key)
{
	CLEANUP(buf_release) struct buf object = BUF_INIT(MAX_LINE_BYTES);
	const char *state_name = strchr(state_key, ' ') + 1;
	const char *end = NULL;

	for (int state = 0; state < STEER_STATE_COUNT; state++)
		if (strcmp(steer_state_name(state), state_name) == 0)
			end = steer_state_end(state);
	buf_append(&object, state_key, (size_t)(state_name - 1 - state_key));
	if (end)
		tell_end(context, buf_str(&object), end);
}

/*
 * What tells one moment of the state from the next. A reason may change all the time (restarts that
 * are counted): it is told as it was at the beginning, a bake once for each step. What is blocked
 * may wait for a Pod that comes by itself, and find that it does not: then the reason says how to
 * help, and is told again. Between two crashes that Pod looks as if it came.
 */
static void print_moment(const struct chronicle *chronicle, const char *state_key,
			 const struct steer *steer, struct buf *out)
{
	enum steer_state state = steer_state(steer);
	const char *before = conditions_text(&chronicle->promotions, state_key);

	if (state == STEER_BAKING)
		buf_printf(out, "%lld", (long long)steer->promotion.partition);
	else if (state == STEER_BLOCKED && (steer->failed || (before && *before)))
		buf_puts(out, "stuck");
}

/* How the StatefulSet is kept from going on. */
static void tell_promotion(struct chronicle *chronicle, const char *key, const char *object,
			   const struct steer *steer)
{
	CLEANUP(buf_release) struct buf state_key = BUF_INIT(MAX_LINE_BYTES);
	CLEANUP(buf_release) struct buf text = BUF_INIT(64), line = BUF_INIT(MAX_LINE_BYTES);
	enum steer_state state = steer_state(steer);

	if (state != STEER_FREE) {
		print_state_key(key, state, &state_key);
		print_moment(chronicle, buf_str(&state_key), steer, &text);
		steer_print_state(steer, &line);
		hold(chronicle, &chronicle->promotions, buf_str(&state_key), buf_str(&text),
		     steer_state_is_trouble(state) ? LOG_WARNING : LOG_INFO, object,
		     buf_str(&line));
	}
	if (!steer || !steer->unstuck)
		return;
	buf_clear(&line);
	steer_print_unstick(steer, &line);
	if (line.length == 0)
		return;
	buf_clear(&state_key);
	buf_printf(&state_key, "%s evicted", key);
	hold(chronicle, &chronicle->promotions, buf_str(&state_key), buf_str(&line),
	     steer->unstick_result == UNSTICK_EVICTED ? LOG_INFO : LOG_WARNING, object,
	     buf_str(&line));
}

/* --- one pass -------------------------------------------------------------------------------- */

static void tell_findings(struct chronicle *chronicle)
{
	const struct findings *findings = &chronicle->app->fetched.findings;

	conditions_begin_round(&chronicle->findings);
	for (size_t i = 0; i < findings->count; i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(65536);

		finding_print(&findings->items[i], &line);
		hold(chronicle, &chronicle->findings, buf_str(&line), "",
		     findings->items[i].level == FINDING_ERROR ? LOG_ERROR : LOG_WARNING, NULL,
		     buf_str(&line));
	}
	conditions_end_round(&chronicle->findings, forget, chronicle);
}

void chronicle_fetched(struct chronicle *chronicle)
{
	const struct log_subject subject = {.app = chronicle->app->name};
	const struct snapshot *snapshot = &chronicle->app->fetched.snapshot;

	log_line(LOG_INFO, &subject, "fetched %s by %s: %s%s", snapshot->revision, snapshot->author,
		 snapshot->subject,
		 snapshot->is_rewritten ? " (history was rewritten: the commit before is not in it)"
					: "");
	tell_findings(chronicle);
}

/* Drift that has just been undone begins and ends at once. */
static void tell_undone(struct chronicle *chronicle, const struct plan_item *item,
			const struct log_subject *subject)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(MAX_LINE_BYTES);

	if (!item->drifted)
		return;
	report_drift(item, &line);
	buf_puts(&line, "; ");
	report_drift_fate(item, &line);
	log_line(LOG_WARNING, subject, "drift: %s", buf_str(&line));
	chronicle_notice_undone(chronicle, item, buf_str(&line));
}

void chronicle_written(struct chronicle *chronicle, const struct plan_item *item,
		       const struct target *target, const struct steer *steer)
{
	CLEANUP(buf_release)
	struct buf object = BUF_INIT(1024), line = BUF_INIT(8192), step = BUF_INIT(8192);
	bool only = false;

	if (target->error)
		return; /* told when the pass is done, if it is still so then */
	ref_print(&item->ref, &object);
	const struct log_subject subject = chronicle_subject(chronicle, buf_str(&object));
	tell_undone(chronicle, item, &subject);
	steer_print_step(steer, item, &step, &only);
	report_written(item, target, &line);
	if (!only)
		log_line(LOG_INFO, &subject, "%s", buf_str(&line));
	if (step.length)
		log_line(LOG_INFO, &subject, "%s", buf_str(&step));
	chronicle_notice_written(chronicle, item, target->written, buf_str(only ? &step : &line));
}

static void tell_item(struct chronicle *chronicle, const struct plan_item *item,
		      const struct steer *steer)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT(1024);
	CLEANUP(buf_release) struct buf drift = BUF_INIT(MAX_LINE_BYTES);
	CLEANUP(buf_release) struct buf failure = BUF_INIT(MAX_LINE_BYTES);

	report_key(&item->ref, &key);
	const char *object = object_of_key(buf_str(&key));
	if (item->autoscaled)
		hold(chronicle, &chronicle->autoscaled, buf_str(&key), "", LOG_INFO, object,
		     item->autoscaled);
	buf_puts(&drift, "drift: ");
	size_t prefix = drift.length;
	report_item_drift(item, steer, &drift);
	if (drift.length > prefix)
		hold(chronicle, &chronicle->drift, buf_str(&key), "", LOG_WARNING, object,
		     buf_str(&drift));
	if (item->fight)
		hold(chronicle, &chronicle->fights, buf_str(&key), "", LOG_ERROR, object,
		     item->fight);
	if (item->action == PLAN_FAILED) {
		report_place(item, &failure);
		buf_puts(&failure, item->error.message);
		hold(chronicle, &chronicle->failed, buf_str(&key), nature(&item->error), LOG_ERROR,
		     object, buf_str(&failure));
	}
	tell_promotion(chronicle, buf_str(&key), object, steer);
}

/* Told once for each reason, and again when other objects stay for it. */
static void tell_left(void *context, const char *reason, const char *line)
{
	struct chronicle *chronicle = context;

	hold(chronicle, &chronicle->left, reason, line, LOG_WARNING, NULL, line);
}

/* What is about the objects that the pass did not look at holds on. */
static void begin_round(struct conditions *conditions, const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);

	if (pass_looks_at_all(pass)) {
		conditions_begin_round(conditions);
		return;
	}
	conditions_begin_partial_round(conditions);
	for (size_t i = 0; i < plan->count; i++) {
		CLEANUP(buf_release) struct buf key = BUF_INIT(1024);

		report_key(&plan->items[i].ref, &key);
		conditions_doubt(conditions, buf_str(&key));
	}
}

static void tell_plan(struct chronicle *chronicle, const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);

	begin_round(&chronicle->drift, pass);
	begin_round(&chronicle->failed, pass);
	begin_round(&chronicle->autoscaled, pass);
	begin_round(&chronicle->promotions, pass);
	begin_round(&chronicle->fights, pass);
	for (size_t i = 0; i < plan->count; i++)
		tell_item(chronicle, &plan->items[i], pass_steer(pass, i));
	conditions_end_round(&chronicle->drift, on_drift_ended, chronicle);
	conditions_end_round(&chronicle->fights, on_fight_ended, chronicle);
	conditions_end_round(&chronicle->failed, on_failure_ended, chronicle);
	conditions_end_round(&chronicle->autoscaled, on_autoscaling_ended, chronicle);
	conditions_end_round(&chronicle->promotions, on_promotion_ended, chronicle);
	if (!pass_is_whole(pass))
		return;
	conditions_begin_round(&chronicle->left);
	report_left(plan, tell_left, chronicle);
	conditions_end_round(&chronicle->left, forget, chronicle);
}

static void tell_faults(struct chronicle *chronicle, const struct pass *pass)
{
	static const char *const names[] = {
		[PASS_SOURCE] = "source", [PASS_MANIFEST] = "commit", [PASS_CLUSTER] = "cluster"};
	const struct err *denied = &chronicle->app->autoscalers.denied;
	enum pass_fault fault = pass_fault(pass);

	conditions_begin_round(&chronicle->faults);
	if (fault == PASS_SUSPENDED)
		hold(chronicle, &chronicle->faults, SUSPENSION, pass_error(pass)->message, LOG_INFO,
		     NULL, pass_error(pass)->message);
	else if (fault != PASS_FINE)
		hold(chronicle, &chronicle->faults, names[fault], nature(pass_error(pass)),
		     LOG_ERROR, NULL, pass_error(pass)->message);
	else if (pass_trouble(pass))
		hold(chronicle, &chronicle->faults, pass_troubled(pass), nature(pass_trouble(pass)),
		     LOG_WARNING, NULL, pass_trouble(pass)->message);
	if (denied->class != ERR_NONE)
		hold(chronicle, &chronicle->faults, "list of autoscalers", denied->message,
		     LOG_WARNING, NULL, denied->message);
	conditions_end_round(&chronicle->faults, on_fault_ended, chronicle);
}

void chronicle_pass(struct chronicle *chronicle, const struct pass *pass)
{
	tell_faults(chronicle, pass);
	if (pass_fault(pass) == PASS_MANIFEST)
		tell_findings(chronicle); /* some are found with the cluster's help only */
	if (pass_fault(pass) == PASS_FINE)
		tell_plan(chronicle, pass);
	chronicle_notice_pass(chronicle, pass);
}

void chronicle_rollout(struct chronicle *chronicle, const struct rollout *rollout, const char *line)
{
	CLEANUP(buf_release) struct buf object = BUF_INIT(1024);

	buf_printf(&object, "statefulset.apps/%s", rollout->name);
	const struct log_subject subject = chronicle_subject(chronicle, buf_str(&object));
	log_line(rollout->phase == ROLLOUT_STUCK ? LOG_WARNING : LOG_INFO, &subject, "%s", line);
}

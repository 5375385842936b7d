#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "agent/conditions.h"
#include "agent/drive.h"
#include "agent/follow.h"
#include "agent/record_history.h"
#include "agent/remote.h"
#include "agent/report.h"
#include "agent/schedule.h"
#include "agent/session.h"
#include "agent/show.h"
#include "agent/steer_words.h"
#include "agent/whoami.h"
#include "apply/rollout.h"

#define MOVE_WAIT_MS  100  /* a rollout moved: let what comes with it come too */
#define RETRY_WAIT_MS 1000 /* after a pass that failed for a reason that may pass */

struct sync {
	struct session session;
	const struct options *options;
	struct pass *pass;
	bool pass_runs;
	int code;
	const char *by; /* who it is that asks */

	/* --wait: passes over the rollouts follow, until all have arrived or one cannot */
	bool waiting;
	struct rollouts *rollouts;
	struct schedule *schedule;
	uv_timer_t deadline;
	struct follow follow;
	struct drive drive;
	struct conditions told; /* what has been printed of the passes */
};

static void start_pass(void *context, enum schedule_kind kind);

/* --- waiting for the rollouts ---------------------------------------------------------------- */

static void print_line(const char *name, const char *text)
{
	printf("statefulset.apps/%s: %s\n", name, text);
	fflush(stdout);
}

static void print_how(void *context, const char *name, const char *how)
{
	(void)context;
	fprintf(stderr, "tranche: statefulset.apps/%s %s\n", name, how);
}

static void on_history_saved(void *context, const struct err *err)
{
	(void)context;
	if (err)
		tell_warning("how it ended is not in the history: %s", err->message);
}

/* How the rollouts ended, which no pass saves any more. */
static void save_history(struct sync *sync)
{
	struct app *app = &sync->session.app;
	struct err err;

	if (!app->history_unsaved || !app->inventory_known)
		return;
	app->history_unsaved = false;
	if (!inventory_save(sync->session.cluster, app->namespace, &app->inventory,
			    on_history_saved, sync, &err))
		tell_warning("how it ended is not in the history: %s", err.message);
}

static void end_wait(struct sync *sync, int code)
{
	sync->code = code;
	sync->waiting = false;
	if (sync->pass_runs)
		pass_free(STEAL(sync->pass));
	rollouts_free(STEAL(sync->rollouts));
	schedule_free(STEAL(sync->schedule));
	uv_close((uv_handle_t *)&sync->deadline, NULL);
	save_history(sync);
}

/* Ends the waiting if there is nothing more to wait for. */
static void look(struct sync *sync)
{
	switch (drive_judge(&sync->drive, sync->rollouts, false, print_how, NULL)) {
	case DRIVE_GOES_ON: break;
	case DRIVE_ARRIVED: end_wait(sync, sync->code); break;
	case DRIVE_ENDED: end_wait(sync, EXIT_ROLLOUT); break;
	}
}

static void on_rollout(void *context, const struct rollout *rollout)
{
	struct sync *sync = context;
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192);

	if (!sync->waiting)
		return;
	const struct driven *driven = drive_find(&sync->drive, rollout);
	if (!driven)
		return;
	record_history_rollout(
		&sync->session.app, rollout,
		rollouts_statefulset(sync->rollouts, rollout->namespace, rollout->name));
	if (follow_tell(&sync->follow, rollout, &line))
		print_line(rollout->name, buf_str(&line));
	if (driven->steered)
		schedule_request(sync->schedule, SCHEDULE_ROLLOUTS, MOVE_WAIT_MS);
	else if (!sync->pass_runs)
		look(sync);
}

static void on_deadline(uv_timer_t *timer)
{
	struct sync *sync = timer->data;

	drive_judge(&sync->drive, sync->rollouts, true, print_how, NULL);
	end_wait(sync, EXIT_ROLLOUT);
}

static void on_rollout_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	(void)context;
	if (retry_in_ms < 0 || err->class == ERR_DENIED)
		tell_warning("cannot follow the rollouts: %s", err->message);
}

/* Follows the StatefulSets of the first pass. */
static int start_waiting(struct sync *sync, struct err *err)
{
	const struct rollouts_options options = {
		.on_change = on_rollout, .on_error = on_rollout_error, .ctx = sync};

	if (sync->drive.count == 0)
		return 0;
	sync->rollouts = rollouts_new(sync->session.cluster, &options, err);
	sync->schedule = schedule_new(sync->session.loop, start_pass, sync, err);
	if (!sync->rollouts || !sync->schedule)
		return -1;
	for (size_t i = 0; i < sync->drive.count; i++)
		if (rollouts_add_namespace(sync->rollouts, sync->drive.items[i].namespace, err) < 0)
			return -1;
	sync->waiting = true;
	uv_timer_init(sync->session.loop, &sync->deadline);
	sync->deadline.data = sync;
	uv_timer_start(&sync->deadline, on_deadline, (uint64_t)sync->options->timeout_ms, 0);
	return 0;
}

/* --- the pass -------------------------------------------------------------------------------- */

static void on_written(void *context, const struct plan_item *item, const struct target *target,
		       const struct steer *steer)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(65536), step = BUF_INIT(8192);
	bool only = false;

	(void)context;
	if (target->error)
		return;
	ref_print(&item->ref, &line);
	buf_putc(&line, ' ');
	report_written(item, target, &line);
	steer_print_step(steer, item, &step, &only);
	if (!only)
		printf("%s\n", buf_str(&line));
	if (step.length)
		print_line(item->ref.name, buf_str(&step));
	fflush(stdout);
}

static void print_notes(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		CLEANUP(buf_release) struct buf name = BUF_INIT(1024);

		if (!item->file)
			continue; /* left Git: told below */
		ref_print(&item->ref, &name);
		for (size_t n = 0; n < item->note_count; n++)
			fprintf(stderr, "tranche: note: %s: %s\n", buf_str(&name), item->notes[n]);
	}
}

static void print_drift(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(65536);

		if (!plan->items[i].drifted)
			continue;
		ref_print(&plan->items[i].ref, &line);
		buf_puts(&line, " drifted: ");
		report_drift(&plan->items[i], &line);
		buf_puts(&line, "; ");
		report_drift_fate(&plan->items[i], &line);
		tell_warning("%s", buf_str(&line));
	}
}

static void print_left(void *context, const char *reason, const char *line)
{
	(void)context;
	(void)reason;
	tell_warning("%s", line);
}

/* Whether the prune was refused: what was asked for has not been done. */
static bool is_prune_refused(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].action == PLAN_BLOCKED && !plan->items[i].file)
			return true;
	return false;
}

static void print_summary(const struct plan *plan)
{
	const char *separator = "";

	for (size_t i = 0; i < PLAN_ACTION_COUNT; i++) {
		size_t count = plan_count(plan, plan_action_order[i]);

		if (count == 0)
			continue;
		printf("%s%zu %s", separator, count, plan_action_words[plan_action_order[i]].done);
		separator = ", ";
	}
	printf("%s%s\n",
	       *plan->revision ? ", at "
	       : *separator    ? ""
			       : "no objects",
	       plan->revision);
	fflush(stdout);
}

/* How a StatefulSet goes on after this pass, where it does not by itself. */
static void print_way(const struct plan_item *item, const struct steer *steer)
{
	if (!steer || steer->promotion.verdict != PROMOTION_WALKING)
		return;
	fprintf(stderr,
		"tranche: statefulset.apps/%s is on its way to partition %lld; sync --wait, "
		"tranche "
		"run, or the next sync takes the next step\n",
		item->ref.name, (long long)steer->record.partition);
}

static void print_once(struct sync *sync, const char *name, const struct buf *key,
		       const struct buf *line)
{
	bool is_new = true;
	struct err err;

	if (line->length && conditions_hold(&sync->told, buf_str(key), "", &is_new, &err) == 0 &&
	    is_new)
		print_line(name, buf_str(line));
}

static void print_unstick(struct sync *sync, const struct plan_item *item,
			  const struct steer *steer)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192);

	steer_print_unstick(steer, &line);
	print_once(sync, item->ref.name, &line, &line);
}

/* What is kept from where Git has it. */
static void print_state(struct sync *sync, const struct plan_item *item, const struct steer *steer)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192), key = BUF_INIT(1024);
	enum steer_state state = steer_state(steer);

	report_key(&item->ref, &key);
	buf_printf(&key, " %s %lld", steer_state_name(state),
		   (long long)steer->promotion.partition);
	steer_print_state(steer, &line);
	print_once(sync, item->ref.name, &key, &line);
}

/* Whether a StatefulSet is not where Git has it, and nobody asked for that. */
static bool is_held_back(const struct pass *pass)
{
	bool any = false;

	for (size_t i = 0; i < pass_plan(pass)->count; i++)
		any |= steer_state_is_trouble(steer_state(pass_steer(pass, i)));
	return any;
}

/* The first pass, about everything. */
static void report_all(struct sync *sync, const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);

	print_pass_troubles(pass, &sync->session.app);
	print_notes(plan);
	print_drift(plan);
	report_left(plan, print_left, NULL);
	print_failures(plan);
	print_summary(plan);
	if (plan_count(plan, PLAN_FAILED) || is_prune_refused(plan))
		sync->code = EXIT_OBJECTS;
	else if (is_held_back(pass) && !sync->options->wait)
		sync->code = EXIT_ROLLOUT;
	for (size_t i = 0; i < plan->count; i++) {
		print_unstick(sync, &plan->items[i], pass_steer(pass, i));
		if (!sync->options->wait)
			print_way(&plan->items[i], pass_steer(pass, i));
	}
}

/* What a pass over the rollouts found; those before it told of everything else. */
static void report_rollouts(struct sync *sync, const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);

	for (size_t i = 0; i < plan->count; i++) {
		const struct steer *steer = pass_steer(pass, i);

		print_unstick(sync, &plan->items[i], steer);
		if (steer)
			print_state(sync, &plan->items[i], steer);
	}
	if (plan_count(plan, PLAN_FAILED)) {
		print_failures(plan);
		sync->code = EXIT_OBJECTS;
	}
}

static void go_on(struct sync *sync, const struct pass *pass)
{
	struct err err;

	follow_pass(&sync->follow, pass);
	if (drive_take(&sync->drive, pass, sync->rollouts, &err) < 0 ||
	    (!sync->waiting && start_waiting(sync, &err) < 0)) {
		tell_error(&err);
		sync->code = EXIT_INTERNAL;
		return;
	}
	if (!sync->waiting)
		return;
	if (sync->drive.next_ms)
		schedule_request(sync->schedule, SCHEDULE_ROLLOUTS, sync->drive.next_ms);
	schedule_ended(sync->schedule);
	look(sync);
}

static void on_done(void *context, struct pass *pass)
{
	struct sync *sync = context;

	sync->pass_runs = false;
	if (sync->waiting && pass_fault(pass) == PASS_CLUSTER &&
	    pass_error(pass)->class == ERR_TRANSIENT) {
		schedule_request(sync->schedule, SCHEDULE_ROLLOUTS, RETRY_WAIT_MS);
		schedule_ended(sync->schedule);
		return;
	}
	int code = print_pass_fault(pass, &sync->session.app);
	if (code != EXIT_OK) {
		if (sync->waiting)
			end_wait(sync, code);
		sync->code = code;
		return;
	}
	if (sync->waiting)
		report_rollouts(sync, pass);
	else
		report_all(sync, pass);
	if (sync->options->wait)
		go_on(sync, pass);
}

static void start_pass(void *context, enum schedule_kind kind)
{
	struct sync *sync = context;
	const struct pass_options pass_options = {
		.loop = sync->session.loop,
		.cluster = sync->session.cluster,
		.discovery = sync->session.discovery,
		.app = &sync->session.app,
		.eager = session_may_be_eager(&sync->session),
		.rollouts_only = kind == SCHEDULE_ROLLOUTS,
		.by = sync->by,
		.on_written = on_written,
		.on_done = on_done,
		.context = sync,
	};
	struct err err;

	pass_free(STEAL(sync->pass));
	sync->pass_runs = true;
	if (pass_start(&pass_options, &sync->pass, &err) == 0)
		return;
	tell_error(&err);
	sync->code = EXIT_INTERNAL;
	if (sync->waiting)
		end_wait(sync, EXIT_INTERNAL);
}

int command_sync(const struct options *options)
{
	CLEANUP(buf_release) struct buf by = BUF_INIT(WHOAMI_MAX_BYTES);
	struct sync sync = {.options = options, .drive.waits = true};

	if (options->agent)
		return remote_sync(options);
	if (options->dry_run)
		return command_diff(options);
	whoami_print(&by);
	sync.by = buf_str(&by);
	sync.code = session_open(&sync.session, options);
	if (sync.code == EXIT_OK) {
		start_pass(&sync, SCHEDULE_WHOLE);
		session_run(&sync.session);
		rollouts_free(sync.rollouts);
		schedule_free(sync.schedule);
		pass_free(sync.pass);
	}
	follow_release(&sync.follow);
	drive_release(&sync.drive);
	conditions_release(&sync.told);
	session_close(&sync.session);
	return sync.code;
}

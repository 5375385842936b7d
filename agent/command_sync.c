#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "agent/follow.h"
#include "agent/report.h"
#include "agent/session.h"
#include "agent/show.h"
#include "apply/rollout.h"

struct sync {
	struct session session;
	const struct options *options;
	struct pass *pass;
	int code;

	/* --wait */
	struct rollouts *rollouts;
	uv_timer_t deadline;
	bool waiting;
	struct follow follow;
};

/* --- waiting for the rollouts ---------------------------------------------------------------- */

static void print_rollout(struct sync *sync, const struct rollout *rollout)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192);

	if (!follow_tell(&sync->follow, rollout, &line))
		return;
	printf("statefulset.apps/%s: %s\n", rollout->name, buf_str(&line));
	fflush(stdout);
}

static void end_wait(struct sync *sync, int code)
{
	sync->code = code;
	sync->waiting = false;
	rollouts_free(STEAL(sync->rollouts));
	uv_close((uv_handle_t *)&sync->deadline, NULL);
}

static bool is_awaited(const struct plan_item *item)
{
	return ref_is(&item->ref, "apps", "StatefulSet") && item->file &&
	       item->action != PLAN_FAILED;
}

/* Whether every StatefulSet of the plan has settled. */
static bool all_settled(const struct sync *sync)
{
	const struct plan *plan = pass_plan(sync->pass);

	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->items[i].ref;
		const struct rollout *rollout;

		if (!is_awaited(&plan->items[i]))
			continue;
		rollout = rollouts_find(sync->rollouts, ref->namespace, ref->name);
		if (!rollout || !rollout_is_settled(rollout))
			return false;
	}
	return true;
}

static bool is_ours(const struct sync *sync, const struct rollout *rollout)
{
	const struct plan *plan = pass_plan(sync->pass);

	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->items[i].ref;

		if (is_awaited(&plan->items[i]) && strcmp(ref->name, rollout->name) == 0 &&
		    strcmp(ref->namespace, rollout->namespace) == 0)
			return true;
	}
	return false;
}

static void on_rollout(void *context, const struct rollout *rollout)
{
	struct sync *sync = context;

	if (!sync->waiting || !is_ours(sync, rollout))
		return;
	print_rollout(sync, rollout);
	if (rollout->phase == ROLLOUT_STUCK) {
		fprintf(stderr, "tranche: statefulset.apps/%s is stuck: %s\n", rollout->name,
			rollout->reason);
		end_wait(sync, EXIT_ROLLOUT);
	} else if (all_settled(sync)) {
		end_wait(sync, sync->code);
	}
}

static void on_deadline(uv_timer_t *timer)
{
	struct sync *sync = timer->data;
	const struct rollout *rollout;

	for (size_t i = 0; (rollout = rollouts_at(sync->rollouts, i)); i++)
		if (is_ours(sync, rollout) && !rollout_is_settled(rollout))
			fprintf(stderr, "tranche: statefulset.apps/%s did not end in time: %s\n",
				rollout->name, rollout->reason);
	end_wait(sync, EXIT_ROLLOUT);
}

static void on_rollout_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	(void)context;
	if (retry_in_ms < 0 || err->class == ERR_DENIED)
		tell_warning("cannot follow the rollouts: %s", err->message);
}

static int start_waiting(struct sync *sync, struct err *err)
{
	const struct rollouts_options options = {
		.on_change = on_rollout, .on_error = on_rollout_error, .ctx = sync};
	const struct plan *plan = pass_plan(sync->pass);
	bool any = false;

	for (size_t i = 0; i < plan->count; i++)
		any |= is_awaited(&plan->items[i]);
	if (!any)
		return 0;
	sync->rollouts = rollouts_new(sync->session.cluster, &options, err);
	if (!sync->rollouts)
		return -1;
	for (size_t i = 0; i < plan->count; i++)
		if (is_awaited(&plan->items[i]) &&
		    rollouts_add_namespace(sync->rollouts, plan->items[i].ref.namespace, err) < 0)
			return -1;
	sync->waiting = true;
	uv_timer_init(sync->session.loop, &sync->deadline);
	sync->deadline.data = sync;
	uv_timer_start(&sync->deadline, on_deadline, (uint64_t)sync->options->timeout_ms, 0);
	return 0;
}

/* --- the pass -------------------------------------------------------------------------------- */

static void on_written(void *context, const struct plan_item *item, const struct target *target)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(65536);

	(void)context;
	if (target->error)
		return;
	ref_print(&item->ref, &line);
	buf_putc(&line, ' ');
	report_written(item, target, &line);
	printf("%s\n", buf_str(&line));
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
			fprintf(stderr, "tranche: %s: %s\n", buf_str(&name), item->notes[n]);
	}
}

static void print_drift(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(65536);

		if (plan->items[i].action != PLAN_DRIFT)
			continue;
		ref_print(&plan->items[i].ref, &line);
		buf_puts(&line, " drifted: ");
		report_drift(&plan->items[i], &line);
		tell_warning("%s; left alone (--self-heal undoes it)", buf_str(&line));
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

static void on_done(void *context, struct pass *pass)
{
	struct sync *sync = context;
	struct err err;

	sync->code = print_pass_fault(pass, &sync->session.app);
	if (sync->code != EXIT_OK)
		return;
	print_pass_troubles(pass, &sync->session.app);
	print_notes(pass_plan(pass));
	print_drift(pass_plan(pass));
	report_left(pass_plan(pass), print_left, NULL);
	print_failures(pass_plan(pass));
	print_summary(pass_plan(pass));
	if (plan_count(pass_plan(pass), PLAN_FAILED) || is_prune_refused(pass_plan(pass)))
		sync->code = EXIT_OBJECTS;
	if (sync->options->wait && start_waiting(sync, &err) < 0) {
		tell_error(&err);
		sync->code = EXIT_INTERNAL;
	}
}

int command_sync(const struct options *options)
{
	struct sync sync = {.options = options};
	struct err err;

	if (options->dry_run)
		return command_diff(options);
	sync.code = session_open(&sync.session, options);
	if (sync.code == EXIT_OK) {
		const struct pass_options pass_options = {
			.loop = sync.session.loop,
			.cluster = sync.session.cluster,
			.discovery = sync.session.discovery,
			.app = &sync.session.app,
			.on_written = on_written,
			.on_done = on_done,
			.context = &sync,
		};
		if (pass_start(&pass_options, &sync.pass, &err) < 0) {
			tell_error(&err);
			sync.code = EXIT_INTERNAL;
		}
		session_run(&sync.session);
		rollouts_free(sync.rollouts);
		pass_free(sync.pass);
	}
	follow_release(&sync.follow);
	session_close(&sync.session);
	return sync.code;
}

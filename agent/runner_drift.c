#include "agent/runner_private.h"

#include "agent/log.h"
#include "apply/clock.h"

#define LOOK_EVERY_MS 250 /* for good: drift is told within a second */
#define LOOK_BURST    20  /* that may follow one another at once */

static struct log_subject subject_of(const struct runner *runner)
{
	return chronicle_subject(&runner->chronicle, NULL);
}

static void tell(const struct runner *runner, const struct err *err)
{
	const struct log_subject subject = subject_of(runner);

	log_line(LOG_ERROR, &subject, "%s; changes are seen at the interval only", err->message);
}

static void on_suspect(void *context)
{
	runner_want(context, SCHEDULE_OBJECTS, 0);
}

/* A change is looked at at once; where there is no end of them they are gathered for a moment. */
static bool is_too_early(struct runner *runner)
{
	int64_t now_ms = clock_boot_ms();
	int64_t earned = (now_ms - runner->look_earned_ms) / LOOK_EVERY_MS;

	runner->look_earned_ms += earned * LOOK_EVERY_MS;
	runner->looks_left += earned;
	if (runner->looks_left > LOOK_BURST)
		runner->looks_left = LOOK_BURST;
	if (runner->looks_left > 0)
		return false;
	runner_want(runner, SCHEDULE_OBJECTS, runner->look_earned_ms + LOOK_EVERY_MS - now_ms);
	return true;
}

static void on_forbidden(void *context, const char *words)
{
	const struct log_subject subject = subject_of(context);

	log_line(LOG_WARNING, &subject, "%s; changes of these are seen at the interval only",
		 words);
}

int runner_look_out(struct runner *runner, struct err *err)
{
	const struct lookout_options options = {
		.owned = runner->options.link->owned,
		.app = &runner->app,
		.on_suspect = on_suspect,
		.on_forbidden = on_forbidden,
		.context = runner,
	};

	/* Without an inventory nobody knows what was applied, and so what drift is. */
	return runner->app.owns ? lookout_new(&options, &runner->lookout, err) : 0;
}

void runner_on_resolved(void *context, const struct targets *targets)
{
	struct runner *runner = context;
	struct err err;

	if (runner->lookout &&
	    lookout_resolved(runner->lookout, targets, pass_looks_at_all(runner->pass), &err) < 0)
		tell(runner, &err);
}

void runner_on_settled(void *context, const struct target *target, bool as_recorded)
{
	struct runner *runner = context;
	struct err err;

	if (runner->lookout && lookout_settled(runner->lookout, target, as_recorded, &err) < 0)
		tell(runner, &err);
}

/* The object over which somebody fights, if its time has come. */
static const struct ref *take_fight(const struct runner *runner)
{
	int64_t in_ms;
	const struct ref *ref = fights_next(&runner->fights, clock_boot_ms(), &in_ms);

	return ref && in_ms == 0 ? ref : NULL;
}

bool runner_take_suspects(struct runner *runner, struct pass_options *options)
{
	struct err err;

	if (!runner->lookout || is_too_early(runner))
		return false;
	if (lookout_take(runner->lookout, take_fight(runner), &options->only, &options->only_count,
			 &err) < 0)
		tell(runner, &err);
	return options->only_count > 0;
}

void runner_plan_looks(struct runner *runner, const struct pass *pass)
{
	int64_t now_ms = clock_boot_ms(), in_ms;
	struct err err;

	if (pass_fault(pass) == PASS_FINE && pass_is_whole(pass) && runner->lookout &&
	    lookout_follow(runner->lookout, &err) < 0)
		tell(runner, &err);
	if (runner->looks)
		runner->looks_left--;
	if (!runner->app.self_heal)
		fights_release(&runner->fights);
	fights_forget(&runner->fights, now_ms);
	if (runner->failures == 0 && fights_next(&runner->fights, now_ms, &in_ms))
		runner_want(runner, SCHEDULE_OBJECTS, in_ms);
}

#include "agent/pass_private.h"

static void on_pruned(void *context, const struct plan_item *item, const struct target *target)
{
	const struct pass *pass = context;

	if (pass->options.on_written)
		pass->options.on_written(pass->options.context, item, target, NULL);
}

void pass_start_orphans(struct pass *pass)
{
	const struct orphans_options options = {
		.loop = pass->options.loop,
		.cluster = pass->options.cluster,
		.discovery = pass->options.discovery,
		.app = pass->options.app,
		.plan = &pass->plan,
		.on_pruned = on_pruned,
		.done = pass_on_stage_done,
		.context = pass,
	};
	struct err err;

	/* Only once: another round is about what was in Git and changed meanwhile. */
	if (pass->orphans || !pass->options.app->inventory_known || !pass_looks_at_all(pass))
		pass_enter(pass, STAGE_DECIDE);
	else if (orphans_new(&options, &pass->targets, &pass->orphans, &err) < 0)
		pass_fail(pass, PASS_CLUSTER, &err);
	else if (orphans_count(pass->orphans) == 0)
		pass_enter(pass, STAGE_DECIDE);
	else
		orphans_look(pass->orphans);
}

int pass_decide_orphans(struct pass *pass, struct err *err)
{
	if (!pass->orphans || pass->round > 0)
		return 0;
	return orphans_decide(pass->orphans, &pass->targets, err);
}

void pass_start_prune(struct pass *pass)
{
	bool any = false;
	struct err err;

	if (!pass->options.dry_run && pass->orphans &&
	    orphans_check_prune(pass->orphans, &any, &err) < 0)
		pass_fail(pass, PASS_CLUSTER, &err);
	else if (any)
		orphans_prune(pass->orphans);
	else
		pass_enter(pass, STAGE_RECORD);
}

#include "agent/pass_private.h"

#include "agent/neighbours.h"

/* Whether the app would take the object on with this pass. */
static bool is_new(const struct pass *pass, const struct target *target)
{
	return !target->error && !inventory_find(&pass->options.app->inventory, &target->ref);
}

/* The app that has the object already; NULL: none. */
static const struct inventory *owner_of(const struct pass *pass, const struct target *target)
{
	return pass->neighbours && is_new(pass, target)
		       ? neighbours_owner(pass->neighbours, &target->ref, "")
		       : NULL;
}

/* What a suspended app has is not to be written by anybody, under whatever name. */
static void refuse(struct target *target, const struct inventory *owner)
{
	CLEANUP(buf_release) struct buf since = BUF_INIT(sizeof(((struct err *)NULL)->message));
	struct err err;

	inventory_print_suspended(owner, &since);
	err_set(&err, ERR_DENIED,
		"the app \"%s\" has it and is %s; resume that one first (tranche resume %s -n %s)",
		owner->app, buf_str(&since), owner->app, owner->namespace);
	target_fail(target, &err);
}

static void on_neighbours(void *context)
{
	struct pass *pass = context;
	const struct err *trouble = neighbours_trouble(pass->neighbours);

	/* Without the right to look, or with an inventory that cannot be read, there is nobody to tell. */
	if (trouble && trouble->class == ERR_TRANSIENT) {
		pass_fail(pass, PASS_CLUSTER, trouble);
		return;
	}
	for (size_t i = 0; i < pass->front.count; i++) {
		const struct inventory *owner = owner_of(pass, &pass->front.items[i]);

		if (owner && owner->suspended.by)
			refuse(&pass->front.items[i], owner);
	}
	pass_enter(pass, STAGE_PODS);
}

void pass_start_claims(struct pass *pass)
{
	const struct pass_options *options = &pass->options;
	bool any = false;
	struct err err;

	for (size_t i = 0; i < pass->front.count && !any; i++)
		any = is_new(pass, &pass->front.items[i]);
	if (!any || !options->app->owns || !options->app->inventory_known)
		pass_enter(pass, STAGE_PODS);
	else if (pass->neighbours)
		on_neighbours(pass);
	else if (neighbours_look(options->loop, options->cluster, options->app, NULL, 0,
				 on_neighbours, pass, &pass->neighbours, &err) < 0)
		pass_fail(pass, PASS_CLUSTER, &err);
}

int pass_note_claim(const struct pass *pass, const struct target *target, struct plan_item *item,
		    struct err *err)
{
	const struct inventory *owner = owner_of(pass, target);

	if (!owner)
		return 0;
	return plan_item_note(
		item, err, "the app \"%s\" has it, too: an object belongs into one app's Git only",
		owner->app);
}

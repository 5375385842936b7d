#include "agent/pass_private.h"

#include <stdlib.h>
#include <string.h>

#include "diff/autoscaler.h"

/* --- fetch ----------------------------------------------------------------------------------- */

/* Those of a commit count for whatever they scale (apply/autoscalers.h). */
static int unpack_autoscalers(struct manifest_set *manifests, struct err *err)
{
	for (size_t i = 0; i < manifests->count; i++)
		if (ref_is(&manifests->items[i].ref, AUTOSCALER_GROUP, AUTOSCALER_KIND) &&
		    manifest_unpack(&manifests->items[i], err) < 0)
			return -1;
	return 0;
}

static int make_targets(struct pass *pass, struct err *err)
{
	struct app *app = pass->options.app;
	struct manifest_set *manifests = &app->fetched.manifests;

	pass->plan.revision = strdup(app_revision(app));
	if (!pass->plan.revision)
		return err_no_memory(err);
	if (pass_choose(pass, err) < 0 || unpack_autoscalers(manifests, err) < 0)
		return -1;
	for (size_t i = 0; i < pass_count(pass); i++) {
		struct manifest *manifest = &manifests->items[pass_place(pass, i)];
		struct plan_item *item;

		if (manifest_unpack(manifest, err) < 0)
			return -1;
		item = plan_add(&pass->plan);
		if (!item || !(item->file = strdup(manifest->file)))
			return err_no_memory(err);
		item->mark = manifest->mark;
		if (ref_copy(&manifest->ref, &item->ref, err) < 0)
			return -1;
		if (targets_add(&pass->targets, manifest, err) < 0)
			return -1;
	}
	return 0;
}

void pass_refuse_manifests(struct pass *pass)
{
	const struct findings *findings = &pass->options.app->fetched.findings;
	struct err err;

	err_set(&err, ERR_INVALID, "%zu error%s in the manifests; nothing was sent",
		findings->error_count, findings->error_count == 1 ? "" : "s");
	pass_fail(pass, PASS_MANIFEST, &err);
}

/* It is the pass's turn. */
static void on_turn(void *context)
{
	pass_enter(context, STAGE_INVENTORY);
}

/* The manifests are there: on with them. */
static void leave_fetch(struct pass *pass)
{
	const struct pass_options *options = &pass->options;

	if (options->app->fetched.findings.error_count) {
		pass_refuse_manifests(pass);
	} else if (options->may_go_on && !options->may_go_on(options->context)) {
		pass->is_cut = true;
		pass_enter(pass, STAGE_DONE);
	} else if (turn_take(options->turns, &pass->turn, on_turn, pass)) {
		on_turn(pass);
	}
}

static void on_fetched(void *context, struct fetched *fetched, const struct err *fetch_err)
{
	struct pass *pass = context;
	struct app *app = pass->options.app;
	struct err err;

	pass->fetch = NULL;
	if (fetch_err->class != ERR_NONE) {
		pass_fail(pass, PASS_SOURCE, fetch_err);
		return;
	}
	if (fetched_complete(fetched, &app->fetched, app->namespace, app->namespace_only, &err) <
	    0) {
		fetched_release(&app->fetched);
		app->loaded = false;
		pass_fail(pass, PASS_SOURCE, &err);
		return;
	}
	if (fetched->changed) {
		fetched_release(&app->fetched);
		app->fetched = *fetched;
		*fetched = (struct fetched){0};
		snapshot_drop_files(&app->fetched.snapshot); /* their manifests know them */
		app->loaded = true;
		autoscalers_doubt(&app->autoscalers);
		if (pass->options.on_fetched)
			pass->options.on_fetched(pass->options.context, app);
	}
	leave_fetch(pass);
}

void pass_start_fetch(struct pass *pass)
{
	struct app *app = pass->options.app;
	const struct fetch_options options = {
		.loop = pass->options.loop,
		.source = app->source,
		.known_commit = app->loaded ? app->fetched.snapshot.commit : NULL,
		.default_namespace = app->namespace,
		.confined = app->namespace_only,
		.shared = pass->options.shared,
		.max_age_ms = pass->options.max_age_ms,
	};
	struct err err;

	if (!pass_is_whole(pass)) {
		leave_fetch(pass);
		return;
	}
	if (pass->options.eager && app->owns && !app->inventory_known)
		pass->early = early_start(pass->options.cluster, pass->options.discovery, app,
					  pass->options.dry_run);
	if (fetch_start(&options, on_fetched, pass, &pass->fetch, &err) < 0)
		pass_fail(pass, PASS_SOURCE, &err);
}

/* --- inventory ------------------------------------------------------------------------------- */

/* What it is about can be told now. */
static void begin(struct pass *pass)
{
	struct err err;

	if (make_targets(pass, &err) < 0)
		pass_fail(pass, PASS_SOURCE, &err);
	else
		pass_enter(pass, STAGE_RESOLVE);
}

static void leave_inventory(struct pass *pass)
{
	const struct inventory *inventory = &pass->options.app->inventory;
	CLEANUP(buf_release) struct buf text = BUF_INIT(8192);
	struct err err;

	if (pass->options.dry_run || !inventory->suspended.by) {
		begin(pass);
		return;
	}
	inventory_print_suspended(inventory, &text);
	err_set(&err, ERR_DENIED, "the app \"%s\" is %s; tranche resume %s -n %s ends that",
		inventory->app, buf_str(&text), inventory->app, inventory->namespace);
	pass_fail(pass, PASS_SUSPENDED, &err);
}

static void take_inventory(struct pass *pass, struct inventory *inventory)
{
	struct app *app = pass->options.app;

	inventory_release(&app->inventory);
	app->inventory = *inventory;
	*inventory = (struct inventory){0};
	app->inventory_known = true;
	app->history_unsaved = false;
	pass->inventory_is_news = true;
}

static void on_inventory(void *context, const struct err *err, struct inventory *inventory)
{
	struct pass *pass = context;

	pass->id = 0;
	if (!err && inventory->app) {
		take_inventory(pass, inventory);
	} else if (err && !(pass->options.dry_run && err->class == ERR_DENIED)) {
		/* Without it drift cannot be told from a change in Git. A dry run writes nothing, so
		 * it may go on and call both a change. */
		pass_fail(pass, PASS_CLUSTER, err);
		return;
	}
	leave_inventory(pass);
}

/* What was asked early; false: it has to be looked whether that still holds. */
static bool take_early_inventory(struct pass *pass)
{
	const struct err *err = early_error(pass->early, EARLY_INVENTORY);
	bool fresh;
	struct inventory *inventory = early_inventory(pass->early, &fresh);

	if (err || fresh) {
		on_inventory(pass, err, inventory);
		return true;
	}
	take_inventory(pass, inventory);
	return false;
}

void pass_start_inventory(struct pass *pass)
{
	struct app *app = pass->options.app;
	struct err err;

	if (!app->owns) {
		begin(pass);
		return;
	}
	if (pass_awaits_early(pass, EARLY_INVENTORY))
		return;
	if (pass->early && take_early_inventory(pass))
		return;
	/* Somebody may have suspended the app, or taken it over, since. */
	pass->id = app->inventory_known
			   ? inventory_refresh(pass->options.cluster, app->namespace, app->name,
					       &app->inventory, on_inventory, pass, &err)
			   : inventory_load(pass->options.cluster, app->namespace, app->name,
					    on_inventory, pass, &err);
	pass_check_started(pass, &err);
}

#include "agent/commands.h"

#include <stdio.h>

#include "agent/remembered.h"
#include "agent/remote.h"
#include "agent/whoami.h"
#include "apply/suspend.h"

struct suspending {
	const char *app;
	bool suspends;
	int code;
};

static void on_done(void *ctx, const struct err *err, bool changed,
		    const struct inventory *inventory)
{
	struct suspending *suspending = ctx;
	CLEANUP(buf_release) struct buf since = BUF_INIT(4096);

	if (err) {
		tell_error(err);
		suspending->code = err->class == ERR_NO_MEMORY   ? EXIT_INTERNAL
				   : err->class == ERR_NOT_FOUND ? EXIT_USAGE
								 : EXIT_CLUSTER;
		return;
	}
	inventory_print_suspended(inventory, &since);
	if (changed)
		printf("%s %s\n", suspending->app, suspending->suspends ? "suspended" : "resumed");
	else if (suspending->suspends)
		fprintf(stderr, "tranche: %s is already %s\n", suspending->app, buf_str(&since));
	else
		fprintf(stderr, "tranche: %s is not suspended\n", suspending->app);
	suspending->code = changed ? EXIT_OK : EXIT_DIFFERENT;
}

static int order(const struct options *options, bool suspends)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(free_p) char *app = NULL;
	CLEANUP(buf_release) struct buf by = BUF_INIT(WHOAMI_MAX_BYTES);
	struct err err;
	int code = session_open(&session, options);

	if (code == EXIT_OK)
		code = remembered_name(&session, options->name, &app);
	if (code != EXIT_OK)
		return code;
	whoami_print(&by);
	struct suspending suspending = {.app = app, .suspends = suspends, .code = EXIT_INTERNAL};
	const struct suspend_order what = {
		.namespace = session.kubeconfig.namespace,
		.app = app,
		.suspends = suspends,
		.by = buf_str(&by),
		.reason = options->reason,
	};
	if (!suspend_app(session.cluster, &what, on_done, &suspending, &err)) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	session_run(&session);
	return suspending.code;
}

int command_suspend(const struct options *options)
{
	return options->agent ? remote_suspend(options, true) : order(options, true);
}

int command_resume(const struct options *options)
{
	return options->agent ? remote_suspend(options, false) : order(options, false);
}

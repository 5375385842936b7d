#include "agent/commands.h"

#include <string.h>

#include "agent/live_file.h"
#include "agent/session.h"
#include "agent/show.h"
#include "diff/offline.h"

#define OFFLINE_NAMESPACE "default" /* kubectl's, where no kubeconfig names one */

static void keep_pass(void *context, struct pass *pass)
{
	(void)context;
	(void)pass; /* the command looks at it when the loop has ended */
}

static int refuse_errors(const struct findings *findings)
{
	struct err err;

	print_findings(findings);
	if (findings->error_count == 0)
		return EXIT_OK;
	err_set(&err, ERR_INVALID, "%zu error%s in the manifests; nothing was compared",
		findings->error_count, findings->error_count == 1 ? "" : "s");
	tell_error(&err);
	return EXIT_MANIFEST;
}

/* Compares with the objects of --live: no cluster is asked. */
static int diff_with_file(const struct options *options)
{
	const char *namespace = options->namespace ? options->namespace : OFFLINE_NAMESPACE;
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(manifest_set_release) struct manifest_set live = {0};
	CLEANUP(fetched_release) struct fetched fetched = {0};
	CLEANUP(plan_release) struct plan plan = {0};
	struct err err;
	int code = session_open_offline(&session, options, namespace);

	if (code == EXIT_OK)
		code = session_fetch(&session, &fetched);
	if (code == EXIT_OK)
		code = refuse_errors(&fetched.findings);
	if (code == EXIT_OK)
		code = live_file_read(options->live, &live);
	if (code != EXIT_OK)
		return code;
	plan.revision = strdup(fetched.snapshot.revision);
	if (!plan.revision) {
		err_no_memory(&err);
	} else if (offline_plan(&fetched.manifests, &live, namespace, &plan, &err) == 0) {
		return show_plan(&plan, options);
	}
	tell_error(&err);
	return EXIT_INTERNAL;
}

static int diff_with_cluster(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	struct pass *pass;
	struct err err;
	int code = session_open(&session, options);

	if (code != EXIT_OK)
		return code;
	const struct pass_options pass_options = {
		.loop = session.loop,
		.cluster = session.cluster,
		.discovery = session.discovery,
		.app = &session.app,
		.dry_run = true,
		.client_side = options->client_side,
		.forecast = true,
		.on_done = keep_pass,
	};
	if (pass_start(&pass_options, &pass, &err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	session_run(&session);
	code = print_pass_fault(pass, &session.app);
	if (code == EXIT_OK) {
		print_pass_troubles(pass, &session.app);
		code = show_plan(pass_plan(pass), options);
	}
	pass_free(pass);
	return code;
}

/* Also `sync --dry-run`. */
int command_diff(const struct options *options)
{
	return options->live ? diff_with_file(options) : diff_with_cluster(options);
}

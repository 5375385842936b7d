#include "agent/commands.h"

#include <string.h>
#include <time.h>

#include "agent/live_file.h"
#include "agent/past.h"
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

static int64_t unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Makes the plan, with the revisions that it is about, and shows it. */
static int show_offline(const struct fetched *fetched, const struct manifest_set *live,
			const char *base, const struct offline_options *offline,
			const struct options *options)
{
	CLEANUP(plan_release) struct plan plan = {0};
	struct err err;

	plan.revision = strdup(fetched->snapshot.revision);
	plan.base = base ? strdup(base) : NULL;
	if (!plan.revision || (base && !plan.base))
		err_no_memory(&err);
	else if (offline_plan(&fetched->manifests, live, offline, &plan, &err) == 0)
		return show_plan(&plan, options);
	tell_error(&err);
	return EXIT_INTERNAL;
}

/* Compares with the objects of --live: no cluster is asked. */
static int diff_with_file(const struct options *options)
{
	const char *namespace = options->namespace ? options->namespace : OFFLINE_NAMESPACE;
	const struct offline_options offline = {.default_namespace = namespace,
						.now_ms = unix_ms()};
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(manifest_set_release) struct manifest_set live = {0};
	CLEANUP(fetched_release) struct fetched fetched = {0};
	int code = session_open_offline(&session, options, namespace);

	if (code == EXIT_OK)
		code = session_fetch(&session, &fetched);
	if (code == EXIT_OK)
		code = refuse_errors(&fetched.findings);
	if (code == EXIT_OK)
		code = live_file_read(options->live, &live);
	if (code != EXIT_OK)
		return code;
	return show_offline(&fetched, &live, NULL, &offline, options);
}

/* What --from leaves out is what it could not have applied. */
static void tell_faults(const struct fetched *base)
{
	size_t errors = base->findings.error_count;

	if (errors > 0)
		tell_warning("%zu error%s in the manifests of %s: it is taken to be without those "
			     "objects",
			     errors, errors == 1 ? "" : "s", base->snapshot.revision);
}

static int read_past(const struct session *session, const char *rev, const char *namespace,
		     struct past *past, struct manifest_set *ret_live)
{
	struct err err;

	if (past_read(session->app.source, rev, namespace, past, &err) == 0 &&
	    past_live(past, namespace, ret_live, &err) == 0) {
		tell_faults(&past->commits[0]);
		return EXIT_OK;
	}
	tell_error(&err);
	return err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_SOURCE;
}

/* Compares two revisions: no cluster is asked. */
static int diff_between(const struct options *options)
{
	const char *namespace = options->namespace ? options->namespace : "";
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(manifest_set_release) struct manifest_set live = {0};
	CLEANUP(past_release) struct past past = {0};
	CLEANUP(fetched_release) struct fetched fetched = {0};
	struct options to = *options;

	if (options->to_revision)
		to.ref = options->to_revision;
	int code = session_open_offline(&session, &to, namespace);
	if (code == EXIT_OK)
		code = session_fetch(&session, &fetched);
	if (code == EXIT_OK)
		code = read_past(&session, options->from_revision, namespace, &past, &live);
	if (code == EXIT_OK)
		code = refuse_errors(&fetched.findings);
	if (code != EXIT_OK)
		return code;
	const struct offline_options offline = {
		.default_namespace = namespace,
		.now_ms = unix_ms(),
		.base_count = past.commits[0].manifests.count,
		.has_base = true,
	};
	return show_offline(&fetched, &live, past.commits[0].snapshot.revision, &offline, options);
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
		.eager = session_may_be_eager(&session),
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
	if (options->from_revision)
		return diff_between(options);
	return options->live ? diff_with_file(options) : diff_with_cluster(options);
}

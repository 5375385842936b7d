#include "agent/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "agent/link.h"
#include "agent/log.h"

static bool stuck;

void tell_error(const struct err *err)
{
	if (log_is_json())
		log_line(LOG_ERROR, NULL, "%s", err->message);
	else
		fprintf(stderr, "tranche: %s\n", err->message);
}

void tell_warning(const char *format, ...)
{
	struct err warning; /* as long as any message */
	va_list args;

	if (log_is_json()) {
		va_start(args, format);
		err_vset(&warning, ERR_NONE, format, args);
		va_end(args);
		log_line(LOG_WARNING, NULL, "%s", warning.message);
		return;
	}
	fputs("tranche: warning: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int print_result(const struct buf *text)
{
	struct err err;

	if (buf_check(text, "the output", &err) == 0) {
		size_t written = fwrite(buf_str(text), 1, text->length, stdout);
		if (written == text->length && fflush(stdout) == 0)
			return EXIT_OK;
		err_set(&err, ERR_INTERNAL, "cannot write to standard output");
	}
	tell_error(&err);
	return EXIT_INTERNAL;
}

/* A finding is a line of the log, where that is read by a program. */
static void log_finding(const struct finding *finding)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(FINDINGS_MAX_BYTES);

	finding_print(finding, &line);
	log_line(finding->level == FINDING_ERROR ? LOG_ERROR : LOG_WARNING, NULL, "%s",
		 buf_str(&line));
}

void print_findings(const struct findings *findings)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(FINDINGS_MAX_BYTES);

	for (size_t i = 0; log_is_json() && i < findings->count; i++)
		log_finding(&findings->items[i]);
	if (log_is_json())
		return;
	findings_print(findings, &text);
	fputs(buf_str(&text), stderr);
}

/* --- opening --------------------------------------------------------------------------------- */

static void on_server_warning(void *context, const char *text)
{
	const struct session *session = context;
	const struct log_subject subject = {.app = session->app.name};

	log_line(LOG_WARNING, &subject, "the server warns: %s", text);
}

/* Whether somebody sits there whom an exec plugin may ask. What runs at intervals runs unattended. */
static bool is_attended(const struct options *options)
{
	if (options->interval_ms || (options->live && strcmp(options->live, "-") == 0))
		return false;
	for (size_t i = 0; i < options->files.count; i++)
		if (strcmp(options->files.items[i], "-") == 0)
			return false;
	return isatty(STDIN_FILENO);
}

static int open_cluster(struct session *session, const struct config_cluster *config, bool attended,
			struct err *err)
{
	if (link_kubeconfig(config, attended, &session->kubeconfig, err) < 0)
		return -1;
	session->cluster = cluster_new(session->loop, &session->kubeconfig, err);
	if (!session->cluster)
		return -1;
	cluster_set_retry(session->cluster, SESSION_RETRY_MS);
	cluster_on_warning(session->cluster, on_server_warning, session);
	session->discovery = discovery_new(session->cluster);
	return session->discovery ? 0 : err_no_memory(err);
}

static int open_loop(struct session *session, struct err *err)
{
	session->loop = malloc(sizeof(*session->loop));
	if (!session->loop)
		return err_no_memory(err);
	if (uv_loop_init(session->loop) < 0) {
		free(STEAL(session->loop));
		return err_set(err, ERR_INTERNAL, "the event loop cannot start");
	}
	return 0;
}

/* Tells why a part could not be opened; the code to end with. */
static int refuse(const struct err *err, int code)
{
	tell_error(err);
	return err->class == ERR_NO_MEMORY ? EXIT_INTERNAL : code;
}

static int open_app(struct session *session, const struct config *config, const char *namespace)
{
	struct err err;

	session->has_app = true;
	if (app_init(&session->app, &config->apps[0], namespace, &err) < 0)
		return refuse(&err, err.class == ERR_INVALID ? EXIT_USAGE : EXIT_SOURCE);
	return EXIT_OK;
}

static int open_empty(struct session *session)
{
	struct err err;

	*session = (struct session){0};
	return open_loop(session, &err) < 0 ? refuse(&err, EXIT_INTERNAL) : EXIT_OK;
}

int session_open_bare(struct session *session)
{
	struct err err;
	int code = open_empty(session);

	if (code != EXIT_OK)
		return code;
	if (source_library_hold(&err) < 0)
		return refuse(&err, EXIT_INTERNAL);
	session->has_sources = true;
	return EXIT_OK;
}

int session_open(struct session *session, const struct options *options)
{
	CLEANUP(config_release) struct config config = {0};
	struct err err;
	int code = open_empty(session);

	if (code != EXIT_OK)
		return code;
	if (config_of_options(options, &config, &err) < 0)
		return refuse(&err, EXIT_USAGE);
	if (open_cluster(session, &config.clusters[0], is_attended(options), &err) < 0)
		return refuse(&err, EXIT_CLUSTER);
	return config.app_count ? open_app(session, &config, session->kubeconfig.namespace)
				: EXIT_OK;
}

int session_open_offline(struct session *session, const struct options *options,
			 const char *namespace)
{
	CLEANUP(config_release) struct config config = {0};
	struct err err;
	int code = open_empty(session);

	if (code != EXIT_OK)
		return code;
	if (config_of_options(options, &config, &err) < 0)
		return refuse(&err, EXIT_USAGE);
	free(STEAL(config.apps[0].namespace));
	return open_app(session, &config, namespace);
}

/* --- fetching alone -------------------------------------------------------------------------- */

/* A fetch, and how it ended. */
struct reading {
	struct fetched fetched;
	struct err err;
};

static void on_fetched(void *context, struct fetched *fetched, const struct err *err)
{
	struct reading *reading = context;

	reading->err = *err;
	reading->fetched = *fetched;
	*fetched = (struct fetched){0};
}

int session_fetch(struct session *session, struct fetched *ret_fetched)
{
	struct reading reading = {0};
	struct fetch *fetch;

	const struct fetch_options options = {
		.loop = session->loop,
		.source = session->app.source,
		.default_namespace = session->app.namespace,
		.confined = session->app.namespace_only,
	};
	if (fetch_start(&options, on_fetched, &reading, &fetch, &reading.err) == 0)
		session_run(session);
	if (reading.err.class != ERR_NONE) {
		fetched_release(&reading.fetched);
		return refuse(&reading.err, EXIT_SOURCE);
	}
	*ret_fetched = reading.fetched;
	return EXIT_OK;
}

/* --- running, closing ------------------------------------------------------------------------ */

void session_run(struct session *session)
{
	uv_run(session->loop, UV_RUN_DEFAULT);
}

void session_stop(struct session *session)
{
	uv_stop(session->loop);
}

static void on_guard(uv_timer_t *guard)
{
	uv_stop(guard->loop);
}

/* Lets cancelled work and closing handles end; false if something is still there after a while. */
static bool drain(uv_loop_t *loop)
{
	uv_timer_t guard;

	uv_timer_init(loop, &guard);
	uv_timer_start(&guard, on_guard, SESSION_CLOSE_MS, 0);
	uv_unref((uv_handle_t *)&guard);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
	return uv_loop_close(loop) == 0;
}

void session_close(struct session *session)
{
	discovery_free(session->discovery);
	cluster_free(session->cluster);
	kubeconfig_release(&session->kubeconfig);
	if (session->loop && !drain(session->loop)) {
		stuck = true;
		return;
	}
	free(session->loop);
	/* Ends the worker threads, so that libgit2's state of each goes before libgit2 does. */
	uv_library_shutdown();
	if (session->has_app)
		app_release(&session->app);
	if (session->has_sources)
		source_library_drop();
	*session = (struct session){0};
}

bool session_is_stuck(void)
{
	return stuck;
}

bool session_may_be_eager(const struct session *session)
{
	const struct exec_config *plugin = session->kubeconfig.endpoint.exec;

	return !plugin || !plugin->has_terminal;
}

/* --- what is wrong with a pass --------------------------------------------------------------- */

void print_pass_troubles(const struct pass *pass, const struct app *app)
{
	if (pass_trouble(pass))
		tell_warning("%s", pass_trouble(pass)->message);
	if (app->autoscalers.denied.class != ERR_NONE)
		tell_warning("%s", app->autoscalers.denied.message);
}

int print_pass_fault(const struct pass *pass, const struct app *app)
{
	print_findings(&app->fetched.findings);
	if (pass_fault(pass) == PASS_FINE)
		return EXIT_OK;
	tell_error(pass_error(pass));
	if (pass_error(pass)->class == ERR_NO_MEMORY)
		return EXIT_INTERNAL;
	switch (pass_fault(pass)) {
	case PASS_SOURCE: return EXIT_SOURCE;
	case PASS_MANIFEST: return EXIT_MANIFEST;
	case PASS_SUSPENDED: return EXIT_ROLLOUT;
	default: return EXIT_CLUSTER;
	}
}

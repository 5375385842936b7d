#include "agent/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/fetch.h"
#include "agent/follow.h"
#include "agent/session.h"
#include "agent/terminal.h"
#include "apply/rollout.h"
#include "diff/render.h"

#define OUTPUT_MAX_BYTES (64u * 1024 * 1024)
#define REDRAW_WAIT_MS   50 /* changes that come together are drawn once */

struct status {
	struct session session;
	const struct options *options;
	struct fetch *fetch;
	struct rollouts *rollouts;
	uv_timer_t redraw; /* with --watch */
	int code;
};

/* Whether it is shown: all of the namespace, or those that the source names. */
static bool is_wanted(const struct status *status, const struct rollout *rollout)
{
	const struct app *app = &status->session.app;

	return !status->session.has_app ||
	       follow_is_in(rollout, &app->fetched.manifests, app->namespace);
}

/* The wanted rollouts, borrowed; NULL when memory runs out. */
static struct rollout *collect(const struct status *status, size_t *ret_count)
{
	const struct rollout *rollout;
	size_t total = 0;

	while (rollouts_at(status->rollouts, total))
		total++;
	struct rollout *wanted = calloc(total + 1, sizeof(*wanted));
	*ret_count = 0;
	for (size_t i = 0; wanted && i < total; i++) {
		rollout = rollouts_at(status->rollouts, i);
		if (is_wanted(status, rollout))
			wanted[(*ret_count)++] = *rollout;
	}
	return wanted;
}

static int print(const struct status *status, struct err *err)
{
	const char *format = status->options->output ? status->options->output : "table";
	const struct render_options render = terminal_options(status->options->color);
	CLEANUP(buf_release) struct buf text = BUF_INIT(OUTPUT_MAX_BYTES);
	size_t count;
	CLEANUP(free_p) struct rollout *wanted = collect(status, &count);

	if (!wanted)
		return err_no_memory(err);
	if (status->options->watch && terminal_is_interactive())
		buf_puts(&text, "\x1b[H\x1b[2J"); /* home, clear */
	if (strcmp(format, "json") == 0) {
		if (render_status_json(wanted, count, &text, err) < 0)
			return -1;
	} else {
		render_status_table(wanted, count, &render, &text);
	}
	if (count == 0 && strcmp(format, "json") != 0)
		fprintf(stderr, "no StatefulSets found in %s%s\n",
			status->session.has_app ? "what the source names" : "namespace ",
			status->session.has_app ? "" : status->session.kubeconfig.namespace);
	return print_result(&text) == EXIT_OK ? 0 : err_set(err, ERR_INTERNAL, "no output");
}

static void end(struct status *status, int code)
{
	status->code = code;
	rollouts_free(STEAL(status->rollouts));
	if (!uv_is_closing((uv_handle_t *)&status->redraw))
		uv_close((uv_handle_t *)&status->redraw, NULL);
}

static void show(struct status *status)
{
	struct err err;

	if (print(status, &err) < 0) {
		tell_error(&err);
		end(status, EXIT_INTERNAL);
	} else if (!status->options->watch) {
		end(status, EXIT_OK);
	}
}

static void on_redraw(uv_timer_t *timer)
{
	show(timer->data);
}

static void on_change(void *context, const struct rollout *rollout)
{
	struct status *status = context;

	(void)rollout;
	if (status->options->watch && !uv_is_active((uv_handle_t *)&status->redraw))
		uv_timer_start(&status->redraw, on_redraw, REDRAW_WAIT_MS, 0);
}

static void on_gone(void *context, const char *namespace, const char *name)
{
	(void)namespace;
	(void)name;
	on_change(context, NULL);
}

static void on_synced(void *context)
{
	struct status *status = context;

	if (!status->options->watch || !rollouts_at(status->rollouts, 0))
		show(status);
}

static void on_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	struct status *status = context;

	if (retry_in_ms >= 0 && status->options->watch && err->class == ERR_TRANSIENT) {
		tell_warning("%s", err->message);
		return;
	}
	tell_error(err);
	end(status, EXIT_CLUSTER);
}

/* --- which namespaces ------------------------------------------------------------------------ */

static int follow(struct status *status, struct err *err)
{
	const struct rollouts_options options = {
		.once = !status->options->watch,
		.on_change = on_change,
		.on_gone = on_gone,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = status,
	};
	const struct manifest_set *set = &status->session.app.fetched.manifests;
	bool any = false;

	status->rollouts = rollouts_new(status->session.cluster, &options, err);
	if (!status->rollouts)
		return -1;
	if (!status->session.has_app)
		return rollouts_add_namespace(status->rollouts,
					      status->session.kubeconfig.namespace, err);
	for (size_t i = 0; i < set->count; i++) {
		const struct ref *ref = &set->items[i].ref;

		if (!ref_is(ref, "apps", "StatefulSet"))
			continue;
		any = true;
		if (rollouts_add_namespace(status->rollouts,
					   *ref->namespace ? ref->namespace
							   : status->session.app.namespace,
					   err) < 0)
			return -1;
	}
	if (!any)
		show(status); /* says that there is none; nothing will be followed */
	return 0;
}

static void on_fetched(void *context, struct fetched *fetched, const struct err *fetch_err)
{
	struct status *status = context;
	struct err err;

	status->fetch = NULL;
	if (fetch_err->class != ERR_NONE) {
		tell_error(fetch_err);
		end(status, EXIT_SOURCE);
		return;
	}
	status->session.app.fetched = *fetched;
	*fetched = (struct fetched){0};
	if (follow(status, &err) < 0) {
		tell_error(&err);
		end(status, EXIT_CLUSTER);
	}
}

static int begin(struct status *status, struct err *err)
{
	struct session *session = &status->session;

	uv_timer_init(session->loop, &status->redraw);
	status->redraw.data = status;
	if (!session->has_app)
		return follow(status, err);
	return fetch_start(session->loop, session->app.source, NULL, session->app.namespace, false,
			   on_fetched, status, &status->fetch, err);
}

int command_status(const struct options *options)
{
	struct status status = {.options = options};
	struct err err;

	status.code = session_open(&status.session, options);
	if (status.code == EXIT_OK) {
		if (begin(&status, &err) < 0) {
			tell_error(&err);
			end(&status, EXIT_INTERNAL);
		}
		session_run(&status.session);
		rollouts_free(status.rollouts);
	}
	session_close(&status.session);
	return status.code;
}

#include "agent/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history_show.h"
#include "agent/overview.h"
#include "agent/terminal.h"
#include "apply/clock.h"
#include "apply/resource.h"

#define OUTPUT_MAX (64u * 1024 * 1024)
#define POLL_MS    300
#define MAX_PATH   4096

#define MAX_ORDERS    5 /* an app that is suspended so often is */
#define ARRIVED_LOOKS 3

static void print_app_path(const char *app, struct buf *out)
{
	buf_puts(out, "/api/v1/apps/");
	resource_print_encoded(app, out);
}

/* --- status ----------------------------------------------------------------------------------- */

static int print_status(const cJSON *status, const struct options *options)
{
	const struct render_options look = terminal_options(options->color);
	CLEANUP(buf_release) struct buf text = BUF_INIT(OUTPUT_MAX);

	if (strcmp(options->output, "json") == 0) {
		json_print_pretty(status, &text);
		buf_putc(&text, '\n');
	} else {
		render_agent_table(status, &look, &text);
	}
	return print_result(&text);
}

int remote_status(const struct options *options)
{
	CLEANUP(remote_close) struct remote remote = {0};
	CLEANUP(cJSON_Delete_p) cJSON *status = NULL;
	int code = remote_open(&remote, options);

	if (code == EXIT_OK)
		code = remote_get(&remote, "/api/v1/status", &status);
	return code == EXIT_OK ? print_status(status, options) : code;
}

/* --- history ---------------------------------------------------------------------------------- */

int remote_history(const struct options *options)
{
	CLEANUP(remote_close) struct remote remote = {0};
	CLEANUP(cJSON_Delete_p) cJSON *answer = NULL;
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH);
	CLEANUP(free_p) char *app = NULL;
	int code = remote_open(&remote, options);

	if (code == EXIT_OK)
		code = remote_app(&remote, options->name, &app);
	if (code != EXIT_OK)
		return code;
	print_app_path(app, &path);
	buf_puts(&path, "/history");
	code = remote_get(&remote, buf_str(&path), &answer);
	const struct history history = {.entries = json_get(answer, "entries")};
	return code == EXIT_OK ? history_show(&history, app, options) : code;
}

/* --- suspend, resume -------------------------------------------------------------------------- */

int remote_suspend(const struct options *options, bool suspends)
{
	CLEANUP(remote_close) struct remote remote = {0};
	CLEANUP(free_p) char *app = NULL;
	int code = remote_open(&remote, options);

	if (code == EXIT_OK)
		code = remote_app(&remote, options->name, &app);
	if (code == EXIT_OK)
		code = remote_sign(&remote, options);
	if (code == EXIT_OK)
		code = remote_order(&remote, app, suspends ? "suspend" : "resume", NULL);
	if (code == EXIT_OK)
		printf("%s %s\n", app, suspends ? "suspended" : "resumed");
	return code;
}

/* --- sync ------------------------------------------------------------------------------------- */

struct follower {
	struct remote *remote;
	const struct options *options;
	char *app, *path; /* of the API, about the app */
	char *before;     /* when its last sync was, before this one */
	char *said;       /* the last line of a StatefulSet */
	int64_t deadline_ms;
};

static void follower_release(struct follower *follower)
{
	free(follower->app);
	free(follower->path);
	free(follower->before);
	free(follower->said);
}

static const char *text_of(const cJSON *object, const char *path)
{
	const char *text = json_str(object, path);

	return text ? text : "";
}

static bool is_state(const cJSON *app, enum overview_state state)
{
	return strcmp(text_of(app, "state"), overview_state_name(state)) == 0;
}

static int tell_suspended(const cJSON *app)
{
	fprintf(stderr, "tranche: the app \"%s\" is suspended by %s\n", text_of(app, "name"),
		text_of(app, "suspendedBy"));
	return EXIT_ROLLOUT;
}

static void on_pause_over(void *ctx)
{
	(void)ctx;
}

static int look_again(struct follower *follower, cJSON **ret_app)
{
	struct session *session = &follower->remote->session;
	struct err err;

	if (!cluster_after(session->cluster, POLL_MS, on_pause_over, NULL, &err)) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	session_run(session);
	return remote_get(follower->remote, follower->path, ret_app);
}

static bool is_synced(const struct follower *follower, const cJSON *app)
{
	return strcmp(text_of(app, "lastSync.time"), follower->before) != 0 &&
	       !is_state(app, OVERVIEW_SYNCING) && !is_state(app, OVERVIEW_QUEUED);
}

static void print_counts(const cJSON *app, struct buf *out)
{
	for (int i = 0; i < PLAN_ACTION_COUNT; i++) {
		const struct plan_action_words *words = &plan_action_words[plan_action_order[i]];
		int64_t count = json_int_or(json_get(app, "objects"), words->key, 0);

		if (count)
			buf_printf(out, "%s%lld %s", out->length ? ", " : "", (long long)count,
				   words->done);
	}
}

static int report_sync(const cJSON *app)
{
	static const struct {
		enum overview_result result;
		int code;
	} codes[] = {
		{OVERVIEW_SYNCED, EXIT_OK},         {OVERVIEW_DIFFERS, EXIT_OK},
		{OVERVIEW_FAILED, EXIT_OBJECTS},    {OVERVIEW_SOURCE, EXIT_SOURCE},
		{OVERVIEW_MANIFEST, EXIT_MANIFEST}, {OVERVIEW_CLUSTER, EXIT_CLUSTER},
	};
	CLEANUP(buf_release) struct buf counts = BUF_INIT(4096);
	const char *result = text_of(app, "lastSync.result");
	const char *message = text_of(app, "lastSync.message");

	print_counts(app, &counts);
	printf("%s: %s%s%s%s%s\n", text_of(app, "name"), result, counts.length ? ": " : "",
	       buf_str(&counts), *text_of(app, "revision") ? ", at " : "",
	       text_of(app, "revision"));
	fflush(stdout);
	if (*message)
		fprintf(stderr, "tranche: %s\n", message);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(overview_result_name(codes[i].result), result) == 0)
			return codes[i].code;
	return EXIT_OBJECTS;
}

/* Tells of the first StatefulSet that is not where it goes; -1: all are. */
static int judge_rollouts(struct follower *follower, const cJSON *app)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(OUTPUT_MAX);
	const cJSON *set;

	json_each (set, json_get(app, "statefulSets")) {
		const char *phase = text_of(set, "phase");
		bool failed = strcmp(phase, rollout_phase_name(ROLLOUT_STUCK)) == 0 ||
			      strcmp(phase, rollout_phase_name(ROLLOUT_ROLLED_BACK)) == 0;

		if (json_true(set, "settled"))
			continue;
		buf_printf(&line, "statefulset.apps/%s: %s: %s", text_of(set, "name"), phase,
			   text_of(set, "reason"));
		if (!follower->said || strcmp(follower->said, buf_str(&line)) != 0) {
			printf("%s\n", buf_str(&line));
			fflush(stdout);
		}
		free(follower->said);
		follower->said = buf_steal(&line);
		return failed ? EXIT_ROLLOUT : EXIT_OK;
	}
	return -1;
}

/* An agent that has not seen yet that the app was resumed refuses at first, and looks. */
static int order_sync(struct follower *follower)
{
	CLEANUP(cJSON_Delete_p) cJSON *app = NULL;

	for (int i = 0; i < MAX_ORDERS; i++) {
		bool refused = false;
		int code = remote_order(follower->remote, follower->app, "sync", &refused);

		if (code != EXIT_OK || !refused)
			return code;
		cJSON_Delete(STEAL(app));
		if ((code = look_again(follower, &app)) != EXIT_OK)
			return code;
	}
	return tell_suspended(app);
}

/* Until the pass that was asked for is over and, with --wait, its rollouts. */
static int follow(struct follower *follower)
{
	bool synced = false;
	int code = EXIT_OK, arrived = 0;

	for (;;) {
		CLEANUP(cJSON_Delete_p) cJSON *app = NULL;
		int looked = look_again(follower, &app);

		if (looked != EXIT_OK)
			return looked;
		if (is_state(app, OVERVIEW_SUSPENDED))
			return tell_suspended(app);
		if (!synced && is_synced(follower, app)) {
			synced = true;
			code = report_sync(app);
			if (code != EXIT_OK || !follower->options->wait)
				return code;
		}
		/* The first look may be older than the sync: its watch brings the agent what moved. */
		if (synced) {
			int rollouts = judge_rollouts(follower, app);

			arrived = rollouts < 0 ? arrived + 1 : 0;
			if (rollouts > 0 || arrived == ARRIVED_LOOKS)
				return rollouts < 0 ? code : rollouts;
		}
		if (clock_boot_ms() > follower->deadline_ms) {
			fprintf(stderr, "tranche: %s did not end in time\n",
				synced ? "a rollout" : "the sync");
			return EXIT_ROLLOUT;
		}
	}
}

/* Where the app stands before. */
static int begin(struct follower *follower)
{
	CLEANUP(cJSON_Delete_p) cJSON *app = NULL;
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH);
	int code;

	print_app_path(follower->app, &path);
	follower->path = buf_steal(&path);
	follower->deadline_ms = clock_boot_ms() + follower->options->timeout_ms;
	if (!follower->path)
		return EXIT_INTERNAL;
	if ((code = remote_get(follower->remote, follower->path, &app)) != EXIT_OK)
		return code;
	follower->before = strdup(text_of(app, "lastSync.time"));
	return follower->before ? EXIT_OK : EXIT_INTERNAL;
}

int remote_sync(const struct options *options)
{
	CLEANUP(remote_close) struct remote remote = {0};
	CLEANUP(follower_release)
	struct follower follower = {.remote = &remote, .options = options};
	int code = remote_open(&remote, options);

	if (code == EXIT_OK)
		code = remote_app(&remote, options->app, &follower.app);
	if (code == EXIT_OK)
		code = begin(&follower);
	if (code == EXIT_OK)
		code = remote_sign(&remote, options);
	if (code == EXIT_OK)
		code = order_sync(&follower);
	return code == EXIT_OK ? follow(&follower) : code;
}

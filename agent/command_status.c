#include "agent/commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/follow.h"
#include "agent/inventories.h"
#include "agent/present.h"
#include "agent/remote.h"
#include "agent/session.h"
#include "agent/standings.h"
#include "agent/terminal.h"
#include "diff/rfc3339.h"

#define OUTPUT_MAX_BYTES (64u * 1024 * 1024)
#define REDRAW_WAIT_MS   50    /* changes that come together are drawn once */
#define LOOK_AGAIN_MS    30000 /* at what is in the cluster beside the StatefulSets */
#define TROUBLE_MS       10000 /* that a trouble is shown for after it should have been told again */

/* How it is shown. */
enum show {
	SHOW_ONCE,   /* all of it, then the end */
	SHOW_SCREEN, /* drawn anew on a terminal */
	SHOW_LINES,  /* a line a change, where nothing can be drawn anew */
	SHOW_JSON,   /* all of it at each change */
};

static const int signal_numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};
#define SIGNAL_COUNT (sizeof(signal_numbers) / sizeof(signal_numbers[0]))

struct watcher {
	struct session session;
	const struct options *options;
	enum show show;
	struct fetch *fetch;

	/* What is shown, as far as it is known by now. */
	struct rollouts *rollouts;
	struct inventory_watch inventories;
	struct present present;
	bool rollouts_known, present_known;
	struct err trouble; /* that passes; ERR_NONE: none */

	struct follow follow; /* with SHOW_LINES: what was printed last */
	bool missing_told;

	uv_timer_t draw;  /* the next drawing: something changed, or a second has passed */
	uv_timer_t look;  /* the next look at what was missing */
	uv_timer_t clear; /* when a trouble that was not told again is over */
	uv_signal_t signals[SIGNAL_COUNT];
	bool has_handles, ended;
	int code;
};

static struct standings_sources sources_of(const struct watcher *watcher)
{
	return (struct standings_sources){
		.rollouts = watcher->rollouts,
		.inventories = &watcher->inventories,
		.app = watcher->session.has_app ? &watcher->session.app : NULL,
		.targets = watcher->present_known ? &watcher->present.targets : NULL,
		.trouble = watcher->trouble.class == ERR_NONE ? NULL : watcher->trouble.message,
	};
}

/* --- the end --------------------------------------------------------------------------------- */

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void end(struct watcher *watcher, int code)
{
	if (watcher->ended)
		return;
	watcher->ended = true;
	watcher->code = code;
	screen_close();
	if (watcher->fetch)
		fetch_cancel(STEAL(watcher->fetch));
	rollouts_free(STEAL(watcher->rollouts));
	inventory_watch_release(&watcher->inventories);
	present_release(&watcher->present);
	if (!watcher->has_handles)
		return;
	close_handle(&watcher->draw);
	close_handle(&watcher->look);
	close_handle(&watcher->clear);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		close_handle(&watcher->signals[i]);
}

static void fail(struct watcher *watcher, const struct err *err, int code)
{
	if (watcher->ended)
		return;
	screen_close();
	tell_error(err);
	end(watcher, err->class == ERR_NO_MEMORY ? EXIT_INTERNAL : code);
}

/* --- showing --------------------------------------------------------------------------------- */

static bool wants_json(const struct watcher *watcher)
{
	return watcher->options->output && strcmp(watcher->options->output, "json") == 0;
}

static int render(const struct watcher *watcher, const struct status *status, struct buf *out,
		  struct err *err)
{
	const struct render_options options = terminal_options(watcher->options->color);
	bool wide = watcher->options->output && strcmp(watcher->options->output, "wide") == 0;

	if (wants_json(watcher))
		return render_status_json(status, out, err);
	render_status_table(status, wide, &options, out);
	return buf_check(out, "the status", err);
}

static void on_draw(uv_timer_t *timer);

/* Draws after so long, or sooner if that was asked for already. */
static void draw_in(struct watcher *watcher, int64_t delay_ms)
{
	uv_timer_t *timer = &watcher->draw;

	if (watcher->ended || (uv_is_active((uv_handle_t *)timer) &&
			       uv_timer_get_due_in(timer) <= (uint64_t)delay_ms))
		return;
	uv_timer_start(timer, on_draw, (uint64_t)delay_ms, 0);
}

static void print_all(struct watcher *watcher, const struct status *status, const struct buf *text)
{
	bool empty = status->count == 0 && !wants_json(watcher);
	const struct session *session = &watcher->session;

	if (empty)
		fprintf(stderr, "no StatefulSets found in %s%s\n",
			session->has_app ? "what the source names" : "namespace ",
			session->has_app ? "" : session->kubeconfig.namespace);
	if (print_result(text) != EXIT_OK)
		end(watcher, EXIT_INTERNAL);
}

static void draw(struct watcher *watcher)
{
	const struct standings_sources sources = sources_of(watcher);
	CLEANUP(standings_release) struct standings standings = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(OUTPUT_MAX_BYTES);
	const struct status *status = &standings.view;
	struct err err;

	if (standings_collect(&sources, &standings, &err) < 0 ||
	    render(watcher, status, &text, &err) < 0) {
		fail(watcher, &err, EXIT_INTERNAL);
		return;
	}
	if (watcher->show != SHOW_SCREEN) {
		print_all(watcher, status, &text);
		return;
	}
	screen_open();
	screen_draw(&text);
	if (status_tick_ms(status) > 0)
		draw_in(watcher, status_tick_ms(status));
}

/* What stood on the screen at last stays to be read. */
static void leave_last_drawing(struct watcher *watcher)
{
	screen_close();
	if (watcher->show != SHOW_SCREEN || !watcher->rollouts_known)
		return;
	watcher->show = SHOW_ONCE;
	draw(watcher);
}

static void print_line(struct watcher *watcher, const char *text)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(OUTPUT_MAX_BYTES);
	uv_timeval64_t now;

	uv_gettimeofday(&now);
	rfc3339_print(now.tv_sec * 1000 + now.tv_usec / 1000, &line);
	buf_printf(&line, " %s\n", text);
	if (print_result(&line) != EXIT_OK)
		end(watcher, EXIT_INTERNAL);
}

static void print_rollout(struct watcher *watcher, const struct rollout *rollout)
{
	const struct standings_sources sources = sources_of(watcher);
	const struct standing standing = standing_of(&sources, rollout);
	CLEANUP(buf_release) struct buf line = BUF_INIT(OUTPUT_MAX_BYTES);

	render_status_line(&standing, &line);
	if (follow_line(&watcher->follow, rollout, buf_str(&line)))
		print_line(watcher, buf_str(&line));
}

static void print_missing(struct watcher *watcher)
{
	const struct standings_sources sources = sources_of(watcher);
	CLEANUP(standings_release) struct standings standings = {0};
	struct err err;

	if (watcher->missing_told)
		return;
	watcher->missing_told = true;
	if (standings_collect(&sources, &standings, &err) < 0) {
		fail(watcher, &err, EXIT_INTERNAL);
		return;
	}
	for (size_t i = 0; i < standings.view.missing_count && !watcher->ended; i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(OUTPUT_MAX_BYTES);

		render_missing_line(&standings.missing[i], &line);
		print_line(watcher, buf_str(&line));
	}
}

/* Once everything is known that there is to show. */
static void show(struct watcher *watcher)
{
	if (watcher->ended || !watcher->rollouts_known ||
	    (watcher->session.has_app && !watcher->present_known))
		return;
	switch (watcher->show) {
	case SHOW_ONCE:
		draw(watcher);
		end(watcher, watcher->code);
		break;
	case SHOW_LINES: print_missing(watcher); break;
	case SHOW_SCREEN:
	case SHOW_JSON: draw_in(watcher, REDRAW_WAIT_MS); break;
	}
}

static void on_draw(uv_timer_t *timer)
{
	draw(timer->data);
}

/* --- what comes from the cluster ------------------------------------------------------------- */

static bool is_wanted(const struct watcher *watcher, const struct rollout *rollout)
{
	const struct app *app = &watcher->session.app;

	return !watcher->session.has_app ||
	       follow_find(rollout, &app->fetched.manifests, app->namespace);
}

static void on_change(void *context, const struct rollout *rollout)
{
	struct watcher *watcher = context;

	if (!is_wanted(watcher, rollout))
		return;
	if (watcher->show == SHOW_LINES)
		print_rollout(watcher, rollout);
	else if (watcher->show != SHOW_ONCE)
		show(watcher);
}

static void on_gone(void *context, const char *namespace, const char *name)
{
	struct watcher *watcher = context;
	CLEANUP(buf_release) struct buf line = BUF_INIT(OUTPUT_MAX_BYTES);

	if (watcher->show == SHOW_LINES) {
		buf_printf(&line, "%s/%s is gone", namespace, name);
		print_line(watcher, buf_str(&line));
	} else {
		show(watcher);
	}
}

static void on_synced(void *context)
{
	struct watcher *watcher = context;

	watcher->rollouts_known = true;
	show(watcher);
}

static void on_clear(uv_timer_t *timer)
{
	struct watcher *watcher = timer->data;

	watcher->trouble = (struct err){0};
	if (watcher->show == SHOW_SCREEN)
		show(watcher);
}

/*
 * What passes is told once, and on a screen shown while it lasts: until it should have been told again,
 * and was not.
 */
static void tell_trouble(struct watcher *watcher, const struct err *err, int64_t retry_in_ms)
{
	bool on_screen = watcher->show == SHOW_SCREEN && watcher->rollouts_known;
	bool told = watcher->trouble.class != ERR_NONE &&
		    strcmp(watcher->trouble.message, err->message) == 0;

	watcher->trouble = *err;
	uv_timer_start(&watcher->clear, on_clear, (uint64_t)retry_in_ms + TROUBLE_MS, 0);
	if (on_screen)
		draw_in(watcher, REDRAW_WAIT_MS);
	else if (!told)
		tell_warning("%s", err->message);
}

static void on_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	struct watcher *watcher = context;

	if (retry_in_ms >= 0 && watcher->show != SHOW_ONCE && err->class == ERR_TRANSIENT)
		tell_trouble(watcher, err, retry_in_ms);
	else
		fail(watcher, err, EXIT_CLUSTER);
}

static const struct promotion_record *record_of(void *context, const char *namespace,
						const char *name)
{
	const struct watcher *watcher = context;

	return standings_record(&watcher->inventories, namespace, name);
}

static void on_look(uv_timer_t *timer);

static void on_present(void *context, const struct err *err)
{
	struct watcher *watcher = context;

	if (err && watcher->show == SHOW_ONCE) {
		fail(watcher, err, EXIT_CLUSTER);
		return;
	}
	if (!err)
		watcher->present_known = true;
	if (watcher->show == SHOW_SCREEN || watcher->show == SHOW_JSON)
		uv_timer_start(&watcher->look, on_look, LOOK_AGAIN_MS, 0);
	if (watcher->show != SHOW_JSON || !watcher->rollouts_known)
		show(watcher);
}

static void on_look(uv_timer_t *timer)
{
	struct watcher *watcher = timer->data;
	const struct session *session = &watcher->session;
	struct err err;

	if (present_look(&watcher->present, session->cluster, session->discovery, &session->app,
			 on_present, watcher, &err) < 0)
		fail(watcher, &err, EXIT_INTERNAL);
}

/* --- beginning ------------------------------------------------------------------------------- */

/* The namespaces of the source's StatefulSets, or the one of the context. */
static int follow_namespaces(struct watcher *watcher, struct err *err)
{
	const struct session *session = &watcher->session;
	const struct manifest_set *set = &session->app.fetched.manifests;
	bool any = false;

	if (!session->has_app)
		return rollouts_add_namespace(watcher->rollouts, session->kubeconfig.namespace,
					      err);
	for (size_t i = 0; i < set->count; i++) {
		const struct ref *ref = &set->items[i].ref;
		const char *namespace = *ref->namespace ? ref->namespace : session->app.namespace;

		if (!ref_is(ref, "apps", "StatefulSet"))
			continue;
		any = true;
		if (rollouts_add_namespace(watcher->rollouts, namespace, err) < 0)
			return -1;
	}
	watcher->rollouts_known = !any;
	return 0;
}

/* Rollouts are judged with what is remembered of them: that has to be known first. */
static int follow_rollouts(struct watcher *watcher, struct err *err)
{
	const struct rollouts_options options = {
		.once = watcher->show == SHOW_ONCE,
		.record_of = record_of,
		.on_change = on_change,
		.on_gone = on_gone,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = watcher,
	};

	watcher->rollouts = rollouts_new(watcher->session.cluster, &options, err);
	if (!watcher->rollouts)
		return -1;
	return follow_namespaces(watcher, err);
}

static void on_inventories(void *context)
{
	struct watcher *watcher = context;
	const struct rollout *rollout;
	struct err err;

	if (!watcher->rollouts) {
		if (follow_rollouts(watcher, &err) < 0)
			fail(watcher, &err, EXIT_CLUSTER);
		else
			show(watcher);
		return;
	}
	for (size_t i = 0; (rollout = rollouts_at(watcher->rollouts, i)); i++)
		rollouts_touch(watcher->rollouts, rollout->namespace, rollout->name);
	if (watcher->show == SHOW_SCREEN)
		show(watcher);
}

static int start(struct watcher *watcher, struct err *err)
{
	const struct session *session = &watcher->session;

	if (inventory_watch_start(&watcher->inventories, session->cluster,
				  session->kubeconfig.namespace, watcher->show == SHOW_ONCE,
				  on_inventories, watcher, err) < 0)
		return -1;
	if (!session->has_app)
		return 0;
	return present_look(&watcher->present, session->cluster, session->discovery, &session->app,
			    on_present, watcher, err);
}

static void on_fetched(void *context, struct fetched *fetched, const struct err *fetch_err)
{
	struct watcher *watcher = context;
	struct err err;

	watcher->fetch = NULL;
	if (fetch_err->class != ERR_NONE) {
		fail(watcher, fetch_err, EXIT_SOURCE);
		return;
	}
	watcher->session.app.fetched = *fetched;
	*fetched = (struct fetched){0};
	if (start(watcher, &err) < 0)
		fail(watcher, &err, EXIT_CLUSTER);
}

/* --- signals --------------------------------------------------------------------------------- */

static void on_signal(uv_signal_t *handle, int number)
{
	struct watcher *watcher = handle->data;

	switch (number) {
	case SIGWINCH:
		if (watcher->show == SHOW_SCREEN && watcher->rollouts_known)
			draw_in(watcher, 0);
		break;
	case SIGTSTP:
		screen_close();
		raise(SIGSTOP);
		/* Here somebody has continued it. */
		if (watcher->show == SHOW_SCREEN && watcher->rollouts_known)
			draw_in(watcher, 0);
		break;
	default: leave_last_drawing(watcher); end(watcher, EXIT_OK);
	}
}

static void open_handles(struct watcher *watcher)
{
	uv_loop_t *loop = watcher->session.loop;

	watcher->has_handles = true;
	uv_timer_init(loop, &watcher->draw);
	uv_timer_init(loop, &watcher->look);
	uv_timer_init(loop, &watcher->clear);
	watcher->draw.data = watcher->look.data = watcher->clear.data = watcher;
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		uv_signal_init(loop, &watcher->signals[i]);
		watcher->signals[i].data = watcher;
		if (watcher->show != SHOW_ONCE)
			uv_signal_start(&watcher->signals[i], on_signal, signal_numbers[i]);
	}
}

static enum show how_to_show(const struct watcher *watcher)
{
	if (!watcher->options->watch)
		return SHOW_ONCE;
	if (wants_json(watcher))
		return SHOW_JSON;
	return terminal_is_interactive() ? SHOW_SCREEN : SHOW_LINES;
}

int command_status(const struct options *options)
{
	struct watcher watcher = {.options = options};
	struct session *session = &watcher.session;
	struct err err;

	if (options->agent)
		return remote_status(options);
	watcher.show = how_to_show(&watcher);
	watcher.code = session_open(session, options);
	if (watcher.code == EXIT_OK) {
		const struct fetch_options fetch_options = {
			.loop = session->loop,
			.source = session->app.source,
			.default_namespace = session->app.namespace,
		};

		open_handles(&watcher);
		int result = session->has_app ? fetch_start(&fetch_options, on_fetched, &watcher,
							    &watcher.fetch, &err)
					      : start(&watcher, &err);
		if (result < 0)
			fail(&watcher, &err, EXIT_INTERNAL);
		session_run(session);
		end(&watcher, watcher.code);
	}
	follow_release(&watcher.follow);
	session_close(session);
	return watcher.code;
}

#include "apply/watch.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "apply/known.h"
#include "apply/lines.h"
#include "apply/page.h"
#include "apply/refusal.h"
#include "diff/cleanup.h"

#define STREAM_SLACK_MS 30000 /* after which a stream that should have ended is given up */
#define SHORT_STREAM_MS 1000  /* one that ends sooner, and without a word, is no success */
#define MAX_RESUMES     3     /* that fail in a row; then what happened is found out by a list */
#define MAX_PATH_BYTES  (64u * 1024)

/*
 *	LISTING -> STREAMING -> (its time is over) -> STREAMING from the last resourceVersion
 *	              |-------> (ended sooner, cut) -> RESUMING -> STREAMING
 *	              |                                   |------> (not a version of this state) -> LISTING
 *	              |-------> (410, or cut again and again) -> LISTING
 *	any -> PAUSING -> the step that failed
 */
enum watch_step {
	STEP_LIST,
	STEP_RESUME,
	STEP_STREAM,
};

struct watch {
	struct cluster *cluster;
	struct watch_options options; /* its strings are owned */
	char *namespace, *label_selector, *field_selector;
	uint64_t task;
	uint64_t work; /* the request, stream or pause that it waits for */
	enum watch_step step;
	char *token;            /* of the next page */
	char *resource_version; /* where the next stream begins; NULL before the first list */
	struct known known;
	struct lines lines;
	unsigned failures; /* in a row */
	unsigned expiries; /* 410s in a row */
	int64_t stream_started_ms, stream_lasts_ms;
	bool heard;            /* from this stream */
	bool flows;            /* as on_flow was told */
	struct err stream_err; /* what was wrong with it, but its connection */
	bool *released;        /* set when it is cancelled while a callback runs */
};

static void take_step(struct watch *watch);

static int64_t monotonic_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static void watch_free(void *task)
{
	struct watch *watch = task;

	if (watch->released)
		*watch->released = true;
	cluster_cancel(watch->cluster, watch->work);
	cluster_task_end(watch->cluster, watch->task);
	free(watch->namespace);
	free(watch->label_selector);
	free(watch->field_selector);
	free(watch->token);
	free(watch->resource_version);
	known_release(&watch->known);
	lines_release(&watch->lines);
	free(watch);
}

/* --- telling: each of these returns false if the watch is gone after it ----------------------- */

static bool end_callback(struct watch *watch, const bool *released, bool *outer)
{
	if (*released) {
		if (outer)
			*outer = true;
		return false;
	}
	watch->released = outer;
	return true;
}

static bool tell(struct watch *watch, enum watch_event event, cJSON *take_object)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = take_object;
	bool released = false, *outer = watch->released;

	watch->released = &released;
	watch->options.on_event(watch->options.ctx, event, &object);
	return end_callback(watch, &released, outer);
}

static bool tell_synced(struct watch *watch)
{
	bool released = false, *outer = watch->released;

	if (!watch->options.on_synced)
		return true;
	watch->released = &released;
	watch->options.on_synced(watch->options.ctx);
	return end_callback(watch, &released, outer);
}

static bool tell_error(struct watch *watch, const struct err *err, int64_t retry_in_ms)
{
	bool released = false, *outer = watch->released;

	if (!watch->options.on_error)
		return true;
	watch->released = &released;
	watch->options.on_error(watch->options.ctx, err, retry_in_ms);
	return end_callback(watch, &released, outer);
}

static bool tell_flow(struct watch *watch, bool flows)
{
	bool released = false, *outer = watch->released;

	if (watch->flows == flows)
		return true;
	watch->flows = flows;
	if (!watch->options.on_flow)
		return true;
	watch->released = &released;
	watch->options.on_flow(watch->options.ctx, flows);
	return end_callback(watch, &released, outer);
}

/* --- failures --------------------------------------------------------------------------------- */

static void on_pause_over(void *ctx)
{
	struct watch *watch = ctx;

	watch->work = 0;
	take_step(watch);
}

/* Pauses, then takes the step again. Without memory even for that it is over, with a last word. */
static void pause_then_step(struct watch *watch, int64_t pause_ms)
{
	struct err err;

	watch->work = cluster_after(watch->cluster, pause_ms, on_pause_over, watch, &err);
	if (!watch->work && tell_error(watch, &err, -1))
		watch_free(watch);
}

/*
 * The step failed. That a stream was cut is told only when it cannot be resumed either: servers
 * and whatever stands in between close connections all the time.
 */
static void fail(struct watch *watch, const struct err *err, int64_t wanted_pause_ms)
{
	if (watch->options.once) {
		if (tell_error(watch, err, -1))
			watch_free(watch);
		return;
	}
	if (!tell_flow(watch, false))
		return;
	int64_t pause_ms = cluster_backoff_ms(watch->cluster, watch->failures++);
	bool resumable = watch->step != STEP_LIST && watch->failures == 1;
	if (pause_ms < wanted_pause_ms)
		pause_ms = wanted_pause_ms;
	/* An event that never gets through whole, say. */
	if (watch->failures > MAX_RESUMES)
		watch->step = STEP_LIST;
	if (resumable || tell_error(watch, err, pause_ms))
		pause_then_step(watch, pause_ms);
}

static void list_again(struct watch *watch)
{
	if (!tell_flow(watch, false))
		return;
	free(watch->token);
	watch->token = NULL;
	watch->step = STEP_LIST;
	/* At once the first time; a server that keeps saying so is not hammered. */
	int64_t pause_ms =
		watch->expiries ? cluster_backoff_ms(watch->cluster, watch->expiries) : 0;
	watch->expiries++;
	pause_then_step(watch, pause_ms);
}

/* --- one object ------------------------------------------------------------------------------- */

static int note_version(struct watch *watch, const char *version, struct err *err)
{
	char *copy = strdup(version);

	if (!copy)
		return err_no_memory(err);
	free(watch->resource_version);
	watch->resource_version = copy;
	return 0;
}

/*
 * Compares the object with what is known and tells what is news. Returns 1 to go on, 0 if the
 * watch is gone, -1 with *err.
 */
static int take_object(struct watch *watch, bool deleted, cJSON *take, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = take;
	const char *name = json_str(object, "metadata.name");
	const char *namespaced = json_str(object, "metadata.namespace");
	const char *namespace = namespaced ? namespaced : "";
	const char *version = json_str(object, "metadata.resourceVersion");
	enum known_change change;

	if (!name || !version)
		return err_set(err, ERR_TRANSIENT, "the server sent an object without a name");
	bool wanted =
		!watch->options.wants || watch->options.wants(watch->options.ctx, namespace, name);
	if (!wanted) {
		known_remove(&watch->known, namespace, name);
		return 1;
	}
	if (page_complete_item(object, watch->options.resource, err) < 0)
		return -1;
	if (deleted) {
		/* One that was of no interest when it was seen is not known, and is told. */
		if (!known_remove(&watch->known, namespace, name) && !watch->options.wants)
			return 1;
		return tell(watch, WATCH_DELETED, STEAL(object));
	}
	if (known_put(&watch->known, namespace, name, version, &change, err) < 0)
		return -1;
	if (change == KNOWN_SAME)
		return 1;
	return tell(watch, change == KNOWN_NEW ? WATCH_ADDED : WATCH_MODIFIED, STEAL(object));
}

/* --- the list --------------------------------------------------------------------------------- */

/* An object that is only known to have gone. */
static cJSON *make_tombstone(const struct watch *watch, const struct known_object *known,
			     struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();

	if (!object) {
		err_no_memory(err);
		return NULL;
	}
	if (json_set_str(object, "metadata.name", known->name, err) < 0 ||
	    (known->namespace[0] &&
	     json_set_str(object, "metadata.namespace", known->namespace, err) < 0) ||
	    json_set_str(object, "metadata.resourceVersion", known->resource_version, err) < 0 ||
	    page_complete_item(object, watch->options.resource, err) < 0)
		return NULL;
	return STEAL(object);
}

/* As take_object. */
static int tell_vanished(struct watch *watch, struct err *err)
{
	const struct known_object *gone;
	size_t cursor = 0;
	int status = 1;

	while (status > 0 && (gone = known_next_unlisted(&watch->known, &cursor))) {
		cJSON *tombstone = make_tombstone(watch, gone, err);

		if (!tombstone) {
			cursor--; /* it is told after the next list */
			status = -1;
			break;
		}
		status = tell(watch, WATCH_DELETED, tombstone);
	}
	if (status != 0)
		known_drop_unlisted(&watch->known, cursor);
	return status;
}

/* As take_object. */
static int take_page(struct watch *watch, cJSON *page, struct err *err)
{
	cJSON *items = json_get(page, "items");
	int status = 1;

	while (status > 0 && items && items->child)
		status = take_object(watch, false, cJSON_DetachItemViaPointer(items, items->child),
				     err);
	return status;
}

/* The last page has been taken. As take_object. */
static int end_list(struct watch *watch, const cJSON *page, struct err *err)
{
	const char *version = json_str(page, "metadata.resourceVersion");

	if (!version)
		return err_set(err, ERR_TRANSIENT, "the server's list has no resourceVersion");
	if (note_version(watch, version, err) < 0)
		return -1;
	int status = tell_vanished(watch, err);
	if (status > 0)
		status = tell_synced(watch);
	if (status <= 0)
		return status;
	if (watch->options.once) {
		watch_free(watch);
		return 0;
	}
	watch->failures = 0;
	watch->step = STEP_STREAM;
	return tell_flow(watch, true) ? 1 : 0;
}

static void on_page(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct watch *watch = ctx;
	struct err own;
	int status;

	watch->work = 0;
	if (err && err->class == ERR_EXPIRED) {
		list_again(watch);
		return;
	}
	if (err) {
		fail(watch, err, answer->retry_after_ms);
		return;
	}
	status = take_page(watch, answer->body, &own);
	if (status > 0) {
		int more = page_take_token(answer->body, &watch->token, &own);

		status = more == 0 ? end_list(watch, answer->body, &own) : more;
	}
	if (status < 0)
		fail(watch, &own, -1);
	else if (status > 0)
		take_step(watch);
}

static void print_selectors(const struct watch *watch, struct buf *out)
{
	if (watch->label_selector) {
		buf_puts(out, "&labelSelector=");
		resource_print_encoded(watch->label_selector, out);
	}
	if (watch->field_selector) {
		buf_puts(out, "&fieldSelector=");
		resource_print_encoded(watch->field_selector, out);
	}
}

/* Sends the request for a list whose path is printed but for the selectors. */
static int send_list(struct watch *watch, struct buf *path, bool once,
		     void (*on_done)(void *ctx, const struct err *err,
				     struct cluster_answer *answer),
		     struct err *err)
{
	print_selectors(watch, path);
	if (buf_check(path, "the path of the list", err) < 0)
		return -1;
	const struct cluster_request request = {
		.method = "GET",
		.path = buf_str(path),
		.once = once,
		.on_done = on_done,
		.ctx = watch,
	};
	watch->work = cluster_send(watch->cluster, &request, err);
	return watch->work ? 0 : -1;
}

static int start_list(struct watch *watch, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (!watch->token)
		known_begin_listing(&watch->known);
	page_print_path(watch->options.resource, watch->namespace, watch->token, &path);
	/* The failures of one that goes on are told, and tried again, from here. */
	return send_list(watch, &path, !watch->options.once, on_page, err);
}

/* --- going on where a stream ended ------------------------------------------------------------ */

static void on_resumable(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct watch *watch = ctx;

	watch->work = 0;
	if (!err) {
		watch->step = STEP_STREAM;
		take_step(watch);
	} else if (refusal_is_of_future(answer->body)) {
		known_doubt(&watch->known);
		list_again(watch);
	} else if (err->class == ERR_EXPIRED) {
		list_again(watch);
	} else {
		fail(watch, err, answer->retry_after_ms);
	}
}

/* Asks for a list that is not older than what is known: the server has that, or says that it cannot. */
static int start_resume(struct watch *watch, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	resource_print_collection(watch->options.resource, watch->namespace, &path);
	buf_puts(&path, "?resourceVersionMatch=NotOlderThan&limit=1&resourceVersion=");
	resource_print_encoded(watch->resource_version, &path);
	return send_list(watch, &path, true, on_resumable, err);
}

/* --- the stream ------------------------------------------------------------------------------- */

/* As take_object. */
static int take_event(struct watch *watch, const char *line, size_t length, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *event = NULL;

	if (json_parse_answer(line, length, &event, err) < 0)
		return err_prefix(err, "the server sent a broken event");
	const char *type = json_str(event, "type");
	cJSON *object = json_get(event, "object");
	if (!type || !cJSON_IsObject(object))
		return err_set(err, ERR_TRANSIENT, "the server sent an event without an object");
	if (strcmp(type, "ERROR") == 0)
		return refusal_err_of_status(object, err);

	const char *version = json_str(object, "metadata.resourceVersion");
	CLEANUP(free_p) char *reached = version ? strdup(version) : NULL;
	if (version && !reached)
		return err_no_memory(err);
	int status = 1;
	if (strcmp(type, "BOOKMARK") != 0)
		status = take_object(watch, strcmp(type, "DELETED") == 0,
				     cJSON_DetachItemViaPointer(event, object), err);
	/* Not before it was told: whoever goes on from here does not get the event again. */
	if (status > 0 && reached) {
		free(watch->resource_version);
		watch->resource_version = STEAL(reached);
	}
	return status;
}

static bool on_line(void *ctx, const char *line, size_t length)
{
	struct watch *watch = ctx;
	int status = take_event(watch, line, length, &watch->stream_err);

	if (status <= 0)
		return false; /* gone, or the error is in stream_err */
	watch->heard = true;
	watch->failures = watch->expiries = 0;
	return tell_flow(watch, true);
}

static void on_stream_end(void *ctx, const struct err *err, int64_t retry_after_ms);

static void on_data(void *ctx, const char *bytes, size_t length)
{
	struct watch *watch = ctx;
	bool released = false;
	struct err err = {0};

	watch->released = &released;
	int status = lines_feed(&watch->lines, bytes, length, on_line, watch, &err);
	if (released)
		return;
	watch->released = NULL;
	if (status < 0)
		watch->stream_err = err;
	if (watch->stream_err.class) {
		err = watch->stream_err;
		cluster_cancel(watch->cluster, watch->work);
		on_stream_end(watch, &err, -1);
	}
}

static void on_stream_end(void *ctx, const struct err *err, int64_t retry_after_ms)
{
	struct watch *watch = ctx;
	int64_t lasted_ms = monotonic_ms() - watch->stream_started_ms;
	bool was_short = lasted_ms < SHORT_STREAM_MS;
	static const struct err nothing = {ERR_TRANSIENT, "the server ends the watch at once"};

	watch->work = 0;
	if (!err && was_short && !watch->heard)
		err = &nothing;
	if (err || lasted_ms < watch->stream_lasts_ms)
		watch->step = STEP_RESUME;
	if (!err)
		take_step(watch);
	else if (err->class == ERR_EXPIRED)
		list_again(watch);
	else
		fail(watch, err, retry_after_ms);
}

static int start_stream(struct watch *watch, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);
	/* Spread, so that many watches do not end together. */
	int64_t seconds = WATCH_TIMEOUT_S + (int64_t)(uv_hrtime() / 1000 % WATCH_TIMEOUT_S);

	lines_clear(&watch->lines);
	watch->heard = false;
	watch->stream_err = (struct err){0};
	watch->stream_started_ms = monotonic_ms();
	watch->stream_lasts_ms = seconds * 1000;
	resource_print_collection(watch->options.resource, watch->namespace, &path);
	buf_puts(&path, "?watch=1&allowWatchBookmarks=true&resourceVersion=");
	resource_print_encoded(watch->resource_version, &path);
	buf_printf(&path, "&timeoutSeconds=%d", (int)seconds);
	print_selectors(watch, &path);
	if (buf_check(&path, "the path of the watch", err) < 0)
		return -1;
	const struct cluster_stream stream = {
		.path = buf_str(&path),
		.timeout_ms = seconds * 1000 + STREAM_SLACK_MS,
		.on_data = on_data,
		.on_done = on_stream_end,
		.ctx = watch,
	};
	watch->work = cluster_open_stream(watch->cluster, &stream, err);
	return watch->work ? 0 : -1;
}

/* --- all together ----------------------------------------------------------------------------- */

static void take_step(struct watch *watch)
{
	struct err err;
	int status = watch->step == STEP_LIST     ? start_list(watch, &err)
		     : watch->step == STEP_RESUME ? start_resume(watch, &err)
						  : start_stream(watch, &err);

	if (status < 0)
		fail(watch, &err, -1);
}

static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text && *text ? strdup(text) : NULL;
	return !text || !*text || *ret_copy;
}

uint64_t watch_start(struct cluster *cluster, const struct watch_options *options, struct err *err)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		err_no_memory(err);
		return 0;
	}
	watch->cluster = cluster;
	watch->options = *options;
	watch->lines = (struct lines)LINES_INIT(WATCH_MAX_LINE_BYTES);
	if (!copy_text(options->namespace, &watch->namespace) ||
	    !copy_text(options->label_selector, &watch->label_selector) ||
	    !copy_text(options->field_selector, &watch->field_selector)) {
		err_no_memory(err);
		watch_free(watch);
		return 0;
	}
	watch->task = cluster_task_begin(cluster, watch_free, watch, err);
	if (!watch->task || start_list(watch, err) < 0) {
		watch_free(watch);
		return 0;
	}
	return watch->task;
}

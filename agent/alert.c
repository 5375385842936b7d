#include "agent/alert.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/alert_queue.h"
#include "agent/config_keys.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "apply/clock.h"
#include "diff/backoff.h"

#define NEVER INT64_MAX

struct alert {
	uv_timer_t timer; /* first: freed through it when libuv has closed it */
	struct alert_options options;
	struct config_sink config;
	struct sink sink;
	enum notice_severity least;

	struct alert_queue queue;
	struct alert_held held; /* what this sink was told of and that holds */
	bool sending;
	bool flushing;
	unsigned failures;     /* tries in a row that were not taken */
	uint64_t random;       /* for the jitter of their pauses */
	int64_t queued_at_ms;  /* when the queue stopped being empty */
	int64_t not_before_ms; /* the pause, and after a failure the backoff */
	size_t news;           /* notices of the message under way, without those sent anew */

	uint64_t sent, failed, dropped;
	struct err trouble; /* ERR_NONE: there is none */
};

static int64_t now_ms(const struct alert *alert)
{
	return (int64_t)uv_now(alert->options.hub->loop);
}

/* --- what it wants to know -------------------------------------------------------------------- */

static bool lists(const struct config_strings *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return list->count == 0;
}

static bool wants(const struct alert *alert, const struct notice *notice)
{
	const struct notice_kind_row *row = &notice_kinds[notice->kind];

	if (alert->sink.type->wants && !alert->sink.type->wants(notice))
		return false;
	if (notice->kind == NOTICE_TEST)
		return true;
	return row->severity >= alert->least && lists(&alert->config.kinds, row->name) &&
	       (!*notice->app || lists(&alert->config.apps, notice->app));
}

/* --- the clock -------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

/* How often what holds is told again; 0: never. */
static int64_t repeat_ms(const struct alert *alert)
{
	return alert->sink.type->resend_ms ? alert->sink.type->resend_ms
					   : alert->config.reminder_ms;
}

static int64_t next_reminder_ms(const struct alert *alert)
{
	int64_t next = NEVER;

	if (!repeat_ms(alert))
		return NEVER;
	for (size_t i = 0; i < alert->held.count; i++) {
		int64_t due = alert->held.items[i].told_ms + repeat_ms(alert);

		if (due < next)
			next = due;
	}
	return next;
}

static int64_t next_message_ms(const struct alert *alert)
{
	int64_t due = alert->queued_at_ms + ALERT_GATHER_MS;

	if (alert->sending || !alert_queue_waits(&alert->queue))
		return NEVER;
	if (alert->flushing)
		return 0;
	return due < alert->not_before_ms ? alert->not_before_ms : due;
}

static void plan(struct alert *alert)
{
	int64_t message = next_message_ms(alert);
	int64_t next = alert->flushing ? NEVER : next_reminder_ms(alert);

	uv_update_time(alert->options.hub->loop);
	if (message < next)
		next = message;
	int64_t left = next - now_ms(alert);
	if (next == NEVER)
		uv_timer_stop(&alert->timer);
	else
		uv_timer_start(&alert->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
}

/* --- taking what is told ---------------------------------------------------------------------- */

static void count(const struct alert *alert, size_t amount, const char *result, uint64_t *total)
{
	if (amount == 0)
		return;
	if (total)
		*total += amount;
	metrics_add(METRIC_ALERTS, (double)amount, LABELS(alert->config.name, result));
}

static void enqueue(struct alert *alert, struct notice *notice)
{
	struct notice *dropped = NULL;
	bool waited = alert_queue_waits(&alert->queue);

	if (alert_queue_add(&alert->queue, notice, &dropped) == ALERT_REPLACED) {
		count(alert, 1, "dropped", &alert->dropped);
		/* Who does not know that it began need not be told that it ends. */
		if (dropped->state == NOTICE_BEGINS)
			alert_held_remove(&alert->held, dropped->key);
		notice_drop(dropped);
	}
	if (!waited)
		alert->queued_at_ms = now_ms(alert);
}

static void remind(struct alert *alert, struct notice *notice)
{
	CLEANUP(notice_drop_p)
	struct notice *again = notice_again(notice, NOTICE_HOLDS, clock_unix_ms());

	/* News have a right to the last places. */
	if (again && alert->queue.count < ALERT_QUEUE_MAX / 2)
		enqueue(alert, again);
}

static void remind_of_all(struct alert *alert)
{
	if (!repeat_ms(alert) || alert->flushing)
		return;
	for (size_t i = 0; i < alert->held.count; i++) {
		struct alert_held_item *item = &alert->held.items[i];

		if (item->told_ms + repeat_ms(alert) > now_ms(alert))
			continue;
		item->told_ms = now_ms(alert);
		remind(alert, item->notice);
	}
}

static void tell_one(struct alert *alert, struct notice *notice)
{
	if (!wants(alert, notice))
		return;
	switch (notice->state) {
	case NOTICE_BEGINS:
		alert_held_put(&alert->held, notice, now_ms(alert));
		enqueue(alert, notice);
		break;
	case NOTICE_HOLDS: /* told before by the process before this one */
		alert_held_put(&alert->held, notice, now_ms(alert));
		if (alert->sink.type->resend_ms)
			enqueue(alert, notice);
		break;
	case NOTICE_ENDS:
		if (alert_held_remove(&alert->held, notice->key))
			enqueue(alert, notice);
		break;
	case NOTICE_ONCE: enqueue(alert, notice); break;
	}
}

void alert_tell(struct alert *alert, struct notice *const *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tell_one(alert, items[i]);
	plan(alert);
}

void alert_catch_up(struct alert *alert, const struct alert_held *held)
{
	for (size_t i = 0; i < held->count; i++) {
		CLEANUP(notice_drop_p)
		struct notice *holds =
			notice_again(held->items[i].notice, NOTICE_HOLDS, clock_unix_ms());

		if (holds)
			tell_one(alert, holds);
	}
	plan(alert);
}

void alert_tell_again(struct alert *alert, struct notice *notice)
{
	if (!wants(alert, notice))
		return;
	if (notice->state == NOTICE_BEGINS)
		alert_held_put(&alert->held, notice, now_ms(alert));
	else
		alert_held_remove(&alert->held, notice->key);
	enqueue(alert, notice);
	struct alert_entry *entry = alert_queue_find(&alert->queue, notice->key, notice->state);
	if (entry)
		entry->tried = true;
	plan(alert);
}

bool alert_owes(struct alert *alert, const char *key, enum notice_state state)
{
	return alert_queue_find(&alert->queue, key, state);
}

const struct notice *alert_next_owed(const struct alert *alert, const char *app, size_t *index)
{
	while (*index < alert->queue.count) {
		const struct notice *notice = alert->queue.entries[(*index)++].notice;

		if ((notice->state == NOTICE_BEGINS || notice->state == NOTICE_ENDS) &&
		    strcmp(notice->app, app) == 0)
			return notice;
	}
	return NULL;
}

void alert_forget(struct alert *alert, const char *app)
{
	alert_held_forget(&alert->held, app);
	alert_queue_forget(&alert->queue, app);
	plan(alert);
}

void alert_leave_cluster(struct alert *alert, struct cluster *cluster)
{
	if (alert->sink.type->leave_cluster)
		alert->sink.type->leave_cluster(&alert->sink, cluster);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* One line when the sink begins to fail, and one when it is well again. */
static void note_trouble(struct alert *alert, const struct err *err)
{
	bool had_trouble = alert->trouble.class != ERR_NONE;

	alert->trouble = *err;
	if (err->class != ERR_NONE && !had_trouble)
		log_line(LOG_WARNING, NULL, "alerts: sink \"%s\": %s", alert->config.name,
			 err->message);
	else if (err->class == ERR_NONE && had_trouble)
		log_line(LOG_INFO, NULL, "alerts: sink \"%s\" works again", alert->config.name);
}

static int64_t pause_after(struct alert *alert, const struct sink_result *result)
{
	int64_t pause = alert->sink.type->pause_ms;

	if (!result->taken && result->again)
		pause = backoff_ms(ALERT_BACKOFF_MS, ALERT_BACKOFF_MAX_MS, alert->failures,
				   &alert->random);
	if (pause < result->retry_after_ms)
		pause = result->retry_after_ms;
	return pause < ALERT_MAX_PAUSE_MS ? pause : ALERT_MAX_PAUSE_MS;
}

/* Those in flight, held; to be told of when they are through. */
static size_t hold_in_flight(const struct alert *alert,
			     struct notice *ret_notices[ALERT_MESSAGE_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < alert->queue.count && count < ALERT_MESSAGE_MAX; i++)
		if (alert->queue.entries[i].in_flight)
			ret_notices[count++] = notice_hold(alert->queue.entries[i].notice);
	return count;
}

static void tell_settled(const struct alert *alert, struct notice *notices[], size_t count)
{
	const char *last = "";

	for (size_t i = 0; i < count; i++) {
		size_t first = 0;

		if (strcmp(notices[i]->app, last) != 0 &&
		    !alert_next_owed(alert, notices[i]->app, &first))
			alert->options.on_settled(alert->options.context, notices[i]->app);
		last = notices[i]->app;
	}
	for (size_t i = 0; i < count; i++)
		notice_drop(notices[i]);
}

static void on_done(void *context, const struct sink_result *result)
{
	struct alert *alert = context;
	bool again = !result->taken && result->again && !alert->flushing;
	struct notice *settled[ALERT_MESSAGE_MAX];
	size_t settled_count = again ? 0 : hold_in_flight(alert, settled);

	alert->sending = false;
	alert->failures = result->taken ? 0 : alert->failures + 1;
	alert_queue_settle(&alert->queue, !again, result->may_have_arrived);
	if (result->taken)
		count(alert, alert->news, "sent", &alert->sent);
	else if (again)
		count(alert, alert->news, "retried", NULL);
	else
		count(alert, alert->news, "refused", &alert->failed);
	note_trouble(alert, &result->err);
	uv_update_time(alert->options.hub->loop);
	alert->not_before_ms = now_ms(alert) + pause_after(alert, result);
	plan(alert);
	tell_settled(alert, settled, settled_count);
	if (alert->flushing && alert->queue.count == 0)
		alert->options.on_idle(alert->options.context);
}

static void send_next(struct alert *alert)
{
	struct notice *notices[ALERT_MESSAGE_MAX];
	size_t count = alert_queue_take(&alert->queue, alert->sink.type->max_notices,
					alert->sink.type->joins, notices);

	alert->news = 0;
	for (size_t i = 0; i < count; i++)
		alert->news += !(alert->sink.type->resend_ms && notices[i]->state == NOTICE_HOLDS);
	if (count == 0)
		return;
	alert->sending = true;
	alert->sink.type->send(&alert->sink, notices, count);
}

static void on_timer(uv_timer_t *timer)
{
	struct alert *alert = (struct alert *)timer;

	remind_of_all(alert);
	if (next_message_ms(alert) <= now_ms(alert))
		send_next(alert);
	plan(alert);
}

bool alert_flush(struct alert *alert)
{
	alert->flushing = true;
	plan(alert);
	return alert->queue.count > 0;
}

/* --- beginning and end ------------------------------------------------------------------------ */

int alert_new(const struct alert_options *options, struct alert **ret_alert, struct err *err)
{
	struct alert *alert = calloc(1, sizeof(*alert));

	if (!alert)
		return err_no_memory(err);
	if (config_values_copy(config_sink_keys, options->config, &alert->config, err) < 0) {
		config_values_release(config_sink_keys, &alert->config);
		free(alert);
		return -1;
	}
	alert->options = *options;
	alert->options.config = &alert->config;
	alert->random = uv_hrtime();
	alert->least = NOTICE_INFO;
	if (alert->config.severity)
		(void)notice_severity_find(alert->config.severity, &alert->least);
	alert->sink = (struct sink){
		.type = sink_type_of(alert->config.type),
		.config = &alert->config,
		.loop = options->hub->loop,
		.cluster_of = options->hub->cluster_of,
		.cluster_context = options->hub->context,
		.on_done = on_done,
		.context = alert,
	};
	uv_timer_init(options->hub->loop, &alert->timer);
	*ret_alert = alert;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

void alert_free(struct alert *alert)
{
	if (!alert)
		return;
	alert->sink.type->stop(&alert->sink);
	if (alert->sink.type->release)
		alert->sink.type->release(&alert->sink);
	alert_queue_release(&alert->queue);
	alert_held_release(&alert->held);
	config_values_release(config_sink_keys, &alert->config);
	uv_close((uv_handle_t *)&alert->timer, on_closed);
}

const struct config_sink *alert_config(const struct alert *alert)
{
	return &alert->config;
}

struct notices_count alert_count(const struct alert *alert)
{
	return (struct notices_count){
		.sink = alert->config.name,
		.type = alert->sink.type->name,
		.sent = alert->sent,
		.failed = alert->failed,
		.dropped = alert->dropped,
		.queued = alert->queue.count,
		.failing = alert->trouble.class != ERR_NONE,
		.error = alert->trouble.class != ERR_NONE ? alert->trouble.message : "",
	};
}

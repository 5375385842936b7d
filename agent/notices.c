#include "agent/notices.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/alert.h"
#include "agent/metrics.h"
#include "apply/clock.h"

struct notices {
	uv_timer_t deadline; /* of a flush; first: freed through it when libuv has closed it */
	struct notices_options options;
	struct alert **alerts;
	size_t count;
	struct alert_held held; /* whatever the sinks filter, for those to come */
	void (*on_flushed)(void *context);
	void *flush_context;
};

/* For metrics, at a scrape. */
static void collect(void *context)
{
	const struct notices *notices = context;

	for (size_t i = 0; i < notices->count; i++) {
		const struct notices_count count = alert_count(notices->alerts[i]);

		metrics_set(METRIC_ALERTS_QUEUED, (double)count.queued, LABELS(count.sink));
	}
}

int notices_new(const struct notices_options *options, struct notices **ret_notices,
		struct err *err)
{
	struct notices *notices = calloc(1, sizeof(*notices));

	if (!notices)
		return err_no_memory(err);
	notices->options = *options;
	uv_timer_init(options->loop, &notices->deadline);
	metrics_collector(collect, notices);
	*ret_notices = notices;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

static void free_alerts(struct alert **alerts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		alert_free(alerts[i]);
	free(alerts);
}

void notices_free(struct notices *notices)
{
	if (!notices)
		return;
	metrics_collector_remove(notices);
	free_alerts(notices->alerts, notices->count);
	alert_held_release(&notices->held);
	uv_close((uv_handle_t *)&notices->deadline, on_closed);
}

/* --- the sinks -------------------------------------------------------------------------------- */

static void on_idle(void *context);

static void on_settled(void *context, const char *app)
{
	const struct notices *notices = context;

	if (*app && notices->options.on_told)
		notices->options.on_told(notices->options.context, app);
}

/* The index of the alert that is configured like this already; `count`: there is none. */
static size_t find_same(const struct notices *notices, const struct config_sink *config)
{
	size_t i = 0;

	while (i < notices->count &&
	       !(notices->alerts[i] && config_sink_equal(alert_config(notices->alerts[i]), config)))
		i++;
	return i;
}

static struct alert *make(struct notices *notices, const struct config_sink *config,
			  struct err *err)
{
	const struct alert_options options = {
		.hub = &notices->options,
		.config = config,
		.on_idle = on_idle,
		.on_settled = on_settled,
		.context = notices,
	};
	struct alert *alert = NULL;

	if (alert_new(&options, &alert, err) < 0)
		return NULL;
	alert_catch_up(alert, &notices->held);
	return alert;
}

int notices_configure(struct notices *notices, const struct config_sink *sinks, size_t count,
		      struct err *err)
{
	struct alert **alerts = calloc(count + 1, sizeof(struct alert *));
	size_t same;

	if (!alerts)
		return err_no_memory(err);
	/* First the new ones, so that nothing is lost where one cannot be made. */
	for (size_t i = 0; i < count; i++) {
		if (find_same(notices, &sinks[i]) < notices->count)
			continue;
		alerts[i] = make(notices, &sinks[i], err);
		if (!alerts[i]) {
			free_alerts(alerts, count);
			return -1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		same = find_same(notices, &sinks[i]);
		if (!alerts[i] && same < notices->count)
			alerts[i] = STEAL(notices->alerts[same]);
	}
	free_alerts(notices->alerts, notices->count);
	notices->alerts = alerts;
	notices->count = count;
	return 0;
}

/* --- telling ---------------------------------------------------------------------------------- */

static void note_held(struct notices *notices, struct notice *notice)
{
	if (notice->state == NOTICE_BEGINS || notice->state == NOTICE_HOLDS)
		alert_held_put(&notices->held, notice, 0);
	else if (notice->state == NOTICE_ENDS)
		alert_held_remove(&notices->held, notice->key);
}

void notices_tell(struct notices *notices, struct notice *const *items, size_t count)
{
	if (!notices || count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		note_held(notices, items[i]);
	for (size_t i = 0; i < notices->count; i++)
		alert_tell(notices->alerts[i], items, count);
}

void notices_tell_again(struct notices *notices, struct notice *notice, const cJSON *sinks)
{
	const cJSON *name;

	for (size_t i = 0; notices && i < notices->count; i++)
		json_each (name, sinks)
			if (cJSON_IsString(name) &&
			    strcmp(alert_config(notices->alerts[i])->name, name->valuestring) == 0)
				alert_tell_again(notices->alerts[i], notice);
}

int notices_print_owing(const struct notices *notices, const char *key, enum notice_state state,
			cJSON *list, struct err *err)
{
	for (size_t i = 0; notices && i < notices->count; i++) {
		struct alert *alert = notices->alerts[i];
		cJSON *name;

		if (!alert_owes(alert, key, state))
			continue;
		name = cJSON_CreateString(alert_config(alert)->name);
		if (!name)
			return err_no_memory(err);
		if (json_append(list, name, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether one of the first sinks has it to tell, too. */
static bool is_owed_before(const struct notices *notices, size_t count, const struct notice *notice)
{
	for (size_t i = 0; i < count; i++)
		if (alert_owes(notices->alerts[i], notice->key, notice->state))
			return true;
	return false;
}

const struct notice *notices_owed_end(const struct notices *notices, const char *app, size_t n)
{
	for (size_t i = 0; notices && i < notices->count; i++) {
		const struct notice *notice;
		size_t index = 0;

		while ((notice = alert_next_owed(notices->alerts[i], app, &index)))
			if (notice->state == NOTICE_ENDS && !is_owed_before(notices, i, notice) &&
			    n-- == 0)
				return notice;
	}
	return NULL;
}

size_t notices_test(struct notices *notices, const char *name)
{
	/* Every namespace has that. */
	char none[] = "", version[] = "v1", kind[] = "ServiceAccount", name_of[] = "default";
	const struct ref nowhere = {none, version, kind, name_of, name_of};
	CLEANUP(notice_drop_p)
	struct notice *test =
		notice_new(NOTICE_TEST, NOTICE_ONCE, NULL, &nowhere,
			   "this is a test: alerts of tranche arrive here", clock_unix_ms());
	size_t count = 0;

	for (size_t i = 0; test && i < notices->count; i++) {
		if (name && strcmp(alert_config(notices->alerts[i])->name, name) != 0)
			continue;
		alert_tell(notices->alerts[i], &test, 1);
		count++;
	}
	return count;
}

void notices_forget(struct notices *notices, const char *app)
{
	if (!notices)
		return;
	alert_held_forget(&notices->held, app);
	for (size_t i = 0; i < notices->count; i++)
		alert_forget(notices->alerts[i], app);
}

void notices_leave_cluster(struct notices *notices, struct cluster *cluster)
{
	for (size_t i = 0; i < notices->count; i++)
		alert_leave_cluster(notices->alerts[i], cluster);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void on_deadline(uv_timer_t *timer)
{
	struct notices *notices = (struct notices *)timer;

	notices->on_flushed(notices->flush_context);
}

/* One is done; are all? Who waits may free everything, so it hears of that on a later turn. */
static void on_idle(void *context)
{
	struct notices *notices = context;

	for (size_t i = 0; i < notices->count; i++)
		if (alert_count(notices->alerts[i]).queued)
			return;
	uv_timer_start(&notices->deadline, on_deadline, 0, 0);
}

void notices_flush(struct notices *notices, int64_t deadline_ms, void (*on_flushed)(void *context),
		   void *context)
{
	bool busy = false;

	notices->on_flushed = on_flushed;
	notices->flush_context = context;
	for (size_t i = 0; i < notices->count; i++)
		busy |= alert_flush(notices->alerts[i]);
	/* Also where there is nothing to do: no callback comes from within. */
	uv_update_time(notices->options.loop);
	uv_timer_start(&notices->deadline, on_deadline, busy ? (uint64_t)deadline_ms : 0, 0);
}

size_t notices_sink_count(const struct notices *notices)
{
	return notices ? notices->count : 0;
}

struct notices_count notices_count(const struct notices *notices, size_t index)
{
	return alert_count(notices->alerts[index]);
}

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/sink.h"
#include "apply/clock.h"
#include "apply/events.h"

#define MAX_INSTANCE_BYTES 128 /* the API's limit */

/* What the sink keeps in `work`. */
struct work {
	struct events events;
	struct cluster *cluster; /* that `id` is of */
	uint64_t id;             /* 0: nothing is under way */
};

static bool wants(const struct notice *notice)
{
	return notice->has_object;
}

static void on_sent(void *ctx, const struct err *err)
{
	struct sink *sink = ctx;
	struct work *work = sink->work;
	struct sink_result result = {.taken = !err, .retry_after_ms = -1};

	work->id = 0;
	if (err) {
		result.err = *err;
		/* What the server has looked at and refused it will refuse again; a right that is
		 * missing may be granted. */
		result.again = err->class == ERR_TRANSIENT || err->class == ERR_DENIED ||
			       err->class == ERR_NO_MEMORY;
	}
	sink_done(sink, &result);
}

static int send_event(struct sink *sink, const struct notice *notice, struct err *err)
{
	const struct notice_kind_row *row = &notice_kinds[notice->kind];
	struct work *work = sink->work;
	CLEANUP(buf_release) struct buf reason = BUF_INIT(256), note = BUF_INIT(16384);
	char instance[MAX_INSTANCE_BYTES + 1] = "tranche";
	bool ended = notice->state == NOTICE_ENDS;

	buf_printf(&reason, "%s%s", row->camel_name, ended ? "Ended" : "");
	buf_printf(&note, "%s%s", ended ? "over: " : "", notice->text);
	(void)gethostname(instance, sizeof(instance) - 1);
	const struct event event = {
		.ref = &notice->ref,
		.uid = notice->uid,
		.warning = !ended && row->severity > NOTICE_INFO,
		.reason = buf_str(&reason),
		.action = "Sync",
		.note = buf_str(&note),
		.instance = instance,
		.now_ms = clock_unix_ms(),
	};
	work->id = events_send(&work->events, work->cluster, &event, on_sent, sink, err);
	return work->id ? 0 : -1;
}

static void send_message(struct sink *sink, struct notice *const *notices, size_t count)
{
	struct work *work = sink->work;
	const struct sink_result nowhere = {.taken = true, .retry_after_ms = -1};
	struct err err;

	(void)count; /* one */
	if (!work)
		work = sink->work = calloc(1, sizeof(*work));
	if (!work) {
		err_no_memory(&err);
		sink_failed(sink, &err);
		return;
	}
	work->cluster = sink->cluster_of(sink->cluster_context, notices[0]->app);
	if (!work->cluster && *notices[0]->app) {
		sink_done(sink, &nowhere); /* the app is not ours any more */
	} else if (!work->cluster) {
		err_set(&err, ERR_NOT_FOUND, "there is no cluster to send Events to");
		sink_failed(sink, &err);
	} else if (send_event(sink, notices[0], &err) < 0) {
		sink_failed(sink, &err);
	}
}

static void stop(struct sink *sink)
{
	struct work *work = sink->work;

	if (!work || !work->id)
		return;
	cluster_cancel(work->cluster, work->id);
	work->id = 0;
}

static void leave_cluster(struct sink *sink, struct cluster *cluster)
{
	struct work *work = sink->work;
	struct err err;

	if (!work || !work->id || work->cluster != cluster)
		return;
	stop(sink);
	err_set(&err, ERR_CANCELLED, "the cluster left the configuration");
	sink_failed(sink, &err);
}

static void release(struct sink *sink)
{
	struct work *work = sink->work;

	if (!work)
		return;
	events_release(&work->events);
	free(work);
}

const struct sink_type sink_events = {
	.name = "events",
	.max_notices = 1,
	.wants = wants,
	.joins = sink_joins_none,
	.send = send_message,
	.stop = stop,
	.leave_cluster = leave_cluster,
	.release = release,
};

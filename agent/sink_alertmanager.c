#include <string.h>

#include "agent/sink.h"
#include "agent/sink_http.h"
#include "diff/rfc3339.h"

#define PATH      "/api/v2/alerts"
#define RESEND_MS 60000 /* well before its resolve_timeout, which is 5 min unless told otherwise */
#define TEST_MS   60000 /* how long a test is an alert */
#define MAX_BYTES 8192

/* What happened once is no alert: there is nothing that could be over. */
static bool wants(const struct notice *notice)
{
	return notice->state != NOTICE_ONCE || notice->kind == NOTICE_TEST;
}

/* Labels identify an alert: the same as long as it holds. */
static int set_labels(cJSON *alert, const struct notice *notice, struct err *err)
{
	const struct notice_kind_row *row = &notice_kinds[notice->kind];
	CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_BYTES), object = BUF_INIT(MAX_BYTES);

	buf_printf(&name, "Tranche%s", row->camel_name);
	if (json_set_str(alert, "labels.alertname", buf_str(&name), err) < 0 ||
	    json_set_str(alert, "labels.severity", notice_severity_name(row->severity), err) < 0 ||
	    (*notice->app && json_set_str(alert, "labels.app", notice->app, err) < 0))
		return -1;
	if (!notice->has_object)
		return 0;
	ref_print(&notice->ref, &object);
	if (*notice->ref.namespace &&
	    json_set_str(alert, "labels.namespace", notice->ref.namespace, err) < 0)
		return -1;
	return json_set_str(alert, "labels.object", buf_str(&object), err);
}

static int set_annotation(cJSON *alert, const char *name, const char *value, struct err *err)
{
	return *value ? json_set_key(json_get(alert, "annotations"), name,
				     cJSON_CreateString(value), err)
		      : 0;
}

static int set_annotations(cJSON *alert, const struct notice *notice, struct err *err)
{
	CLEANUP(buf_release)
	struct buf summary = BUF_INIT(MAX_BYTES), details = BUF_INIT(SINK_MAX_MESSAGE_BYTES);

	buf_printf(&summary, "%s", notice_kinds[notice->kind].title);
	if (notice->has_object) {
		buf_puts(&summary, ": ");
		notice_print_object(notice, &summary);
	}
	for (size_t i = 0; i < notice->field_count; i++)
		buf_printf(&details, "%s%s: %s", i ? "\n" : "", notice->fields[i].name,
			   notice->fields[i].value);
	if (json_set(alert, "annotations", cJSON_CreateObject(), err) < 0 ||
	    set_annotation(alert, "summary", buf_str(&summary), err) < 0 ||
	    set_annotation(alert, "description", notice->text, err) < 0 ||
	    set_annotation(alert, "details", buf_str(&details), err) < 0 ||
	    set_annotation(alert, "revision", notice->revision, err) < 0 ||
	    set_annotation(alert, "author", notice->author, err) < 0)
		return -1;
	return set_annotation(alert, "commit", notice->subject, err);
}

static int set_time(cJSON *alert, const char *key, int64_t ms, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	rfc3339_print(ms, &text);
	return json_set_str(alert, key, buf_str(&text), err);
}

static int add_alert(cJSON *alerts, const struct notice *notice, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *alert = cJSON_CreateObject();
	/* It has to have begun before it ends. */
	int64_t end_ms =
		notice->time_ms > notice->since_ms ? notice->time_ms : notice->since_ms + 1;

	if (!alert)
		return err_no_memory(err);
	if (set_labels(alert, notice, err) < 0 || set_annotations(alert, notice, err) < 0 ||
	    set_time(alert, "startsAt", notice->since_ms, err) < 0)
		return -1;
	if (notice->kind == NOTICE_TEST && set_time(alert, "endsAt", end_ms + TEST_MS, err) < 0)
		return -1;
	if (notice->state == NOTICE_ENDS && set_time(alert, "endsAt", end_ms, err) < 0)
		return -1;
	return json_append(alerts, STEAL(alert), err);
}

int sink_alertmanager_print(struct notice *const *notices, size_t count, struct buf *out,
			    struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *alerts = cJSON_CreateArray();

	if (!alerts)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++)
		if (add_alert(alerts, notices[i], err) < 0)
			return -1;
	json_print(alerts, out);
	return buf_check(out, "the message", err);
}

static void send_message(struct sink *sink, struct notice *const *notices, size_t count)
{
	CLEANUP(buf_release) struct buf body = BUF_INIT(SINK_MAX_MESSAGE_BYTES);
	struct err err;

	if (sink_alertmanager_print(notices, count, &body, &err) < 0)
		sink_failed(sink, &err);
	else
		sink_http_send(sink, PATH, "application/json", &body);
}

const struct sink_type sink_alertmanager = {
	.name = "alertmanager",
	.max_notices = 64,
	.resend_ms = RESEND_MS,
	.wants = wants,
	.joins = sink_joins_all,
	.send = send_message,
	.stop = sink_http_stop,
};

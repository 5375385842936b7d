#include <string.h>

#include "agent/sink.h"
#include "agent/sink_http.h"
#include "diff/digest.h"
#include "diff/rfc3339.h"

#define MAX_NOTICES  50
#define TYPE_PREFIX  "dev.tranche."
#define CONTENT_TYPE "application/cloudevents+json; charset=utf-8"
#define MAX_BYTES    4096

/*
 * What makes the same event the same: which conditions, since when, and what is told of them. Of a
 * reminder also when, because each is another event.
 */
static int make_id(struct notice *const *notices, size_t count, char ret_id[DIGEST_HEX_SIZE],
		   struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *parts = cJSON_CreateArray();

	if (!parts)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct notice *notice = notices[i];

		if (json_append(parts, cJSON_CreateString(notice->key), err) < 0 ||
		    json_append(parts, cJSON_CreateString(notice_state_name(notice->state)), err) <
			    0 ||
		    json_append(parts, json_new_int(notice->since_ms), err) < 0 ||
		    (notice->state == NOTICE_HOLDS &&
		     json_append(parts, json_new_int(notice->time_ms), err) < 0))
			return -1;
	}
	return digest_json(parts, ret_id, err);
}

static int set_data(cJSON *event, struct notice *const *notices, size_t count, struct err *err)
{
	const struct notice *first = notices[0];
	const struct notice_kind_row *row = &notice_kinds[first->kind];

	if (json_set_str(event, "data.kind", row->name, err) < 0 ||
	    json_set_str(event, "data.state", notice_state_name(first->state), err) < 0 ||
	    json_set_str(event, "data.severity", notice_severity_name(row->severity), err) < 0 ||
	    json_set_str(event, "data.title", row->title, err) < 0 ||
	    json_set_str(event, "data.app", first->app, err) < 0 ||
	    json_set(event, "data.notices", cJSON_CreateArray(), err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		cJSON *notice = NULL;

		if (notice_to_json(notices[i], &notice, err) < 0 ||
		    json_append(json_at(event, "data.notices"), notice, err) < 0)
			return -1;
	}
	return 0;
}

int sink_cloudevents_print(struct notice *const *notices, size_t count, struct buf *out,
			   struct err *err)
{
	const struct notice *first = notices[0];
	CLEANUP(cJSON_Delete_p) cJSON *event = cJSON_CreateObject();
	CLEANUP(buf_release)
	struct buf type = BUF_INIT(MAX_BYTES), source = BUF_INIT(MAX_BYTES),
		   subject = BUF_INIT(MAX_BYTES), time = BUF_INIT(64);
	char id[DIGEST_HEX_SIZE];

	if (!event)
		return err_no_memory(err);
	buf_printf(&type, TYPE_PREFIX "%s.%s", notice_kinds[first->kind].name,
		   notice_state_name(first->state));
	buf_printf(&source, "/tranche%s%s", *first->app ? "/apps/" : "", first->app);
	if (count == 1)
		notice_print_object(first, &subject);
	rfc3339_print(first->time_ms, &time);
	if (make_id(notices, count, id, err) < 0 ||
	    json_set_str(event, "specversion", "1.0", err) < 0 ||
	    json_set_str(event, "id", id, err) < 0 ||
	    json_set_str(event, "source", buf_str(&source), err) < 0 ||
	    json_set_str(event, "type", buf_str(&type), err) < 0 ||
	    (subject.length && json_set_str(event, "subject", buf_str(&subject), err) < 0) ||
	    json_set_str(event, "time", buf_str(&time), err) < 0 ||
	    json_set_str(event, "datacontenttype", "application/json", err) < 0 ||
	    set_data(event, notices, count, err) < 0)
		return -1;
	json_print(event, out);
	return buf_check(out, "the message", err);
}

static void send_message(struct sink *sink, struct notice *const *notices, size_t count)
{
	CLEANUP(buf_release) struct buf body = BUF_INIT(SINK_MAX_MESSAGE_BYTES);
	struct err err;

	if (sink_cloudevents_print(notices, count, &body, &err) < 0)
		sink_failed(sink, &err);
	else
		sink_http_send(sink, "", CONTENT_TYPE, &body);
}

const struct sink_type sink_cloudevents = {
	.name = "cloudevents",
	.max_notices = MAX_NOTICES,
	.joins = sink_joins_same_kind,
	.send = send_message,
	.stop = sink_http_stop,
};

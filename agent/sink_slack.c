#include <string.h>

#include "agent/sink.h"
#include "agent/sink_http.h"
#include "diff/rfc3339.h"

#define MAX_NOTICES 20   /* Slack's advice for attachments */
#define MAX_TEXT    3000 /* of one attachment; Slack folds and cuts what is longer */
#define PAUSE_MS    1000 /* about one message a second is taken */
#define MAX_BYTES   (64u * 1024)

/* Of texts, as Slack has it: "escaping text". Nothing of ours can be a link or call a channel then. */
static void print_escaped(const char *text, size_t max_bytes, struct buf *out)
{
	size_t length = strlen(text);

	if (length > max_bytes) {
		length = max_bytes;
		while (length && ((unsigned char)text[length] & 0xC0) == 0x80)
			length--;
	}
	for (size_t i = 0; i < length; i++)
		switch (text[i]) {
		case '&': buf_puts(out, "&amp;"); break;
		case '<': buf_puts(out, "&lt;"); break;
		case '>': buf_puts(out, "&gt;"); break;
		default: buf_putc(out, text[i]);
		}
	if (text[length])
		buf_puts(out, "...");
}

static const char *color_of(const struct notice *notice)
{
	if (notice->state == NOTICE_ENDS)
		return "good";
	switch (notice_kinds[notice->kind].severity) {
	case NOTICE_CRITICAL: return "danger";
	case NOTICE_WARNING: return "warning";
	default: return "#439FE0";
	}
}

static void print_title(const struct notice *notice, struct buf *out)
{
	if (notice->state == NOTICE_ENDS)
		buf_puts(out, "Resolved: ");
	else if (notice->state == NOTICE_HOLDS)
		buf_puts(out, "Still: ");
	buf_puts(out, notice_kinds[notice->kind].title);
}

/* "shop: Drift: statefulset.apps/web", or "shop: 3 messages". */
static void print_summary(struct notice *const *notices, size_t count, struct buf *out)
{
	const struct notice *first = notices[0];
	CLEANUP(buf_release) struct buf object = BUF_INIT(MAX_BYTES);
	bool alike = true;

	for (size_t i = 1; i < count; i++)
		alike &= notices[i]->kind == first->kind && notices[i]->state == first->state;
	buf_printf(out, "%s: ", *first->app ? first->app : "tranche");
	if (alike)
		print_title(first, out);
	else
		buf_printf(out, "%zu messages", count);
	if (count == 1)
		notice_print_object(first, &object);
	else if (alike)
		buf_printf(&object, "%zu objects", count);
	if (object.length)
		buf_printf(out, ": %s", buf_str(&object));
}

static int add_field(cJSON *attachment, const char *title, const char *value, bool is_short,
		     struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *field = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf escaped = BUF_INIT(MAX_BYTES);

	if (!*value)
		return 0;
	if (!field)
		return err_no_memory(err);
	print_escaped(title, MAX_TEXT, &escaped);
	if (json_set_str(field, "title", buf_str(&escaped), err) < 0)
		return -1;
	buf_clear(&escaped);
	print_escaped(value, MAX_TEXT, &escaped);
	if (json_set_str(field, "value", buf_str(&escaped), err) < 0 ||
	    json_set(field, "short", cJSON_CreateBool(is_short), err) < 0)
		return -1;
	return json_append(json_get(attachment, "fields"), STEAL(field), err);
}

static int add_fields(cJSON *attachment, const struct notice *notice, struct err *err)
{
	CLEANUP(buf_release) struct buf object = BUF_INIT(MAX_BYTES);
	CLEANUP(buf_release) struct buf commit = BUF_INIT(MAX_BYTES);
	CLEANUP(buf_release) struct buf since = BUF_INIT(64);

	notice_print_object(notice, &object);
	buf_puts(&commit, notice->revision);
	if (*notice->author)
		buf_printf(&commit, " by %s: %s", notice->author, notice->subject);
	if (notice->state == NOTICE_ENDS || notice->state == NOTICE_HOLDS)
		rfc3339_print(notice->since_ms, &since);
	if (add_field(attachment, "Object", buf_str(&object), true, err) < 0 ||
	    add_field(attachment, "Commit", buf_str(&commit), true, err) < 0 ||
	    add_field(attachment, "Since", buf_str(&since), true, err) < 0)
		return -1;
	for (size_t i = 0; i < notice->field_count; i++)
		if (add_field(attachment, notice->fields[i].name, notice->fields[i].value, false,
			      err) < 0)
			return -1;
	return 0;
}

static int add_attachment(cJSON *message, const struct notice *notice, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *attachment = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf title = BUF_INIT(256), text = BUF_INIT(MAX_BYTES);

	if (!attachment)
		return err_no_memory(err);
	print_title(notice, &title);
	print_escaped(notice->text, MAX_TEXT, &text);
	if (json_set_str(attachment, "color", color_of(notice), err) < 0 ||
	    json_set_str(attachment, "fallback", buf_str(&text), err) < 0 ||
	    json_set_str(attachment, "title", buf_str(&title), err) < 0 ||
	    json_set_str(attachment, "text", buf_str(&text), err) < 0 ||
	    json_set(attachment, "fields", cJSON_CreateArray(), err) < 0 ||
	    json_set_int(attachment, "ts", notice->time_ms / 1000, err) < 0 ||
	    add_fields(attachment, notice, err) < 0)
		return -1;
	return json_append(json_get(message, "attachments"), STEAL(attachment), err);
}

int sink_slack_print(struct notice *const *notices, size_t count, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *message = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf summary = BUF_INIT(MAX_BYTES), text = BUF_INIT(MAX_BYTES);

	if (!message)
		return err_no_memory(err);
	print_summary(notices, count, &summary);
	print_escaped(buf_str(&summary), MAX_TEXT, &text);
	if (json_set_str(message, "text", buf_str(&text), err) < 0 ||
	    json_set(message, "attachments", cJSON_CreateArray(), err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_attachment(message, notices[i], err) < 0)
			return -1;
	json_print(message, out);
	return buf_check(out, "the message", err);
}

static void send_message(struct sink *sink, struct notice *const *notices, size_t count)
{
	CLEANUP(buf_release) struct buf body = BUF_INIT(SINK_MAX_MESSAGE_BYTES);
	struct err err;

	if (sink_slack_print(notices, count, &body, &err) < 0)
		sink_failed(sink, &err);
	else
		sink_http_send(sink, "", "application/json", &body);
}

const struct sink_type sink_slack = {
	.name = "slack",
	.max_notices = MAX_NOTICES,
	.pause_ms = PAUSE_MS,
	.joins = sink_joins_same_app,
	.send = send_message,
	.stop = sink_http_stop,
};

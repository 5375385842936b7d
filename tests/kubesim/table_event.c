#include "tests/kubesim/table_kinds.h"

#include <ctype.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/timestamp.h"

#define CELL_MAX_BYTES (64u * 1024)

/* The two groups' names for the same fields. */
static const char *either(const cJSON *event, const char *core, const char *events)
{
	const char *text = obj_text(event, core);

	return *text ? text : obj_text(event, events);
}

static const char *first_seen(const cJSON *event)
{
	const char *first = either(event, "firstTimestamp", "deprecatedFirstTimestamp");

	return *first ? first : obj_text(event, "eventTime");
}

static cJSON *since(const struct table_row *row, const char *timestamp)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	int64_t since_us;

	if (!timestamp_read(timestamp, &since_us))
		return obj_new_text("<unknown>");
	human_duration(row->now_us - since_us, &text);
	return obj_new_text(buf_str(&text));
}

cJSON *cell_event_first_seen(const struct table_row *row, const char *unused)
{
	(void)unused;
	return since(row, first_seen(row->object));
}

cJSON *cell_event_last_seen(const struct table_row *row, const char *unused)
{
	const char *last = either(row->object, "lastTimestamp", "deprecatedLastTimestamp");

	(void)unused;
	if (cJSON_IsObject(json_get(row->object, "series")))
		last = obj_text(row->object, "series.lastObservedTime");
	return since(row, *last ? last : first_seen(row->object));
}

cJSON *cell_event_count(const struct table_row *row, const char *unused)
{
	int64_t count =
		json_int_or(row->object, "count", json_int_or(row->object, "deprecatedCount", 0));

	(void)unused;
	count = json_int_or(row->object, "series.count", count);
	return must(json_new_int(count ? count : 1));
}

cJSON *cell_event_object(const struct table_row *row, const char *unused)
{
	const char *kind = either(row->object, "involvedObject.kind", "regarding.kind");
	const char *name = either(row->object, "involvedObject.name", "regarding.name");
	CLEANUP(free_p) char *text = alloc_printf("%s%s%s", kind, *name ? "/" : "", name);

	(void)unused;
	for (char *c = text; *c && *c != '/'; c++)
		*c = (char)tolower((unsigned char)*c);
	return obj_new_text(text);
}

cJSON *cell_event_subobject(const struct table_row *row, const char *unused)
{
	(void)unused;
	return obj_new_text(either(row->object, "involvedObject.fieldPath", "regarding.fieldPath"));
}

cJSON *cell_event_source(const struct table_row *row, const char *unused)
{
	const cJSON *event = row->object;
	const char *component = either(event, "source.component", "deprecatedSource.component");
	const char *host = either(event, "source.host", "deprecatedSource.host");
	CLEANUP(free_p) char *text = NULL;

	(void)unused;
	if (!*component)
		component = either(event, "reportingComponent", "reportingController");
	if (!*host)
		host = obj_text(event, "reportingInstance");
	text = alloc_printf("%s%s%s", component, *host ? ", " : "", host);
	return obj_new_text(text);
}

/* Without the white space around it. */
cJSON *cell_event_message(const struct table_row *row, const char *unused)
{
	const char *message = either(row->object, "message", "note");
	CLEANUP(free_p) char *text = NULL;
	size_t length;

	(void)unused;
	message += strspn(message, " \t\r\n");
	text = alloc_copy(message);
	for (length = strlen(text); length && isspace((unsigned char)text[length - 1]); length--)
		text[length - 1] = '\0';
	return obj_new_text(text);
}

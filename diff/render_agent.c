#include "diff/render.h"

#include <string.h>

#include "diff/duration.h"
#include "diff/render_table.h"
#include "diff/rfc3339.h"

/* --- cells ------------------------------------------------------------------------------------ */

static const char *text_of(const cJSON *object, const char *path)
{
	const char *text = json_str(object, path);

	return text ? text : "";
}

/* "2m10s ago"; nothing where it never was. */
static void print_age(const cJSON *object, const char *path, int64_t now_ms, struct buf *out)
{
	int64_t ms;

	if (!rfc3339_read(text_of(object, path), &ms))
		return;
	duration_print_age(now_ms - ms, out);
	buf_puts(out, " ago");
}

/* "5 in sync, 1 drift" */
static void print_objects(const cJSON *app, struct buf *out)
{
	size_t start = out->length;

	for (int i = 0; i < PLAN_ACTION_COUNT; i++) {
		const struct plan_action_words *words = &plan_action_words[plan_action_order[i]];
		int64_t count = json_int_or(json_get(app, "objects"), words->key, 0);

		if (count)
			buf_printf(out, "%s%lld %s", out->length > start ? ", " : "",
				   (long long)count, words->done);
	}
}

static void print_ready(const cJSON *set, const char *count, struct buf *out)
{
	buf_printf(out, "%lld/%lld", (long long)json_int_or(json_get(set, "counts"), count, 0),
		   (long long)json_int_or(set, "replicas", 0));
}

/* --- tables ----------------------------------------------------------------------------------- */

struct column {
	const char *heading;
	void (*print)(const cJSON *row, int64_t now_ms, struct buf *out);
};

static void app_name(const cJSON *app, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	buf_puts(out, text_of(app, "name"));
}

static void app_state(const cJSON *app, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	buf_puts(out, text_of(app, "state"));
}

static void app_result(const cJSON *app, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	buf_puts(out, text_of(app, "lastSync.result"));
}

static void app_revision(const cJSON *app, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	buf_puts(out, text_of(app, "revision"));
}

static void app_synced(const cJSON *app, int64_t now_ms, struct buf *out)
{
	print_age(app, "syncedAt", now_ms, out);
}

static void app_objects(const cJSON *app, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	print_objects(app, out);
}

static void set_namespace(const cJSON *set, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	buf_puts(out, text_of(set, "namespace"));
}

static void set_phase(const cJSON *set, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	buf_puts(out, text_of(set, "phase"));
}

static void set_ready(const cJSON *set, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	print_ready(set, "ready", out);
}

static void set_updated(const cJSON *set, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	print_ready(set, "updated", out);
}

static void set_partition(const cJSON *set, int64_t now_ms, struct buf *out)
{
	int64_t partition = json_int_or(set, "partition", 0);
	int64_t target = json_int_or(set, "target", partition);

	(void)now_ms;
	buf_printf(out, "%lld", (long long)partition);
	if (target != partition)
		buf_printf(out, " -> %lld", (long long)target);
}

static void set_reason(const cJSON *set, int64_t now_ms, struct buf *out)
{
	(void)now_ms;
	buf_puts(out, text_of(set, "reason"));
}

static const struct column app_columns[] = {
	{"APP", app_name},          {"STATE", app_state},   {"RESULT", app_result},
	{"REVISION", app_revision}, {"SYNCED", app_synced}, {"OBJECTS", app_objects},
};

static const struct column set_columns[] = {
	{"NAMESPACE", set_namespace}, {"STATEFULSET", app_name}, {"PHASE", set_phase},
	{"READY", set_ready},         {"UPDATED", set_updated},  {"PARTITION", set_partition},
	{"WHY", set_reason},
};

/* Fills `cell` with the escaped text; a NULL row is the heading. */
static const char *make_cell(const struct column *column, const cJSON *row, int64_t now_ms,
			     struct buf *cell)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(TABLE_MAX_CELL);

	if (row)
		column->print(row, now_ms, &text);
	else
		buf_puts(&text, column->heading);
	return table_cell(text.length ? buf_str(&text) : "-", cell);
}

static void print_row(const struct column *columns, size_t count, const struct table *table,
		      const cJSON *row, int64_t now_ms, const struct render_options *options,
		      struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);
	enum style style = row ? STYLE_PLAIN : STYLE_BOLD;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		make_cell(&columns[i], row, now_ms, &cell);
		if (i + 1 == count)
			table_print_last(used, style, options, buf_str(&cell), out);
		else
			table_print(table, i, style, options, buf_str(&cell), out);
		used += table->widths[i] + 2;
	}
}

/* What else there is to say of an app. */
static void print_remarks(const cJSON *app, struct buf *out)
{
	const char *message = text_of(app, "lastSync.message");
	const char *suspended = text_of(app, "suspendedBy"), *waits = text_of(app, "waitsFor");
	const cJSON *condition;

	if (*suspended)
		buf_printf(out, "suspended by %s\n", suspended);
	if (*waits)
		buf_printf(out, "waits for %s\n", waits);
	if (*message)
		buf_printf(out, "%s\n", message);
	json_each (condition, json_get(app, "conditions"))
		buf_printf(out, "%s: %s: %s\n", text_of(condition, "kind"),
			   text_of(condition, "about"), text_of(condition, "text"));
}

static void print_indented(const struct buf *lines, const struct render_options *options,
			   struct buf *out)
{
	CLEANUP(buf_release) struct buf escaped = BUF_INIT(TABLE_MAX_CELL);

	for (const char *line = buf_str(lines); *line;) {
		size_t length = strcspn(line, "\n");

		buf_clear(&escaped);
		style_escape(line, length, &escaped);
		buf_puts(out, "    ");
		style_begin(options, STYLE_WARN, out);
		style_wrap(options, buf_str(&escaped), 4, 6, out);
		style_end(options, STYLE_WARN, out);
		buf_putc(out, '\n');
		line += length + (line[length] == '\n');
	}
}

static void print_table(const struct column *columns, size_t count, const cJSON *rows,
			int64_t now_ms, const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);
	struct table table = {0};
	const cJSON *row = rows->child;

	for (size_t i = 0; i < count; i++) {
		table_measure(&table, i, make_cell(&columns[i], NULL, now_ms, &cell));
		json_each (row, rows)
			table_measure(&table, i, make_cell(&columns[i], row, now_ms, &cell));
	}
	print_row(columns, count, &table, NULL, now_ms, options, out);
	json_each (row, rows) {
		CLEANUP(buf_release) struct buf remarks = BUF_INIT(TABLE_MAX_CELL);

		print_row(columns, count, &table, row, now_ms, options, out);
		if (columns == app_columns)
			print_remarks(row, &remarks);
		print_indented(&remarks, options, out);
	}
}

void render_agent_table(const cJSON *status, const struct render_options *options, struct buf *out)
{
	const cJSON *apps = json_get(status, "apps"), *sets = json_get(status, "statefulSets");
	CLEANUP(buf_release) struct buf agent = BUF_INIT(TABLE_MAX_CELL);
	int64_t now_ms = 0;

	rfc3339_read(text_of(status, "time"), &now_ms);
	if (*text_of(status, "agent.configError")) {
		buf_printf(&agent, "the newest configuration is not in force: %s\n",
			   text_of(status, "agent.configError"));
		print_indented(&agent, options, out);
	}
	if (apps && apps->child)
		print_table(app_columns, sizeof(app_columns) / sizeof(app_columns[0]), apps, now_ms,
			    options, out);
	if (!sets || !sets->child)
		return;
	buf_putc(out, '\n');
	print_table(set_columns, sizeof(set_columns) / sizeof(set_columns[0]), sets, now_ms,
		    options, out);
}

#include "diff/render.h"

#include <string.h>

#include "diff/duration.h"
#include "diff/json_build.h"
#include "diff/render_table.h"
#include "diff/rfc3339.h"

#define FORMAT_VERSION 1 /* rises when a field changes its meaning or goes; see docs/json.md */

#define SHORT_COMMIT 7
#define SECONDS      19 /* of "2026-01-02T03:04:05.678Z" */
#define MAX_SUBJECT  40 /* columns, but for `wide` */

enum { WHEN, COMMIT, CAUSE, BY, OUTCOME, SUBJECT, COLUMNS };

static const char *const headings[COLUMNS] = {
	[WHEN] = "WHEN", [COMMIT] = "COMMIT",   [CAUSE] = "CAUSE",
	[BY] = "BY",     [OUTCOME] = "OUTCOME", [SUBJECT] = "SUBJECT",
};

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = json_str(object, key);

	return text ? text : "";
}

static int64_t time_of(const cJSON *object, const char *key)
{
	int64_t ms = 0;

	rfc3339_read(text_of(object, key), &ms);
	return ms;
}

/* "Complete after 42s", "Stuck", "2 failed" */
static void print_outcome(const cJSON *entry, struct buf *out)
{
	int64_t since_ms, failed = json_int_or(entry, "failed", 0);
	const char *phase = history_outcome(entry, &since_ms);

	if (failed)
		buf_printf(out, "%lld failed", (long long)failed);
	if (!*phase)
		return;
	buf_printf(out, "%s%s", failed ? ", " : "", phase);
	if (since_ms) {
		buf_puts(out, " after ");
		duration_print_age(since_ms - time_of(entry, "at"), out);
	}
}

static void print_cell(const cJSON *entry, int column, bool wide, struct buf *out)
{
	const char *at = text_of(entry, "at"), *commit = text_of(entry, "commit");
	bool is_commit = strcmp(text_of(entry, "cause"), "commit") == 0;
	int64_t times = json_int_or(entry, "times", 1);

	switch (column) {
	case WHEN: buf_printf(out, "%.*s%s", SECONDS, at, strlen(at) > SECONDS ? "Z" : ""); break;
	case COMMIT: buf_printf(out, "%.*s", SHORT_COMMIT, commit); break;
	case CAUSE:
		buf_puts(out, text_of(entry, "cause"));
		if (times > 1)
			buf_printf(out, " x%lld", (long long)times);
		break;
	case BY:
		/* Who wrote a commit did not ask for what the agent does by itself. */
		buf_puts(out, text_of(entry, is_commit ? "author" : "by"));
		break;
	case OUTCOME: print_outcome(entry, out); break;
	case SUBJECT: buf_puts(out, text_of(entry, "subject")); break;
	}
	if (column == SUBJECT && !wide) {
		CLEANUP(buf_release) struct buf cut = BUF_INIT(TABLE_MAX_CELL);

		style_cut_end(buf_str(out), MAX_SUBJECT, &cut);
		buf_clear(out);
		buf_puts(out, buf_str(&cut));
	}
	if (out->length == 0)
		buf_putc(out, '-');
}

static enum style style_of(const cJSON *entry, int column)
{
	int64_t since_ms;
	const char *phase = history_outcome(entry, &since_ms);

	if (column != OUTCOME)
		return column == COMMIT ? STYLE_BOLD : STYLE_PLAIN;
	if (json_int_or(entry, "failed", 0) || strcmp(phase, "Stuck") == 0 ||
	    strcmp(phase, "RolledBack") == 0)
		return STYLE_REMOVE;
	return strcmp(phase, "Complete") == 0 || strcmp(phase, "Canary") == 0 ? STYLE_ADD
									      : STYLE_PLAIN;
}

/* Fills `cell` with the escaped text; a NULL entry is the heading. */
static const char *make_cell(const cJSON *entry, int column, bool wide, struct buf *cell)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(TABLE_MAX_CELL);

	if (!entry)
		return table_cell(headings[column], cell);
	print_cell(entry, column, wide, &text);
	return table_cell(buf_str(&text), cell);
}

static void measure(const cJSON *entry, bool wide, struct table *table)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);

	for (int column = 0; column < COLUMNS; column++)
		table_measure(table, (size_t)column, make_cell(entry, column, wide, &cell));
}

/* The last column is what changed, in a line of its own with `wide`. */
static void print_row(const cJSON *entry, bool wide, const struct table *table,
		      const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);

	for (int column = 0; column < COLUMNS; column++) {
		enum style style = entry ? style_of(entry, column) : STYLE_BOLD;

		make_cell(entry, column, wide, &cell);
		if (column + 1 < COLUMNS)
			table_print(table, (size_t)column, style, options, buf_str(&cell), out);
		else
			table_print_last(0, style,
					 &(struct render_options){.colour = options->colour},
					 buf_str(&cell), out);
	}
}

static void print_detail(const char *label, const char *text, enum style style,
			 const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf escaped = BUF_INIT(TABLE_MAX_CELL);
	CLEANUP(buf_release) struct buf line = BUF_INIT(TABLE_MAX_CELL);

	buf_printf(&line, "%s%s%s", label, *label && *text ? ": " : "", text);
	style_escape(buf_str(&line), line.length, &escaped);
	buf_puts(out, "    ");
	style_begin(options, style, out);
	style_wrap(options, buf_str(&escaped), 4, 6, out);
	style_end(options, style, out);
	buf_putc(out, '\n');
}

/* "    shop/web: nginx:1.25.4 -> nginx:1.26.1, partition 5 -> 4; Canary" */
static void print_set(const cJSON *set, bool wide, const struct render_options *options,
		      struct buf *out)
{
	CLEANUP(buf_release) struct buf label = BUF_INIT(1024), text = BUF_INIT(TABLE_MAX_CELL);
	const char *phase = text_of(set, "phase"), *reason = text_of(set, "reason");

	buf_printf(&label, "%s/%s", text_of(set, "namespace"), text_of(set, "name"));
	history_print_set(set, &text);
	if (wide && *phase)
		buf_printf(&text, "%s%s%s%.*s", text.length ? "; " : "", phase,
			   *text_of(set, "since") ? " since " : "", SECONDS, text_of(set, "since"));
	if (*reason)
		buf_printf(&text, "; %s", reason);
	print_detail(buf_str(&label), buf_str(&text), *reason ? STYLE_REMOVE : STYLE_DIM, options,
		     out);
}

static void print_details(const cJSON *entry, bool wide, const struct render_options *options,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf counts = BUF_INIT(1024);
	int64_t more = json_int_or(entry, "more", 0);
	const cJSON *set;

	history_print_counts(entry, &counts);
	if (counts.length)
		print_detail("", buf_str(&counts), STYLE_DIM, options, out);
	json_each (set, json_get(entry, "statefulSets"))
		print_set(set, wide, options, out);
	if (more)
		buf_printf(out, "    and %lld more StatefulSets\n", (long long)more);
}

void render_history_table(const struct history *history, bool wide,
			  const struct render_options *options, struct buf *out)
{
	struct table table = {0};
	const cJSON *entry;

	measure(NULL, wide, &table);
	json_each (entry, history->entries)
		measure(entry, wide, &table);
	print_row(NULL, wide, &table, options, out);
	json_each (entry, history->entries) {
		print_row(entry, wide, &table, options, out);
		print_details(entry, wide, options, out);
	}
}

int render_history_value(const struct history *history, const char *app, cJSON **ret_value,
			 struct err *err)
{
	struct json_builder builder = {.err = err};
	cJSON *root = cJSON_CreateObject();

	if (!root)
		return err_no_memory(err);
	json_build_int(&builder, root, "version", FORMAT_VERSION);
	json_build_text(&builder, root, "app", app);
	json_build_add(&builder, root, "entries",
		       history->entries ? json_copy(history->entries) : cJSON_CreateArray());
	if (builder.failed) {
		cJSON_Delete(root);
		return -1;
	}
	*ret_value = root;
	return 0;
}

int render_history_json(const struct history *history, const char *app, struct buf *out,
			struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;

	if (render_history_value(history, app, &value, err) < 0)
		return -1;
	json_print_pretty(value, out);
	buf_putc(out, '\n');
	return buf_check(out, "the history", err);
}

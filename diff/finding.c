#include "diff/finding.h"

#include <stdio.h>
#include <string.h>

const char *finding_level_name(enum finding_level level)
{
	return level == FINDING_ERROR ? "error" : "warning";
}

/* Keeps a text on one line: a key of a file, or its name, may hold any character. */
static void print_escaped(const char *text, struct buf *out)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			buf_printf(out, "\\x%02x", *c);
		else
			buf_putc(out, (char)*c);
	}
}

static char *escape_controls(const char *text)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(SIZE_MAX / 2);

	print_escaped(text, &out);
	return buf_steal(&out);
}

static int reserve_one(struct findings *findings, struct err *err)
{
	if (findings->count < findings->capacity)
		return 0;
	size_t capacity = findings->capacity ? findings->capacity * 2 : 8;
	struct finding *items = reallocarray(findings->items, capacity, sizeof(*items));
	if (!items)
		return err_no_memory(err);
	findings->items = items;
	findings->capacity = capacity;
	return 0;
}

int findings_add(struct findings *findings, enum finding_level level, const char *file,
		 struct yaml_mark mark, struct err *err, const char *format, ...)
{
	CLEANUP(free_p) char *raw = NULL;
	va_list args;

	if (reserve_one(findings, err) < 0)
		return -1;
	va_start(args, format);
	int length = vasprintf(&raw, format, args);
	va_end(args);
	if (length < 0) {
		raw = NULL; /* vasprintf leaves it undefined */
		return err_no_memory(err);
	}
	struct finding finding = {
		.level = level,
		.file = strdup(file),
		.mark = mark,
		.message = escape_controls(raw),
	};
	if (!finding.file || !finding.message) {
		free(finding.file);
		free(finding.message);
		return err_no_memory(err);
	}
	findings->items[findings->count++] = finding;
	if (level == FINDING_ERROR)
		findings->error_count++;
	return 0;
}

int findings_add_fault(struct findings *findings, const char *file, const struct err *fault,
		       struct err *err)
{
	struct yaml_mark mark = {0};
	int used = 0;

	if (sscanf(fault->message, "%u:%u: %n", &mark.line, &mark.column, &used) < 2 || !used) {
		mark = (struct yaml_mark){0};
		used = 0;
	}
	return findings_add(findings, FINDING_ERROR, file, mark, err, "%s", fault->message + used);
}

void findings_release(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].file);
		free(findings->items[i].message);
	}
	free(findings->items);
	*findings = (struct findings){0};
}

static int by_place(const void *a, const void *b)
{
	const struct finding *left = a, *right = b;
	int order = strcmp(left->file, right->file);

	if (!order)
		order = (left->mark.line > right->mark.line) - (left->mark.line < right->mark.line);
	if (!order)
		order = (left->mark.column > right->mark.column) -
			(left->mark.column < right->mark.column);
	if (!order)
		order = (int)right->level - (int)left->level;
	if (!order)
		order = strcmp(left->message, right->message);
	return order;
}

void findings_sort(struct findings *findings)
{
	if (findings->count)
		qsort(findings->items, findings->count, sizeof(*findings->items), by_place);
}

void finding_print(const struct finding *finding, struct buf *out)
{
	print_escaped(finding->file, out);
	if (finding->mark.line)
		buf_printf(out, ":%u:%u", finding->mark.line, finding->mark.column);
	if (*finding->file || finding->mark.line)
		buf_puts(out, ": ");
	buf_printf(out, "%s: %s", finding_level_name(finding->level), finding->message);
}

void findings_print(const struct findings *findings, struct buf *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		finding_print(&findings->items[i], out);
		buf_putc(out, '\n');
	}
}

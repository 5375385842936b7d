#include "diff/unified.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "diff/unified_edit.h"

struct line {
	const char *start;
	size_t length; /* with the newline, where there is one */
};

struct text {
	struct line *lines;
	uint32_t *classes; /* see unified_edit.h */
	bool *changed;     /* into `flags`, with one to spare on each side */
	bool *flags;
	size_t count;
};

static void text_release(struct text *text)
{
	free(text->lines);
	free(text->classes);
	free(text->flags);
}

static int text_init(struct text *text, const char *bytes, size_t length, struct err *err)
{
	size_t count = 0;

	for (const char *p = bytes, *end = bytes + length; p < end; count++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		p = newline ? newline + 1 : end;
	}
	if (count > UNIFIED_MAX_LINES)
		return err_set(err, ERR_LIMIT, "a text to compare has more than %u lines",
			       UNIFIED_MAX_LINES);
	text->lines = calloc(count + 1, sizeof(*text->lines));
	text->classes = calloc(count + 1, sizeof(*text->classes));
	text->flags = calloc(count + 2, sizeof(*text->flags));
	if (!text->lines || !text->classes || !text->flags)
		return err_no_memory(err);
	text->changed = text->flags + 1;
	text->count = count;
	for (size_t i = 0; i < count; i++) {
		const char *newline = memchr(bytes, '\n', length);
		size_t used = newline ? (size_t)(newline + 1 - bytes) : length;

		text->lines[i] = (struct line){bytes, used};
		bytes += used;
		length -= used;
	}
	return 0;
}

static bool lacks_newline(const struct text *text)
{
	if (text->count == 0)
		return false;
	const struct line *last = &text->lines[text->count - 1];
	return last->start[last->length - 1] != '\n';
}

/* --- classes of equal lines ------------------------------------------------------------------ */

struct class_table {
	const struct line **slots; /* a line of the class in each used one */
	uint32_t *classes;
	size_t slot_count; /* a power of two, at least twice the lines */
	uint32_t class_count;
};

static void class_table_release(struct class_table *table)
{
	free(table->slots);
	free(table->classes);
}

static int class_table_init(struct class_table *table, size_t line_count, struct err *err)
{
	table->slot_count = 16;
	while (table->slot_count < line_count * 2)
		table->slot_count *= 2;
	table->slots = calloc(table->slot_count, sizeof(const struct line *));
	table->classes = calloc(table->slot_count, sizeof(*table->classes));
	return table->slots && table->classes ? 0 : err_no_memory(err);
}

/* FNV-1a, 64 bits, and its upper half folded in. */
static size_t hash_line(const struct line *line)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < line->length; i++)
		hash = (hash ^ (unsigned char)line->start[i]) * 1099511628211u;
	return (size_t)(hash ^ hash >> 32);
}

static bool same_line(const struct line *a, const struct line *b)
{
	return a->length == b->length && memcmp(a->start, b->start, a->length) == 0;
}

static void classify(struct class_table *table, struct text *text)
{
	for (size_t i = 0; i < text->count; i++) {
		const struct line *line = &text->lines[i];
		size_t slot = hash_line(line) & (table->slot_count - 1);

		while (table->slots[slot] && !same_line(table->slots[slot], line))
			slot = (slot + 1) & (table->slot_count - 1);
		if (!table->slots[slot]) {
			table->slots[slot] = line;
			table->classes[slot] = table->class_count++;
		}
		text->classes[i] = table->classes[slot];
	}
}

/* --- the part to compare --------------------------------------------------------------------- */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t content_length(const struct line *line)
{
	return line->length - (line->start[line->length - 1] == '\n');
}

static bool same_content(const struct line *a, const struct line *b)
{
	return content_length(a) == content_length(b) &&
	       memcmp(a->start, b->start, content_length(a)) == 0;
}

/*
 * How many of the first and of the last lines are left out, because both texts have them. As many
 * as there is context stay on each side, and nothing is left out at the end if only one text ends
 * without a newline: so GNU diff has it, and it bounds how far runs of changes are moved.
 */
static void find_common_ends(const struct text *from, const struct text *to, size_t *ret_head,
			     size_t *ret_tail)
{
	size_t shorter = min(from->count, to->count), head = 0, tail = 0;

	while (head < shorter && same_content(&from->lines[head], &to->lines[head]))
		head++;
	head -= min(head, UNIFIED_CONTEXT);
	if (lacks_newline(from) == lacks_newline(to)) {
		while (tail < shorter - head &&
		       from->classes[from->count - 1 - tail] == to->classes[to->count - 1 - tail])
			tail++;
		tail -= min(tail, UNIFIED_CONTEXT);
	}
	*ret_head = head;
	*ret_tail = tail;
}

static int find_changes(struct text *from, struct text *to, struct err *err)
{
	CLEANUP(class_table_release) struct class_table table = {0};
	size_t head, tail;

	if (class_table_init(&table, from->count + to->count, err) < 0)
		return -1;
	classify(&table, from);
	classify(&table, to);
	find_common_ends(from, to, &head, &tail);
	struct edit_text a = {from->classes + head, from->count - head - tail,
			      from->changed + head};
	struct edit_text b = {to->classes + head, to->count - head - tail, to->changed + head};
	return edit_find(&a, &b, table.class_count, err);
}

/* --- hunks ----------------------------------------------------------------------------------- */

/* Lines [from, from_end) become [to, to_end); what stands before them is equal. */
struct change_run {
	size_t from, from_end, to, to_end;
};

/* The first run of changes at or after two places that correspond; false if there is none. */
static bool next_run(const struct text *from, const struct text *to, size_t i, size_t k,
		     struct change_run *ret_run)
{
	while (i < from->count && !from->changed[i] && !to->changed[k])
		i++, k++;
	if (!from->changed[i] && !to->changed[k])
		return false;
	ret_run->from = i;
	ret_run->to = k;
	while (from->changed[i])
		i++;
	while (to->changed[k])
		k++;
	ret_run->from_end = i;
	ret_run->to_end = k;
	return true;
}

static const char *colour_of(char sign)
{
	return sign == '-' ? "\033[31m" : sign == '+' ? "\033[32m" : sign == '@' ? "\033[36m" : "";
}

static void print_lines(const struct text *text, size_t begin, size_t end, char sign, bool colour,
			struct buf *out)
{
	const char *paint = colour ? colour_of(sign) : "";

	for (size_t i = begin; i < end; i++) {
		const struct line *line = &text->lines[i];

		buf_printf(out, "%s%c", paint, sign);
		buf_append(out, line->start, content_length(line));
		buf_puts(out, *paint ? "\033[m\n" : "\n");
		if (content_length(line) == line->length)
			buf_puts(out, "\\ No newline at end of file\n");
	}
}

/* "3,7", "3" for a single line, "2,0" for none after line 2 */
static void print_range(size_t begin, size_t end, struct buf *out)
{
	if (end == begin)
		buf_printf(out, "%zu,0", begin);
	else if (end == begin + 1)
		buf_printf(out, "%zu", begin + 1);
	else
		buf_printf(out, "%zu,%zu", begin + 1, end - begin);
}

/* Prints one hunk, which begins with `run`; leaves in *run the last run in it. */
static void print_hunk(const struct text *from, const struct text *to, struct change_run *run,
		       bool colour, struct buf *out)
{
	size_t context = min(run->from, UNIFIED_CONTEXT);
	struct change_run last = *run, next;
	size_t begin = run->from - context;

	while (next_run(from, to, last.from_end, last.to_end, &next) &&
	       next.from - last.from_end <= 2 * UNIFIED_CONTEXT)
		last = next;
	size_t end = min(last.from_end + UNIFIED_CONTEXT, from->count);

	buf_puts(out, colour ? colour_of('@') : "");
	buf_puts(out, "@@ -");
	print_range(begin, end, out);
	buf_puts(out, " +");
	print_range(run->to - context, last.to_end + (end - last.from_end), out);
	buf_puts(out, colour ? " @@\033[m\n" : " @@\n");

	size_t printed = begin;
	for (next = *run;; next_run(from, to, next.from_end, next.to_end, &next)) {
		print_lines(from, printed, next.from, ' ', colour, out);
		print_lines(from, next.from, next.from_end, '-', colour, out);
		print_lines(to, next.to, next.to_end, '+', colour, out);
		printed = next.from_end;
		if (next.from_end == last.from_end && next.to_end == last.to_end)
			break;
	}
	print_lines(from, printed, end, ' ', colour, out);
	*run = last;
}

int unified_diff(const char *from_bytes, size_t from_length, const char *to_bytes, size_t to_length,
		 bool colour, struct buf *out, struct err *err)
{
	CLEANUP(text_release) struct text from = {0};
	CLEANUP(text_release) struct text to = {0};
	struct change_run run;

	if (from_length == to_length &&
	    (from_length == 0 || memcmp(from_bytes, to_bytes, from_length) == 0))
		return 0;
	if (text_init(&from, from_bytes, from_length, err) < 0 ||
	    text_init(&to, to_bytes, to_length, err) < 0 || find_changes(&from, &to, err) < 0)
		return -1;
	for (bool more = next_run(&from, &to, 0, 0, &run); more;
	     more = next_run(&from, &to, run.from_end, run.to_end, &run))
		print_hunk(&from, &to, &run, colour, out);
	return 0;
}

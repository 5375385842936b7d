#include "diff/json.h"

#include "diff/json_number.h"

#define INDENT 2

/* What a byte is written as after a backslash; 0 where it needs none or has no short form. */
static char short_escape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\': return (char)c;
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	default: return 0;
	}
}

/* Go's encoder escapes U+2028 and U+2029 (E2 80 A8, E2 80 A9), which JavaScript takes for newlines. */
static bool is_line_separator(const char *text)
{
	return text[0] == '\xE2' && text[1] == '\x80' && (text[2] == '\xA8' || text[2] == '\xA9');
}

/* Go's encoding/json: the ES6 format. */
static void print_number(const cJSON *number, struct buf *out)
{
	char text[JSON_NUMBER_MAX];
	double value = number->valuedouble;

	if (number->valuestring)
		buf_puts(out, number->valuestring);
	else if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value && value != 0)
		buf_put_int(out, (int64_t)value);
	else
		buf_puts(out, json_format_double(value, -6, 21, 1, text));
}

static void print_value(const cJSON *value, int depth, bool pretty, struct buf *out);

static void new_line(int depth, bool pretty, struct buf *out)
{
	if (!pretty)
		return;
	buf_putc(out, '\n');
	buf_fill(out, ' ', (size_t)depth * INDENT);
}

static void print_container(const cJSON *container, int depth, bool pretty, struct buf *out)
{
	bool is_object = cJSON_IsObject(container);
	const cJSON *item;

	buf_putc(out, is_object ? '{' : '[');
	json_each (item, container) {
		if (item != container->child)
			buf_putc(out, ',');
		new_line(depth + 1, pretty, out);
		if (is_object) {
			json_print_string(item->string, out);
			buf_puts(out, pretty ? ": " : ":");
		}
		print_value(item, depth + 1, pretty, out);
	}
	if (container->child)
		new_line(depth, pretty, out);
	buf_putc(out, is_object ? '}' : ']');
}

static void print_value(const cJSON *value, int depth, bool pretty, struct buf *out)
{
	switch (value->type & 0xFF) {
	case cJSON_False: buf_puts(out, "false"); return;
	case cJSON_True: buf_puts(out, "true"); return;
	case cJSON_Number: print_number(value, out); return;
	case cJSON_String: json_print_string(value->valuestring, out); return;
	case cJSON_Raw: buf_puts(out, value->valuestring); return;
	case cJSON_Array:
	case cJSON_Object: print_container(value, depth, pretty, out); return;
	default: buf_puts(out, "null"); return;
	}
}

void json_print(const cJSON *value, struct buf *out)
{
	print_value(value, 0, false, out);
}

void json_print_pretty(const cJSON *value, struct buf *out)
{
	print_value(value, 0, true, out);
}

void json_print_string(const char *text, struct buf *out)
{
	const char *run = text;

	buf_putc(out, '"');
	for (;; text++) {
		unsigned char c = (unsigned char)*text;
		bool separator = c == 0xE2 && is_line_separator(text);

		if (c >= 0x20 && c != '"' && c != '\\' && !separator)
			continue;
		buf_append(out, run, (size_t)(text - run));
		if (c == '\0')
			break;
		if (separator) {
			buf_printf(out, "\\u202%x", (unsigned char)text[2] & 0xFu);
			text += 2;
		} else if (short_escape(c)) {
			buf_putc(out, '\\');
			buf_putc(out, short_escape(c));
		} else {
			buf_printf(out, "\\u%04x", c);
		}
		run = text + 1;
	}
	buf_putc(out, '"');
}

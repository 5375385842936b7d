#include "diff/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff/json_number.h"
#include "diff/yaml_emit.h"
#include "diff/yaml_scalar.h"
#include "diff/yaml_sort.h"

#define SIMPLE_KEY_MAX 128 /* bytes; a longer key is written after a `?` */

struct printer {
	struct yaml_emitter emitter;
	struct err *err;
};

static int print_node(struct printer *printer, const cJSON *value, bool is_member_value);

/* --- scalars --------------------------------------------------------------------------------- */

static const char *skip_digits(const char *text, bool underscores)
{
	while ((*text >= '0' && *text <= '9') || (underscores && *text == '_'))
		text++;
	return text;
}

/* [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?, which other readers take for a number. */
static bool is_base_60(const char *text)
{
	text += *text == '-' || *text == '+';
	if (*text < '0' || *text > '9')
		return false;
	text = skip_digits(text, true);
	if (*text != ':')
		return false;
	while (*text == ':') {
		const char *end = skip_digits(++text, false);

		if (end == text || end - text > 2 || (end - text == 2 && *text > '5'))
			return false;
		text = end;
	}
	if (*text == '.')
		text = skip_digits(text + 1, true);
	return *text == '\0';
}

static int choose_style(const char *text, size_t length, enum yaml_style *ret_style,
			struct err *err)
{
	struct yaml_scalar scalar;

	if (memchr(text, '\n', length)) {
		*ret_style = YAML_STYLE_LITERAL;
		return 0;
	}
	if (yaml_scalar_plain(text, length, &scalar, err) < 0)
		return -1;
	*ret_style =
		scalar.kind == YAML_KIND_STRING && !yaml_is_timestamp(text) && !is_base_60(text)
			? YAML_STYLE_PLAIN
			: YAML_STYLE_DOUBLE;
	return 0;
}

static int print_string(struct printer *printer, const char *text)
{
	struct yaml_form form = yaml_form_of(text);
	enum yaml_style style;

	if (choose_style(text, form.length, &style, printer->err) < 0)
		return -1;
	yaml_emit_scalar(&printer->emitter, text, &form, style, false);
	return 0;
}

static void print_word(struct printer *printer, const char *text)
{
	struct yaml_form form = yaml_form_of(text);

	yaml_emit_scalar(&printer->emitter, text, &form, YAML_STYLE_PLAIN, false);
}

/* Whether these digits are an integer to go-yaml: within int64 or uint64. */
static bool spells_integer(const char *digits)
{
	bool negative = *digits == '-';
	char *end;

	errno = 0;
	if (negative)
		strtoll(digits, &end, 10);
	else
		strtoull(digits, &end, 10);
	return *end == '\0' && errno == 0;
}

/*
 * kubectl prints JSON and reads that as YAML, so that an integral double may come back as the
 * integer its digits spell; other doubles are written as C's %g writes the shortest form.
 */
static void print_number(struct printer *printer, const cJSON *number)
{
	char text[JSON_NUMBER_MAX];
	double value = number->valuedouble;

	if (number->valuestring) {
		print_word(printer, number->valuestring);
		return;
	}
	if (value == 0)
		value = 0; /* not -0 */
	json_format_double(value, -6, 21, 1, text);
	if (!spells_integer(text))
		json_format_double(value, -4, 6, 2, text);
	print_word(printer, text);
}

/* --- containers ------------------------------------------------------------------------------ */

static int indent_in(struct yaml_emitter *emitter, bool keep)
{
	int outer = emitter->indent;

	if (outer < 0)
		emitter->indent = 0;
	else if (!keep)
		emitter->indent += YAML_INDENT;
	return outer;
}

static void print_empty(struct yaml_emitter *emitter, const char *open, const char *close)
{
	yaml_emit_indicator(emitter, open, true, true, false);
	yaml_emit_indicator(emitter, close, false, false, false);
}

/* Writes the key and the colon after it. */
static int print_key(struct printer *printer, const char *key)
{
	struct yaml_emitter *emitter = &printer->emitter;
	struct yaml_form form = yaml_form_of(key);
	enum yaml_style style;
	bool simple = !form.multiline && form.length <= SIMPLE_KEY_MAX;

	if (choose_style(key, form.length, &style, printer->err) < 0)
		return -1;
	yaml_emit_indent(emitter);
	if (!simple)
		yaml_emit_indicator(emitter, "?", true, false, true);
	yaml_emit_scalar(emitter, key, &form, style, simple);
	if (!simple)
		yaml_emit_indent(emitter);
	yaml_emit_indicator(emitter, ":", !simple, false, !simple);
	return 0;
}

static int print_object(struct printer *printer, const cJSON *object)
{
	struct yaml_emitter *emitter = &printer->emitter;
	size_t count = 0;

	if (!object->child) {
		print_empty(emitter, "{", "}");
		return 0;
	}
	CLEANUP(free_p) const cJSON **members = yaml_sorted_members(object, &count);
	if (!members)
		return err_no_memory(printer->err);
	int outer = indent_in(emitter, false);
	for (size_t i = 0; i < count; i++) {
		if (print_key(printer, members[i]->string) < 0 ||
		    print_node(printer, members[i], true) < 0)
			return -1;
	}
	emitter->indent = outer;
	return 0;
}

/* A list that is a member's value stays at the indentation of its key. */
static int print_array(struct printer *printer, const cJSON *array, bool is_member_value)
{
	struct yaml_emitter *emitter = &printer->emitter;
	const cJSON *item;

	if (!array->child) {
		print_empty(emitter, "[", "]");
		return 0;
	}
	int outer = indent_in(emitter, is_member_value && !emitter->indention);
	json_each (item, array) {
		yaml_emit_indent(emitter);
		yaml_emit_indicator(emitter, "-", true, false, true);
		if (print_node(printer, item, false) < 0)
			return -1;
	}
	emitter->indent = outer;
	return 0;
}

static int print_node(struct printer *printer, const cJSON *value, bool is_member_value)
{
	switch (value->type & 0xFF) {
	case cJSON_Object: return print_object(printer, value);
	case cJSON_Array: return print_array(printer, value, is_member_value);
	case cJSON_String: return print_string(printer, value->valuestring);
	case cJSON_Number: print_number(printer, value); return 0;
	case cJSON_True: print_word(printer, "true"); return 0;
	case cJSON_False: print_word(printer, "false"); return 0;
	default: print_word(printer, "null"); return 0;
	}
}

int yaml_print(const cJSON *value, struct buf *out, struct err *err)
{
	struct printer printer = {
		.emitter = {.out = out, .indent = -1, .whitespace = true, .indention = true},
		.err = err,
	};

	if (print_node(&printer, value, false) < 0)
		return -1;
	yaml_emit_indent(&printer.emitter);
	return buf_check(out, "the YAML", err);
}

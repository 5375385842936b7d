#include "diff/yaml_scalar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/base64.h"
#include "diff/json_number.h"
#include "diff/text.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

/* --- words ----------------------------------------------------------------------------------- */

struct word {
	const char *text;
	struct yaml_scalar scalar;
};

#define WORD_NULL        .scalar = {YAML_KIND_NULL, {0}}
#define WORD_BOOL(value) .scalar = {YAML_KIND_BOOL, {.truth = (value)}}
#define WORD_REAL(value) .scalar = {YAML_KIND_FLOAT, {.real = (value)}}

static const struct word words[] = {
	{"~", WORD_NULL},
	{"null", WORD_NULL},
	{"Null", WORD_NULL},
	{"NULL", WORD_NULL},
	{"y", WORD_BOOL(true)},
	{"Y", WORD_BOOL(true)},
	{"yes", WORD_BOOL(true)},
	{"Yes", WORD_BOOL(true)},
	{"YES", WORD_BOOL(true)},
	{"true", WORD_BOOL(true)},
	{"True", WORD_BOOL(true)},
	{"TRUE", WORD_BOOL(true)},
	{"on", WORD_BOOL(true)},
	{"On", WORD_BOOL(true)},
	{"ON", WORD_BOOL(true)},
	{"n", WORD_BOOL(false)},
	{"N", WORD_BOOL(false)},
	{"no", WORD_BOOL(false)},
	{"No", WORD_BOOL(false)},
	{"NO", WORD_BOOL(false)},
	{"false", WORD_BOOL(false)},
	{"False", WORD_BOOL(false)},
	{"FALSE", WORD_BOOL(false)},
	{"off", WORD_BOOL(false)},
	{"Off", WORD_BOOL(false)},
	{"OFF", WORD_BOOL(false)},
	{".nan", WORD_REAL(NAN)},
	{".NaN", WORD_REAL(NAN)},
	{".NAN", WORD_REAL(NAN)},
	{".inf", WORD_REAL(INFINITY)},
	{".Inf", WORD_REAL(INFINITY)},
	{".INF", WORD_REAL(INFINITY)},
	{"+.inf", WORD_REAL(INFINITY)},
	{"+.Inf", WORD_REAL(INFINITY)},
	{"+.INF", WORD_REAL(INFINITY)},
	{"-.inf", WORD_REAL(-INFINITY)},
	{"-.Inf", WORD_REAL(-INFINITY)},
	{"-.INF", WORD_REAL(-INFINITY)},
};

#define LONGEST_WORD 5

static const struct word *find_word(const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (words[i].text[0] == text[0] && strcmp(words[i].text, text) == 0)
			return &words[i];
	}
	return NULL;
}

/* --- numbers --------------------------------------------------------------------------------- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Reads digits up to the end of the text; false where it holds others or passes uint64. */
static bool parse_digits(const char *text, unsigned base, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (; *text; text++) {
		unsigned digit = (unsigned)digit_value(*text);

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

static bool set_integer(struct yaml_scalar *scalar, bool has_sign, bool negative, uint64_t size)
{
	if (size <= (uint64_t)INT64_MAX + negative) {
		scalar->kind = YAML_KIND_INT;
		scalar->integer = negative ? (int64_t)(0 - size) : (int64_t)size;
		return true;
	}
	if (has_sign)
		return false;
	scalar->kind = YAML_KIND_UINT;
	scalar->natural = size;
	return true;
}

/* Go's strconv.ParseInt, then ParseUint, with base 0 or 2. */
static bool parse_integer(const char *text, unsigned base, struct yaml_scalar *scalar)
{
	bool has_sign = *text == '+' || *text == '-';
	bool negative = *text == '-';
	uint64_t size;

	text += has_sign;
	if (*text == '\0')
		return false;
	if (base == 0) {
		char prefix = text[0] == '0' && text[1] && text[2] ? (char)(text[1] | 0x20) : '\0';

		base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
		if (base)
			text += 2;
		else
			base = *text == '0' ? 8 : 10;
	}
	return parse_digits(text, base, &size) && set_integer(scalar, has_sign, negative, size);
}

static const char *skip_digits(const char *text)
{
	while (*text >= '0' && *text <= '9')
		text++;
	return text;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool has_float_form(const char *text)
{
	text += *text == '+' || *text == '-';
	const char *end = skip_digits(text);
	bool whole = end > text;

	if (*end == '.') {
		const char *fraction = end + 1;

		end = skip_digits(fraction);
		if (!whole && end == fraction)
			return false;
	} else if (!whole) {
		return false;
	}
	if (*end == 'e' || *end == 'E') {
		end++;
		end += *end == '+' || *end == '-';
		text = end;
		end = skip_digits(end);
		if (end == text)
			return false;
	}
	return *end == '\0';
}

/* Go's strconv.ParseFloat refuses what overflows; what underflows is 0. */
static bool parse_float(const char *text, struct yaml_scalar *scalar)
{
	double value;

	if (!has_float_form(text))
		return false;
	value = strtod(text, NULL);
	if (isinf(value))
		return false;
	scalar->kind = YAML_KIND_FLOAT;
	scalar->real = value;
	return true;
}

/* A number that begins with a digit or a sign, its underscores taken out. */
static bool parse_number(const char *text, struct yaml_scalar *scalar)
{
	if (parse_integer(text, 0, scalar) || parse_float(text, scalar))
		return true;
	/* go-yaml's own second try, which lets a sign stand behind the prefix. */
	return text[0] == '0' && text[1] == 'b' && parse_integer(text + 2, 2, scalar);
}

static char *without_underscores(const char *text, size_t length)
{
	char *plain = malloc(length + 1), *out = plain;

	if (!plain)
		return NULL;
	for (; *text; text++) {
		if (*text != '_')
			*out++ = *text;
	}
	*out = '\0';
	return plain;
}

/*
 * After a leading point Go's own float syntax holds, which allows single underscores between
 * digits.
 */
static bool underscores_part_digits(const char *text)
{
	for (const char *at = text; (at = strchr(at, '_')); at++) {
		if (at == text || digit_value(at[-1]) > 9 || digit_value(at[1]) > 9)
			return false;
	}
	return true;
}

/* --- resolving ------------------------------------------------------------------------------- */

int yaml_scalar_plain(const char *text, size_t length, struct yaml_scalar *ret_scalar,
		      struct err *err)
{
	struct yaml_scalar scalar = {.kind = YAML_KIND_STRING};
	bool number = (text[0] >= '0' && text[0] <= '9') || text[0] == '+' || text[0] == '-';

	if (length == 0) {
		ret_scalar->kind = YAML_KIND_NULL;
		return 0;
	}
	*ret_scalar = scalar;
	if (!number && !strchr("yYnNtTfFoO~.", text[0]))
		return 0;
	if (length <= LONGEST_WORD) {
		const struct word *word = find_word(text);

		if (word) {
			*ret_scalar = word->scalar;
			return 0;
		}
	}
	if (!number && text[0] != '.')
		return 0;

	CLEANUP(free_p) char *plain = NULL;
	if (memchr(text, '_', length)) {
		if (!number && !underscores_part_digits(text))
			return 0;
		plain = without_underscores(text, length);
		if (!plain)
			return err_no_memory(err);
		text = plain;
	}
	if (number ? parse_number(text, &scalar) : parse_float(text, &scalar))
		*ret_scalar = scalar;
	return 0;
}

/* --- tags ------------------------------------------------------------------------------------ */

/* JSON holds only UTF-8: Go's encoder writes U+FFFD for each byte that is none. */
static int to_valid_utf8(char **text, size_t *length, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(*length * 3);
	uint32_t character;
	char bytes[4];

	for (size_t at = 0; at < *length;) {
		size_t size = text_decode(*text + at, *length - at, &character);

		if (size)
			buf_append(&out, *text + at, size);
		else
			buf_append(&out, bytes, text_encode(TEXT_REPLACEMENT, bytes));
		at += size ? size : 1;
	}
	size_t valid_length = out.length;
	char *valid = buf_steal(&out);
	if (!valid)
		return err_no_memory(err);
	free(*text);
	*text = valid;
	*length = valid_length;
	return 0;
}

static int resolve_binary(char **text, size_t *length, struct err *err)
{
	if (!base64_decode(*text, length))
		return err_set(err, ERR_INVALID, "!!binary with invalid base64 data");
	if (memchr(*text, '\0', *length))
		return err_set(err, ERR_INVALID, "!!binary with a NUL character");
	return to_valid_utf8(text, length, err);
}

int yaml_scalar_tagged(const char *tag, char **text, size_t *length, struct yaml_scalar *ret_scalar,
		       struct err *err)
{
	static const char *const kind_names[] = {
		[YAML_KIND_NULL] = "null", [YAML_KIND_BOOL] = "bool",   [YAML_KIND_INT] = "int",
		[YAML_KIND_UINT] = "int",  [YAML_KIND_FLOAT] = "float", [YAML_KIND_STRING] = "str",
	};
	char quoted[TEXT_QUOTE_MAX];
	struct yaml_scalar scalar = {.kind = YAML_KIND_STRING};
	const char *name =
		strncmp(tag, TAG_PREFIX, strlen(TAG_PREFIX)) == 0 ? tag + strlen(TAG_PREFIX) : "";

	*ret_scalar = scalar;
	if (strcmp(name, "binary") == 0)
		return resolve_binary(text, length, err);
	bool timestamp = strcmp(name, "timestamp") == 0;
	if (timestamp && yaml_is_timestamp(*text))
		return 0;
	if (!timestamp && strcmp(name, "null") != 0 && strcmp(name, "bool") != 0 &&
	    strcmp(name, "int") != 0 && strcmp(name, "float") != 0)
		return 0; /* !!str, or a tag that go-yaml does not know: the text itself */

	if (yaml_scalar_plain(*text, *length, &scalar, err) < 0)
		return -1;
	if (strcmp(name, "float") == 0 && scalar.kind == YAML_KIND_INT)
		scalar = (struct yaml_scalar){YAML_KIND_FLOAT, {.real = (double)scalar.integer}};
	if (strcmp(name, kind_names[scalar.kind]) != 0)
		return err_set(err, ERR_INVALID, "cannot read %s as !!%s",
			       text_quote(*text, quoted), name);
	*ret_scalar = scalar;
	return 0;
}

/* --- JSON ------------------------------------------------------------------------------------ */

int yaml_scalar_to_node(const struct yaml_scalar *scalar, char *take_text, cJSON *node,
			struct err *err)
{
	CLEANUP(free_p) char *text = take_text;

	switch (scalar->kind) {
	case YAML_KIND_NULL: node->type = cJSON_NULL; return 0;
	case YAML_KIND_BOOL: node->type = scalar->truth ? cJSON_True : cJSON_False; return 0;
	case YAML_KIND_INT: return json_make_int(node, scalar->integer, err);
	case YAML_KIND_UINT: return json_make_double(node, (double)scalar->natural, err);
	case YAML_KIND_FLOAT:
		if (!isfinite(scalar->real))
			return err_set(err, ERR_INVALID, "infinity and NaN have no JSON form");
		return json_make_double(node, scalar->real, err);
	case YAML_KIND_STRING:
		node->type = cJSON_String;
		node->valuestring = STEAL(text);
		return 0;
	}
	return 0;
}

static void format_float_key(double value, char out[JSON_NUMBER_MAX])
{
	float single = (float)value;

	if (isnan(single))
		strcpy(out, ".nan");
	else if (isinf(single))
		strcpy(out, single > 0 ? ".inf" : "-.inf");
	else
		json_format_float(single, -4, 6, 2, out);
}

int yaml_scalar_to_key(const struct yaml_scalar *scalar, char *take_text, char **ret_key,
		       struct err *err)
{
	CLEANUP(free_p) char *text = take_text;
	char key[JSON_NUMBER_MAX];

	switch (scalar->kind) {
	case YAML_KIND_NULL: return err_set(err, ERR_INVALID, "null as a key");
	case YAML_KIND_UINT: return err_set(err, ERR_INVALID, "an integer beyond int64 as a key");
	case YAML_KIND_BOOL: strcpy(key, scalar->truth ? "true" : "false"); break;
	case YAML_KIND_INT: snprintf(key, sizeof(key), "%" PRId64, scalar->integer); break;
	case YAML_KIND_FLOAT: format_float_key(scalar->real, key); break;
	case YAML_KIND_STRING: *ret_key = STEAL(text); return 0;
	}
	*ret_key = strdup(key);
	return *ret_key ? 0 : err_no_memory(err);
}

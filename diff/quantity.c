#include "diff/quantity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NANO_DIGITS  9
#define NANOS        1000000000
#define TEXT_MAX     4096
#define MAX_EXPONENT 1000 /* beyond, in either direction, only the sign of the exponent counts */
#define BINARY_MAX   ((amount)INT64_MAX * NANOS)

#define NANOS_MAX (((amount)1 << 127) - 2) /* leaves room to round up, and a sign */

typedef unsigned __int128 amount; /* of nanos, without a sign */

/* A quantity's text in its parts; leading zeros are not among the digits. */
struct parts {
	bool negative;
	const char *whole, *fraction, *suffix;
	size_t whole_length, fraction_length, suffix_length;
};

struct suffix {
	const char text[3];
	enum quantity_format format;
	int exponent; /* of 10, or of 2 in QUANTITY_BINARY */
};

static const struct suffix suffixes[] = {
	{"", QUANTITY_DECIMAL, 0},   {"n", QUANTITY_DECIMAL, -9}, {"u", QUANTITY_DECIMAL, -6},
	{"m", QUANTITY_DECIMAL, -3}, {"k", QUANTITY_DECIMAL, 3},  {"M", QUANTITY_DECIMAL, 6},
	{"G", QUANTITY_DECIMAL, 9},  {"T", QUANTITY_DECIMAL, 12}, {"P", QUANTITY_DECIMAL, 15},
	{"E", QUANTITY_DECIMAL, 18}, {"Ki", QUANTITY_BINARY, 10}, {"Mi", QUANTITY_BINARY, 20},
	{"Gi", QUANTITY_BINARY, 30}, {"Ti", QUANTITY_BINARY, 40}, {"Pi", QUANTITY_BINARY, 50},
	{"Ei", QUANTITY_BINARY, 60},
};

#define SUFFIX_COUNT (sizeof(suffixes) / sizeof(suffixes[0]))

/* --- reading --------------------------------------------------------------------------------- */

static int split(const char *text, struct parts *ret_parts, struct err *err)
{
	struct parts parts = {.negative = *text == '-'};
	const char *c = text;

	if (*c == '+' || *c == '-')
		c++;
	c += strspn(c, "0");
	parts.whole = c;
	parts.whole_length = strspn(c, "0123456789");
	c += parts.whole_length;
	if (*c == '.') {
		parts.fraction = ++c;
		parts.fraction_length = strspn(c, "0123456789");
		c += parts.fraction_length;
	}
	parts.suffix = c;
	c += strspn(c, "eEinumkKMGTP");
	if (*c == '+' || *c == '-')
		c++;
	c += strspn(c, "0123456789");
	parts.suffix_length = c - parts.suffix;
	if (*c || !*text)
		return err_set(err, ERR_INVALID,
			       "quantities must match the regular expression "
			       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	*ret_parts = parts;
	return 0;
}

static int read_suffix(const struct parts *parts, enum quantity_format *ret_format,
		       int *ret_exponent, struct err *err)
{
	const char *text = parts->suffix;
	char *end;
	long exponent;

	for (size_t i = 0; i < SUFFIX_COUNT; i++)
		if (strlen(suffixes[i].text) == parts->suffix_length &&
		    memcmp(suffixes[i].text, text, parts->suffix_length) == 0) {
			*ret_format = suffixes[i].format;
			*ret_exponent = suffixes[i].exponent;
			return 0;
		}
	if ((*text == 'e' || *text == 'E') && strchr("+-0123456789", text[1])) {
		exponent = strtol(text + 1, &end, 10);
		if (end > text + 2 || (end == text + 2 && text[1] >= '0')) {
			*ret_format = QUANTITY_EXPONENT;
			*ret_exponent = exponent > MAX_EXPONENT    ? MAX_EXPONENT
					: exponent < -MAX_EXPONENT ? -MAX_EXPONENT
								   : (int)exponent;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "unable to parse quantity's suffix");
}

static bool multiply(amount *value, amount factor)
{
	return !__builtin_mul_overflow(*value, factor, value);
}

static bool multiply_by_ten(amount *value, size_t times)
{
	for (; times > 0 && *value > 0; times--)
		if (!multiply(value, 10))
			return false;
	return true;
}

/* The i-th digit of whole and fraction, as one row. */
static unsigned digit(const struct parts *parts, size_t i)
{
	return i < parts->whole_length ? parts->whole[i] - '0'
				       : parts->fraction[i - parts->whole_length] - '0';
}

/* The first `count` digits as a number. */
static bool read_digits(const struct parts *parts, size_t count, amount *ret_value)
{
	amount value = 0;

	for (size_t i = 0; i < count; i++)
		if (!multiply(&value, 10) || __builtin_add_overflow(value, digit(parts, i), &value))
			return false;
	*ret_value = value;
	return true;
}

/* Digits below a nano do no more than round up. */
static bool decimal_nanos(const struct parts *parts, int exponent, amount *ret_nanos)
{
	ptrdiff_t count = parts->whole_length + parts->fraction_length;
	ptrdiff_t shift = NANO_DIGITS + exponent - (ptrdiff_t)parts->fraction_length;
	ptrdiff_t kept = shift < 0 ? count + shift : count;
	amount nanos;

	if (kept < 0)
		kept = 0;
	if (!read_digits(parts, kept, &nanos) || !multiply_by_ten(&nanos, shift > 0 ? shift : 0) ||
	    nanos > NANOS_MAX)
		return false;
	for (ptrdiff_t i = kept; i < count; i++)
		if (digit(parts, i)) {
			nanos++;
			break;
		}
	*ret_nanos = nanos;
	return true;
}

/* What is too large for us with few decimals is beyond the cap. */
static bool binary_nanos(const struct parts *parts, int exponent, amount *ret_nanos)
{
	struct parts trimmed = *parts;
	amount nanos;

	while (trimmed.fraction_length > 0 && trimmed.fraction[trimmed.fraction_length - 1] == '0')
		trimmed.fraction_length--;
	if (!read_digits(&trimmed, trimmed.whole_length + trimmed.fraction_length, &nanos) ||
	    !multiply(&nanos, (amount)1 << exponent)) {
		*ret_nanos = BINARY_MAX;
		return trimmed.fraction_length <= NANO_DIGITS;
	}
	if (trimmed.fraction_length <= NANO_DIGITS) {
		if (!multiply_by_ten(&nanos, NANO_DIGITS - trimmed.fraction_length))
			nanos = BINARY_MAX;
	} else {
		bool inexact = false;

		for (size_t i = NANO_DIGITS; i < trimmed.fraction_length; i++) {
			inexact |= nanos % 10 != 0;
			nanos /= 10;
		}
		nanos += inexact;
	}
	*ret_nanos = nanos < BINARY_MAX ? nanos : BINARY_MAX;
	return true;
}

/*
 * ParseQuantity keeps the text where its quick path takes it for canonical: few enough digits for
 * an int64, no thousands to spare, no zero in front.
 */
static bool stays_as_written(const struct parts *parts, enum quantity_format format, int exponent)
{
	size_t count = parts->whole_length + parts->fraction_length;
	int scale = exponent - (int)parts->fraction_length;

	if (parts->whole_length == 0)
		return false;
	if (format == QUANTITY_BINARY)
		return parts->fraction_length == 0 && count + exponent * 3 / 10 + 1 <= 15 &&
		       strtoll(parts->whole, NULL, 10) % 8 != 0;
	return count <= 18 && scale >= -NANO_DIGITS && scale % 3 == 0 &&
	       !(count >= 3 && !digit(parts, count - 1) && !digit(parts, count - 2) &&
		 !digit(parts, count - 3));
}

int quantity_parse(const char *text, struct quantity *ret_quantity, struct err *err)
{
	struct parts parts;
	enum quantity_format format = QUANTITY_DECIMAL;
	int exponent = 0;
	amount nanos;
	bool fits;

	if (split(text, &parts, err) < 0 || read_suffix(&parts, &format, &exponent, err) < 0)
		return -1;
	fits = format == QUANTITY_BINARY ? binary_nanos(&parts, exponent, &nanos)
					 : decimal_nanos(&parts, exponent, &nanos);
	if (!fits)
		return err_set(err, ERR_LIMIT, "quantity out of range");
	*ret_quantity = (struct quantity){
		.nanos = parts.negative ? -(__int128)nanos : (__int128)nanos,
		.format = format,
		.stays_as_written = stays_as_written(&parts, format, exponent),
	};
	return 0;
}

/* The text that the server would parse: a number's digits, a string without the space around it. */
static int text_of(const cJSON *value, struct buf *out, struct err *err)
{
	static const char space[] = " \t\n\v\f\r";

	if (cJSON_IsNumber(value)) {
		json_print(value, out);
	} else if (cJSON_IsString(value)) {
		buf_puts(out, value->valuestring + strspn(value->valuestring, space));
		while (out->length > 0 && strchr(space, out->data[out->length - 1]))
			buf_truncate(out, out->length - 1);
	}
	return buf_check(out, "quantity", err);
}

int quantity_from_json(const cJSON *value, struct quantity *ret_quantity, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);

	if (text_of(value, &text, err) < 0)
		return -1;
	return quantity_parse(buf_str(&text), ret_quantity, err);
}

/* --- comparing, rounding --------------------------------------------------------------------- */

int quantity_compare(const struct quantity *a, const struct quantity *b)
{
	return a->nanos < b->nanos ? -1 : a->nanos > b->nanos;
}

bool quantity_equal(const cJSON *a, const cJSON *b)
{
	struct quantity one, other;
	struct err ignored;

	return quantity_from_json(a, &one, &ignored) == 0 &&
	       quantity_from_json(b, &other, &ignored) == 0 && quantity_compare(&one, &other) == 0;
}

void quantity_round_up_milli(struct quantity *quantity)
{
	const int milli = NANOS / 1000;
	int excess = (int)(quantity->nanos % milli);

	if (excess == 0)
		return;
	quantity->nanos += (excess > 0 ? milli : -milli) - excess;
	quantity->stays_as_written = false;
}

/* --- printing -------------------------------------------------------------------------------- */

static void print_amount(amount value, struct buf *out)
{
	char digits[40];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + (int)(value % 10));
		value /= 10;
	} while (value > 0);
	buf_append(out, digits + i, sizeof(digits) - i);
}

static void print_suffix(enum quantity_format format, int exponent, struct buf *out)
{
	for (size_t i = 0; i < SUFFIX_COUNT; i++)
		if (suffixes[i].format == format && suffixes[i].exponent == exponent)
			buf_puts(out, suffixes[i].text);
}

static void print_binary(amount value, struct buf *out)
{
	int exponent = 0;

	for (; value % 1024 == 0; value /= 1024)
		exponent += 10;
	print_amount(value, out);
	print_suffix(QUANTITY_BINARY, exponent, out);
}

/* With the largest exponent that is a multiple of three and leaves an integer in front of it. */
static void print_decimal(amount nanos, enum quantity_format format, struct buf *out)
{
	int exponent = -NANO_DIGITS;

	for (; nanos % 1000 == 0 && (format == QUANTITY_EXPONENT || exponent < 18); nanos /= 1000)
		exponent += 3;
	print_amount(nanos, out);
	if (format != QUANTITY_EXPONENT)
		print_suffix(QUANTITY_DECIMAL, exponent, out);
	else if (exponent != 0)
		buf_printf(out, "e%d", exponent);
}

void quantity_print(const struct quantity *quantity, struct buf *out)
{
	amount nanos = quantity->nanos < 0 ? -(amount)quantity->nanos : (amount)quantity->nanos;

	if (nanos == 0) {
		buf_putc(out, '0');
		return;
	}
	if (quantity->nanos < 0)
		buf_putc(out, '-');
	if (quantity->format != QUANTITY_BINARY)
		print_decimal(nanos, quantity->format, out);
	else if (nanos < (amount)1024 * NANOS || nanos % NANOS != 0)
		print_decimal(nanos, QUANTITY_DECIMAL, out); /* a binary suffix would lose digits */
	else
		print_binary(nanos / NANOS, out);
}

int quantity_print_stored(const cJSON *value, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
	struct quantity quantity;

	if (text_of(value, &text, err) < 0 || quantity_parse(buf_str(&text), &quantity, err) < 0)
		return -1;
	if (quantity.stays_as_written)
		buf_puts(out, buf_str(&text));
	else
		quantity_print(&quantity, out);
	return 0;
}

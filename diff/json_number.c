#include "diff/json_number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value is 0.DIGITS * 10^point. */
struct decimal {
	char digits[20];
	int count, point;
};

static bool reads_back(const struct decimal *decimal, double value, bool single)
{
	char text[40];

	snprintf(text, sizeof(text), "0.%.*se%d", decimal->count, decimal->digits, decimal->point);
	return single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

/* The decimal of `count` digits that is nearest to `value`. */
static struct decimal round_to(double value, int count)
{
	struct decimal decimal = {.count = count};
	char text[40];

	snprintf(text, sizeof(text), "%.*e", count - 1, value);
	decimal.digits[0] = text[0];
	if (count > 1)
		memcpy(decimal.digits + 1, text + 2, (size_t)count - 1);
	decimal.point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
	return decimal;
}

/* The next larger decimal of as many digits. */
static struct decimal next_decimal(struct decimal decimal)
{
	int i = decimal.count - 1;

	while (i >= 0 && decimal.digits[i] == '9')
		decimal.digits[i--] = '0';
	if (i >= 0) {
		decimal.digits[i]++;
	} else {
		decimal.digits[0] = '1';
		decimal.point++;
	}
	return decimal;
}

/*
 * With no more digits than a double surely holds the nearest decimal reads back if any does, and
 * its zeros at the end show how many it needed. Past that, and for subnormals, try each length.
 * Above a power of two doubles lie twice as far apart as below it, so there the next decimal up
 * may read back though the nearest one does not.
 */
static struct decimal shortest(double value, bool single)
{
	int exponent;
	int sure = single ? FLT_DIG : DBL_DIG;
	int enough = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
	bool subnormal = value < (single ? (double)FLT_MIN : DBL_MIN);
	bool at_gap = frexp(value, &exponent) == 0.5;
	struct decimal decimal;

	for (int count = subnormal ? 1 : sure; count < enough; count++) {
		decimal = round_to(value, count);
		if (reads_back(&decimal, value, single))
			break;
		decimal = next_decimal(decimal);
		if (at_gap && reads_back(&decimal, value, single))
			break;
		decimal.count = 0;
	}
	if (decimal.count == 0)
		decimal = round_to(value, enough);
	while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0')
		decimal.count--;
	return decimal;
}

static int format_plain(const struct decimal *decimal, char *out)
{
	int count = decimal->count, point = decimal->point;

	if (point <= 0)
		return sprintf(out, "0.%.*s%.*s", -point, "0000000", count, decimal->digits);
	if (point >= count)
		return sprintf(out, "%.*s%.*s", count, decimal->digits, point - count,
			       "000000000000000000000");
	return sprintf(out, "%.*s.%s", point, decimal->digits, decimal->digits + point);
}

static const char *format(double value, bool single, int min_exponent, int max_exponent,
			  int exponent_digits, char *out)
{
	struct decimal decimal;
	char *at = out;

	if (signbit(value))
		*at++ = '-';
	if (value == 0) {
		memcpy(at, "0", sizeof("0"));
		return out;
	}
	decimal = shortest(fabs(value), single);
	decimal.digits[decimal.count] = '\0';
	int exponent = decimal.point - 1;
	if (exponent >= min_exponent && exponent < max_exponent) {
		format_plain(&decimal, at);
		return out;
	}
	sprintf(at, "%c%s%se%c%0*d", decimal.digits[0], decimal.count > 1 ? "." : "",
		decimal.digits + 1, exponent < 0 ? '-' : '+', exponent_digits, abs(exponent));
	return out;
}

const char *json_format_double(double value, int min_exponent, int max_exponent,
			       int exponent_digits, char out[JSON_NUMBER_MAX])
{
	return format(value, false, min_exponent, max_exponent, exponent_digits, out);
}

const char *json_format_float(float value, int min_exponent, int max_exponent, int exponent_digits,
			      char out[JSON_NUMBER_MAX])
{
	return format((double)value, true, min_exponent, max_exponent, exponent_digits, out);
}

#include "diff/rfc3339.h"

#include <ctype.h>
#include <stddef.h>

/* Reads exactly `digits` digits and moves on; -1 if there are not that many. */
static int read_digits(const char **text, int digits)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)**text))
			return -1;
		value = value * 10 + (*(*text)++ - '0');
	}
	return value;
}

static bool skip(const char **text, char expected)
{
	if (**text != expected)
		return false;
	(*text)++;
	return true;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar; years begin in March here. */
static int64_t days_since_epoch(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* The inverse of days_since_epoch. */
static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t since = days + 719468; /* from 0000-03-01; an era is 400 years */
	int64_t era = (since >= 0 ? since : since - 146096) / 146097;
	int64_t of_era = since - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* from March */

	*ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
	*ret_year = (int)(year + era * 400 + (*ret_month <= 2));
}

/* There is no 30th of February. */
static bool is_day(int year, int month, int day)
{
	int of_year, of_month, of_day;

	date_of(days_since_epoch(year, month, day), &of_year, &of_month, &of_day);
	return of_day == day;
}

static int64_t read_fraction_ms(const char **text)
{
	int64_t ms = 0, scale = 100;

	for (; isdigit((unsigned char)**text); (*text)++, scale /= 10)
		ms += (**text - '0') * scale;
	return ms;
}

static bool read_offset_minutes(const char **text, int *ret_minutes)
{
	int sign = **text == '-' ? -1 : 1;

	if (skip(text, 'Z') || skip(text, 'z')) {
		*ret_minutes = 0;
		return true;
	}
	if (!skip(text, '+') && !skip(text, '-'))
		return false;
	int hours = read_digits(text, 2);
	if (hours < 0 || hours > 23 || !skip(text, ':'))
		return false;
	int minutes = read_digits(text, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*ret_minutes = sign * (hours * 60 + minutes);
	return true;
}

bool rfc3339_read(const char *text, int64_t *ret_ms)
{
	/* Year, month, day, hour, minute, second: digits, bounds, what follows each. */
	static const struct {
		int digits, min, max;
		const char *after;
	} parts[] = {{4, 0, 9999, "-"}, {2, 1, 12, "-"}, {2, 1, 31, "Tt "},
		     {2, 0, 23, ":"},   {2, 0, 59, ":"}, {2, 0, 60, ""}};
	int values[6], offset = 0;
	int64_t fraction_ms = 0;

	for (size_t i = 0; i < 6; i++) {
		values[i] = read_digits(&text, parts[i].digits);
		if (values[i] < parts[i].min || values[i] > parts[i].max)
			return false;
		if (*parts[i].after) {
			const char *after = parts[i].after;
			while (*after && *after != *text)
				after++;
			if (!*after)
				return false;
			text++;
		}
	}
	if (*text == '.') {
		text++;
		if (!isdigit((unsigned char)*text))
			return false;
		fraction_ms = read_fraction_ms(&text);
	}
	if (!read_offset_minutes(&text, &offset) || *text ||
	    !is_day(values[0], values[1], values[2]))
		return false;

	int64_t seconds = days_since_epoch(values[0], values[1], values[2]) * 86400 +
			  values[3] * 3600 + values[4] * 60 + values[5] - offset * 60;
	*ret_ms = seconds * 1000 + fraction_ms;
	return true;
}

static void print(int64_t ms, const char *end, struct buf *out)
{
	const int64_t day_ms = 24 * 3600 * 1000;
	int64_t of_day = ((ms % day_ms) + day_ms) % day_ms;
	int year, month, day;

	date_of((ms - of_day) / day_ms, &year, &month, &day);
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%s", year, month, day,
		   (int)(of_day / 3600000), (int)(of_day / 60000 % 60), (int)(of_day / 1000 % 60),
		   (int)(of_day % 1000), end);
}

void rfc3339_print(int64_t ms, struct buf *out)
{
	print(ms, "Z", out);
}

void rfc3339_print_micro(int64_t ms, struct buf *out)
{
	print(ms, "000Z", out);
}

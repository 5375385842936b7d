/* The forms that go-yaml hands to Go's time.Parse; kept apart because only printing needs them. */
#include "diff/yaml_scalar.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One or two digits, from `low` to `high`. */
static bool take_number(const char **text, int low, int high, int *ret_value)
{
	const char *at = *text;
	int value;

	if (!is_digit(*at))
		return false;
	value = *at++ - '0';
	if (is_digit(*at))
		value = value * 10 + *at++ - '0';
	*text = at;
	*ret_value = value;
	return value >= low && value <= high;
}

static bool take(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static int days_in(int month, int year)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **text)
{
	int year = 0, month, day;

	for (int i = 0; i < 4; i++, (*text)++) {
		if (!is_digit(**text))
			return false;
		year = year * 10 + **text - '0';
	}
	return take(text, '-') && take_number(text, 1, 12, &month) && take(text, '-') &&
	       take_number(text, 1, 31, &day) && day <= days_in(month, year);
}

static bool take_time(const char **text)
{
	int ignored;

	if (!take_number(text, 0, 23, &ignored) || !take(text, ':') ||
	    !take_number(text, 0, 59, &ignored) || !take(text, ':') ||
	    !take_number(text, 0, 59, &ignored))
		return false;
	if ((**text == '.' || **text == ',') && is_digit((*text)[1])) {
		(*text)++;
		while (is_digit(**text))
			(*text)++;
	}
	return true;
}

/* Z, or +07:00 with both digits of each. */
static bool take_zone(const char **text)
{
	int hours, minutes;

	if (take(text, 'Z'))
		return true;
	if (!take(text, '+') && !take(text, '-'))
		return false;
	const char *start = *text;
	bool valid = take_number(text, 0, 24, &hours) && *text - start == 2 && take(text, ':');
	start = *text;
	return valid && take_number(text, 0, 60, &minutes) && *text - start == 2;
}

bool yaml_is_timestamp(const char *text)
{
	if (!take_date(&text))
		return false;
	if (*text == '\0')
		return true;
	if (*text == 'T' || *text == 't') {
		text++;
		return take_time(&text) && take_zone(&text) && *text == '\0';
	}
	if (*text != ' ')
		return false;
	while (*text == ' ')
		text++;
	return take_time(&text) && *text == '\0';
}

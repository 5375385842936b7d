#include "diff/duration.h"

#include <stdbool.h>
#include <string.h>

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define WHOLE_SECONDS_FROM_MS (10 * SECOND_MS)
#define WHOLE_DAYS_FROM_MS    (100 * DAY_MS)

/* A decimal this fine is below a millisecond even of an hour; further digits are passed over. */
#define MAX_FRACTION_SCALE 1000000000

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{"ms", 1}, /* before "m": the first match counts */
	{"h", HOUR_MS},
	{"m", MINUTE_MS},
	{"s", SECOND_MS},
};

static const struct unit *read_unit(const char **text)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].name);

		if (!strncmp(*text, units[i].name, length)) {
			*text += length;
			return &units[i];
		}
	}
	return NULL;
}

/* "12.5" as whole + fraction / scale, each small enough to be multiplied by any unit. */
struct decimal {
	int64_t whole, fraction, scale;
};

static struct decimal read_decimal(const char **text)
{
	struct decimal number = {.scale = 1};
	const char *c = *text;

	for (; *c >= '0' && *c <= '9'; c++)
		if (number.whole <= DURATION_MAX_MS)
			number.whole = number.whole * 10 + (*c - '0');
	if (*c == '.')
		for (c++; *c >= '0' && *c <= '9'; c++)
			if (number.scale < MAX_FRACTION_SCALE) {
				number.fraction = number.fraction * 10 + (*c - '0');
				number.scale *= 10;
			}
	*text = c;
	return number;
}

int duration_parse(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *rest = text;
	int64_t total = 0;

	if (!strcmp(text, "0")) {
		*ret_ms = 0;
		return 0;
	}
	do {
		const char *start = rest;
		struct decimal number = read_decimal(&rest);
		bool has_digits = strcspn(start, "0123456789") < (size_t)(rest - start);

		if (has_digits && !*rest)
			return err_set(err, ERR_INVALID,
				       "duration \"%s\" has no unit: write %sms, %ss, %sm or %sh",
				       text, text, text, text, text);
		const struct unit *unit = has_digits ? read_unit(&rest) : NULL;
		if (!unit)
			return err_set(err, ERR_INVALID,
				       "\"%s\" is no duration such as 300ms, 90s or 1h30m", text);
		if (number.whole > DURATION_MAX_MS / unit->ms)
			return err_set(err, ERR_INVALID, "duration \"%s\" is over 10 years", text);
		total += number.whole * unit->ms + number.fraction * unit->ms / number.scale;
		if (total > DURATION_MAX_MS)
			return err_set(err, ERR_INVALID, "duration \"%s\" is over 10 years", text);
	} while (*rest);
	*ret_ms = total;
	return 0;
}

void duration_print(int64_t ms, struct buf *out)
{
	if (ms <= 0) {
		buf_puts(out, "0s");
		return;
	}
	if (ms < SECOND_MS) {
		buf_printf(out, "%dms", (int)ms);
		return;
	}
	if (ms < WHOLE_SECONDS_FROM_MS) {
		buf_printf(out, "%d", (int)(ms / SECOND_MS));
		if (ms % SECOND_MS) {
			buf_printf(out, ".%03d", (int)(ms % SECOND_MS));
			while (out->length && out->data[out->length - 1] == '0')
				buf_truncate(out, out->length - 1);
		}
		buf_putc(out, 's');
		return;
	}
	if (ms >= HOUR_MS)
		buf_printf(out, "%lldh", (long long)(ms / HOUR_MS));
	if (ms % HOUR_MS >= MINUTE_MS)
		buf_printf(out, "%dm", (int)(ms % HOUR_MS / MINUTE_MS));
	if (ms % MINUTE_MS >= SECOND_MS)
		buf_printf(out, "%ds", (int)(ms % MINUTE_MS / SECOND_MS));
}

void duration_print_age(int64_t ms, struct buf *out)
{
	static const struct {
		int64_t ms;
		char letter;
	} age_units[] = {{DAY_MS, 'd'}, {HOUR_MS, 'h'}, {MINUTE_MS, 'm'}, {SECOND_MS, 's'}};
	size_t i = 0;

	while (i < 3 && ms < age_units[i].ms)
		i++;
	buf_printf(out, "%lld%c", ms < 0 ? 0 : (long long)(ms / age_units[i].ms),
		   age_units[i].letter);
	if (i == 3 || ms >= WHOLE_DAYS_FROM_MS)
		return;
	int64_t rest = ms % age_units[i].ms / age_units[i + 1].ms;
	if (rest > 0)
		buf_printf(out, "%lld%c", (long long)rest, age_units[i + 1].letter);
}

#include "tests/kubesim/timestamp.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S 1000000

static void print_seconds(int64_t wall_us, char ret_text[static TIMESTAMP_SIZE])
{
	time_t seconds = wall_us / US_PER_S;
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(ret_text, TIMESTAMP_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
}

void timestamp_print(int64_t wall_us, char ret_text[static TIMESTAMP_SIZE])
{
	print_seconds(wall_us, ret_text);
	strcat(ret_text, "Z");
}

void timestamp_print_micro(int64_t wall_us, char ret_text[static TIMESTAMP_SIZE])
{
	size_t length;

	print_seconds(wall_us, ret_text);
	length = strlen(ret_text);
	snprintf(ret_text + length, TIMESTAMP_SIZE - length, ".%06dZ", (int)(wall_us % US_PER_S));
}

bool timestamp_read(const char *text, int64_t *ret_wall_us)
{
	struct tm utc = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	int64_t micros = 0, scale = US_PER_S;
	int hours, minutes, used = 0;
	char sign;

	if (!rest)
		return false;
	if (*rest == '.') {
		for (rest++; isdigit((unsigned char)*rest); rest++) {
			scale /= 10;
			micros += (*rest - '0') * scale;
		}
	}
	*ret_wall_us = (int64_t)timegm(&utc) * US_PER_S + micros;
	if (strcmp(rest, "Z") == 0)
		return true;
	if (sscanf(rest, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 ||
	    rest[used] != '\0' || !strchr("+-", sign))
		return false;
	*ret_wall_us -= (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60) * (int64_t)US_PER_S;
	return true;
}

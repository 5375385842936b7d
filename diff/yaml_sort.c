#include "diff/yaml_sort.h"

#include <stdlib.h>
#include <string.h>

#include "diff/text.h"

/*
 * Beyond ASCII every character counts as a letter but for these ranges of signs and symbols, which
 * hold all that a key is likely to have.
 */
static const struct {
	uint32_t first, last;
} symbols[] = {
	{0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},       {0xBB, 0xBF},     {0xD7, 0xD7},
	{0xF7, 0xF7},     {0x300, 0x36F},   {0x2000, 0x2070},   {0x2072, 0x207E}, {0x2080, 0x208F},
	{0x20A0, 0x2101}, {0x2190, 0x2BFF}, {0x3000, 0x3004},   {0x3007, 0x3030}, {0xE000, 0xF8FF},
	{0xFE00, 0xFE6F}, {0xFF00, 0xFF20}, {0x1F000, 0x1FBFF}, {0xFFFC, 0xFFFD},
};

static bool is_letter(uint32_t c)
{
	if (c < 0x80)
		return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		if (c >= symbols[i].first && c <= symbols[i].last)
			return false;
	}
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether the digits just before `at` hold another than 0: then zeros count too. */
static bool follows_number(const char *text, const char *at)
{
	while (at > text && is_digit(at[-1])) {
		if (*--at != '0')
			return true;
	}
	return false;
}

/* The number spelt from *at on; *at moves past it. Wraps as Go's int64 does. */
static int64_t take_number(const char **at, int64_t start)
{
	uint64_t value = (uint64_t)start;

	for (; is_digit(**at); (*at)++)
		value = value * 10 + (uint64_t)(**at - '0');
	return (int64_t)value;
}

/* Orders two keys that differ at these places, where neither has a letter. */
static int compare_numbers(const char *a, const char *a_at, const char *b_at)
{
	const char *a_end = a_at, *b_end = b_at;
	int64_t start = (*a_at == '0' || *b_at == '0') && follows_number(a, a_at);
	int64_t left = take_number(&a_end, start), right = take_number(&b_end, start);

	if (left != right)
		return left < right ? -1 : 1;
	if (a_end - a_at != b_end - b_at)
		return a_end - a_at < b_end - b_at ? -1 : 1;
	return 0;
}

int yaml_compare_keys(const char *a, const char *b)
{
	size_t same = 0;
	uint32_t left, right;

	while (a[same] && a[same] == b[same])
		same++;
	/* Back to where the character begins that differs; up to there the texts are the same. */
	while (same > 0 && (((unsigned char)a[same] | (unsigned char)b[same]) & 0x80) &&
	       (((unsigned char)a[same] & 0xC0) == 0x80 || ((unsigned char)b[same] & 0xC0) == 0x80))
		same--;
	if (text_decode(a + same, strlen(a + same), &left) == 0)
		return b[same] ? -1 : 0;
	if (text_decode(b + same, strlen(b + same), &right) == 0)
		return 1;

	bool left_letter = is_letter(left), right_letter = is_letter(right);
	if (left_letter != right_letter)
		return right_letter ? -1 : 1;
	int order = left_letter ? 0 : compare_numbers(a, a + same, b + same);
	return order ? order : (left > right) - (left < right);
}

static int compare_bytes(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;

	return strcmp((*left)->string, (*right)->string);
}

static int compare_members(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;

	return yaml_compare_keys((*left)->string, (*right)->string);
}

const cJSON **yaml_sorted_members(const cJSON *object, size_t *ret_count)
{
	size_t count = 0;
	const cJSON *member;

	json_each (member, object)
		count++;
	const cJSON **members = calloc(count + 1, sizeof(*members));
	if (!members)
		return NULL;
	*ret_count = count;
	count = 0;
	json_each (member, object)
		members[count++] = member;
	/*
	 * go-yaml's order goes in circles for some keys (a1b, a01, a10). From one beginning they
	 * come out the same each time, whatever order the object had them in.
	 */
	qsort(members, count, sizeof(*members), compare_bytes);
	qsort(members, count, sizeof(*members), compare_members);
	return members;
}

#include "diff/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/*
 * How many letters must be put in, left out, changed or swapped with their neighbour to make one
 * word of the other, capitals aside. Both are at most SUGGEST_MAX_LENGTH long.
 */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	uint8_t cost[3][SUGGEST_MAX_LENGTH +
			1]; /* of this letter of `a`, the one before, and before that */
	uint8_t *now = cost[0], *before = cost[1], *earlier = cost[2];

	for (size_t j = 0; j <= b_length; j++)
		now[j] = (uint8_t)j;
	for (size_t i = 1; i <= a_length; i++) {
		uint8_t *free_row = earlier;

		earlier = before;
		before = now;
		now = free_row;
		now[0] = (uint8_t)i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = strncasecmp(a + i - 1, b + j - 1, 1) == 0;
			size_t best = before[j - 1] + !same;

			if (best > before[j] + 1u)
				best = before[j] + 1u;
			if (best > now[j - 1] + 1u)
				best = now[j - 1] + 1u;
			if (i > 1 && j > 1 && strncasecmp(a + i - 1, b + j - 2, 1) == 0 &&
			    strncasecmp(a + i - 2, b + j - 1, 1) == 0 && best > earlier[j - 2] + 1u)
				best = earlier[j - 2] + 1u;
			now[j] = (uint8_t)best;
		}
	}
	return now[b_length];
}

struct suggestion suggestion_for(const char *misspelt)
{
	size_t length = strlen(misspelt);
	size_t limit = length < 8 ? 1 + length / 4 : 3;

	return (struct suggestion){.misspelt = misspelt, .length = length, .distance = limit + 1};
}

void suggestion_offer(struct suggestion *suggestion, const char *word)
{
	size_t length = strlen(word);

	if (suggestion->length > SUGGEST_MAX_LENGTH || length > SUGGEST_MAX_LENGTH)
		return;
	size_t distance = edit_distance(suggestion->misspelt, suggestion->length, word, length);
	if (distance >= suggestion->distance)
		return;
	suggestion->distance = distance;
	suggestion->word = word;
}

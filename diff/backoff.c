#include "diff/backoff.h"

/* splitmix64: nobody has to be unable to guess it. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15u;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
	return value ^ (value >> 31);
}

int64_t backoff_ms(int64_t first_ms, int64_t max_ms, unsigned failures, uint64_t *random)
{
	int64_t pause = first_ms < max_ms ? first_ms : max_ms;

	for (unsigned i = 1; i < failures && pause < max_ms; i++)
		pause = pause <= max_ms / 2 ? pause * 2 : max_ms;
	return pause - (int64_t)(next_random(random) % (uint64_t)(pause / 4 + 1));
}

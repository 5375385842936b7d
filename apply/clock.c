#include "apply/clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t even_clock_ms(struct even_clock *clock, int64_t unix_ms, int64_t boot_ms)
{
	int64_t ahead_ms = unix_ms - boot_ms;

	if (!clock->ahead_ms || llabs(ahead_ms - clock->ahead_ms) < CLOCK_STEP_MS ||
	    (clock->differs_ms && boot_ms - clock->differs_ms >= CLOCK_SETTLE_MS))
		*clock = (struct even_clock){.ahead_ms = ahead_ms};
	else if (!clock->differs_ms)
		clock->differs_ms = boot_ms;
	return boot_ms + clock->ahead_ms;
}

int64_t clock_unix_ms(void)
{
	static struct even_clock clock;

	return even_clock_ms(&clock, read_ms(CLOCK_REALTIME), clock_boot_ms());
}

int64_t clock_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

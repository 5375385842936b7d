/*
 * clock.h - what time it is.
 */
#ifndef APPLY_CLOCK_H
#define APPLY_CLOCK_H

#include <stdint.h>

#define CLOCK_STEP_MS   5000             /* what differs less is no step */
#define CLOCK_SETTLE_MS (60 * 60 * 1000) /* how long a step has to last to count */

/*
 * Unix time that goes on evenly while the machine's clock is stepped: bakes and deadlines, which
 * count from moments that objects carry, neither end early nor last longer. A step counts once it
 * has lasted for CLOCK_SETTLE_MS; smaller corrections count at once. Zero-initialised is a clock
 * that was not read yet.
 */
struct even_clock {
	int64_t ahead_ms;   /* of the monotonic clock; 0: not read yet */
	int64_t differs_ms; /* monotonic: since when the machine's was stepped; 0: it was not */
};

/* What it says where the machine's clock says `unix_ms` and the monotonic one `boot_ms`. */
int64_t even_clock_ms(struct even_clock *clock, int64_t unix_ms, int64_t boot_ms);

/*
 * Unix time, for comparing with moments that objects carry; the process's even clock, from its
 * first use on. Call it from the thread of the event loop only.
 */
int64_t clock_unix_ms(void);

/*
 * Monotonic, and goes on while the machine sleeps (CLOCK_BOOTTIME): for what others count on
 * meanwhile.
 */
int64_t clock_boot_ms(void);

#endif

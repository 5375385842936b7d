/*
 * clock.h - what time it is.
 */
#ifndef APPLY_CLOCK_H
#define APPLY_CLOCK_H

#include <stdint.h>

/* Unix time, for comparing with moments that objects carry. It may jump. */
int64_t clock_unix_ms(void);

/* Monotonic, and goes on while the machine sleeps (CLOCK_BOOTTIME): for what others count on meanwhile. */
int64_t clock_boot_ms(void);

#endif

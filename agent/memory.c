#include "agent/memory.h"

#include <malloc.h>
#include <stddef.h>

#define MUCH_BYTES \
	(512u * 1024) /* less, or less than a sixteenth of what is in use, is not worth it */

void memory_begin(void)
{
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}

void memory_settle(void)
{
#ifdef __GLIBC__ /* others do so by themselves */
	const struct mallinfo2 info = mallinfo2();

	if (info.fordblks > MUCH_BYTES && info.fordblks > info.uordblks / 16)
		malloc_trim(0);
#endif
}

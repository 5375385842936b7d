/*
 * cleanup.h - values that release themselves at the end of their scope.
 *
 *	CLEANUP(json_free_p) cJSON *obj = NULL;
 *	...
 *	*ret_obj = STEAL(obj);		// hand the value over; the cleanup then sees NULL
 *
 * A cleanup function takes the address of the variable and accepts one that was never filled
 * (NULL, or a zeroed struct). X_release(struct X *) functions are cleanups as they stand; for
 * pointers a module that has X_free(struct X *) declares X_free_p with DEFINE_FREE_P.
 */
#ifndef DIFF_CLEANUP_H
#define DIFF_CLEANUP_H

#include <stdlib.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Takes the value out of a pointer variable and leaves NULL there. */
#define STEAL(pointer)                                           \
	({                                                       \
		__typeof__(pointer) *steal_from_ = &(pointer);   \
		__typeof__(pointer) steal_value_ = *steal_from_; \
		*steal_from_ = NULL;                             \
		steal_value_;                                    \
	})

/* Defines `name_p`, the cleanup for a variable of type `type *` that `name` frees. */
#define DEFINE_FREE_P(type, name)                   \
	static inline void name##_p(type **pointer) \
	{                                           \
		name(*pointer);                     \
		*pointer = NULL;                    \
	}                                           \
	struct cleanup_swallow_semicolon_

/* CLEANUP(free_p) char *text = NULL; for any pointer that free() releases. */
static inline void free_p(void *address)
{
	void **pointer = address;

	free(*pointer);
	*pointer = NULL;
}

#endif

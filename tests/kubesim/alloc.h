/*
 * alloc.h - memory for a test tool: kubesim ends with a message when there is none left.
 *
 * diff/ reports a failed allocation as an error; here that error would only be carried through
 * every handler to end the same way.
 */
#ifndef TESTS_KUBESIM_ALLOC_H
#define TESTS_KUBESIM_ALLOC_H

#include <stddef.h>

#include "diff/err.h"

/* Returns the pointer; ends the program if it is NULL. */
#define must(pointer) ((__typeof__(pointer))must_have(pointer))
void *must_have(void *pointer);

/* 0 passes; anything else ends the program with the message in *err. */
void must_do(int result, const struct err *err);

void *alloc_zero(size_t size);
void *alloc_grow(void *pointer, size_t count, size_t item_size);
char *alloc_copy(const char *text);
char *alloc_printf(const char *format, ...) PRINTF(1, 2);

#endif

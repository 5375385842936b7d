/*
 * fuzz.h - for fuzz targets: a property that must hold, and libFuzzer's entry.
 *
 * A target tests/fuzz/fuzz_X.c has its seeds in tests/fuzz/corpus/X and its words in
 * tests/fuzz/dictionaries/X.dict. tests/diff/test_fuzz_corpus.c runs the seeds through it.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

#endif

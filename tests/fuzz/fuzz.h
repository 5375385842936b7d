/*
 * fuzz.h - for fuzz targets: what they are, and a property that must hold.
 *
 * A target X is the function fuzz_X in tests/fuzz/fuzz_X.c; its seeds are in tests/fuzz/corpus/X, its words
 * in tests/fuzz/dictionaries/X.dict. tests/diff/test_fuzz_corpus.c runs the seeds through it; `make fuzz`
 * makes it libFuzzer's entry (LLVMFuzzerTestOneInput), whose signature and meaning it has.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_TARGETS(each)                                                                   \
	each(config) each(inventory) each(json) each(kubeconfig) each(kustomize) each(watch) \
		each(webhook) each(words) each(yaml) each(yaml_edit)

#define FUZZ_DECLARE(name) int fuzz_##name(const uint8_t *data, size_t size);
FUZZ_TARGETS(FUZZ_DECLARE)

#define must(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

#endif

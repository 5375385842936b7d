/*
 * What a static analyser, which sees one file at a time, cannot know: these return -1. Included before
 * each file by `make check-tidy` and `make check-analyzer`, and by nothing else.
 */
#ifndef TESTS_LINT_ANALYSIS_H
#define TESTS_LINT_ANALYSIS_H

#include "diff/err.h"

#define err_set(...)	   __extension__({ err_set(__VA_ARGS__); -1; })
#define err_prefix(...)	   __extension__({ err_prefix(__VA_ARGS__); -1; })
#define err_no_memory(err) __extension__({ err_no_memory(err); -1; })

#endif

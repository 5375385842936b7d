/*
 * child.h - runs a program to its end and collects what it printed, within a deadline.
 *
 * Blocks, for the loop's worker pool. The program gets our environment and, of our descriptors,
 * only those named here. It is in a process group of its own, all of which is killed when the
 * deadline has passed.
 */
#ifndef AGENT_CHILD_H
#define AGENT_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/buf.h"

#define CHILD_MAX_OUTPUT_BYTES (1024u * 1024) /* of each of the two streams */
#define CHILD_MAX_ARGS         32

struct child_options {
	const char *file;        /* looked for in PATH where it has no slash */
	const char *const *args; /* args[0] is its name; ends with NULL */
	const void *input;       /* what it reads on standard input */
	size_t input_length;
	int64_t deadline_ms;
	int keep_fd;        /* becomes its descriptor 3; 0: none */
	bool shares_errors; /* its standard error is ours */
};

struct child_result {
	struct buf output, errors;
	int exit_code; /* 128 + the signal that killed it */
};

/*
 * 0: it ran and ended by itself; what its exit code means is the caller's. Errors: ERR_NOT_FOUND
 * where there is no such program; ERR_TRANSIENT "did not end within N s"; ERR_LIMIT where it prints
 * too much; ERR_INTERNAL where the system has no process or descriptor left.
 */
int child_run(const struct child_options *options, struct child_result *ret_result,
	      struct err *err);
void child_result_release(struct child_result *result);

#endif

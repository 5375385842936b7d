/*
 * exit_code.h - how the program ends. `tranche help` prints this table, docs and tests hold to it.
 */
#ifndef AGENT_EXIT_CODE_H
#define AGENT_EXIT_CODE_H

#include "diff/err.h"

enum exit_code {
	EXIT_OK = 0, /* done; diff: no differences; validate: no errors */
	/*
	 * diff and sync --dry-run: differences; validate: errors; promote, hold, rollback, suspend,
	 * resume: nothing to do; alerts test: a sink did not take it
	 */
	EXIT_DIFFERENT = 1,
	EXIT_USAGE = 2, /* a wrong flag, argument, command or configuration */
	/*
	 * sync: a rollout is stuck, blocked or rolled back, or the app is suspended; --wait: or not
	 * over in time
	 */
	EXIT_ROLLOUT = 3,
	EXIT_MANIFEST = 4, /* the manifests are refused; nothing was sent or edited */
	EXIT_SOURCE = 5,   /* the repository, ref, path or file cannot be read, or committed to */
	EXIT_CLUSTER = 6,  /* the cluster cannot be reached, or refuses these credentials */
	EXIT_OBJECTS = 7,  /* some objects could not be compared or written; the others were */
	EXIT_INTERNAL = 8, /* out of memory, or a bug */
	EXIT_CODE_COUNT
};

/* What the code means, for `tranche help`. */
const char *exit_code_meaning(enum exit_code code);

#endif

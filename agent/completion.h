/*
 * completion.h - completion of the command line in bash, zsh and fish.
 *
 * The shells' scripts are thin: they ask `tranche __complete WORDS...`, the words behind the
 * program's name up to the cursor, of which the last is the one that is completed and may be "". It
 * answers with a line for each candidate, "WORD\tWHAT IT IS", where WORD takes the place of the
 * whole last word; the lines ":files" and ":folders" ask the shell for names of those. So
 * completion is always in step with the option table of the program that is run.
 */
#ifndef AGENT_COMPLETION_H
#define AGENT_COMPLETION_H

#include "diff/buf.h"

#define COMPLETION_COMMAND   "__complete" /* main's, and in no list */
#define COMPLETION_MAX_BYTES (1024u * 1024)
#define COMPLETION_SHELLS    "bash|zsh|fish"

/* Appends the script for a shell. ERR_INVALID for another one. */
int completion_print_script(const char *shell, struct buf *out, struct err *err);

/* Appends the candidates. What cannot be found out is left out. */
void completion_print(const char *const *words, size_t count, struct buf *out);

#endif

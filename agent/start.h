/*
 * start.h - what a process has to have before it begins. What is missing a library would find out
 * later; libuv aborts where it cannot make its threads or its pipes.
 */
#ifndef AGENT_START_H
#define AGENT_START_H

#include "diff/err.h"

/*
 * Puts something that can be neither read nor written in place of those of the descriptors 0 to 2
 * that are closed. Otherwise the next file that is opened would become the standard output.
 */
void start_hold_streams(void);

/* ERR_INTERNAL where the limits leave too few descriptors or threads, or too little memory. */
int start_check(struct err *err);

#endif

/*
 * start.h - what a process has to have before it begins, so that no library finds out later: libuv
 * aborts where it cannot make its threads or its pipes.
 */
#ifndef AGENT_START_H
#define AGENT_START_H

#include "diff/err.h"

/*
 * Descriptors 0 to 2 are taken if they were closed, by what refuses to be read or written: the next
 * file that is opened would become the standard output.
 */
void start_hold_streams(void);

/*
 * ERR_INTERNAL where the limits allow too few descriptors, or too little memory or too few threads
 * for the pool.
 */
int start_check(struct err *err);

#endif

/*
 * whoami.h - who runs this command, for the history and for the agent's log: no proof of anything.
 */
#ifndef AGENT_WHOAMI_H
#define AGENT_WHOAMI_H

#include "diff/buf.h"

#define WHOAMI_MAX_BYTES 256

/* Appends "ada@laptop". */
void whoami_print(struct buf *out);

#endif

/*
 * agent.h - what `tranche run` is: the apps' runners on one loop, signals, and the end.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/options.h"
#include "agent/session.h"

/*
 * Runs until SIGTERM or SIGINT; SIGHUP has everything synced now. 0 after such an end; -1 with *err
 * where it could not begin.
 */
int agent_run(struct session *session, const struct options *options, struct err *err);

#endif

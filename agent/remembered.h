/*
 * remembered.h - for commands about an app that the cluster remembers: its inventory, read without
 * its source.
 */
#ifndef AGENT_REMEMBERED_H
#define AGENT_REMEMBERED_H

#include "agent/session.h"

/*
 * Which app is meant: `name`, or where that is NULL the only one of the session's namespace. The
 * caller frees *ret_name. Turns the loop. EXIT_OK, or the code to end with after printing why.
 */
int remembered_name(struct session *session, const char *name, char **ret_name);

/* Its inventory, with the history; likewise. */
int remembered_load(struct session *session, const char *name, struct inventory *ret_inventory);

#endif

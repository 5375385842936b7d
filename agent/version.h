/*
 * version.h - which tranche this is.
 */
#ifndef AGENT_VERSION_H
#define AGENT_VERSION_H

/* "0.1.0"; set by the Makefile. */
extern const char tranche_version[];

#endif

/*
 * version.h - which tranche this is.
 */
#ifndef DIFF_VERSION_H
#define DIFF_VERSION_H

/* "0.1.0"; set by the Makefile. */
extern const char tranche_version[];

/* How it calls itself to servers (RFC 9110, 10.1.5): "tranche/0.1.0". */
extern const char tranche_user_agent[];

#endif

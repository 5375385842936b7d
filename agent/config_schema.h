/*
 * config_schema.h - the configuration file as a JSON schema (draft 7), for editors and CI.
 *
 * It admits all that config_read admits; what it cannot tell (names that lead nowhere, keys that
 * exclude each other) only that one refuses. docs/config.schema.json is its text, and the reference
 * in docs/config.md is made of it.
 */
#ifndef AGENT_CONFIG_SCHEMA_H
#define AGENT_CONFIG_SCHEMA_H

#include "diff/buf.h"

#define CONFIG_SCHEMA_MAX_BYTES 65536

/* Appends it, and a newline. ERR_NO_MEMORY. */
int config_schema_print(struct buf *out, struct err *err);

#endif

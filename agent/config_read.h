/*
 * config_read.h - the configuration file: YAML to values, strictly checked.
 *
 * docs/config.md describes the file. All that is wrong is found at once, each thing with its place:
 * unknown keys, wrong types, values that cannot be, names that are there twice or lead nowhere,
 * dependencies that go in a circle, keys that exclude each other, a secret where the name of a file
 * belongs.
 */
#ifndef AGENT_CONFIG_READ_H
#define AGENT_CONFIG_READ_H

#include "agent/config.h"
#include "diff/finding.h"

#define CONFIG_MAX_BYTES    (1024u * 1024) /* what a ConfigMap can hold */
#define CONFIG_MAX_STRINGS  500            /* of one list */
#define CONFIG_MAX_FINDINGS 200            /* then it says that there are more */

/*
 * Reads the text of `file`, whose folder is where relative paths start from; touches neither files
 * nor the environment. Findings are sorted. *ret_config is filled only where none of them is an
 * error. ERR_INVALID with the first error and how many more there are; ERR_NO_MEMORY.
 */
int config_read(const char *text, size_t length, const char *file, struct config *ret_config,
		struct findings *findings, struct err *err);

#endif

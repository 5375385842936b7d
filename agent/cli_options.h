/*
 * cli_options.h - the table of options: a row says what an option is called, which commands take
 * it, what values it has and where they go. Parsing, help and completion (cli.h) are made of it.
 */
#ifndef AGENT_CLI_OPTIONS_H
#define AGENT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/err.h"

struct command;

#define CLI_GROUP_EVERY ~0u /* instead of CLI_GROUP_... (cli.h): all commands take it */

enum option_type {
	OPTION_FLAG,     /* bool */
	OPTION_STRING,   /* const char * */
	OPTION_MAYBE,    /* const char *; "" where it is given without =VALUE */
	OPTION_CHOICE,   /* const char *, one of `choices` */
	OPTION_DURATION, /* int64_t, milliseconds */
	OPTION_PERCENT,  /* int64_t, 1 to 100 */
	OPTION_NUMBER,   /* struct option_number, from 0 on */
	OPTION_LIST,     /* struct option_list; may be given again */
};

struct option_row {
	const char *name;
	char letter; /* or 0 */
	enum option_type type;
	unsigned groups;
	const char *argument;      /* how help calls the value */
	const char *choices;       /* "text|json" */
	const char *default_value; /* as on the command line; NULL: none */
	const char *help;
	size_t offset; /* in struct options */
};

extern const struct option_row cli_option_rows[];
extern const size_t cli_option_count;

bool cli_takes(const struct command *command, const struct option_row *row);

/*
 * The only option of the command that the `length` bytes at `name` are a prefix of; an exact name
 * wins. ERR_INVALID.
 */
int cli_find_long(const struct command *command, const char *name, size_t length,
		  const struct option_row **ret_row, struct err *err);

/* The option of the command with that letter. ERR_INVALID. */
int cli_find_letter(const struct command *command, char letter, const struct option_row **ret_row,
		    struct err *err);

#endif

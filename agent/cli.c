#include "agent/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli_check.h"
#include "agent/cli_options.h"
#include "agent/exit_code.h"
#include "diff/duration.h"

/* --- looking up ------------------------------------------------------------------------------ */

int cli_find_command(const char *name, const struct command **ret_command, struct err *err)
{
	const struct command *found = NULL;

	for (const struct command *command = cli_commands; command->name; command++) {
		if (strncmp(command->name, name, strlen(name)) != 0)
			continue;
		if (strcmp(command->name, name) == 0) {
			found = command;
			break;
		}
		if (found)
			return err_set(err, ERR_INVALID,
				       "command \"%s\" may mean %s or %s; write more of it", name,
				       found->name, command->name);
		found = command;
	}
	if (!found || !*name)
		return err_set(err, ERR_INVALID,
			       "unknown command \"%s\"; run 'tranche help' to see them", name);
	*ret_command = found;
	return 0;
}

/* --- storing --------------------------------------------------------------------------------- */

static bool is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, value, length) == 0 && (p[length] == '|' || p[length] == '\0'))
			return length > 0;
	return false;
}

static int append(const struct option_row *row, const char *value, struct option_list *list,
		  struct err *err)
{
	if (!*value)
		return err_set(err, ERR_INVALID, "--%s is empty; it wants %s", row->name,
			       row->argument);
	if (list->count == OPTIONS_MAX_ITEMS)
		return err_set(err, ERR_LIMIT, "--%s is given more than %d times", row->name,
			       OPTIONS_MAX_ITEMS);
	list->items[list->count++] = value;
	return 0;
}

/* "50" or "50%" */
static int store_percent(const struct option_row *row, const char *value, int64_t *ret_percent,
			 struct err *err)
{
	char *end;
	long percent = strtol(value, &end, 10);

	if (end == value || percent < 1 || percent > 100 || *(*end == '%' ? end + 1 : end))
		return err_set(err, ERR_INVALID, "--%s is \"%s\", but has to be from 1 to 100",
			       row->name, value);
	*ret_percent = percent;
	return 0;
}

static int store_number(const struct option_row *row, const char *value,
			struct option_number *number, struct err *err)
{
	char *end;

	errno = 0;
	number->value = strtoll(value, &end, 10);
	if (end == value || *end || errno || number->value < 0)
		return err_set(err, ERR_INVALID, "--%s is \"%s\", but has to be a number from 0 on",
			       row->name, value);
	number->given = true;
	return 0;
}

static int store(const struct option_row *row, const char *value, struct options *options,
		 struct err *err)
{
	char *base = (char *)options;

	switch (row->type) {
	case OPTION_FLAG: *(bool *)(void *)(base + row->offset) = true; return 0;
	case OPTION_MAYBE: *(const char **)(void *)(base + row->offset) = value; return 0;
	case OPTION_CHOICE:
		if (!is_choice(row->choices, value))
			return err_set(err, ERR_INVALID, "--%s is \"%s\", but has to be one of %s",
				       row->name, value, row->choices);
		__attribute__((fallthrough));
	case OPTION_STRING:
		if (!*value)
			return err_set(err, ERR_INVALID, "--%s is empty; it wants %s", row->name,
				       row->argument);
		*(const char **)(void *)(base + row->offset) = value;
		return 0;
	case OPTION_DURATION:
		if (duration_parse(value, (int64_t *)(void *)(base + row->offset), err) < 0)
			return err_prefix(err, "--%s", row->name);
		if (*(int64_t *)(void *)(base + row->offset) == 0)
			return err_set(err, ERR_INVALID, "--%s has to be more than 0", row->name);
		return 0;
	case OPTION_PERCENT:
		return store_percent(row, value, (int64_t *)(void *)(base + row->offset), err);
	case OPTION_NUMBER: return store_number(row, value, (void *)(base + row->offset), err);
	case OPTION_LIST: return append(row, value, (void *)(base + row->offset), err);
	}
	return err_set(err, ERR_INTERNAL, "option --%s has no type", row->name);
}

static int store_defaults(const struct command *command, struct options *options, struct err *err)
{
	for (size_t i = 0; i < cli_option_count; i++) {
		const struct option_row *row = &cli_option_rows[i];
		if (row->default_value && (row->groups & command->groups) &&
		    store(row, row->default_value, options, err) < 0)
			return -1;
	}
	return 0;
}

/* --- parsing --------------------------------------------------------------------------------- */

struct args {
	int argc, next;
	char **argv;
	const char *of_one_app; /* an option that was given and does not go with --config */
};

/* Whether the option says of one app what a configuration file says of each. */
static bool is_of_one_app(const struct option_row *row)
{
	const unsigned groups = CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_HEAL | CLI_GROUP_APP |
				CLI_GROUP_CONFINE | CLI_GROUP_RUN;

	return row->groups != CLI_GROUP_EVERY && (row->groups & groups);
}

static const char *take_arg(struct args *args)
{
	return args->next < args->argc ? args->argv[args->next++] : NULL;
}

static int parse_long(const struct command *command, const char *text, struct args *args,
		      struct options *options, struct err *err)
{
	const struct option_row *row = NULL;
	const char *value = strchr(text, '=');
	size_t length = value ? (size_t)(value - text) : strlen(text);

	if (cli_find_long(command, text, length, &row, err) < 0)
		return -1;
	if (is_of_one_app(row))
		args->of_one_app = row->name;
	if (row->type == OPTION_FLAG) {
		if (value)
			return err_set(err, ERR_INVALID, "--%s takes no value", row->name);
		return store(row, NULL, options, err);
	}
	if (row->type == OPTION_MAYBE)
		return store(row, value ? value + 1 : "", options, err);
	value = value ? value + 1 : take_arg(args);
	if (!value)
		return err_set(err, ERR_INVALID, "--%s wants %s", row->name, row->argument);
	return store(row, value, options, err);
}

/* -R, -Rf FILE, -fFILE */
static int parse_letters(const struct command *command, const char *letters, struct args *args,
			 struct options *options, struct err *err)
{
	for (; *letters; letters++) {
		const struct option_row *row = NULL;
		if (cli_find_letter(command, *letters, &row, err) < 0)
			return -1;
		if (is_of_one_app(row))
			args->of_one_app = row->name;
		if (row->type != OPTION_FLAG) {
			const char *value = letters[1] ? letters + 1 : take_arg(args);
			if (!value)
				return err_set(err, ERR_INVALID, "-%c wants %s", row->letter,
					       row->argument);
			return store(row, value, options, err);
		}
		if (store(row, NULL, options, err) < 0)
			return -1;
	}
	return 0;
}

static int parse_options(const struct command *command, struct args *args, struct options *options,
			 struct err *err)
{
	const char *text;
	bool only_arguments = false;

	while ((text = take_arg(args))) {
		if (!only_arguments && strcmp(text, "--") == 0) {
			only_arguments = true;
		} else if (!only_arguments && strncmp(text, "--", 2) == 0) {
			if (parse_long(command, text + 2, args, options, err) < 0)
				return -1;
		} else if (!only_arguments && text[0] == '-' && text[1]) {
			if (parse_letters(command, text + 1, args, options, err) < 0)
				return -1;
		} else if (command->argument && !options->name && *text) {
			options->name = text;
		} else {
			return err_set(
				err, ERR_INVALID,
				"'tranche %s' takes no argument \"%s\"; see 'tranche help %s'",
				command->name, text, command->name);
		}
	}
	return 0;
}

int cli_parse(int argc, char **argv, const struct command **ret_command,
	      struct options *ret_options, struct err *err)
{
	struct args args = {.argc = argc, .next = 1, .argv = argv};
	const struct command *command = NULL;
	struct options options = {0};
	const char *name = take_arg(&args);
	bool help = false;

	if (name &&
	    (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)) {
		help = true;
		name = take_arg(&args);
	} else if (name && strcmp(name, "--version") == 0) {
		name = "version";
	}
	if (!name) {
		*ret_command = NULL;
		*ret_options = (struct options){.help = true};
		return 0;
	}
	if (name[0] == '-')
		return err_set(err, ERR_INVALID,
			       "the command comes first, then its options: tranche COMMAND %s",
			       name);
	if (cli_find_command(name, &command, err) < 0 || store_defaults(command, &options, err) < 0)
		return -1;
	options.help = help;
	if (parse_options(command, &args, &options, err) < 0)
		return -1;
	if (!options.help && options.config && args.of_one_app)
		return err_set(err, ERR_INVALID,
			       "--%s does not go with --config: the file says it of each app%s",
			       args.of_one_app,
			       strcmp(args.of_one_app, "self-heal") == 0 ? ", as drift: revert"
									 : "");
	if (!options.help && cli_check(command, &options, err) < 0)
		return -1;
	*ret_command = command;
	*ret_options = options;
	return 0;
}

/* --- help ------------------------------------------------------------------------------------ */

#define HELP_COLUMN 32

static void print_option(const struct option_row *row, struct buf *out)
{
	size_t start = out->length;

	buf_puts(out, "  ");
	if (row->letter)
		buf_printf(out, "-%c, ", row->letter);
	buf_printf(out, "--%s", row->name);
	if (row->argument)
		buf_printf(out, row->type == OPTION_MAYBE ? "[=%s]" : " %s", row->argument);
	size_t used = out->length - start;
	if (used + 2 > HELP_COLUMN) {
		buf_putc(out, '\n');
		used = 0;
	}
	buf_fill(out, ' ', HELP_COLUMN - used);
	buf_puts(out, row->help);
	if (row->default_value)
		buf_printf(out, " (%s)", row->default_value);
	buf_putc(out, '\n');
}

static void print_options(const struct command *command, const char *title, unsigned groups,
			  struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < cli_option_count; i++) {
		const struct option_row *row = &cli_option_rows[i];
		if (row->groups == CLI_GROUP_EVERY || !(row->groups & command->groups & groups))
			continue;
		if (!any)
			buf_printf(out, "\n%s:\n", title);
		any = true;
		print_option(row, out);
	}
}

static void help_of_command(const struct command *command, struct buf *out)
{
	const unsigned source = CLI_GROUP_CONFIG | CLI_GROUP_GIT | CLI_GROUP_FILES;

	buf_printf(out, "%s\n", command->text);
	if (command->examples)
		buf_printf(out, "\nExamples:\n%s", command->examples);
	buf_printf(out, "\nUsage:\n  tranche %s%s%s\n", command->name, *command->usage ? " " : "",
		   command->usage);
	print_options(command, "Source", source, out);
	print_options(command, "Cluster", CLI_GROUP_CLUSTER, out);
	print_options(command, "Options", ~(source | CLI_GROUP_CLUSTER), out);
}

static void help_of_program(struct buf *out)
{
	buf_puts(out,
		 "tranche syncs Kubernetes StatefulSets from Git: a commit that lowers a partition "
		 "promotes\nmore Pods.\n\nCommands:\n");
	for (const struct command *command = cli_commands; command->name; command++)
		buf_printf(out, "  %-10s %s\n", command->name, command->summary);
	buf_printf(out, "  %-10s %s\n", "help", "Show the help of a command");
	buf_puts(out, "\nCommands and long options may be cut to any unique prefix.\n"
		      "\nExit codes:\n");
	for (int code = 0; code < EXIT_CODE_COUNT; code++)
		buf_printf(out, "  %d  %s\n", code, exit_code_meaning((enum exit_code)code));
	buf_puts(out, "\nRun 'tranche help COMMAND' for examples and options.\n");
}

void cli_help(const struct command *command, struct buf *out)
{
	if (command)
		help_of_command(command, out);
	else
		help_of_program(out);
}

bool cli_next_option(const struct command *command, size_t *at, struct cli_option *ret_option)
{
	while (*at < cli_option_count) {
		const struct option_row *row = &cli_option_rows[(*at)++];

		if (!cli_takes(command, row))
			continue;
		*ret_option = (struct cli_option){
			.name = row->name,
			.letter = row->letter,
			.argument = row->argument,
			.choices = row->choices,
			.help = row->help,
			.again = row->type == OPTION_LIST,
		};
		return true;
	}
	return false;
}

void cli_list_options(const struct command *command, struct buf *out)
{
	for (size_t i = 0; i < cli_option_count; i++)
		if (cli_takes(command, &cli_option_rows[i]))
			buf_printf(out, "--%s\n", cli_option_rows[i].name);
}

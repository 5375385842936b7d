#include "agent/completion.h"

#include <stdlib.h>
#include <string.h>

#include "agent/child.h"
#include "agent/cli.h"
#include "apply/kubeconfig_files.h"
#include "diff/json.h"

#define GIT_DEADLINE_MS 2000

/* --- scripts ---------------------------------------------------------------------------------- */

static const char bash_script[] =
	"# bash completion for tranche; made by: tranche completion bash\n"
	"_tranche() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} reply name\n"
	"\tlocal -a words\n"
	"\tread -ra words <<<\"$line\"\n"
	"\t[[ $line == *[[:space:]] ]] && words+=('')\n"
	"\tlocal last=${words[-1]}\n"
	"\t# The part that bash takes for a word of its own is all that is replaced.\n"
	"\tlocal kept=${last%\"${last##*[=:]}\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r reply; do\n"
	"\t\tcase $reply in\n"
	"\t\t:files)\n"
	"\t\t\tcompopt -o filenames\n"
	"\t\t\twhile IFS= read -r name; do COMPREPLY+=(\"$name\"); done < <(compgen -f -- "
	"\"${last##*=}\") ;;\n"
	"\t\t:folders)\n"
	"\t\t\tcompopt -o filenames\n"
	"\t\t\twhile IFS= read -r name; do COMPREPLY+=(\"$name\"); done < <(compgen -d -- "
	"\"${last##*=}\") ;;\n"
	"\t\t*)\n"
	"\t\t\treply=${reply%%$'\\t'*}\n"
	"\t\t\tCOMPREPLY+=(\"${reply#\"$kept\"}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[0]/#\\~/$HOME}\" " COMPLETION_COMMAND
	" \"${words[@]:1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _tranche tranche\n";

static const char zsh_script[] =
	"#compdef tranche\n"
	"# zsh completion for tranche; made by: tranche completion zsh\n"
	"_tranche() {\n"
	"\tlocal line word\n"
	"\tlocal -a names texts\n"
	"\tfor line in \"${(@f)$(\"${(Q)words[1]/#\\~/$HOME}\" " COMPLETION_COMMAND
	" \"${(@Q)words[2,CURRENT-1]}\" "
	"\"${(Q)PREFIX}\" 2>/dev/null)}\"; do\n"
	"\t\tcase $line in\n"
	"\t\t'') ;;\n"
	"\t\t:files) compset -P '--*='; _files ;;\n"
	"\t\t:folders) compset -P '--*='; _files -/ ;;\n"
	"\t\t*)\n"
	"\t\t\tword=${line%%$'\\t'*}\n"
	"\t\t\tnames+=(\"$word\")\n"
	"\t\t\ttexts+=(\"$word  -- ${line#*$'\\t'}\") ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t(( $#names )) && compadd -l -d texts -a names\n"
	"}\n"
	"if [[ $funcstack[1] == _tranche ]]; then\n"
	"\t_tranche \"$@\"\n"
	"else\n"
	"\tcompdef _tranche tranche\n"
	"fi\n";

static const char fish_script[] =
	"# fish completion for tranche; made by: tranche completion fish\n"
	"function __tranche_complete\n"
	"\tset -l before (commandline -opc)\n"
	"\tset -l last (commandline -ct)\n"
	"\tstring match -rq '^(?<kept>--[a-z-]+=)?(?<value>.*)$' -- \"$last\"\n"
	"\tset -l program (string replace -r '^~' $HOME -- $before[1])\n"
	"\tfor line in ($program " COMPLETION_COMMAND " $before[2..] \"$last\" 2>/dev/null)\n"
	"\t\tswitch $line\n"
	"\t\t\tcase :files\n"
	"\t\t\t\tfor name in (__fish_complete_path \"$value\"); echo \"$kept$name\"; end\n"
	"\t\t\tcase :folders\n"
	"\t\t\t\tfor name in (__fish_complete_directories \"$value\"); echo \"$kept$name\"; end\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c tranche -f -a '(__tranche_complete)'\n";

int completion_print_script(const char *shell, struct buf *out, struct err *err)
{
	const struct {
		const char *shell, *script;
	} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(scripts[i].shell, shell) != 0)
			continue;
		buf_puts(out, scripts[i].script);
		return buf_check(out, "the script", err);
	}
	return err_set(err, ERR_INVALID,
		       "no completion for \"%s\"; there is one for bash, zsh and fish", shell);
}

/* --- the words before the cursor -------------------------------------------------------------- */

/* What they say, as far as completion asks for it. */
struct line {
	const char *const *words;
	size_t count; /* the last is the one that is completed */
	const struct command *command;
	const char *last;
	struct buf *out;

	const char *repo, *kubeconfig;
	struct cli_option wanted; /* its value is completed; no name: an option or argument is */
	bool only_arguments;      /* after -- */
	size_t arguments;         /* before the last */
	unsigned long long given; /* options, as bits in the order of the table */
};

#define MAX_OPTIONS 64

/* Finds an option by its full name, or a prefix of one that is its alone, or its letter. */
static bool find_option(const struct line *line, const char *name, size_t length, char letter,
			struct cli_option *ret_option, size_t *ret_index)
{
	struct cli_option option;
	size_t at = 0, index = 0, found = 0;

	for (; cli_next_option(line->command, &at, &option); index++) {
		bool exact = name ? strlen(option.name) == length &&
					     strncmp(option.name, name, length) == 0
				  : option.letter == letter;

		if (!exact && !(name && strncmp(option.name, name, length) == 0))
			continue;
		found++;
		*ret_option = option;
		*ret_index = index;
		if (exact)
			return true;
	}
	return found == 1;
}

static void take_value(struct line *line, const struct cli_option *option, const char *value)
{
	if (strcmp(option->name, "repo") == 0)
		line->repo = value;
	else if (strcmp(option->name, "kubeconfig") == 0)
		line->kubeconfig = value;
}

/* One word before the last. *ret_next: the option whose value is the next word. */
static void take_word(struct line *line, const char *word, struct cli_option *ret_next)
{
	const char *equals = strchr(word, '=');
	struct cli_option option = {0};
	size_t index = 0;
	bool is_long = strncmp(word, "--", 2) == 0;

	if (line->only_arguments || word[0] != '-' || !word[1]) {
		line->arguments++;
		return;
	}
	if (strcmp(word, "--") == 0) {
		line->only_arguments = true;
		return;
	}
	size_t length = is_long ? equals ? (size_t)(equals - word) - 2 : strlen(word) - 2 : 0;
	if (!find_option(line, is_long ? word + 2 : NULL, length, word[1], &option, &index))
		return;
	if (!option.again && index < MAX_OPTIONS)
		line->given |= 1ull << index;
	if (!option.argument)
		return;
	if (is_long ? equals != NULL : word[2] != '\0')
		take_value(line, &option, is_long ? equals + 1 : word + 2);
	else
		*ret_next = option;
}

static void take_words(struct line *line)
{
	for (size_t i = 1; i + 1 < line->count; i++) {
		struct cli_option option = line->wanted;

		line->wanted = (struct cli_option){0};
		if (option.name)
			take_value(line, &option, line->words[i]);
		else
			take_word(line, line->words[i], &line->wanted);
	}
}

/* --- candidates ------------------------------------------------------------------------------- */

/* What stands before the value in the last word: "--output=" of "--output=js". */
static size_t value_offset(const struct line *line)
{
	const char *equals = strchr(line->last, '=');

	return strncmp(line->last, "--", 2) == 0 && equals ? (size_t)(equals + 1 - line->last) : 0;
}

static void offer(const struct line *line, const char *word, size_t length, const char *text)
{
	size_t offset = value_offset(line);
	const char *typed = line->last + offset;

	if (strlen(typed) > length || strncmp(word, typed, strlen(typed)) != 0)
		return;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)word[i] <= ' ')
			return; /* no line for a shell */
	buf_append(line->out, line->last, offset);
	buf_append(line->out, word, length);
	buf_printf(line->out, "%s%s\n", *text ? "\t" : "", text);
}

static void offer_choices(const struct line *line, const char *choices)
{
	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		offer(line, p, strcspn(p, "|"), "");
}

static void offer_commands(const struct line *line)
{
	for (const struct command *command = cli_commands; command->name; command++)
		offer(line, command->name, strlen(command->name), command->summary);
}

static void offer_contexts(const struct line *line)
{
	CLEANUP(kubeconfig_files_release) struct kubeconfig_files files = {0};
	const cJSON *context;
	struct err err;

	if (kubeconfig_files_load(line->kubeconfig, getenv("KUBECONFIG"), getenv("HOME"), &files,
				  &err) < 0)
		return;
	for (size_t i = 0; i < files.count; i++) {
		json_each (context, json_get(files.items[i].root, "contexts")) {
			const char *name = json_str(context, "name");
			const char *cluster = json_str(context, "context.cluster");

			if (name)
				offer(line, name, strlen(name), cluster ? cluster : "");
		}
	}
}

/* The branches and tags of a repository that is a local folder. */
static void offer_refs(const struct line *line)
{
	const char *const args[] = {"git",
				    "-C",
				    line->repo,
				    "for-each-ref",
				    "--format=%(refname:short)",
				    "refs/heads",
				    "refs/remotes",
				    "refs/tags",
				    NULL};
	const struct child_options options = {
		.file = "git", .args = args, .deadline_ms = GIT_DEADLINE_MS};
	CLEANUP(child_result_release) struct child_result result = {0};
	struct err err;

	if (!line->repo || strstr(line->repo, "://") || child_run(&options, &result, &err) < 0 ||
	    result.exit_code != 0)
		return;
	for (const char *p = buf_str(&result.output); *p;) {
		size_t length = strcspn(p, "\n");

		offer(line, p, length, "");
		p += length + (p[length] == '\n');
	}
}

/* The value of an option, by how help calls it. */
static void offer_values(const struct line *line, const struct cli_option *option)
{
	const char *argument = option->argument;

	if (option->choices)
		offer_choices(line, option->choices);
	else if (strcmp(option->name, "context") == 0)
		offer_contexts(line);
	else if (strcmp(argument, "REF") == 0 || strcmp(argument, "REV") == 0)
		offer_refs(line);
	else if (strstr(argument, "FILE"))
		buf_puts(line->out, ":files\n");
	else if (strstr(argument, "DIR") && strcmp(option->name, "path") != 0)
		buf_puts(line->out, ":folders\n");
}

static void offer_options(const struct line *line)
{
	CLEANUP(buf_release) struct buf word = BUF_INIT(256);
	struct cli_option option;
	size_t at = 0;

	for (size_t index = 0; cli_next_option(line->command, &at, &option); index++) {
		if (index < MAX_OPTIONS && (line->given & (1ull << index)))
			continue;
		buf_clear(&word);
		buf_printf(&word, "--%s", option.name);
		offer(line, buf_str(&word), word.length, option.help);
	}
}

static void offer_arguments(const struct line *line)
{
	const char *argument = line->command->argument;

	if (argument && line->arguments == 0 && strcmp(argument, "SHELL") == 0)
		offer_choices(line, COMPLETION_SHELLS);
}

/* Behind `--output=`. */
static bool offer_joined_value(struct line *line)
{
	struct cli_option option;
	size_t offset = value_offset(line), index;

	if (!offset || !find_option(line, line->last + 2, offset - 3, 0, &option, &index) ||
	    !option.argument)
		return false;
	offer_values(line, &option);
	return true;
}

void completion_print(const char *const *words, size_t count, struct buf *out)
{
	struct line line = {.words = words, .count = count, .out = out};
	struct err err;

	if (count == 0)
		return;
	line.last = words[count - 1];
	if (count == 1 || (count == 2 && strcmp(words[0], "help") == 0)) {
		offer_commands(&line);
		if (count == 1)
			offer(&line, "help", 4, "Show the help of a command");
		return;
	}
	if (cli_find_command(words[0], &line.command, &err) < 0)
		return;
	take_words(&line);
	if (line.wanted.name) {
		offer_values(&line, &line.wanted);
	} else if (line.only_arguments || line.last[0] != '-') {
		offer_arguments(&line);
		if (!*line.last && !line.only_arguments && !line.command->argument)
			offer_options(&line);
	} else if (!offer_joined_value(&line)) {
		offer_options(&line);
	}
}

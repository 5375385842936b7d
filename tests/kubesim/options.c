#include "tests/kubesim/options.h"

#include <stdlib.h>
#include <string.h>

#include "diff/duration.h"
#include "tests/kubesim/alloc.h"

#define DEFAULT_READY_AFTER_MS 1000
#define MAX_PORT               65535
#define MAX_HISTORY            1000000

/* Each `read` gets the option's argument, or NULL if it has none. */
struct option {
	const char *name, *argument, *help;
	int (*read)(struct options *options, char *argument, struct err *err);
};

/* --- what each option does ------------------------------------------------------------------- */

static int read_number(const char *text, unsigned long max, unsigned long *ret_number,
		       struct err *err)
{
	char *end;

	*ret_number = strtoul(text, &end, 10);
	if (!text[0] || text[0] == '-' || *end || *ret_number > max)
		return err_set(err, ERR_INVALID, "\"%s\" is not a number from 0 to %lu", text, max);
	return 0;
}

static int read_port(struct options *options, char *argument, struct err *err)
{
	unsigned long port;

	if (read_number(argument, MAX_PORT, &port, err) < 0)
		return -1;
	options->http.port = (uint16_t)port;
	return 0;
}

static int read_kubeconfig(struct options *options, char *argument, struct err *err)
{
	(void)err;
	options->kubeconfig = argument;
	return 0;
}

static int read_ready_after(struct options *options, char *argument, struct err *err)
{
	return duration_parse(argument, &options->cluster.ready_after_ms, err);
}

/* Cuts "A=B" at the last `separator`; NULL if either part is missing. */
static char *cut(char *text, char separator)
{
	char *at = strrchr(text, separator);

	if (!at || at == text || !at[1])
		return NULL;
	*at = '\0';
	return at + 1;
}

static int read_fail_image(struct options *options, char *argument, struct err *err)
{
	const char *reason = cut(argument, '=');
	size_t count = options->cluster.fail_image_count;

	if (!reason)
		return err_set(err, ERR_INVALID, "\"%s\" is not PATTERN=REASON", argument);
	options->fail_images =
		alloc_grow(options->fail_images, count + 1, sizeof(*options->fail_images));
	options->fail_images[count] = (struct fail_image){argument, reason};
	options->cluster.fail_images = options->fail_images;
	options->cluster.fail_image_count++;
	return 0;
}

static int read_deny(struct options *options, char *argument, struct err *err)
{
	struct rule rule;

	if (!rule_read(argument, &rule))
		return err_set(err, ERR_INVALID, "\"%s\" is not VERB:RESOURCE", argument);
	options->denials =
		alloc_grow(options->denials, options->denial_count + 1, sizeof(*options->denials));
	options->denials[options->denial_count++] = rule;
	return 0;
}

static int read_fault(struct options *options, char *argument, struct err *err)
{
	return faults_add(&options->faults, argument, err);
}

static int read_history(struct options *options, char *argument, struct err *err)
{
	unsigned long history;

	if (read_number(argument, MAX_HISTORY, &history, err) < 0)
		return -1;
	options->cluster.history = history ? history : 1;
	return 0;
}

static int set_no_controllers(struct options *options, char *argument, struct err *err)
{
	(void)argument;
	(void)err;
	options->cluster.no_controllers = true;
	return 0;
}

static int set_plain_http(struct options *options, char *argument, struct err *err)
{
	(void)argument;
	(void)err;
	options->http.plain = true;
	return 0;
}

static int read_parent_death(struct options *options, char *argument, struct err *err)
{
	options->parent_death = strcmp(argument, "true") == 0;
	if (!options->parent_death && strcmp(argument, "false") != 0)
		return err_set(err, ERR_INVALID, "\"%s\" is neither true nor false", argument);
	return 0;
}

static int set_verbose(struct options *options, char *argument, struct err *err)
{
	(void)argument;
	(void)err;
	options->http.verbose = true;
	return 0;
}

static int set_help(struct options *options, char *argument, struct err *err)
{
	(void)argument;
	(void)err;
	options->help = true;
	return 0;
}

static int set_version(struct options *options, char *argument, struct err *err)
{
	(void)argument;
	(void)err;
	options->version = true;
	return 0;
}

static const struct option known[] = {
	{"--port", "N", "listen on 127.0.0.1:N; 0, the default, takes one that is free", read_port},
	{"--kubeconfig", "FILE", "write a kubeconfig there as soon as requests are answered",
	 read_kubeconfig},
	{"--ready-after", "DURATION", "how long a Pod takes from its start to Ready; default 1s",
	 read_ready_after},
	{"--fail-image", "PATTERN=REASON",
	 "containers whose image matches never start, for this reason\n"
	 "(ImagePullBackOff, CrashLoopBackOff, ...); can be repeated",
	 read_fail_image},
	{"--deny", "VERB:RESOURCE", "answer 403 to such requests, \"*\" for any; can be repeated",
	 read_deny},
	{"--fault", "FAULT",
	 "ACTION[@VERB:RESOURCE[:NAMESPACE]][*TIMES]: let requests fail; the actions are\n"
	 "400 to 599, refuse, lose, cut=BYTES, delay=TIME, hang and hold; can be\n"
	 "repeated; PUT /kubesim/faults changes them, one a line, at run time",
	 read_fault},
	{"--history", "N", "changes that a watch can resume from; default 4096", read_history},
	{"--no-controllers", NULL, "no StatefulSet controller, no kubelet", set_no_controllers},
	{"--plain-http", NULL, "no TLS, no token", set_plain_http},
	{"--parent-death", "BOOL", "end when the parent process ends; default true",
	 read_parent_death},
	{"--verbose", NULL, "log each request on stderr", set_verbose},
	{"--help", NULL, "show this", set_help},
	{"--version", NULL, "show the version of Kubernetes that it says it is", set_version},
};

/* --- reading --------------------------------------------------------------------------------- */

/* The option that `text` names, as --name or --name=value; *ret_value is the latter's value. */
static const struct option *find(char *text, char **ret_value)
{
	size_t length = strcspn(text, "=");

	*ret_value = text[length] ? text + length + 1 : NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) == length && strncmp(known[i].name, text, length) == 0)
			return &known[i];
	}
	return NULL;
}

static int read_one(struct options *options, char **argv, int *at, struct err *err)
{
	char *value;
	const struct option *option = find(argv[*at], &value);

	if (!option)
		return err_set(err, ERR_INVALID, "unknown option \"%s\"; see --help", argv[*at]);
	if (!option->argument && value)
		return err_set(err, ERR_INVALID, "%s takes no value", option->name);
	if (option->argument && !value)
		value = argv[++*at];
	if (option->argument && !value)
		return err_set(err, ERR_INVALID, "%s needs %s", option->name, option->argument);
	if (option->read(options, value, err) < 0)
		return err_prefix(err, "%s", option->name);
	return 0;
}

int options_read(int argc, char **argv, struct options *ret_options, struct err *err)
{
	CLEANUP(options_release)
	struct options options = {
		.cluster.ready_after_ms = DEFAULT_READY_AFTER_MS,
		.parent_death = true,
	};

	for (int i = 1; i < argc; i++) {
		if (read_one(&options, argv, &i, err) < 0)
			return -1;
	}
	*ret_options = options;
	options = (struct options){0};
	return 0;
}

void options_release(struct options *options)
{
	free(options->fail_images);
	free(options->denials);
	faults_release(&options->faults);
	*options = (struct options){0};
}

void options_print_help(FILE *to)
{
	fputs("kubesim is a Kubernetes API server small enough to start in milliseconds, with a\n"
	      "StatefulSet controller and a kubelet that only pretends. kubectl works against "
	      "it.\n\n"
	      "  kubesim --kubeconfig /tmp/kubesim.yaml &\n"
	      "  kubectl --kubeconfig /tmp/kubesim.yaml get all\n\n",
	      to);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *line = known[i].help;
		int width = fprintf(to, "  %s %s", known[i].name,
				    known[i].argument ? known[i].argument : "");

		for (;;) {
			size_t length = strcspn(line, "\n");

			fprintf(to, "%*s%.*s\n", width < 32 ? 32 - width : 2, "", (int)length,
				line);
			if (!line[length])
				break;
			line += length + 1;
			width = 0;
		}
	}
}

#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include "agent/session.h"
#include "diff/render.h"

/* A fetch, and how it ended. */
struct reading {
	struct fetched fetched;
	struct err err;
};

static void reading_release(struct reading *reading)
{
	fetched_release(&reading->fetched);
}

static void on_fetched(void *context, struct fetched *fetched, const struct err *err)
{
	struct reading *reading = context;

	reading->err = *err;
	reading->fetched = *fetched;
	*fetched = (struct fetched){0};
}

static int show(const struct reading *reading, const struct options *options)
{
	const struct findings *findings = &reading->fetched.findings;
	const struct snapshot *snapshot = &reading->fetched.snapshot;
	CLEANUP(buf_release) struct buf text = BUF_INIT(FINDINGS_MAX_BYTES);
	struct err err;

	if (strcmp(options->output, "json") != 0) {
		findings_print(findings, &text);
	} else if (render_findings_json(findings, snapshot->revision, snapshot->count, &text,
					&err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	return print_result(&text);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_summary(const struct reading *reading)
{
	const struct findings *findings = &reading->fetched.findings;
	const struct snapshot *snapshot = &reading->fetched.snapshot;
	size_t errors = findings->error_count, warnings = findings->count - errors;

	fprintf(stderr, "%zu error%s, %zu warning%s in %zu file%s%s%s\n", errors, plural(errors),
		warnings, plural(warnings), snapshot->count, plural(snapshot->count),
		*snapshot->revision ? ", at " : "", snapshot->revision);
}

int command_validate(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(reading_release) struct reading reading = {0};
	const char *namespace = options->namespace ? options->namespace : "";
	struct fetch *fetch;
	int code = session_open_offline(&session, options, namespace);

	if (code != EXIT_OK)
		return code;
	if (fetch_start(session.loop, session.app.source, NULL, namespace, on_fetched, &reading,
			&fetch, &reading.err) == 0)
		session_run(&session);
	if (reading.err.class != ERR_NONE) {
		tell_error(&reading.err);
		return reading.err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_SOURCE;
	}
	code = show(&reading, options);
	if (code != EXIT_OK)
		return code;
	print_summary(&reading);
	return reading.fetched.findings.error_count ? EXIT_DIFFERENT : EXIT_OK;
}

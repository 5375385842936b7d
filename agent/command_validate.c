#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include "agent/session.h"
#include "diff/render.h"

static int show(const struct fetched *fetched, const struct options *options)
{
	const struct findings *findings = &fetched->findings;
	const struct snapshot *snapshot = &fetched->snapshot;
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

static void print_summary(const struct fetched *fetched)
{
	const struct findings *findings = &fetched->findings;
	const struct snapshot *snapshot = &fetched->snapshot;
	size_t errors = findings->error_count, warnings = findings->count - errors;

	fprintf(stderr, "%zu error%s, %zu warning%s in %zu file%s%s%s\n", errors, plural(errors),
		warnings, plural(warnings), snapshot->count, plural(snapshot->count),
		*snapshot->revision ? ", at " : "", snapshot->revision);
}

int command_validate(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(fetched_release) struct fetched fetched = {0};
	const char *namespace = options->namespace ? options->namespace : "";
	int code = session_open_offline(&session, options, namespace);

	if (code == EXIT_OK)
		code = session_fetch(&session, &fetched);
	if (code == EXIT_OK)
		code = show(&fetched, options);
	if (code != EXIT_OK)
		return code;
	print_summary(&fetched);
	return fetched.findings.error_count ? EXIT_DIFFERENT : EXIT_OK;
}

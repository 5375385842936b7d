#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include "agent/config_load.h"
#include "agent/config_schema.h"
#include "agent/session.h"
#include "diff/render.h"

static int show(const struct findings *findings, const char *revision, size_t file_count,
		const struct options *options)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(FINDINGS_MAX_BYTES);
	struct err err;

	if (strcmp(options->output, "json") != 0) {
		findings_print(findings, &text);
	} else if (render_findings_json(findings, revision, file_count, &text, &err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	return print_result(&text);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_summary(const struct findings *findings, const char *revision, size_t file_count)
{
	size_t errors = findings->error_count, warnings = findings->count - errors;

	fprintf(stderr, "%zu error%s, %zu warning%s in %zu file%s%s%s\n", errors, plural(errors),
		warnings, plural(warnings), file_count, plural(file_count),
		*revision ? ", at " : "", revision);
}

/* Shows what was found, and ends as it deserves. */
static int report(const struct findings *findings, const char *revision, size_t file_count,
		  const struct options *options)
{
	int code = show(findings, revision, file_count, options);

	if (code != EXIT_OK)
		return code;
	print_summary(findings, revision, file_count);
	return findings->error_count ? EXIT_DIFFERENT : EXIT_OK;
}

static int validate_config(const struct options *options)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	if (config_load(options, &config, &findings, &err) < 0 && !findings.error_count) {
		tell_error(&err);
		return err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_SOURCE;
	}
	return report(&findings, "", 1, options);
}

static int print_schema(void)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CONFIG_SCHEMA_MAX_BYTES);
	struct err err;

	if (config_schema_print(&text, &err) == 0)
		return print_result(&text);
	tell_error(&err);
	return EXIT_INTERNAL;
}

int command_validate(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(fetched_release) struct fetched fetched = {0};
	const char *namespace = options->namespace ? options->namespace : "";

	if (options->config_schema)
		return print_schema();
	if (options->config)
		return validate_config(options);
	int code = session_open_offline(&session, options, namespace);
	if (code == EXIT_OK)
		code = session_fetch(&session, &fetched);
	if (code != EXIT_OK)
		return code;
	return report(&fetched.findings, fetched.snapshot.revision, fetched.snapshot.count,
		      options);
}

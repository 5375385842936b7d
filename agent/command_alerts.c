#include "agent/commands.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config_load.h"
#include "agent/link.h"
#include "agent/log.h"
#include "agent/notices.h"
#include "agent/session.h"

#define TEST_MS        20000
#define MAX_TEXT_BYTES 65536

/* The kinds, from the table. */
static int print_kinds(void)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);

	notice_print_kinds(&text);
	return print_result(&text);
}

/* --- a test ----------------------------------------------------------------------------------- */

/* The first cluster, for Events; NULL where there is none. */
static struct cluster *cluster_of(void *context, const char *app)
{
	const struct link *link = context;

	(void)app;
	return link ? link->cluster : NULL;
}

static void on_flushed(void *context)
{
	session_stop(context);
}

/* A line a sink; whether all have taken it. */
static bool report(const struct notices *notices, const char *name, struct buf *out)
{
	bool all = true;

	for (size_t i = 0; i < notices_sink_count(notices); i++) {
		const struct notices_count count = notices_count(notices, i);

		if (name && strcmp(name, count.sink) != 0)
			continue;
		buf_printf(out, "%s (%s): ", count.sink, count.type);
		if (count.sent && !count.failing)
			buf_puts(out, "sent\n");
		else
			buf_printf(out, "%s%s\n", count.sent ? "sent, but " : "NOT sent: ",
				   count.failing ? count.error : "no answer in time");
		all &= count.sent && !count.failing;
	}
	return all;
}

/* There is none of that name, or none at all. */
static void refuse_name(const struct config *config, const char *name, struct err *err)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT(MAX_TEXT_BYTES);

	for (size_t i = 0; i < config->sink_count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", config->sinks[i].name);
	if (config->sink_count == 0)
		err_set(err, ERR_INVALID, "there are no sinks: alerts.sinks lists them");
	else
		err_set(err, ERR_INVALID, "there is no sink \"%s\"; there are: %s", name,
			buf_str(&names));
}

static int send_test(struct session *session, struct link *link, const struct config *config,
		     const char *name, struct err *err)
{
	CLEANUP(notices_free_p) struct notices *notices = NULL;
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);
	const struct notices_options options = {
		.loop = session->loop, .cluster_of = cluster_of, .context = link};

	if (notices_new(&options, &notices, err) < 0 ||
	    notices_configure(notices, config->sinks, config->sink_count, err) < 0) {
		tell_error(err);
		return EXIT_INTERNAL;
	}
	if (notices_test(notices, name) == 0) {
		refuse_name(config, name, err);
		tell_error(err);
		return EXIT_USAGE;
	}
	notices_flush(notices, TEST_MS, on_flushed, session);
	session_run(session);
	bool all = report(notices, name, &text);
	int code = print_result(&text);
	return code == EXIT_OK && !all ? EXIT_DIFFERENT : code;
}

/* Of Events alone: without a cluster the other sinks are tested all the same. */
static struct link *open_cluster(struct session *session, const struct config *config,
				 const char *name)
{
	struct link *link = NULL;
	struct err err;

	for (size_t i = 0; i < config->sink_count; i++)
		if (config->sinks[i].type == SINK_EVENTS && !link && config->cluster_count &&
		    (!name || strcmp(name, config->sinks[i].name) == 0) &&
		    link_new(session->loop, &config->clusters[0], &link, &err) < 0)
			tell_error(&err);
	return link;
}

static int test(const struct options *options)
{
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(link_free_p) struct link *link = NULL;
	struct err err;

	if (!options->config) {
		err_set(&err, ERR_INVALID, "'tranche alerts test' wants --config FILE");
		tell_error(&err);
		return EXIT_USAGE;
	}
	if (config_load(options, &config, &findings, &err) < 0) {
		print_findings(&findings);
		if (!findings.error_count)
			tell_error(&err);
		return err.class == ERR_INVALID ? EXIT_USAGE : EXIT_SOURCE;
	}
	int code = session_open_bare(&session);
	if (code != EXIT_OK)
		return code;
	log_setup(LOG_ERROR, LOG_TEXT); /* what goes wrong is in the result */
	link = open_cluster(&session, &config, options->sink);
	return send_test(&session, link, &config, options->sink, &err);
}

int command_alerts(const struct options *options)
{
	struct err err;

	if (!options->name)
		return print_kinds();
	if (strcmp(options->name, "test") == 0)
		return test(options);
	err_set(&err, ERR_INVALID, "'tranche alerts' takes \"test\" or nothing, not \"%s\"",
		options->name);
	tell_error(&err);
	return EXIT_USAGE;
}

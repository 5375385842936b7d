#include "agent/reload.h"

#include <stdlib.h>

#include "agent/config_load.h"
#include "agent/config_watch.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "apply/clock.h"

struct reload {
	struct reload_options options;
	struct config_watch *watch;
};

static void log_findings(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(65536);
		bool is_error = findings->items[i].level == FINDING_ERROR;

		finding_print(&findings->items[i], &line);
		log_line(is_error ? LOG_ERROR : LOG_WARNING, NULL, "%s", buf_str(&line));
	}
}

static void read_file(struct reload *reload, bool is_first)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	const struct reload_options *options = &reload->options;
	struct err err;
	int result = config_load(options->options, &config, &findings, &err);

	if (!is_first || result < 0) { /* else they have been told, and it is no other */
		log_findings(&findings);
		metrics_add(METRIC_CONFIG_RELOADS, 1, LABELS(result == 0 ? "success" : "failure"));
	}
	if (result == 0) {
		metrics_set(METRIC_CONFIG_RELOADED_AT, (double)clock_unix_ms() / 1000, NO_LABELS);
		options->on_config(options->context, &config);
		return;
	}
	if (!findings.error_count)
		log_line(LOG_ERROR, NULL, "%s", err.message);
	log_line(LOG_ERROR, NULL, "the configuration before it stays in force");
	options->on_refused(options->context, err.message);
}

void reload_now(struct reload *reload)
{
	read_file(reload, false);
}

void reload_check(struct reload *reload)
{
	read_file(reload, true);
}

static void on_change(void *context, struct config_watch *watch)
{
	const char *trouble = config_watch_trouble(watch);

	if (trouble)
		log_line(LOG_DEBUG, NULL, "%s", trouble);
	reload_now(context);
}

int reload_new(const struct reload_options *options, struct reload **ret_reload, struct err *err)
{
	struct reload *reload = calloc(1, sizeof(*reload));

	if (!reload)
		return err_no_memory(err);
	reload->options = *options;
	const struct config_watch_options watch_options = {
		.loop = options->loop,
		.on_change = on_change,
		.context = reload,
	};
	if (config_watch_new(&watch_options, &reload->watch, err) < 0 ||
	    config_watch_set(reload->watch, &options->options->config, 1, err) < 0) {
		reload_free(reload);
		return -1;
	}
	metrics_set(METRIC_CONFIG_RELOADED_AT, (double)clock_unix_ms() / 1000, NO_LABELS);
	*ret_reload = reload;
	return 0;
}

void reload_free(struct reload *reload)
{
	if (!reload)
		return;
	config_watch_free(reload->watch);
	free(reload);
}

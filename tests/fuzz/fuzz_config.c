/* A configuration is refused with findings that have places, or is whole: what refers leads somewhere. */
#include <string.h>

#include "agent/config_read.h"

#include "tests/fuzz/fuzz.h"

static void check_apps(const struct config *config)
{
	for (size_t i = 0; i < config->app_count; i++) {
		const struct config_app *app = &config->apps[i];

		must(app->name && app->repo && app->line);
		must(config_find_app(config, app->name) == app);
		must(app->cluster && config_find_cluster(config, app->cluster));
		must(app->interval_ms > 0 && app->fetch_ms > 0);
		must(app->prune.limit_percent >= 1 && app->prune.limit_percent <= 100);
		for (size_t j = 0; j < app->depends_on.count; j++)
			must(config_find_app(config, app->depends_on.items[j]));
	}
}

static void check_sinks(const struct config *config)
{
	for (size_t i = 0; i < config->sink_count; i++) {
		const struct config_sink *sink = &config->sinks[i];

		must(sink->name && sink->severity && sink->reminder_ms >= 0);
		must(!(sink->url && sink->url_file));
		must((sink->type == SINK_COMMAND) == (sink->command.count > 0));
		for (size_t j = 0; j < sink->apps.count; j++)
			must(config_find_app(config, sink->apps.items[j]));
	}
}

static void check_copies(const struct config *config)
{
	must(config_equal(config, config));
	for (size_t i = 0; i < config->app_count; i++) {
		CLEANUP(config_app_release) struct config_app copy = {0};
		struct err err;

		must(config_app_copy(&config->apps[i], &copy, &err) == 0);
		must(config_app_equal(&config->apps[i], &copy));
	}
}

int fuzz_config(const uint8_t *data, size_t size)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	if (config_read((const char *)data, size, "etc/c", &config, &findings, &err) < 0) {
		must(err.class == ERR_INVALID && findings.error_count > 0);
		must(findings.count <= CONFIG_MAX_FINDINGS + 1 && !config.clusters);
		return 0;
	}
	must(findings.error_count == 0 && config.cluster_count > 0);
	check_apps(&config);
	check_sinks(&config);
	check_copies(&config);
	return 0;
}

/*
 * metrics.h - what is counted and measured, as Prometheus reads it.
 *
 * One table (metrics_table.c) has every metric: its name, type, labels and help; docs/metrics.md is
 * checked against it. Process-wide, like the log; used from the loop's thread only. Nothing here
 * fails: where memory runs out or a metric has too many series, a value is missing.
 *
 * Written as OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/) to who asks
 * for it, else as Prometheus text 0.0.4.
 */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/buf.h"

#define METRICS_MAX_LABELS     5
#define METRICS_MAX_SERIES     50000 /* of one metric */
#define METRICS_MAX_COLLECTORS 8
#define METRICS_MAX_BYTES      (32u * 1024 * 1024) /* of what is written */

enum metric {
	/* the agent */
	METRIC_BUILD,
	METRIC_LEADER,
	METRIC_LEADER_CHANGES,
	METRIC_CONFIG_RELOADS,
	METRIC_CONFIG_RELOADED_AT,
	METRIC_LOOP_STALL,
	/* apps */
	METRIC_APP,
	METRIC_SUSPENDED,
	METRIC_SYNCS,
	METRIC_SYNC_DURATION,
	METRIC_SYNCED_AT,
	METRIC_FETCHES,
	METRIC_FETCH_DURATION,
	METRIC_OBJECTS,
	METRIC_DRIFTED,
	METRIC_CONDITIONS,
	/* rollouts */
	METRIC_ROLLOUT_PHASE,
	METRIC_ROLLOUT_PARTITION,
	METRIC_ROLLOUT_TARGET,
	METRIC_ROLLOUT_REPLICAS,
	METRIC_ROLLOUT_PODS,
	METRIC_ROLLOUT_AVAILABLE,
	/* alerts */
	METRIC_ALERTS,
	METRIC_ALERTS_QUEUED,
	/* the cluster */
	METRIC_REQUESTS,
	METRIC_REQUEST_DURATION,
	/* who asks the agent */
	METRIC_WEBHOOKS,
	METRIC_HTTP_REQUESTS,
	METRIC_HTTP_CONNECTIONS,
	/* the process, by the names that every exporter uses */
	METRIC_PROCESS_CPU,
	METRIC_PROCESS_RSS,
	METRIC_PROCESS_VIRTUAL,
	METRIC_PROCESS_FDS,
	METRIC_PROCESS_MAX_FDS,
	METRIC_PROCESS_START,
};
#define METRIC_COUNT (METRIC_PROCESS_START + 1)

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_INFO };

struct metric_row {
	const char *name; /* of the family: without _total, _info */
	enum metric_type type;
	const char *labels[METRICS_MAX_LABELS + 1]; /* NULL ends them */
	const char *help;
	bool at_scrape; /* its values are set by collectors, anew for each scrape */
};
extern const struct metric_row metrics_table[METRIC_COUNT];

/*
 * Values of a metric's labels, in the table's order: metrics_add(METRIC_SYNCS, 1, LABELS(app,
 * result))
 */
#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_LABELS   ((const char *const *)NULL)

/* Counts. */
void metrics_add(enum metric metric, double amount, const char *const *labels);

/* Notes one value of a histogram. */
void metrics_observe(enum metric metric, double value, const char *const *labels);

/*
 * Sets a gauge, or an info (to 1). One that is set at the scrape must be set once for the same
 * labels.
 */
void metrics_set(enum metric metric, double value, const char *const *labels);

/* An app is gone: so is everything whose label "app" is that. */
void metrics_forget_app(const char *app);

/*
 * `collect` is called before each scrape and calls metrics_set for what it knows, until it is
 * removed by its context.
 */
void metrics_collector(void (*collect)(void *context), void *context);
void metrics_collector_remove(void *context);

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

/* What an Accept header asks for, and the content type of that. */
enum metrics_format metrics_format_of(const char *accept);
const char *metrics_content_type(enum metrics_format format);

/* A scrape. */
void metrics_print(enum metrics_format format, struct buf *out);

/* "tranche_syncs_total": how a counter is named in queries and docs. Appends it. */
void metrics_print_name(enum metric metric, struct buf *out);

/* Forgets all values and collectors. */
void metrics_clear(void);

#endif

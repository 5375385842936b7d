/* Metrics: both formats to the letter, what is asked for, and that docs/metrics.md has every row of the table. */
#include "agent/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/file.h"

#define MAX (1024u * 1024)

/* The lines about one family. */
static void print_only(enum metrics_format format, const char *name, struct buf *out)
{
	CLEANUP(buf_release) struct buf all = BUF_INIT(MAX);
	size_t length = strlen(name);

	metrics_print(format, &all);
	for (char *line = strtok(all.data, "\n"); line; line = strtok(NULL, "\n")) {
		const char *at = line;

		if (*at == '#' && (at = strchr(line + 2, ' ')))
			at++;
		if (at && strncmp(at, name, length) == 0)
			buf_printf(out, "%s\n", line);
	}
}

static void assert_printed(enum metrics_format format, const char *name, const char *expected)
{
	CLEANUP(buf_release) struct buf seen = BUF_INIT(MAX);

	print_only(format, name, &seen);
	assert_string_equal(buf_str(&seen), expected);
}

static void test_counter(void **state)
{
	(void)state;
	metrics_clear();
	metrics_add(METRIC_REQUESTS, 1, LABELS("GET", "200"));
	metrics_add(METRIC_REQUESTS, 2, LABELS("PUT", "409"));
	metrics_add(METRIC_REQUESTS, 41, LABELS("GET", "200"));
	metrics_add(METRIC_REQUESTS, 1, LABELS("one label too few"));
	metrics_add(METRIC_REQUESTS, 1, NO_LABELS);
	assert_printed(METRICS_TEXT, "tranche_kubernetes_requests",
		       "# TYPE tranche_kubernetes_requests_total counter\n"
		       "# HELP tranche_kubernetes_requests_total Requests to the API servers by "
		       "method and "
		       "status; code 0: no answer\n"
		       "tranche_kubernetes_requests_total{verb=\"GET\",code=\"200\"} 42\n"
		       "tranche_kubernetes_requests_total{verb=\"PUT\",code=\"409\"} 2\n");
	assert_printed(METRICS_OPENMETRICS, "tranche_kubernetes_requests",
		       "# TYPE tranche_kubernetes_requests counter\n"
		       "# HELP tranche_kubernetes_requests Requests to the API servers by method "
		       "and status; "
		       "code 0: no answer\n"
		       "tranche_kubernetes_requests_total{verb=\"GET\",code=\"200\"} 42\n"
		       "tranche_kubernetes_requests_total{verb=\"PUT\",code=\"409\"} 2\n");
}

static void test_histogram(void **state)
{
	(void)state;
	metrics_clear();
	metrics_observe(METRIC_SYNC_DURATION, 0.01, LABELS("a"));
	metrics_observe(METRIC_SYNC_DURATION, 0.3, LABELS("a"));
	metrics_observe(METRIC_SYNC_DURATION, 1000, LABELS("a"));
	assert_printed(METRICS_OPENMETRICS, "tranche_sync_duration_seconds",
		       "# TYPE tranche_sync_duration_seconds histogram\n"
		       "# UNIT tranche_sync_duration_seconds seconds\n"
		       "# HELP tranche_sync_duration_seconds How long a pass over the whole app "
		       "took, its fetch "
		       "included\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"0.01\"} 1\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"0.05\"} 1\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"0.1\"} 1\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"0.25\"} 1\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"0.5\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"1\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"2.5\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"5\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"10\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"30\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"60\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"300\"} 2\n"
		       "tranche_sync_duration_seconds_bucket{app=\"a\",le=\"+Inf\"} 3\n"
		       "tranche_sync_duration_seconds_sum{app=\"a\"} 1000.31\n"
		       "tranche_sync_duration_seconds_count{app=\"a\"} 3\n");
}

static void collect_drifted(void *context)
{
	metrics_set(METRIC_DRIFTED, 3, LABELS(context));
}

/* What is said of an app goes with it; what is collected is there for one scrape. */
static void test_collectors(void **state)
{
	static const char head[] =
		"# TYPE tranche_drifted_objects gauge\n"
		"# HELP tranche_drifted_objects Objects that somebody else changed since "
		"they were applied\n";
	CLEANUP(buf_release) struct buf expected = BUF_INIT(MAX);
	char odd[] = "a\\b\"c\nd\xff";

	(void)state;
	metrics_clear();
	metrics_collector(collect_drifted, odd);
	buf_printf(&expected, "%stranche_drifted_objects{app=\"a\\\\b\\\"c\\nd\xef\xbf\xbd\"} 3\n",
		   head);
	assert_printed(METRICS_TEXT, "tranche_drifted", buf_str(&expected));
	assert_printed(METRICS_TEXT, "tranche_drifted", buf_str(&expected)); /* once each time */
	metrics_collector_remove(odd);
	assert_printed(METRICS_TEXT, "tranche_drifted", head);

	metrics_observe(METRIC_SYNC_DURATION, 1, LABELS("gone"));
	metrics_add(METRIC_WEBHOOKS, 1, LABELS("gone", "x"));
	metrics_forget_app("gone");
	buf_clear(&expected);
	print_only(METRICS_TEXT, "tranche_sync_duration_seconds", &expected);
	assert_null(strstr(buf_str(&expected), "gone"));
	buf_clear(&expected);
	print_only(METRICS_TEXT, "tranche_webhooks", &expected);
	assert_non_null(strstr(buf_str(&expected), "gone"));
}

static void test_negotiation(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} cases[] = {
		{"", METRICS_TEXT},
		{"*/*", METRICS_TEXT},
		{"text/plain", METRICS_TEXT},
		{"text/html,application/xhtml+xml,*/*;q=0.8", METRICS_TEXT},
		{"application/openmetrics-text", METRICS_OPENMETRICS},
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		 "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 METRICS_OPENMETRICS},
		{"text/plain;q=0.9, Application/OpenMetrics-Text; q=0.5", METRICS_TEXT},
		{"text/plain;q=0.5 , application/openmetrics-text ; q=0.9", METRICS_OPENMETRICS},
		{"application/openmetrics-text;q=0", METRICS_TEXT},
		{"application/openmetrics-texts", METRICS_TEXT},
		{"application/openmetrics-text;", METRICS_OPENMETRICS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (metrics_format_of(cases[i].accept) != cases[i].format)
			fail_msg("\"%s\": expected %s", cases[i].accept,
				 metrics_content_type(cases[i].format));
}

/* Names and help are what the conventions ask for: base units, _total only where it is added. */
static void test_table(void **state)
{
	(void)state;
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
		const struct metric_row *row = &metrics_table[metric];
		size_t length = row->name ? strlen(row->name) : 0;

		assert_non_null(row->name);
		assert_non_null(row->help);
		assert_true(length > strlen("_total"));
		assert_string_not_equal(row->name + length - strlen("_total"), "_total");
		assert_null(strstr(row->name, "milli"));
		for (enum metric other = 0; other < metric; other++)
			assert_string_not_equal(row->name, metrics_table[other].name);
	}
}

/* | `tranche_syncs_total` | counter | `app`, `result` | ... | */
static void test_docs(void **state)
{
	static const char *const types[] = {"counter", "gauge", "histogram", "info"};
	CLEANUP(buf_release) struct buf docs = BUF_INIT(MAX);
	size_t rows = 0;

	(void)state;
	read_file("docs/metrics.md", &docs);
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
		CLEANUP(buf_release) struct buf row = BUF_INIT(MAX);

		buf_puts(&row, "| `");
		metrics_print_name(metric, &row);
		buf_printf(&row, "` | %s |", types[metrics_table[metric].type]);
		for (size_t i = 0; metrics_table[metric].labels[i]; i++)
			buf_printf(&row, "%s `%s`", i ? "," : "", metrics_table[metric].labels[i]);
		buf_printf(&row, " | %s |\n", metrics_table[metric].help);
		if (!strstr(buf_str(&docs), buf_str(&row)))
			fail_msg("docs/metrics.md lacks this row:\n%s", buf_str(&row));
	}
	for (const char *at = buf_str(&docs); (at = strstr(at, "\n| `tranche_")); at++)
		rows++;
	for (const char *at = buf_str(&docs); (at = strstr(at, "\n| `process_")); at++)
		rows++;
	assert_int_equal(rows, METRIC_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counter),    cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_collectors), cmocka_unit_test(test_negotiation),
		cmocka_unit_test(test_table),      cmocka_unit_test(test_docs),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	metrics_clear();
	return failed;
}

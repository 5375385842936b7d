#include "agent/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diff/cleanup.h"
#include "diff/text.h"

#define NUMBER_SIZE 32

static const double bounds[] = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
#define BOUND_COUNT (sizeof(bounds) / sizeof(bounds[0]))

struct histogram {
	double counts[BOUND_COUNT + 1]; /* of each bucket alone; the last is up to infinity */
	double sum;
};

struct series {
	char *labels; /* the values, each with its NUL */
	double value;
	struct histogram *histogram; /* NULL but for those */
};

struct family {
	struct series *series;
	size_t count, capacity;
};

static struct {
	struct family families[METRIC_COUNT];
	struct {
		void (*collect)(void *context);
		void *context;
	} collectors[METRICS_MAX_COLLECTORS];
	size_t collector_count;
} registry;

/* --- series ---------------------------------------------------------------------------------- */

static size_t count_labels(const char *const *labels)
{
	size_t count = 0;

	while (labels && labels[count])
		count++;
	return count;
}

static void series_release(struct series *series)
{
	free(series->labels);
	free(series->histogram);
}

static void family_clear(struct family *family)
{
	for (size_t i = 0; i < family->count; i++)
		series_release(&family->series[i]);
	family->count = 0;
}

static char *join(const char *const *labels, size_t count)
{
	size_t size = 1;
	char *joined, *end;

	for (size_t i = 0; i < count; i++)
		size += strlen(labels[i]) + 1;
	joined = end = malloc(size);
	for (size_t i = 0; joined && i < count; i++)
		end = stpcpy(end, labels[i]) + 1;
	return joined;
}

static bool has_labels(const struct series *series, const char *const *labels, size_t count)
{
	const char *own = series->labels;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(own, labels[i]) != 0)
			return false;
		own += strlen(own) + 1;
	}
	return true;
}

static struct series *family_add(struct family *family, const char *const *labels, size_t count,
				 bool is_histogram)
{
	struct series series = {.labels = join(labels, count)};

	if (is_histogram)
		series.histogram = calloc(1, sizeof(*series.histogram));
	if (family->count == family->capacity) {
		size_t capacity = family->capacity ? 2 * family->capacity : 4;
		struct series *grown = realloc(family->series, capacity * sizeof(*grown));

		if (grown) {
			family->series = grown;
			family->capacity = capacity;
		}
	}
	if (!series.labels || (is_histogram && !series.histogram) ||
	    family->count == family->capacity || family->count == METRICS_MAX_SERIES) {
		series_release(&series);
		return NULL;
	}
	family->series[family->count] = series;
	return &family->series[family->count++];
}

/* The series with these labels, made if it is new; NULL if that cannot be. */
static struct series *find(enum metric metric, const char *const *labels)
{
	const struct metric_row *row = &metrics_table[metric];
	struct family *family = &registry.families[metric];
	size_t count = count_labels(labels);

	if (count != count_labels(row->labels))
		return NULL;
	/* What is set at the scrape is set once: with hundreds of apps looking would cost more. */
	for (size_t i = 0; !row->at_scrape && i < family->count; i++)
		if (has_labels(&family->series[i], labels, count))
			return &family->series[i];
	return family_add(family, labels, count, row->type == METRIC_HISTOGRAM);
}

void metrics_add(enum metric metric, double amount, const char *const *labels)
{
	struct series *series = find(metric, labels);

	if (series)
		series->value += amount;
}

void metrics_observe(enum metric metric, double value, const char *const *labels)
{
	struct series *series = find(metric, labels);
	size_t bucket = 0;

	if (!series || !series->histogram)
		return;
	while (bucket < BOUND_COUNT && value > bounds[bucket])
		bucket++;
	series->histogram->counts[bucket]++;
	series->histogram->sum += value;
}

void metrics_set(enum metric metric, double value, const char *const *labels)
{
	struct series *series = find(metric, labels);

	if (series)
		series->value = value;
}

static int app_label(enum metric metric)
{
	for (int i = 0; metrics_table[metric].labels[i]; i++)
		if (strcmp(metrics_table[metric].labels[i], "app") == 0)
			return i;
	return -1;
}

static const char *label_at(const struct series *series, int index)
{
	const char *value = series->labels;

	while (index-- > 0)
		value += strlen(value) + 1;
	return value;
}

void metrics_forget_app(const char *app)
{
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
		struct family *family = &registry.families[metric];
		int label = app_label(metric);
		size_t kept = 0;

		for (size_t i = 0; label >= 0 && i < family->count; i++) {
			if (strcmp(label_at(&family->series[i], label), app) == 0)
				series_release(&family->series[i]);
			else
				family->series[kept++] = family->series[i];
		}
		if (label >= 0)
			family->count = kept;
	}
}

void metrics_clear(void)
{
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
		family_clear(&registry.families[metric]);
		free(registry.families[metric].series);
		registry.families[metric] = (struct family){0};
	}
	registry.collector_count = 0;
}

/* --- collectors ------------------------------------------------------------------------------ */

void metrics_collector(void (*collect)(void *context), void *context)
{
	if (registry.collector_count == METRICS_MAX_COLLECTORS)
		return;
	registry.collectors[registry.collector_count].collect = collect;
	registry.collectors[registry.collector_count++].context = context;
}

void metrics_collector_remove(void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < registry.collector_count; i++)
		if (registry.collectors[i].context != context)
			registry.collectors[kept++] = registry.collectors[i];
	registry.collector_count = kept;
}

static void collect(void)
{
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
		if (metrics_table[metric].at_scrape)
			family_clear(&registry.families[metric]);
	for (size_t i = 0; i < registry.collector_count; i++)
		registry.collectors[i].collect(registry.collectors[i].context);
}

/* --- printing -------------------------------------------------------------------------------- */

static const char *const type_names[] = {"counter", "gauge", "histogram", "info"};

/* What the samples of a type have behind the family's name. */
static const char *const type_suffixes[] = {"_total", "", "", "_info"};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length > tail && strcmp(text + length - tail, end) == 0;
}

/* The fewest digits that read back the same; integers without a point. */
static const char *number(double value, char out[NUMBER_SIZE])
{
	if (isnan(value))
		return "NaN";
	if (isinf(value))
		return value > 0 ? "+Inf" : "-Inf";
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, NUMBER_SIZE, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return out;
}

/* A label's value, or the text of a HELP line, where quotes are escaped in OpenMetrics only. */
static void print_escaped(const char *text, bool quotes, struct buf *out)
{
	size_t left = strlen(text), size;
	uint32_t character;

	for (; left > 0; text += size, left -= size) {
		size = text_decode(text, left, &character);
		if (size == 0) {
			size = 1;
			buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
		} else if (*text == '\n') {
			buf_puts(out, "\\n");
		} else if (*text == '\\' || (*text == '"' && quotes)) {
			buf_putc(out, '\\');
			buf_putc(out, *text);
		} else {
			buf_append(out, text, size);
		}
	}
}

/* {app="shop",le="0.1"}; nothing where there are none. */
static void print_labels(const struct metric_row *row, const struct series *series, const char *le,
			 struct buf *out)
{
	const char *value = series->labels, *before = "{";

	for (size_t i = 0; row->labels[i]; i++) {
		buf_printf(out, "%s%s=\"", before, row->labels[i]);
		print_escaped(value, true, out);
		buf_putc(out, '"');
		value += strlen(value) + 1;
		before = ",";
	}
	if (le)
		buf_printf(out, "%sle=\"%s\"", before, le);
	if (le || *before == ',')
		buf_putc(out, '}');
}

static void print_sample(const struct metric_row *row, const char *suffix,
			 const struct series *series, const char *le, double value, struct buf *out)
{
	char text[NUMBER_SIZE];

	buf_printf(out, "%s%s", row->name, suffix);
	print_labels(row, series, le, out);
	buf_printf(out, " %s\n", number(value, text));
}

static void print_histogram(const struct metric_row *row, const struct series *series,
			    struct buf *out)
{
	const struct histogram *histogram = series->histogram;
	char text[NUMBER_SIZE];
	double count = 0;

	for (size_t i = 0; i <= BOUND_COUNT; i++) {
		count += histogram->counts[i];
		print_sample(row, "_bucket", series,
			     number(i < BOUND_COUNT ? bounds[i] : INFINITY, text), count, out);
	}
	print_sample(row, "_sum", series, NULL, histogram->sum, out);
	print_sample(row, "_count", series, NULL, count, out);
}

/*
 * OpenMetrics names the family; the older text names the samples of counters and knows no infos,
 * which are gauges there.
 */
static void print_head(const struct metric_row *row, enum metrics_format format, struct buf *out)
{
	bool open = format == METRICS_OPENMETRICS;
	const char *suffix = open ? "" : type_suffixes[row->type];
	const char *type = row->type == METRIC_INFO && !open ? "gauge" : type_names[row->type];

	buf_printf(out, "# TYPE %s%s %s\n", row->name, suffix, type);
	if (open && ends_with(row->name, "_seconds"))
		buf_printf(out, "# UNIT %s seconds\n", row->name);
	if (open && ends_with(row->name, "_bytes"))
		buf_printf(out, "# UNIT %s bytes\n", row->name);
	buf_printf(out, "# HELP %s%s ", row->name, suffix);
	print_escaped(row->help, open, out);
	buf_putc(out, '\n');
}

static void print_family(enum metric metric, enum metrics_format format, struct buf *out)
{
	const struct metric_row *row = &metrics_table[metric];
	const struct family *family = &registry.families[metric];

	print_head(row, format, out);
	for (size_t i = 0; i < family->count; i++) {
		const struct series *series = &family->series[i];

		if (row->type == METRIC_HISTOGRAM)
			print_histogram(row, series, out);
		else
			print_sample(row, type_suffixes[row->type], series, NULL,
				     row->type == METRIC_INFO ? 1 : series->value, out);
	}
}

void metrics_print(enum metrics_format format, struct buf *out)
{
	collect();
	for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
		print_family(metric, format, out);
	if (format == METRICS_OPENMETRICS)
		buf_puts(out, "# EOF\n");
}

void metrics_print_name(enum metric metric, struct buf *out)
{
	const struct metric_row *row = &metrics_table[metric];

	buf_printf(out, "%s%s", row->name, type_suffixes[row->type]);
}

/* --- what is asked for ----------------------------------------------------------------------- */

/* The quality of a media range's parameters, ";version=1.0.0;q=0.5" (RFC 9110 12.4.2). */
static double quality(const char *parameters, const char *end)
{
	for (const char *at = parameters; at < end; at++) {
		if (*at != ';')
			continue;
		at += 1 + strspn(at + 1, " \t");
		if ((*at == 'q' || *at == 'Q') && at[1] == '=')
			return strtod(at + 2, NULL);
	}
	return 1;
}

static double best_quality(const char *accept, const char *media_type)
{
	double best = 0;

	while (*accept) {
		const char *range = accept + strspn(accept, " \t,");
		const char *end = range + strcspn(range, ",");
		size_t length = strcspn(range, " \t;,");

		if (length == strlen(media_type) && strncasecmp(range, media_type, length) == 0)
			best = fmax(best, quality(range + length, end));
		accept = end;
	}
	return best;
}

enum metrics_format metrics_format_of(const char *accept)
{
	double open = best_quality(accept, "application/openmetrics-text");

	return open > 0 && open >= best_quality(accept, "text/plain") ? METRICS_OPENMETRICS
								      : METRICS_TEXT;
}

const char *metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}

#include "apply/owned.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "apply/refusal.h"
#include "apply/watch.h"
#include "diff/backoff.h"
#include "diff/cleanup.h"

/* One watch, or one that could not be. */
struct stream {
	struct owned *owned;
	const struct resource *resource;
	char *namespace;      /* "": all, or the resource has none */
	char *single;         /* NULL: all names */
	uint64_t watch;       /* 0: stopped ... */
	uint64_t retry;       /* ... until this timer ends */
	struct err forbidden; /* why; ERR_NONE: it is not that */
	bool flows;           /* its events come (watch.h) */
	bool needed;          /* while it is planned what is watched */
	struct stream *next;
};

struct owned_follower {
	struct owned *owned;
	struct owned_options options;
	struct owned_area *areas;
	char **texts; /* two an area: what its names point to */
	size_t area_count;
	struct owned_follower *next;
};

struct owned {
	struct cluster *cluster;
	struct stream *streams;
	struct owned_follower *followers;
	uint64_t random; /* for the jitter of retries */
};

static bool is_same_resource(const struct resource *a, const struct resource *b)
{
	return a == b || (strcmp(a->plural, b->plural) == 0 && strcmp(a->group, b->group) == 0 &&
			  strcmp(a->version, b->version) == 0);
}

static void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	cluster_cancel(stream->owned->cluster, stream->watch);
	cluster_cancel(stream->owned->cluster, stream->retry);
	free(stream->namespace);
	free(stream->single);
	free(stream);
}
DEFINE_FREE_P(struct stream, stream_free);

/* --- what a watch tells ----------------------------------------------------------------------- */

static bool any_wants(void *ctx, const char *namespace, const char *name)
{
	const struct stream *stream = ctx;

	for (struct owned_follower *to = stream->owned->followers; to; to = to->next)
		if (to->options.wants(to->options.ctx, stream->resource, namespace, name))
			return true;
	return false;
}

static void on_event(void *ctx, enum watch_event event, cJSON **object)
{
	struct stream *stream = ctx;
	const char *own_namespace = json_str(*object, "metadata.namespace");
	const char *namespace = own_namespace ? own_namespace : "";
	const char *name = json_str(*object, "metadata.name");

	if (strcmp(stream->resource->kind, "Secret") == 0) {
		json_remove_key(*object, "data");
		json_remove_key(*object, "stringData");
	}
	for (struct owned_follower *to = stream->owned->followers; to; to = to->next)
		if (to->options.wants(to->options.ctx, stream->resource, namespace, name))
			to->options.on_change(to->options.ctx, stream->resource, namespace, name,
					      event == WATCH_DELETED ? NULL : *object);
}

/* Whether the follower has something in the stream's part of the cluster. */
static bool is_concerned(const struct owned_follower *follower, const struct stream *stream)
{
	for (size_t i = 0; i < follower->area_count; i++) {
		const struct owned_area *area = &follower->areas[i];

		if (is_same_resource(area->resource, stream->resource) &&
		    (!*stream->namespace || strcmp(area->namespace, stream->namespace) == 0))
			return true;
	}
	return false;
}

static void tell_listed(const struct stream *stream, bool begins)
{
	for (struct owned_follower *to = stream->owned->followers; to; to = to->next)
		if (is_concerned(to, stream))
			to->options.on_listed(to->options.ctx, stream->resource, stream->namespace,
					      begins);
}

static int plan_streams(struct owned *owned, struct err *err);

static void on_synced(void *ctx)
{
	struct stream *stream = ctx;
	bool works_again = stream->forbidden.class != ERR_NONE;
	struct err ignored;

	stream->forbidden = (struct err){0};
	tell_listed(stream, false);
	if (works_again)
		(void)plan_streams(stream->owned, &ignored); /* others may not be needed any more */
}

static void on_flow(void *ctx, bool flows)
{
	struct stream *stream = ctx;

	stream->flows = flows;
}

/* --- beginning and stopping one --------------------------------------------------------------- */

static int start(struct stream *stream, struct err *err);

static void on_retry(void *ctx)
{
	struct stream *stream = ctx;
	struct err ignored;

	stream->retry = 0;
	(void)start(stream, &ignored);
}

static bool is_wide(const struct stream *stream)
{
	return stream->resource->namespaced && !*stream->namespace;
}

static void note_forbidden(struct stream *stream, const struct err *err)
{
	bool is_news = stream->forbidden.class == ERR_NONE;
	struct owned *owned = stream->owned;
	struct err ignored;

	stream->forbidden = *err;
	if (is_wide(stream)) {
		(void)plan_streams(owned, &ignored); /* its namespaces one by one, then */
		return;
	}
	for (struct owned_follower *to = owned->followers; to && is_news; to = to->next)
		if (is_concerned(to, stream))
			to->options.on_forbidden(to->options.ctx, stream->resource,
						 stream->namespace, err);
}

static void on_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct stream *stream = ctx;
	bool is_forbidden = refusal_is_of_rights(err);
	struct err ignored;

	(void)retry_in_ms; /* whoever looks from time to time tells that the cluster cannot be reached */
	if (!is_forbidden && !refusal_is_of_kind(err))
		return;
	cluster_cancel(stream->owned->cluster, stream->watch);
	stream->watch = 0;
	stream->flows = false;
	stream->retry =
		cluster_after(stream->owned->cluster,
			      backoff_ms(OWNED_RETRY_MS, OWNED_RETRY_MS, 1, &stream->owned->random),
			      on_retry, stream, &ignored);
	if (is_forbidden)
		note_forbidden(stream, err);
}

static int start(struct stream *stream, struct err *err)
{
	CLEANUP(buf_release) struct buf selector = BUF_INIT(1024);

	if (stream->single)
		buf_printf(&selector, "metadata.name=%s", stream->single);
	if (buf_check(&selector, "a selector", err) < 0)
		return -1;
	const struct watch_options options = {
		.resource = stream->resource,
		.namespace = stream->namespace,
		.field_selector = buf_str(&selector),
		.wants = any_wants,
		.on_event = on_event,
		.on_synced = on_synced,
		.on_flow = on_flow,
		.on_error = on_error,
		.ctx = stream,
	};
	tell_listed(stream, true);
	stream->watch = watch_start(stream->owned->cluster, &options, err);
	return stream->watch ? 0 : -1;
}

static struct stream *add(struct owned *owned, const struct resource *resource,
			  const char *namespace, const char *single, struct err *err)
{
	CLEANUP(stream_free_p) struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream) {
		err_no_memory(err);
		return NULL;
	}
	*stream = (struct stream){.owned = owned,
				  .resource = resource,
				  .namespace = strdup(namespace),
				  .single = single ? strdup(single) : NULL};
	if (!stream->namespace || (single && !stream->single)) {
		err_no_memory(err);
		return NULL;
	}
	stream->next = owned->streams;
	owned->streams = stream;
	return STEAL(stream);
}

/* --- which watches are needed ----------------------------------------------------------------- */

static bool has_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The watch of this part of the cluster, begun if there is none. *ret_forbidden: it cannot be. */
static int need(struct owned *owned, const struct resource *resource, const char *namespace,
		const char *single, bool *ret_forbidden, struct err *err)
{
	struct stream *stream = owned->streams;

	while (stream &&
	       !(is_same_resource(stream->resource, resource) &&
		 strcmp(stream->namespace, namespace) == 0 && has_text(stream->single, single)))
		stream = stream->next;
	bool is_new = !stream;
	if (is_new && !(stream = add(owned, resource, namespace, single, err)))
		return -1;
	stream->needed = true;
	*ret_forbidden = stream->forbidden.class != ERR_NONE;
	return is_new ? start(stream, err) : 0;
}

static int compare_areas(const void *a, const void *b)
{
	const struct owned_area *left = *(const struct owned_area *const *)a;
	const struct owned_area *right = *(const struct owned_area *const *)b;
	int order = strcmp(left->resource->group, right->resource->group);

	if (!order)
		order = strcmp(left->resource->plural, right->resource->plural);
	if (!order)
		order = strcmp(left->resource->version, right->resource->version);
	return order ? order : strcmp(left->namespace, right->namespace);
}

/* All areas of all followers, sorted. */
static int gather(const struct owned *owned, const struct owned_area ***ret_areas,
		  size_t *ret_count, struct err *err)
{
	size_t count = 0;

	for (struct owned_follower *from = owned->followers; from; from = from->next)
		count += from->area_count;
	const struct owned_area **areas = calloc(count + 1, sizeof(*areas));
	if (!areas)
		return err_no_memory(err);
	count = 0;
	for (struct owned_follower *from = owned->followers; from; from = from->next)
		for (size_t i = 0; i < from->area_count; i++)
			areas[count++] = &from->areas[i];
	qsort(areas, count, sizeof(*areas), compare_areas);
	*ret_areas = areas;
	*ret_count = count;
	return 0;
}

/* How many of the sorted areas, from the first on, are of its resource; of its namespace too. */
static size_t run_of(const struct owned_area *const *areas, size_t count, bool of_namespace)
{
	size_t length = 1;

	while (length < count && is_same_resource(areas[length]->resource, areas[0]->resource) &&
	       (!of_namespace || strcmp(areas[length]->namespace, areas[0]->namespace) == 0))
		length++;
	return length;
}

static size_t count_namespaces(const struct owned_area *const *areas, size_t count)
{
	size_t namespaces = 0;

	for (size_t i = 0; i < count; i += run_of(areas + i, count - i, true))
		namespaces++;
	return namespaces;
}

/* Of the areas of one resource. */
static int need_resource(struct owned *owned, const struct owned_area *const *areas, size_t count,
			 struct err *err)
{
	const struct resource *resource = areas[0]->resource;
	bool forbidden = true;

	if (!(resource->verbs & RESOURCE_WATCH) || !(resource->verbs & RESOURCE_LIST))
		return 0;
	if (count_namespaces(areas, count) > OWNED_MAX_NAMESPACES &&
	    need(owned, resource, "", NULL, &forbidden, err) < 0)
		return -1;
	for (size_t i = 0, run; i < count && forbidden; i += run) {
		size_t objects = 0;
		bool ignored;

		run = run_of(areas + i, count - i, true);
		for (size_t k = 0; k < run; k++)
			objects += areas[i + k]->count;
		const char *single = objects == 1 ? areas[i]->single : NULL;
		if (need(owned, resource, areas[i]->namespace, single, &ignored, err) < 0)
			return -1;
	}
	return 0;
}

static void drop_streams(struct owned *owned)
{
	for (struct stream **at = &owned->streams; *at;) {
		struct stream *stream = *at;

		if (stream->needed) {
			at = &stream->next;
			continue;
		}
		*at = stream->next;
		stream_free(stream);
	}
}

static int plan_streams(struct owned *owned, struct err *err)
{
	CLEANUP(free_p) const struct owned_area **areas = NULL;
	size_t count = 0;

	if (gather(owned, &areas, &count, err) < 0)
		return -1;
	for (struct stream *stream = owned->streams; stream; stream = stream->next)
		stream->needed = false;
	for (size_t i = 0, run; i < count; i += run) {
		run = run_of(areas + i, count - i, false);
		if (need_resource(owned, areas + i, run, err) < 0)
			return -1;
	}
	drop_streams(owned);
	return 0;
}

/* --- followers -------------------------------------------------------------------------------- */

static void drop_areas(struct owned_follower *follower)
{
	for (size_t i = 0; i < 2 * follower->area_count; i++)
		free(follower->texts[i]);
	free(STEAL(follower->texts));
	free(STEAL(follower->areas));
	follower->area_count = 0;
}

static int copy_areas(struct owned_follower *follower, const struct owned_area *areas, size_t count,
		      struct err *err)
{
	follower->areas = calloc(count + 1, sizeof(*follower->areas));
	follower->texts = calloc(2 * count + 1, sizeof(*follower->texts));
	if (!follower->areas || !follower->texts)
		return err_no_memory(err);
	follower->area_count = count;
	for (size_t i = 0; i < count; i++) {
		char **texts = &follower->texts[2 * i];

		texts[0] = strdup(areas[i].namespace);
		texts[1] = strdup(areas[i].single ? areas[i].single : "");
		if (!texts[0] || !texts[1])
			return err_no_memory(err);
		follower->areas[i] = areas[i];
		follower->areas[i].namespace = texts[0];
		follower->areas[i].single = areas[i].single ? texts[1] : NULL;
	}
	return 0;
}

int owned_set_areas(struct owned_follower *follower, const struct owned_area *areas, size_t count,
		    struct err *err)
{
	drop_areas(follower);
	if (copy_areas(follower, areas, count, err) < 0) {
		drop_areas(follower);
		return -1;
	}
	return plan_streams(follower->owned, err);
}

struct owned_follower *owned_follow(struct owned *owned, const struct owned_options *options,
				    struct err *err)
{
	struct owned_follower *follower = calloc(1, sizeof(*follower));

	if (!follower) {
		err_no_memory(err);
		return NULL;
	}
	*follower = (struct owned_follower){
		.owned = owned, .options = *options, .next = owned->followers};
	owned->followers = follower;
	return follower;
}

void owned_leave(struct owned_follower *follower)
{
	struct err ignored;

	if (!follower)
		return;
	struct owned_follower **at = &follower->owned->followers;
	while (*at != follower)
		at = &(*at)->next;
	*at = follower->next;
	(void)plan_streams(follower->owned, &ignored);
	drop_areas(follower);
	free(follower);
}

static bool is_watched(const struct owned *owned, const struct owned_area *area)
{
	for (const struct stream *stream = owned->streams; stream; stream = stream->next)
		if (stream->flows && is_same_resource(stream->resource, area->resource) &&
		    (!*stream->namespace || strcmp(stream->namespace, area->namespace) == 0) &&
		    (!stream->single || has_text(stream->single, area->single)))
			return true;
	return false;
}

bool owned_flows(const struct owned_follower *follower)
{
	for (size_t i = 0; i < follower->area_count; i++)
		if (!is_watched(follower->owned, &follower->areas[i]))
			return false;
	return true;
}

/* --- the hub ---------------------------------------------------------------------------------- */

struct owned *owned_new(struct cluster *cluster, struct err *err)
{
	struct owned *owned = calloc(1, sizeof(*owned));

	if (!owned) {
		err_no_memory(err);
		return NULL;
	}
	owned->cluster = cluster;
	owned->random = uv_hrtime();
	return owned;
}

void owned_free(struct owned *owned)
{
	while (owned && owned->streams) {
		struct stream *next = owned->streams->next;

		stream_free(owned->streams);
		owned->streams = next;
	}
	free(owned);
}

size_t owned_watch_count(const struct owned *owned)
{
	size_t count = 0;

	for (const struct stream *stream = owned->streams; stream; stream = stream->next)
		count += stream->watch != 0;
	return count;
}

#include "apply/cluster.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "apply/http.h"
#include "apply/ids.h"
#include "apply/page.h"
#include "apply/refusal.h"
#include "diff/backoff.h"
#include "diff/cleanup.h"
#include "diff/secret.h"

#define MAX_BODY_BYTES    (3u * 1024 * 1024) /* the server's own limit */
#define MAX_WARNINGS_SEEN 1000
#define CUT_RETRIES       2 /* of what was cut, however long that took */

/* Whatever has an id: the first member of a call, a timer, a task or a stream. */
struct work {
	uint64_t id;
	void (*cancel)(struct cluster *cluster, struct work *work); /* ends and frees it */
};

struct cluster {
	struct uv_loop_s *loop;
	struct http *http;
	char *server;
	struct ids work;
	int64_t retry_ms;
	uint64_t random;
	void (*on_warning)(void *ctx, const char *text);
	void *warning_ctx;
	int (*may_write)(void *ctx, struct err *err); /* the fence; NULL: there is none */
	void *fence_ctx;
	char **warnings_seen;
	size_t warnings_seen_count;
};

static uint64_t work_add(struct cluster *cluster, struct work *work,
			 void (*cancel)(struct cluster *cluster, struct work *work),
			 struct err *err)
{
	work->cancel = cancel;
	work->id = ids_add(&cluster->work, work, err);
	return work->id;
}

static int64_t monotonic_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

/* --- warnings --------------------------------------------------------------------------------- */

/* Whether the text is new; it is remembered then. */
static bool remember_warning(struct cluster *cluster, const char *text, size_t length)
{
	for (size_t i = 0; i < cluster->warnings_seen_count; i++) {
		const char *seen = cluster->warnings_seen[i];

		if (strncmp(seen, text, length) == 0 && seen[length] == '\0')
			return false;
	}
	if (cluster->warnings_seen_count == MAX_WARNINGS_SEEN)
		return true;
	char **longer = reallocarray(cluster->warnings_seen, cluster->warnings_seen_count + 1,
				     sizeof(*longer));
	if (!longer)
		return true;
	cluster->warnings_seen = longer;
	longer[cluster->warnings_seen_count] = strndup(text, length);
	if (longer[cluster->warnings_seen_count])
		cluster->warnings_seen_count++;
	return true;
}

/* Passes on the lines that are new. The callback must not free the cluster. */
void cluster_warn(struct cluster *cluster, const char *warnings)
{
	while (cluster->on_warning && *warnings) {
		size_t length = strcspn(warnings, "\n");

		if (remember_warning(cluster, warnings, length)) {
			CLEANUP(free_p) char *text = strndup(warnings, length);
			if (text)
				cluster->on_warning(cluster->warning_ctx, text);
		}
		warnings += length + (warnings[length] == '\n');
	}
}

/* --- timers ----------------------------------------------------------------------------------- */

struct timer {
	uv_timer_t uv; /* first: freed through it when libuv has closed it */
	struct work work;
	struct cluster *cluster;
	void (*callback)(void *ctx);
	void *ctx;
};

static void timer_free(uv_handle_t *handle)
{
	free(handle);
}

static void timer_cancel(struct cluster *cluster, struct work *work)
{
	struct timer *timer = (struct timer *)(void *)((char *)work - offsetof(struct timer, work));

	(void)cluster;
	uv_close((uv_handle_t *)&timer->uv, timer_free);
}

static void on_timer(uv_timer_t *uv)
{
	struct timer *timer = (struct timer *)uv;

	ids_remove(&timer->cluster->work, timer->work.id);
	uv_close((uv_handle_t *)uv, timer_free); /* frees it on a later turn */
	timer->callback(timer->ctx);
}

uint64_t cluster_after(struct cluster *cluster, int64_t delay_ms, void (*callback)(void *ctx),
		       void *ctx, struct err *err)
{
	struct timer *timer = calloc(1, sizeof(*timer));

	if (!timer) {
		err_no_memory(err);
		return 0;
	}
	timer->cluster = cluster;
	timer->callback = callback;
	timer->ctx = ctx;
	if (!work_add(cluster, &timer->work, timer_cancel, err)) {
		free(timer);
		return 0;
	}
	uv_timer_init(cluster->loop, &timer->uv);
	uv_update_time(cluster->loop); /* the delay counts from now, not from the turn's start */
	uv_timer_start(&timer->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
	return timer->work.id;
}

int64_t cluster_backoff_ms(struct cluster *cluster, unsigned attempt)
{
	return backoff_ms(CLUSTER_BACKOFF_MS, CLUSTER_BACKOFF_MAX_MS,
			  attempt < UINT_MAX ? attempt + 1 : attempt, &cluster->random);
}

/* --- tasks ------------------------------------------------------------------------------------ */

struct task {
	struct work work;
	void (*cancel)(void *task);
	void *task;
};

static void task_cancel(struct cluster *cluster, struct work *work)
{
	struct task task = *(struct task *)work;

	(void)cluster;
	free(work);
	task.cancel(task.task);
}

uint64_t cluster_task_begin(struct cluster *cluster, void (*cancel)(void *task), void *task,
			    struct err *err)
{
	struct task *own = malloc(sizeof(*own));

	if (!own) {
		err_no_memory(err);
		return 0;
	}
	*own = (struct task){.cancel = cancel, .task = task};
	if (!work_add(cluster, &own->work, task_cancel, err)) {
		free(own);
		return 0;
	}
	return own->work.id;
}

void cluster_task_end(struct cluster *cluster, uint64_t id)
{
	free(ids_find(&cluster->work, id));
	ids_remove(&cluster->work, id);
}

/* --- one request, with retries ---------------------------------------------------------------- */

struct call {
	struct work work;
	struct cluster *cluster;
	struct cluster_request spec;
	char *path, *accept;
	struct buf body;
	cJSON *secret; /* the body, where it is one: the server is not to quote it; else NULL */
	bool is_read;
	unsigned failures;
	int64_t give_up_at_ms; /* set at the first failure */
	int64_t sent_at_ms;    /* the present try */
	uint64_t http_id, timer_id;
};

static void call_free(struct call *call)
{
	free(call->path);
	free(call->accept);
	buf_release(&call->body);
	cJSON_Delete(call->secret);
	free(call);
}

static void call_cancel(struct cluster *cluster, struct work *work)
{
	struct call *call = (struct call *)work;

	http_cancel(cluster->http, call->http_id);
	cluster_cancel(cluster, call->timer_id);
	call_free(call);
}

/* The last callback; everything may be gone after it. */
static void call_finish(struct call *call, const struct err *err, struct cluster_answer *answer)
{
	ids_remove(&call->cluster->work, call->work.id);
	call->spec.on_done(call->spec.ctx, err, answer);
	cJSON_Delete(answer->body);
	call_free(call);
}

static void call_fail(struct call *call, const struct err *err)
{
	struct cluster_answer answer = {.warnings = "", .retry_after_ms = -1};

	call_finish(call, err, &answer);
}

static void on_response(void *ctx, const struct err *err, struct http_response *response,
			bool sent);

/* The fence may have been set since the request was made. */
static int may_leave(void *ctx, struct err *err)
{
	const struct cluster *cluster = ((struct call *)ctx)->cluster;

	return cluster->may_write ? cluster->may_write(cluster->fence_ctx, err) : 0;
}

static int64_t timeout_ms(const struct call *call)
{
	return call->spec.timeout_ms ? call->spec.timeout_ms : CLUSTER_TIMEOUT_MS;
}

static int call_submit(struct call *call, struct err *err)
{
	const struct http_request request = {
		.method = call->spec.method,
		.target = call->path,
		.accept = call->accept,
		.headers = call->spec.headers,
		.body = call->spec.body ? buf_str(&call->body) : NULL,
		.body_length = call->body.length,
		.timeout_ms = timeout_ms(call),
		.urgent = call->spec.urgent,
		.afresh = call->spec.afresh,
		.max_response_bytes = page_is_path(call->path) ? 0 : CLUSTER_MAX_ANSWER_BYTES,
		.may_leave = call->is_read || call->spec.unfenced ? NULL : may_leave,
		.on_done = on_response,
		.ctx = call,
	};

	call->sent_at_ms = monotonic_ms();
	call->http_id = http_submit(call->cluster->http, &request, err);
	return call->http_id ? 0 : -1;
}

static void on_pause_over(void *ctx)
{
	struct call *call = ctx;
	struct err err;

	call->timer_id = 0;
	if (call_submit(call, &err) < 0)
		call_fail(call, &err);
}

/*
 * Plans another try; false if it is not worth one. `may_be_late`: the time does not count, as this
 * process or the server may have stood still, and the connections died meanwhile.
 */
static bool call_retry(struct call *call, int64_t wanted_pause_ms, bool may_be_late)
{
	struct cluster *cluster = call->cluster;
	struct err err;
	int64_t now = monotonic_ms();

	if (call->spec.once || cluster->retry_ms == 0)
		return false;
	int64_t pause = cluster_backoff_ms(cluster, call->failures);
	if (call->failures++ == 0)
		call->give_up_at_ms = now + cluster->retry_ms;
	if (pause < wanted_pause_ms)
		pause = wanted_pause_ms;
	if (now + pause > call->give_up_at_ms && !(may_be_late && call->failures <= CUT_RETRIES))
		return false;
	call->timer_id = cluster_after(cluster, pause, on_pause_over, call, &err);
	return call->timer_id != 0;
}

static bool is_passing_trouble(int status)
{
	return status == 408 || status == 500 || status == 502 || status == 503 || status == 504;
}

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

/* A success without a body: to curl a connection that was closed within the head is just that. */
static bool is_cut(const struct http_response *response)
{
	return is_success(response->status) && response->length == 0;
}

/* Whether there was a connection that ended before the time was up. */
static bool was_cut(const struct call *call, bool sent)
{
	return sent && monotonic_ms() - call->sent_at_ms < timeout_ms(call);
}

/* Reads the body, a JSON object. */
static int read_body(const struct call *call, const struct http_response *response,
		     cJSON **ret_body, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;

	if (is_cut(response))
		return err_set(err, ERR_TRANSIENT, "the answer to %s %.*s is empty",
			       call->spec.method, (int)strcspn(call->path, "?"), call->path);
	if (json_parse_answer(response->body, response->length, &body, err) < 0) {
		if (err->class == ERR_NO_MEMORY)
			return -1;
	} else if (cJSON_IsObject(body)) {
		*ret_body = STEAL(body);
		return 0;
	}
	return err_set(err, ERR_INVALID,
		       "the answer to %s %.*s is no JSON object: is %s a Kubernetes API server?",
		       call->spec.method, (int)strcspn(call->path, "?"), call->path,
		       call->cluster->server);
}

/* Takes the values of the Secret that was sent out of all that is said about it. */
static int keep_secret(const struct call *call, char *warnings, cJSON *body,
		       struct http_response *response, struct err *err)
{
	if (!warnings)
		return err_no_memory(err);
	if (secret_mask(call->secret, warnings, err) < 0)
		return -1;
	return body ? secret_mask_status(call->secret, body, err)
		    : secret_mask(call->secret, response->body, err);
}

static void on_response(void *ctx, const struct err *err, struct http_response *response, bool sent)
{
	struct call *call = ctx;
	struct err own;

	call->http_id = 0;
	if (err) {
		if (err->class == ERR_TRANSIENT && (call->is_read || !sent) &&
		    call_retry(call, 0, was_cut(call, sent)))
			return;
		call_fail(call, err);
		return;
	}
	int status = response->status;
	if ((status == 429 ||
	     (call->is_read && (is_passing_trouble(status) || is_cut(response)))) &&
	    call_retry(call, response->retry_after_ms, false))
		return;

	CLEANUP(free_p) char *warnings = strdup(response->warnings);
	struct cluster_answer answer = {.status = status,
					.retry_after_ms = response->retry_after_ms,
					.warnings = warnings ? warnings : ""};
	int failed = read_body(call, response, &answer.body, &own);
	bool refused = !is_success(status);
	if (call->secret && keep_secret(call, warnings, answer.body, response, &own) < 0)
		failed = -1;
	else if (refused)
		failed = refusal_err(status, answer.body, response->body, &own);
	if (!call->spec.quiet)
		cluster_warn(call->cluster, answer.warnings);
	call_finish(call, failed ? &own : NULL, &answer);
}

static struct call *call_new(struct cluster *cluster, const struct cluster_request *request,
			     struct err *err)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call) {
		err_no_memory(err);
		return NULL;
	}
	call->cluster = cluster;
	call->spec = *request;
	call->is_read = request->repeatable || strcmp(request->method, "GET") == 0;
	buf_init(&call->body, MAX_BODY_BYTES);
	call->path = strdup(request->path);
	if (request->accept)
		call->accept = strdup(request->accept);
	if (request->body)
		json_print(request->body, &call->body);
	if (secret_is(request->body))
		call->secret = json_copy(request->body);
	if (!call->path || (request->accept && !call->accept) ||
	    (secret_is(request->body) && !call->secret))
		err_no_memory(err);
	else if (buf_check(&call->body, "the object", err) == 0)
		return call;
	call_free(call);
	return NULL;
}

uint64_t cluster_send(struct cluster *cluster, const struct cluster_request *request,
		      struct err *err)
{
	struct call *call = call_new(cluster, request, err);

	if (!call)
		return 0;
	if (!work_add(cluster, &call->work, call_cancel, err) || call_submit(call, err) < 0) {
		ids_remove(&cluster->work, call->work.id);
		call_free(call);
		return 0;
	}
	return call->work.id;
}

bool cluster_is_lost(const struct err *err, const struct cluster_answer *answer)
{
	if (answer->status == 0)
		return err->class != ERR_LIMIT && err->class != ERR_CANCELLED;
	return answer->status == 401;
}

/* --- streams ---------------------------------------------------------------------------------- */

struct stream {
	struct work work;
	struct cluster *cluster;
	struct cluster_stream spec;
	uint64_t http_id;
};

static void stream_cancel(struct cluster *cluster, struct work *work)
{
	struct stream *stream = (struct stream *)work;

	http_cancel(cluster->http, stream->http_id);
	free(stream);
}

static void on_stream_data(void *ctx, const char *bytes, size_t length)
{
	struct stream *stream = ctx;

	stream->spec.on_data(stream->spec.ctx, bytes, length);
}

static void on_stream_end(void *ctx, const struct err *err, struct http_response *response,
			  bool sent)
{
	CLEANUP(free_p) struct stream *stream = ctx;
	struct err own;

	(void)sent;
	ids_remove(&stream->cluster->work, stream->work.id);
	if (!err && (response->status < 200 || response->status >= 300)) {
		CLEANUP(cJSON_Delete_p) cJSON *body = NULL;

		(void)json_parse(response->body, response->length, &body, &own);
		refusal_err(response->status, body, response->body, &own);
		err = &own;
	}
	stream->spec.on_done(stream->spec.ctx, err, response ? response->retry_after_ms : -1);
}

uint64_t cluster_open_stream(struct cluster *cluster, const struct cluster_stream *stream,
			     struct err *err)
{
	struct stream *own = malloc(sizeof(*own));

	if (!own) {
		err_no_memory(err);
		return 0;
	}
	*own = (struct stream){.cluster = cluster, .spec = *stream};
	const struct http_request request = {
		.method = "GET",
		.target = stream->path,
		.timeout_ms = stream->timeout_ms,
		.on_data = on_stream_data,
		.on_done = on_stream_end,
		.ctx = own,
	};
	if (!work_add(cluster, &own->work, stream_cancel, err) ||
	    !(own->http_id = http_submit(cluster->http, &request, err))) {
		ids_remove(&cluster->work, own->work.id);
		free(own);
		return 0;
	}
	return own->work.id;
}

/* --- the cluster ------------------------------------------------------------------------------ */

struct cluster *cluster_new(struct uv_loop_s *loop, const struct kubeconfig *config,
			    struct err *err)
{
	struct cluster *cluster = calloc(1, sizeof(*cluster));

	if (!cluster) {
		err_no_memory(err);
		return NULL;
	}
	cluster->loop = loop;
	cluster->retry_ms = CLUSTER_RETRY_MS;
	cluster->random = uv_hrtime();
	cluster->http = http_new(loop, &config->endpoint, err);
	if (!cluster->http) {
		cluster_free(cluster);
		return NULL;
	}
	cluster->server = strdup(config->endpoint.server);
	if (!cluster->server) {
		err_no_memory(err);
		cluster_free(cluster);
		return NULL;
	}
	return cluster;
}

void cluster_free(struct cluster *cluster)
{
	struct work *work;
	size_t cursor = 0;

	if (!cluster)
		return;
	while ((work = ids_next(&cluster->work, &cursor)))
		cluster_cancel(cluster, work->id);
	http_free(cluster->http);
	ids_release(&cluster->work);
	for (size_t i = 0; i < cluster->warnings_seen_count; i++)
		free(cluster->warnings_seen[i]);
	free(cluster->warnings_seen);
	free(cluster->server);
	free(cluster);
}

void cluster_cancel(struct cluster *cluster, uint64_t id)
{
	struct work *work = ids_find(&cluster->work, id);

	if (!work)
		return;
	ids_remove(&cluster->work, id);
	work->cancel(cluster, work);
}

const char *cluster_server(const struct cluster *cluster)
{
	return cluster->server;
}

void cluster_on_warning(struct cluster *cluster, void (*on_warning)(void *ctx, const char *text),
			void *ctx)
{
	cluster->on_warning = on_warning;
	cluster->warning_ctx = ctx;
}

void cluster_observe(struct cluster *cluster,
		     void (*observe)(void *ctx, const char *method, int status, double seconds),
		     void *ctx)
{
	http_observe(cluster->http, observe, ctx);
}

void cluster_set_retry(struct cluster *cluster, int64_t retry_ms)
{
	cluster->retry_ms = retry_ms;
}

void cluster_set_fence(struct cluster *cluster, int (*may_write)(void *ctx, struct err *err),
		       void *ctx)
{
	cluster->may_write = may_write;
	cluster->fence_ctx = ctx;
}

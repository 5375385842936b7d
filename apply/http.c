#include "apply/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "apply/credentials.h"
#include "apply/http_easy.h"
#include "apply/http_error.h"
#include "apply/http_loop.h"
#include "apply/http_window.h"
#include "apply/ids.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

#define MAX_TEXT_BYTES    (64u * 1024)        /* of a request's strings, of a response's warnings */
#define MAX_PENDING_BYTES (64u * 1024 * 1024) /* of a stream, until it is handed over */
#define MAX_STREAMS       250L                /* of one HTTP/2 connection, watches included */

/* Where a request is. A list is doubly linked, so that any member can leave it. */
struct request {
	uint64_t id;
	struct http_request spec; /* its strings point into `strings` */
	char *strings;
	struct request_list *list; /* the one it is in, or NULL */
	struct request *next, *previous;

	CURL *easy; /* once started */
	struct curl_slist *headers;
	struct buf body;     /* the whole, or of a stream what has not been handed over yet */
	size_t charged;      /* of the body, to http->buffered */
	size_t body_sent;    /* of the request's own, where may_leave is asked */
	bool crowded;        /* there was no room for more of it */
	bool streaming;      /* the response is 2xx and wanted in pieces */
	bool renewed;        /* it was answered with 401 once, and is sent with other credentials */
	uint64_t generation; /* of the credentials that it was sent with */
	bool counted;        /* in flight */
	struct err *refusal; /* what may_leave said, if it refused */
	char detail[CURL_ERROR_SIZE];
	struct http *http;
};

struct request_list {
	struct request *first, *last;
};

struct http {
	struct http_loop *loop;
	struct http_peer peer;
	struct credentials *credentials;
	struct ids requests;
	struct request_list waiting;         /* for a place among those in flight */
	struct request_list waiting_at_once; /* streams and urgent ones, which need none */
	struct request_list arrived;         /* streams with bytes to hand over */
	struct request_list refused;         /* cannot be sent, or go on: */
	struct err refusal;                  /* why */
	size_t in_flight;                    /* requests started, streams not counted */
	struct http_window window;           /* how many of them are worth it */
	size_t buffered;                     /* bytes of bodies that came and are not handed over */
	bool multiplexed;                    /* the server speaks HTTP/2 */
	bool in_callbacks;
	bool freed; /* while in_callbacks */
	void (*observe)(void *ctx, const char *method, int status, double seconds);
	void *observe_ctx;
};

static void list_add(struct request_list *list, struct request *request)
{
	request->list = list;
	request->next = NULL;
	request->previous = list->last;
	if (list->last)
		list->last->next = request;
	else
		list->first = request;
	list->last = request;
}

static void list_remove(struct request *request)
{
	struct request_list *list = request->list;

	if (!list)
		return;
	if (request->previous)
		request->previous->next = request->next;
	else
		list->first = request->next;
	if (request->next)
		request->next->previous = request->previous;
	else
		list->last = request->previous;
	request->list = NULL;
}

/* --- a request's life ------------------------------------------------------------------------- */

/* Copies the request's strings into one block. */
static struct request *request_new(struct http *http, const struct http_request *spec)
{
	struct request *request = calloc(1, sizeof(*request));
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);

	if (!request)
		return NULL;
	const char *accept = spec->accept ? spec->accept : "";
	const char *content_type = spec->content_type ? spec->content_type : "";
	buf_append(&text, spec->target, strlen(spec->target) + 1);
	buf_append(&text, accept, strlen(accept) + 1);
	buf_append(&text, content_type, strlen(content_type) + 1);
	request->strings = buf_steal(&text);
	if (!request->strings) {
		free(request);
		return NULL;
	}
	request->http = http;
	request->spec = *spec;
	request->spec.target = request->strings;
	if (spec->accept)
		request->spec.accept = request->strings + strlen(spec->target) + 1;
	if (spec->content_type)
		request->spec.content_type =
			request->strings + strlen(spec->target) + 1 + strlen(accept) + 1;
	buf_init(&request->body,
		 spec->max_response_bytes ? spec->max_response_bytes : HTTP_MAX_RESPONSE_BYTES);
	return request;
}

/* Its body is handed over, or not wanted. */
static void discharge(struct request *request)
{
	request->http->buffered -= request->charged;
	request->charged = 0;
}

static void request_free(struct request *request)
{
	discharge(request);
	if (request->easy)
		curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->headers);
	buf_release(&request->body);
	free(request->refusal);
	free(request->strings);
	free(request);
}

/* Takes it out of every list and of curl. */
static void request_stop(struct http *http, struct request *request)
{
	list_remove(request);
	if (request->easy) {
		curl_multi_remove_handle(http_loop_multi(http->loop), request->easy);
		http->in_flight -= request->counted;
		request->counted = false;
	}
}

/* The same, and out of the ids: its callbacks can still be called, it can be freed. */
static void request_detach(struct http *http, struct request *request)
{
	ids_remove(&http->requests, request->id);
	request_stop(http, request);
}

/* Those that need no place are started first. */
static void request_wait(struct http *http, struct request *request)
{
	bool at_once = request->spec.on_data || request->spec.urgent;

	list_add(at_once ? &http->waiting_at_once : &http->waiting, request);
}

/* Puts it back among those that wait, as if it had never been sent. */
static void request_again(struct http *http, struct request *request)
{
	request_stop(http, request);
	curl_easy_cleanup(STEAL(request->easy));
	curl_slist_free_all(STEAL(request->headers));
	buf_clear(&request->body);
	discharge(request);
	request_wait(http, request);
}

/* curl: bytes of the body came (CURLOPT_WRITEFUNCTION). They are handed over outside of curl. */
static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct request *request = ctx;
	long status = 0;

	if (request->spec.on_data && !request->streaming) {
		curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
		request->streaming = status >= 200 && status < 300;
		if (request->streaming)
			request->body.max_length = MAX_PENDING_BYTES;
	}
	if (size * count > HTTP_MAX_BUFFERED_BYTES - request->http->buffered) {
		request->crowded = true;
		return 0;
	}
	request->charged += size * count;
	request->http->buffered += size * count;
	buf_append(&request->body, bytes, size * count);
	if (request->streaming && !request->list)
		list_add(&request->http->arrived, request);
	return request->body.broken_cap || request->body.broken_memory ? 0 : size * count;
}

/* Nothing of the multi handle may be called. */
static bool may_leave(struct request *request)
{
	struct err err = {0};

	if (request->spec.may_leave(request->spec.ctx, &err) == 0)
		return true;
	if (!request->refusal)
		request->refusal = malloc(sizeof(err));
	if (request->refusal)
		*request->refusal = err;
	return false;
}

/* curl: the request is about to be sent (CURLOPT_PREREQFUNCTION). */
static int on_leaving(void *ctx, char *to, char *from, int to_port, int from_port)
{
	(void)to, (void)from, (void)to_port, (void)from_port;
	return may_leave(ctx) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* curl: a piece of the request's body is about to be sent (CURLOPT_READFUNCTION). */
static size_t on_sending(char *to, size_t size, size_t count, void *ctx)
{
	struct request *request = ctx;
	size_t length = request->spec.body_length - request->body_sent;

	if (length > size * count)
		length = size * count;
	bool is_last = request->body_sent + length == request->spec.body_length;
	if (length && is_last && !may_leave(request))
		return CURL_READFUNC_ABORT;
	memcpy(to, request->spec.body + request->body_sent, length);
	request->body_sent += length;
	return length;
}

/* curl: the body is to be sent again, over another connection (CURLOPT_SEEKFUNCTION). */
static int on_rewind(void *ctx, curl_off_t offset, int origin)
{
	struct request *request = ctx;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > request->spec.body_length)
		return CURL_SEEKFUNC_FAIL;
	request->body_sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static int request_start(struct http *http, struct request *request, struct err *err)
{
	const struct credential credential = credentials_now(http->credentials);

	CURL *easy = curl_easy_init();

	if (!easy)
		return err_no_memory(err);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	if (request->spec.may_leave) {
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_leaving);
		curl_easy_setopt(easy, CURLOPT_PREREQDATA, request);
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_sending);
		curl_easy_setopt(easy, CURLOPT_READDATA, request);
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind);
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, request);
		request->body_sent = 0;
	}
	if (http_easy_set_up(easy, &http->peer, &credential, &request->spec, &request->headers,
			     err) < 0 ||
	    curl_multi_add_handle(http_loop_multi(http->loop), easy) != CURLM_OK) {
		curl_easy_cleanup(easy);
		return err->class ? -1 : err_no_memory(err);
	}
	request->easy = easy;
	request->generation = credentials_generation(http->credentials);
	request->counted = !request->spec.on_data && !request->spec.urgent;
	http->in_flight += request->counted;
	return 0;
}

/* --- its end ---------------------------------------------------------------------------------- */

/* What went wrong, if anything did: -1 with *err. */
static int judge(struct http *http, struct request *request, CURLcode code, struct err *err)
{
	if (request->body.broken_memory)
		return err_no_memory(err);
	if (request->crowded)
		return err_set(err, ERR_LIMIT,
			       "the answers of %s are larger than %u bytes together",
			       http->peer.endpoint.server, HTTP_MAX_BUFFERED_BYTES);
	if (request->body.broken_cap)
		return err_set(err, ERR_LIMIT, "the answer of %s is larger than %zu bytes",
			       http->peer.endpoint.server, request->body.max_length);
	http->peer.ca_doubted = code == CURLE_PEER_FAILED_VERIFICATION ||
				code == CURLE_SSL_CACERT_BADFILE ||
				(http->peer.ca_doubted && code != CURLE_OK);
	if (code == CURLE_OK)
		return 0;
	if (code == CURLE_ABORTED_BY_CALLBACK && request->refusal) {
		*err = *request->refusal;
		return -1;
	}
	http_error(request->easy, code, &http->peer.endpoint, request->detail,
		   (long)request->spec.timeout_ms, err);
	if (code == CURLE_SSL_CERTPROBLEM && credentials_may_change(http->credentials))
		err->class = ERR_TRANSIENT; /* one of the two files may be newer than the other */
	return -1;
}

/* Whether it was answered with 401, and other credentials may do better. */
static bool wants_again(struct http *http, struct request *request, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || status != 401 || request->renewed ||
	    !credentials_renew(http->credentials, request->generation))
		return false;
	request->renewed = true;
	return true;
}

static void tell_observer(const struct http *http, const struct request *request, int failed)
{
	double seconds = 0;
	long status = 0;

	if (!http->observe || !request->easy)
		return;
	curl_easy_getinfo(request->easy, CURLINFO_TOTAL_TIME, &seconds);
	if (!failed)
		curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	http->observe(http->observe_ctx, request->spec.method, (int)status,
		      request->spec.on_data ? -1 : seconds);
}

static void call_done(struct request *request, int failed, struct err *err)
{
	CLEANUP(buf_release) struct buf warnings = BUF_INIT(MAX_TEXT_BYTES);
	struct http_response response;
	long request_bytes = 0;

	if (request->easy)
		curl_easy_getinfo(request->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	if (failed) {
		request->spec.on_done(request->spec.ctx, err, NULL, request_bytes > 0);
		return;
	}
	http_easy_answer(request->easy, &warnings, &response);
	if (request->streaming)
		buf_clear(&request->body);
	response.length = request->body.length;
	response.body = buf_steal(&request->body);
	if (response.body)
		request->spec.on_done(request->spec.ctx, NULL, &response, true);
	else {
		err_no_memory(err);
		request->spec.on_done(request->spec.ctx, err, NULL, true);
	}
	free(response.body);
}

static size_t most_in_flight(const struct http *http)
{
	return http->multiplexed ? HTTP_MAX_IN_FLIGHT_2 : HTTP_MAX_IN_FLIGHT_1;
}

/* Learns from an answer how many are worth it. Reads are of all sizes: their times say nothing. */
static void learn(struct http *http, const struct request *request, int failed)
{
	size_t others = http->in_flight - 1;
	double seconds = 0;
	long status = 0;

	if (failed || !request->counted)
		return;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 429 || status == 503) {
		http_window_throttled(&http->window, others);
		return;
	}
	if (request->spec.body)
		curl_easy_getinfo(request->easy, CURLINFO_TOTAL_TIME, &seconds);
	http_window_answered(&http->window, seconds, others, most_in_flight(http));
}

/* Ends the request: the last callback, then it is gone. http may be gone then too. */
static void finish(struct http *http, struct request *request, int failed, struct err *err)
{
	tell_observer(http, request, failed);
	learn(http, request, failed);
	request_detach(http, request);
	call_done(request, failed, err);
	request_free(request);
}

/* --- the turn of the loop: one thing at a time, as each callback may change everything -------- */

static bool hand_over_one(struct http *http)
{
	struct request *request = http->arrived.first;

	if (!request)
		return false;
	list_remove(request);
	struct buf bytes = request->body;
	buf_init(&request->body, bytes.max_length);
	discharge(request);
	request->spec.on_data(request->spec.ctx, buf_str(&bytes), bytes.length);
	buf_release(&bytes);
	return true;
}

static bool finish_one(struct http *http)
{
	struct err err = {0};
	CURLMsg *message;
	int left;

	do {
		message = curl_multi_info_read(http_loop_multi(http->loop), &left);
	} while (message && message->msg != CURLMSG_DONE);
	if (!message)
		return false;

	CURLcode code = message->data.result;
	char *private = NULL;
	long version = 0;
	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
	curl_easy_getinfo(message->easy_handle, CURLINFO_HTTP_VERSION, &version);
	if (version)
		http->multiplexed = version == CURL_HTTP_VERSION_2_0;
	struct request *request = (struct request *)(void *)private;
	if (wants_again(http, request, code))
		request_again(http, request);
	else
		finish(http, request, judge(http, request, code, &err), &err);
	return true;
}

static bool refuse_one(struct http *http)
{
	struct request *request = http->refused.first;
	struct err err = http->refusal;

	if (!request)
		return false;
	finish(http, request, -1, &err);
	return true;
}

/* A plugin has ended: what waited goes on, or fails all at once. */
static void on_credentials(void *ctx, const struct err *err)
{
	struct http *http = ctx;
	struct request_list *const lists[] = {&http->waiting_at_once, &http->waiting};

	for (size_t i = 0; err && i < 2; i++) {
		struct request *request;

		while ((request = lists[i]->first)) {
			list_remove(request);
			list_add(&http->refused, request);
		}
	}
	if (err)
		http->refusal = *err;
	http_loop_kick(http->loop);
}

/* Where the loop cannot wait for all that curl does, all that is under way ends. */
static bool break_off(struct http *http)
{
	struct request *request;
	size_t cursor = 0;

	if (!http_loop_take_failure(http->loop, &http->refusal))
		return false;
	while ((request = ids_next(&http->requests, &cursor))) {
		if (!request->easy)
			continue;
		request_stop(http, request);
		list_add(&http->refused, request);
	}
	return true;
}

static bool start_one(struct http *http)
{
	struct request *request = http->waiting_at_once.first;
	struct err err = {0};

	if (!request && http->in_flight < http_max_in_flight(http))
		request = http->waiting.first;
	if (!request)
		return false;
	int ready = credentials_prepare(http->credentials, &err);
	if (ready == 0)
		return false;
	list_remove(request);
	if (ready < 0 || request_start(http, request, &err) < 0)
		finish(http, request, -1, &err);
	return true;
}

static void destroy(struct http *http)
{
	credentials_free(http->credentials);
	http_loop_free(http->loop);
	http_peer_release(&http->peer);
	ids_release(&http->requests);
	free(http);
	curl_global_cleanup(); /* counted by curl */
}

static void on_progress(void *ctx)
{
	struct http *http = ctx;

	http->in_callbacks = true;
	while (!http->freed && (hand_over_one(http) || refuse_one(http) || finish_one(http) ||
				break_off(http) || start_one(http)))
		;
	http->in_callbacks = false;
	if (http->freed)
		destroy(http);
}

/* --- public ----------------------------------------------------------------------------------- */

struct http *http_new(struct uv_loop_s *loop, const struct endpoint *endpoint, struct err *err)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		err_no_memory(err);
		return NULL;
	}
	if (http_peer_init(&http->peer, endpoint, err) < 0 ||
	    !(http->credentials =
		      credentials_new(loop, &http->peer.endpoint, on_credentials, http, err)) ||
	    !(http->loop = http_loop_new(loop, on_progress, http, err))) {
		destroy(http);
		return NULL;
	}
	CURLM *multi = http_loop_multi(http->loop);
	http_window_init(&http->window);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, MAX_STREAMS);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)HTTP_MAX_IN_FLIGHT_1);
	return http;
}

void http_free(struct http *http)
{
	struct request *request;
	size_t cursor = 0;

	if (!http)
		return;
	while ((request = ids_next(&http->requests, &cursor)))
		http_cancel(http, request->id);
	if (http->in_callbacks)
		http->freed = true;
	else
		destroy(http);
}

uint64_t http_submit(struct http *http, const struct http_request *request, struct err *err)
{
	struct request *own = request_new(http, request);

	if (!own) {
		err_no_memory(err);
		return 0;
	}
	own->id = ids_add(&http->requests, own, err);
	if (!own->id) {
		request_free(own);
		return 0;
	}
	request_wait(http, own);
	http_loop_kick(http->loop);
	return own->id;
}

void http_cancel(struct http *http, uint64_t id)
{
	struct request *request = ids_find(&http->requests, id);

	if (!request)
		return;
	request_detach(http, request);
	request_free(request);
	if (http->waiting.first)
		http_loop_kick(http->loop); /* there is room for another */
	else if (!http->waiting_at_once.first)
		credentials_stop(http->credentials);
}

void http_observe(struct http *http,
		  void (*observe)(void *ctx, const char *method, int status, double seconds),
		  void *ctx)
{
	http->observe = observe;
	http->observe_ctx = ctx;
}

size_t http_max_in_flight(const struct http *http)
{
	return http_window_size(&http->window, most_in_flight(http));
}

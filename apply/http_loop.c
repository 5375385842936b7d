#include "apply/http_loop.h"

#include <stdlib.h>
#include <uv.h>

#include "diff/cleanup.h"

struct http_loop {
	struct uv_loop_s *uv;
	CURLM *multi;
	uv_timer_t *timeout; /* curl's */
	uv_timer_t *kick;
	struct err failure; /* why a socket is not watched; ERR_NONE: all are */
	void (*on_progress)(void *ctx);
	void *ctx;
};

/* One socket that curl waits for. libuv needs the handle until it has been closed. */
struct socket_watch {
	uv_poll_t poll; /* first: freed through it */
	curl_socket_t socket;
	struct http_loop *loop;
	int events; /* that are waited for */
};

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void close_handle(uv_handle_t *handle)
{
	if (handle)
		uv_close(handle, free_handle);
}

static void act(struct http_loop *loop, curl_socket_t socket, int what)
{
	int running;

	curl_multi_socket_action(loop->multi, socket, what, &running);
	loop->on_progress(loop->ctx); /* may have freed the loop */
}

static void on_socket(uv_poll_t *poll, int status, int events);

static void wait_for(struct socket_watch *watch, int events)
{
	watch->events = events;
	uv_poll_start(&watch->poll, events, on_socket); /* fails for a closed handle only */
}

/*
 * A socket with an error (a reset) is one to read from: first what came before it, then the error.
 * Told of CURL_CSELECT_ERR, curl would drop the answer, and not send anew what got none over a
 * connection that had been used before.
 */
static void on_socket(uv_poll_t *poll, int status, int events)
{
	struct socket_watch *watch = (struct socket_watch *)poll;
	int what = 0;

	if (status < 0) {
		wait_for(watch, watch->events); /* libuv has stopped it */
		events = UV_READABLE;
	}
	if (events & UV_READABLE)
		what |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		what |= CURL_CSELECT_OUT;
	act(watch->loop, watch->socket, what);
}

static void on_timeout(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_kick(uv_timer_t *timer)
{
	struct http_loop *loop = timer->data;

	loop->on_progress(loop->ctx);
}

static struct socket_watch *new_watch(struct http_loop *loop, curl_socket_t socket)
{
	struct socket_watch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		err_no_memory(&loop->failure);
		return NULL;
	}
	int code = uv_poll_init_socket(loop->uv, &watch->poll, socket);
	if (code < 0) {
		err_set(&loop->failure, ERR_TRANSIENT, "cannot wait for a socket: %s",
			uv_strerror(code));
		free(watch);
		return NULL;
	}
	watch->socket = socket;
	watch->loop = loop;
	return watch;
}

/*
 * curl: wait for this socket in this way (CURLMOPT_SOCKETFUNCTION). It is never told of a failure:
 * curl 7.88 takes its whole multi handle for dead then, and crashes when it is used once more.
 */
static int set_socket(CURL *easy, curl_socket_t socket, int what, void *ctx, void *socket_ctx)
{
	struct http_loop *loop = ctx;
	struct socket_watch *watch = socket_ctx;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			close_handle((uv_handle_t *)&watch->poll);
		curl_multi_assign(loop->multi, socket, NULL);
		return 0;
	}
	if (!watch) {
		watch = new_watch(loop, socket);
		if (!watch) {
			http_loop_kick(loop);
			return 0;
		}
		curl_multi_assign(loop->multi, socket, watch);
	}
	wait_for(watch, (what & CURL_POLL_IN ? UV_READABLE : 0) |
				(what & CURL_POLL_OUT ? UV_WRITABLE : 0));
	return 0;
}

/* curl: call again after this time, -1: not at all (CURLMOPT_TIMERFUNCTION). */
static int set_timeout(CURLM *multi, long timeout_ms, void *ctx)
{
	struct http_loop *loop = ctx;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(loop->timeout);
	else
		uv_timer_start(loop->timeout, on_timeout, (uint64_t)timeout_ms, 0);
	return 0;
}

static uv_timer_t *new_timer(struct http_loop *loop)
{
	uv_timer_t *timer = malloc(sizeof(*timer));

	if (timer) {
		uv_timer_init(loop->uv, timer);
		timer->data = loop;
	}
	return timer;
}

struct http_loop *http_loop_new(struct uv_loop_s *uv, void (*on_progress)(void *ctx), void *ctx,
				struct err *err)
{
	struct http_loop *loop = calloc(1, sizeof(*loop));

	if (!loop) {
		err_no_memory(err);
		return NULL;
	}
	*loop = (struct http_loop){.uv = uv, .on_progress = on_progress, .ctx = ctx};
	loop->timeout = new_timer(loop);
	loop->kick = new_timer(loop);
	loop->multi = curl_multi_init();
	if (!loop->timeout || !loop->kick || !loop->multi) {
		http_loop_free(loop);
		err_no_memory(err);
		return NULL;
	}
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timeout);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
	return loop;
}

void http_loop_free(struct http_loop *loop)
{
	if (!loop)
		return;
	if (loop->multi)
		curl_multi_cleanup(loop->multi); /* closes sockets through set_socket */
	close_handle((uv_handle_t *)loop->timeout);
	close_handle((uv_handle_t *)loop->kick);
	free(loop);
}

bool http_loop_take_failure(struct http_loop *loop, struct err *ret_why)
{
	if (loop->failure.class == ERR_NONE)
		return false;
	*ret_why = loop->failure;
	loop->failure.class = ERR_NONE;
	return true;
}

CURLM *http_loop_multi(struct http_loop *loop)
{
	return loop->multi;
}

void http_loop_kick(struct http_loop *loop)
{
	if (!uv_is_active((uv_handle_t *)loop->kick))
		uv_timer_start(loop->kick, on_kick, 0, 0);
}

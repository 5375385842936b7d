#include "agent/sink_http.h"

#include <string.h>

#include "apply/file.h"
#include "apply/http.h"
#include "diff/digest_mac.h"

#define MAX_SECRET_BYTES   (64u * 1024)
#define MAX_RESPONSE_BYTES (64u * 1024)
#define MAX_SHOWN_BYTES    200 /* of what a server says to its refusal */
#define MAX_ADDRESSES      16
#define MIN_HIDDEN_BYTES   8 /* a part of the path as long as this may be the secret */
#define WHITE_SPACE        " \t\r\n"

/* One address on its way. */
struct post {
	struct message *message;
	struct http *http;
	char *server; /* all that errors may name */
	char *target;
};

/* One message, to all of them. The sink's `work`. */
struct message {
	struct sink *sink;
	struct buf body;
	struct post posts[MAX_ADDRESSES];
	size_t count, open;
	size_t taken;
	struct sink_result result; /* of those that did not take it */
};

static void message_free(struct message *message)
{
	for (size_t i = 0; i < message->count; i++) {
		http_free(message->posts[i].http);
		free(message->posts[i].server);
		free(message->posts[i].target);
	}
	buf_release(&message->body);
	free(message);
}

void sink_http_stop(struct sink *sink)
{
	if (sink->work)
		message_free(STEAL(sink->work));
}

/* --- files ------------------------------------------------------------------------------------ */

static void wipe_p(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

/* The file's text without white space around it; NULL where there is no such setting. */
static int read_setting(const char *path, char **ret_text, struct err *err)
{
	CLEANUP(wipe_p) char *text = NULL;
	size_t length = 0;

	*ret_text = NULL;
	if (!path)
		return 0;
	if (file_read(path, MAX_SECRET_BYTES, &text, &length, err) < 0)
		return -1;
	size_t start = strspn(text, WHITE_SPACE);
	while (length > start && strchr(WHITE_SPACE, text[length - 1]))
		text[--length] = '\0';
	if (start >= length)
		return err_set(err, ERR_INVALID, "%s is empty", path);
	*ret_text = strdup(text + start);
	return *ret_text ? 0 : err_no_memory(err);
}

/* "X-Signature: sha256=<hex>" over the body, keyed with the text of secretFile. */
static int sign(const struct sink *sink, const struct buf *body, struct endpoint *endpoint,
		struct err *err)
{
	CLEANUP(wipe_p) char *secret = NULL;
	char value[sizeof("sha256=") + DIGEST_SHA256_HEX] = "sha256=";

	if (read_setting(sink->config->secret_file, &secret, err) < 0)
		return -1;
	if (!secret)
		return 0;
	if (digest_hmac_sha256(secret, strlen(secret), buf_str(body), body->length,
			       value + strlen(value), err) < 0)
		return -1;
	return endpoint_add_header(endpoint, "X-Signature", value, err);
}

static int set_keys(const struct sink *sink, const struct buf *body, struct endpoint *endpoint,
		    struct err *err)
{
	if (read_setting(sink->config->token_file, &endpoint->token, err) < 0)
		return -1;
	endpoint->ca_setting = strdup("caFile of the sink");
	endpoint->ca_file = sink->config->ca_file ? strdup(sink->config->ca_file) : NULL;
	if (!endpoint->ca_setting || (sink->config->ca_file && !endpoint->ca_file))
		return err_no_memory(err);
	return sign(sink, body, endpoint, err);
}

/* --- what comes back -------------------------------------------------------------------------- */

/* Whether the text has something of the address in it that may be its secret. */
static bool betrays(const char *text, const char *target)
{
	for (const char *part = target; *part;) {
		size_t length = strcspn(part, "/?&=");

		if (length >= MIN_HIDDEN_BYTES && memmem(text, strlen(text), part, length))
			return true;
		part += length + (part[length] != '\0');
	}
	return false;
}

/* ": WORDS" of the answer's first line, if it is one for people and no page. */
static void print_answer(const struct post *post, const struct http_response *response,
			 struct buf *out)
{
	size_t length = strcspn(response->body, "\r\n");

	if (length == 0 || strncmp(response->content_type, "text/html", 9) == 0 ||
	    betrays(response->body, post->target))
		return;
	if (length > MAX_SHOWN_BYTES)
		length = MAX_SHOWN_BYTES;
	while (length && ((unsigned char)response->body[length] & 0xC0) == 0x80)
		length--;
	buf_printf(out, ": %.*s", (int)length, response->body);
}

static void judge(const struct post *post, const struct http_response *response,
		  struct sink_result *result)
{
	CLEANUP(buf_release) struct buf words = BUF_INIT(1024);
	int status = response->status;

	print_answer(post, response, &words);
	if (status >= 300 && status < 400) {
		err_set(&result->err, ERR_INVALID,
			"%s answers with HTTP %d: redirects are not followed", post->server,
			status);
		return;
	}
	result->again |= status == 408 || status == 429 || status >= 500;
	err_set(&result->err, result->again ? ERR_TRANSIENT : ERR_INVALID,
		"%s answers with HTTP %d%s", post->server, status, buf_str(&words));
	if (result->retry_after_ms < response->retry_after_ms)
		result->retry_after_ms = response->retry_after_ms;
}

/* All that is said of the addresses becomes the sink's answer. */
static void finish(struct message *message)
{
	struct sink *sink = message->sink;
	struct sink_result result = message->result;

	result.taken = message->taken > 0;
	if (result.taken && result.err.class != ERR_NONE)
		err_prefix(&result.err, "%zu of %zu take the messages", message->taken,
			   message->count);
	sink->work = NULL;
	message_free(message);
	sink_done(sink, &result);
}

static void on_response(void *ctx, const struct err *err, struct http_response *response, bool sent)
{
	struct post *post = ctx;
	struct message *message = post->message;

	if (err) {
		message->result.again = true;
		message->result.may_have_arrived |= sent;
		message->result.err = *err;
	} else if (response->status >= 200 && response->status < 300) {
		message->taken++;
	} else {
		judge(post, response, &message->result);
	}
	if (--message->open == 0)
		finish(message);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void endpoint_p(struct endpoint *endpoint)
{
	endpoint_release(endpoint);
}

static int post_start(struct message *message, struct post *post, const char *url, const char *path,
		      const char *content_type, struct err *err)
{
	CLEANUP(endpoint_p) struct endpoint endpoint = {0};
	CLEANUP(buf_release) struct buf target = BUF_INIT(MAX_SECRET_BYTES);
	CLEANUP(wipe_p) char *base = NULL;

	if (endpoint_of_url(url, &endpoint, &base, err) < 0 ||
	    set_keys(message->sink, &message->body, &endpoint, err) < 0)
		return -1;
	size_t length = strlen(base);
	if (*path && base[length - 1] == '/')
		base[length - 1] = '\0';
	buf_printf(&target, "%s%s", base, path);
	post->message = message;
	post->target = buf_steal(&target);
	post->server = strdup(endpoint.server);
	if (!post->target || !post->server)
		return err_no_memory(err);
	post->http = http_new(message->sink->loop, &endpoint, err);
	if (!post->http)
		return -1;
	const struct http_request request = {
		.method = "POST",
		.target = post->target,
		.accept = "*/*",
		.content_type = content_type,
		.body = buf_str(&message->body),
		.body_length = message->body.length,
		.timeout_ms = SINK_TIMEOUT_MS,
		.max_response_bytes = MAX_RESPONSE_BYTES,
		.on_done = on_response,
		.ctx = post,
	};
	return http_submit(post->http, &request, err) ? 0 : -1;
}

static int start_all(struct message *message, char *urls, const char *path,
		     const char *content_type, struct err *err)
{
	char *rest = NULL;

	for (char *url = strtok_r(urls, WHITE_SPACE, &rest); url;
	     url = strtok_r(NULL, WHITE_SPACE, &rest)) {
		if (message->count == MAX_ADDRESSES)
			return err_set(err, ERR_LIMIT, "there are more than %d addresses",
				       MAX_ADDRESSES);
		struct post *post = &message->posts[message->count++];
		if (post_start(message, post, url, path, content_type, err) < 0)
			return -1;
		message->open++;
	}
	return message->count ? 0 : err_set(err, ERR_INVALID, "there is no address");
}

static int start(struct sink *sink, struct message *message, const char *path,
		 const char *content_type, const struct buf *body, struct err *err)
{
	CLEANUP(wipe_p) char *urls = NULL;

	message->sink = sink;
	message->result.retry_after_ms = -1;
	buf_init(&message->body, SINK_MAX_MESSAGE_BYTES);
	buf_append(&message->body, buf_str(body), body->length);
	if (buf_check(body, "the message", err) < 0 ||
	    buf_check(&message->body, "the message", err) < 0)
		return -1;
	if (sink->config->url_file) {
		if (read_setting(sink->config->url_file, &urls, err) < 0)
			return -1;
	} else if (!(urls = strdup(sink->config->url ? sink->config->url : ""))) {
		return err_no_memory(err);
	}
	return start_all(message, urls, path, content_type, err);
}

void sink_http_send(struct sink *sink, const char *path, const char *content_type,
		    const struct buf *body)
{
	struct message *message = calloc(1, sizeof(*message));
	struct err err;

	if (!message) {
		err_no_memory(&err);
		sink_failed(sink, &err);
		return;
	}
	if (start(sink, message, path, content_type, body, &err) < 0) {
		message_free(message);
		sink_failed(sink, &err);
		return;
	}
	sink->work = message;
}

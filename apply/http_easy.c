#include "apply/http_easy.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "apply/warning.h"
#include "diff/buf.h"
#include "diff/cleanup.h"
#include "diff/version.h"

#define KEEPALIVE_IDLE_S     30L
#define KEEPALIVE_INTERVAL_S 10L
#define UNACKNOWLEDGED_MS    30000 /* then a peer counts as dead */
#define CA_CACHE_S           60L   /* a CA's file is read again for connections after this, */
#define CA_DOUBTED_S         1L    /* and sooner after one that it did not vouch for */
#define RECEIVE_BUFFER_BYTES (32L * 1024)
#define STREAM_BUFFER_BYTES  (8L * 1024) /* of a watch, which has it for as long as it lasts */
#define MAX_HEADER_BYTES     (TOKEN_HEADER_BYTES + 1024)
#define TOKEN_HEADER_BYTES   (64u * 1024)

/* Sets an option and remembers in `failed` if curl would not have it. */
#define SET(option, value) (failed |= curl_easy_setopt(easy, option, value) != CURLE_OK)

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "[::1]") == 0;
}

static void free_curl_text(char **text)
{
	curl_free(*text);
}

/* TLS checks the name in the URL; so that name goes there, and curl is told where it really is. */
static int rename_host(struct http_peer *peer, CURLU *url, const char *host, struct err *err)
{
	CLEANUP(free_curl_text) char *port = NULL;
	CLEANUP(free_curl_text) char *renamed = NULL;
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);

	if (curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return err_no_memory(err);
	if (curl_url_set(url, CURLUPART_HOST, peer->endpoint.tls_server_name, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_URL, &renamed, 0) != CURLUE_OK)
		return err_set(err, ERR_INVALID, "tls-server-name \"%s\" is no host name",
			       peer->endpoint.tls_server_name);
	buf_printf(&text, "::%s:%s", host, port);
	if (buf_check(&text, "the server's URL", err) < 0)
		return -1;
	peer->connect_to = curl_slist_append(NULL, buf_str(&text));
	buf_clear(&text);
	buf_printf(&text, "Host: %s:%s", host, port);
	peer->host_header = buf_steal(&text);
	peer->base_url = strdup(renamed);
	if (!peer->connect_to || !peer->host_header || !peer->base_url)
		return err_no_memory(err);
	size_t length = strlen(peer->base_url);
	if (length && peer->base_url[length - 1] == '/')
		peer->base_url[length - 1] = '\0';
	return 0;
}

static int read_url(struct http_peer *peer, struct err *err)
{
	CLEANUP(free_curl_text) char *scheme = NULL;
	CLEANUP(free_curl_text) char *host = NULL;
	const char *server = peer->endpoint.server ? peer->endpoint.server : "";
	CURLU *url = curl_url();
	int status = 0;

	if (!url)
		return err_no_memory(err);
	if (curl_url_set(url, CURLUPART_URL, server, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		status = err_set(err, ERR_INVALID,
				 "the server \"%s\" is no URL such as https://10.0.0.1:6443",
				 server);
	else {
		peer->tls = strcmp(scheme, "https") == 0;
		peer->loopback = is_loopback(host);
		if (peer->tls && peer->endpoint.tls_server_name)
			status = rename_host(peer, url, host, err);
		else if (!(peer->base_url = strdup(server)))
			status = err_no_memory(err);
	}
	curl_url_cleanup(url);
	return status;
}

int http_peer_init(struct http_peer *peer, const struct endpoint *endpoint, struct err *err)
{
	*peer = (struct http_peer){0};
	if (endpoint_copy(endpoint, &peer->endpoint, err) == 0 && read_url(peer, err) == 0)
		return 0;
	http_peer_release(peer);
	return -1;
}

void http_peer_release(struct http_peer *peer)
{
	endpoint_release(&peer->endpoint);
	free(peer->base_url);
	curl_slist_free_all(peer->connect_to);
	free(peer->host_header);
	*peer = (struct http_peer){0};
}

/* curl: a socket was made (CURLOPT_SOCKOPTFUNCTION). A peer that never acknowledges is dead. */
static int set_socket_options(void *ctx, curl_socket_t socket, curlsocktype purpose)
{
	unsigned int timeout_ms = UNACKNOWLEDGED_MS;

	(void)ctx;
	(void)purpose;
	/* Best effort: without it, dead peers are noticed later, by timeouts. */
	(void)fcntl(socket, F_SETFD, FD_CLOEXEC); /* no exec plugin has to do with it */
	(void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* NULL stays unset. */
static bool set_blob(CURL *easy, CURLoption option, const char *pem)
{
	/* curl only reads it, but its struct has no const. */
	struct curl_blob blob = {(void *)(uintptr_t)pem, pem ? strlen(pem) : 0, CURL_BLOB_COPY};

	if (!pem)
		return true;
	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

/*
 * A connection is taken again only by requests with the same certificate, so that the next one after a
 * rotation makes a new one.
 */
static bool set_tls(CURL *easy, const struct http_peer *peer, const struct credential *credential)
{
	const struct endpoint *endpoint = &peer->endpoint;
	bool failed = false;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_PIPEWAIT, 1L); /* for the one connection rather than open another */
	if (endpoint->insecure) {
		SET(CURLOPT_SSL_VERIFYPEER, 0L);
		SET(CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (endpoint->ca_pem || endpoint->ca_file)
		SET(CURLOPT_CAPATH, NULL); /* that one, and not the system's too */
	failed |= !set_blob(easy, CURLOPT_CAINFO_BLOB, endpoint->ca_pem);
	if (endpoint->ca_file)
		SET(CURLOPT_CAINFO, endpoint->ca_file);
	SET(CURLOPT_CA_CACHE_TIMEOUT, peer->ca_doubted ? CA_DOUBTED_S : CA_CACHE_S);
	failed |= !set_blob(easy, CURLOPT_SSLCERT_BLOB, credential->cert_pem) ||
		  !set_blob(easy, CURLOPT_SSLKEY_BLOB, credential->key_pem);
	if (credential->key_pem)
		SET(CURLOPT_KEYPASSWD,
		    ""); /* an encrypted key fails instead of asking a terminal */
	return !failed;
}

static bool set_proxy(CURL *easy, const struct http_peer *peer)
{
	bool failed = false;

	if (peer->endpoint.proxy_url) {
		SET(CURLOPT_PROXY, peer->endpoint.proxy_url);
		SET(CURLOPT_NOPROXY, "");
		SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	} else if (peer->loopback || peer->endpoint.direct) {
		SET(CURLOPT_PROXY, ""); /* as Go: the environment's proxy is not for this machine */
	}
	return !failed;
}

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(MAX_HEADER_BYTES);

	if (!value)
		return true;
	buf_printf(&line, "%s: %s", name, value);
	if (line.broken_cap || line.broken_memory)
		return false;
	struct curl_slist *longer = curl_slist_append(*headers, buf_str(&line));
	if (!longer)
		return false;
	*headers = longer;
	return true;
}

static bool add_lines(struct curl_slist **headers, const char *lines)
{
	for (size_t length; lines && *lines; lines += length + (lines[length] == '\n')) {
		length = strcspn(lines, "\n");
		CLEANUP(free_p) char *line = strndup(lines, length);
		struct curl_slist *longer = line ? curl_slist_append(*headers, line) : NULL;

		if (!longer)
			return false;
		*headers = longer;
	}
	return true;
}

static bool add_headers(struct curl_slist **headers, const struct http_peer *peer,
			const char *token, const struct http_request *request)
{
	const struct endpoint *endpoint = &peer->endpoint;
	CLEANUP(buf_release) struct buf bearer = BUF_INIT(TOKEN_HEADER_BYTES + 16);

	if (token) {
		buf_printf(&bearer, "Bearer %s", token);
		if (bearer.broken_cap || bearer.broken_memory ||
		    !add_header(headers, "Authorization", buf_str(&bearer)))
			return false;
	}
	for (size_t i = 0; i < endpoint->header_count; i++) {
		const struct endpoint_header *header = &endpoint->headers[i];

		if (!add_header(headers, header->name, header->value))
			return false;
	}
	if (request->body &&
	    (!add_header(headers, "Content-Type",
			 request->content_type ? request->content_type : "application/json") ||
	     !add_header(headers, "Expect", ""))) /* no round trip for a 100 */
		return false;
	if (peer->host_header) {
		struct curl_slist *longer = curl_slist_append(*headers, peer->host_header);
		if (!longer)
			return false;
		*headers = longer;
	}
	if (!add_lines(headers, request->headers))
		return false;
	return add_header(headers, "Accept",
			  request->accept ? request->accept : "application/json");
}

static bool set_method(CURL *easy, const struct http_request *request)
{
	bool failed = false;

	if (request->body) {
		SET(CURLOPT_POST, 1L);
		if (!request->may_leave) /* else it is asked for piece by piece */
			SET(CURLOPT_POSTFIELDS, request->body);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
	}
	SET(CURLOPT_CUSTOMREQUEST, request->method);
	return !failed;
}

static bool set_url(CURL *easy, const struct http_peer *peer, const char *target)
{
	CLEANUP(buf_release) struct buf url = BUF_INIT(64 * 1024);
	bool failed = false;

	buf_printf(&url, "%s%s", peer->base_url, target);
	SET(CURLOPT_URL, buf_str(&url));
	SET(CURLOPT_PATH_AS_IS, 1L);
	return !failed && !url.broken_cap && !url.broken_memory;
}

int http_easy_set_up(CURL *easy, const struct http_peer *peer, const struct credential *credential,
		     const struct http_request *request, struct curl_slist **ret_headers,
		     struct err *err)
{
	struct curl_slist *headers = NULL;
	bool failed = !set_url(easy, peer, request->target) || !set_method(easy, request) ||
		      !set_proxy(easy, peer) || (peer->tls && !set_tls(easy, peer, credential)) ||
		      !add_headers(&headers, peer, credential->token, request);

	*ret_headers = headers;
	SET(CURLOPT_HTTPHEADER, headers);
	if (!peer->tls)
		SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (peer->connect_to)
		SET(CURLOPT_CONNECT_TO, peer->connect_to);
	if (peer->endpoint.username && !credential->token) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(CURLOPT_USERNAME, peer->endpoint.username);
		SET(CURLOPT_PASSWORD, peer->endpoint.password ? peer->endpoint.password : "");
	}
	SET(CURLOPT_USERAGENT, &tranche_user_agent[0]);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_TIMEOUT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	SET(CURLOPT_FRESH_CONNECT, (long)request->afresh);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	SET(CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	SET(CURLOPT_SOCKOPTFUNCTION, set_socket_options);
	SET(CURLOPT_BUFFERSIZE, request->on_data ? STREAM_BUFFER_BYTES : RECEIVE_BUFFER_BYTES);
	return failed ? err_no_memory(err) : 0;
}

/* --- the answer ------------------------------------------------------------------------------- */

static const char *header(CURL *easy, const char *name)
{
	struct curl_header *found;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
		return "";
	return found->value;
}

static void print_warnings(CURL *easy, struct buf *out)
{
	struct curl_header *found;
	size_t index = 0;

	while (curl_easy_header(easy, "Warning", index++, CURLH_HEADER, -1, &found) == CURLHE_OK)
		warning_print_texts(found->value, out);
	if (out->length && !out->broken_cap)
		buf_truncate(out, out->length - 1);
}

static int64_t retry_after_ms(CURL *easy)
{
	curl_off_t seconds = 0;

	if (header(easy, "Retry-After")[0] == '\0' ||
	    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK)
		return -1;
	if (seconds < 0) /* a date that is past */
		return 0;
	return seconds < HTTP_MAX_RETRY_AFTER_MS / 1000 ? (int64_t)seconds * 1000
							: HTTP_MAX_RETRY_AFTER_MS;
}

void http_easy_answer(CURL *easy, struct buf *warnings, struct http_response *ret_response)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	print_warnings(easy, warnings);
	*ret_response = (struct http_response){
		.status = (int)status,
		.content_type = header(easy, "Content-Type"),
		.audit_id = header(easy, "Audit-Id"),
		.retry_after_ms = retry_after_ms(easy),
		.warnings = buf_str(warnings),
	};
}

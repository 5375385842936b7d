#include "tests/support/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/check.h"

#define MAX_RULES       512
#define MAX_CONNECTIONS 256
#define MAX_REQUESTS    4096
#define MAX_REQUEST     (4 * 1024 * 1024)

struct connection {
	struct server *server;
	pthread_t thread;
	int fd;
};

struct server {
	int fd;
	char url[64];
	pthread_t thread;
	pthread_mutex_t lock;
	bool stopping;
	struct server_rule rules[MAX_RULES];
	int used[MAX_RULES];
	size_t rule_count;
	struct connection connections[MAX_CONNECTIONS];
	size_t connection_count;
	char *requests[MAX_REQUESTS];
	size_t request_count;
};

static bool send_all(int fd, const char *bytes, size_t length, size_t piece)
{
	while (length > 0) {
		size_t size = piece && piece < length ? piece : length;
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
		if (piece)
			usleep(1000); /* so that the pieces arrive one by one */
	}
	return true;
}

/* The bytes of the request that begins in `text`, or 0 if it is not whole yet. */
static size_t request_length(const char *text, size_t length)
{
	const char *end = memmem(text, length, "\r\n\r\n", 4);
	size_t body = 0;

	if (length > 0 && text[0] == 0x16)
		return length; /* a TLS handshake, which is answered like any request */
	if (!end)
		return 0;
	for (const char *line = text; line < end; line = strstr(line, "\r\n") + 2) {
		if (strncasecmp(line, "content-length:", 15) == 0)
			body = strtoul(line + 15, NULL, 10);
	}
	size_t whole = (size_t)(end - text) + 4 + body;
	return whole <= length ? whole : 0;
}

/* Notes the request and finds its rule; NULL if there is none. */
static const struct server_rule *note(struct server *server, const char *request, size_t length)
{
	const struct server_rule *found = NULL;

	pthread_mutex_lock(&server->lock);
	if (server->request_count < MAX_REQUESTS)
		server->requests[server->request_count++] = strndup(request, length);
	for (size_t i = 0; i < server->rule_count && !found; i++) {
		const struct server_rule *rule = &server->rules[i];

		if (strncmp(request, rule->match, strlen(rule->match)) != 0 ||
		    (rule->holds && !memmem(request, length, rule->holds, strlen(rule->holds))) ||
		    (rule->times && server->used[i] >= rule->times))
			continue;
		server->used[i]++;
		found = rule;
	}
	pthread_mutex_unlock(&server->lock);
	return found;
}

/* Sends RST; the socket stays ours until it is closed. */
static void reset(int fd)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	(void)!connect(fd, &nobody, sizeof(nobody));
}

/* Answers one request; whether the connection goes on. */
static bool answer(int fd, const struct server_rule *rule)
{
	static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n"
				   "404 page not found: no";
	char byte;

	if (!rule)
		return send_all(fd, none, sizeof(none) - 1, 0);
	if (rule->reset)
		usleep(5000);
	if (rule->raw && !send_all(fd, rule->raw, strlen(rule->raw), rule->piece))
		return false;
	if (rule->hang)
		(void)!recv(fd, &byte, 1, 0); /* until somebody closes */
	if (rule->reset)
		reset(fd);
	return rule->raw && !rule->close && !rule->hang && !rule->reset;
}

static void *serve(void *arg)
{
	struct connection *connection = arg;
	char *text = malloc(MAX_REQUEST);
	size_t length = 0, whole;
	bool open = text;

	while (open) {
		ssize_t got = recv(connection->fd, text + length, MAX_REQUEST - length - 1, 0);

		if (got <= 0)
			break;
		length += (size_t)got;
		text[length] = '\0';
		while (open && (whole = request_length(text, length))) {
			open = answer(connection->fd, note(connection->server, text, whole));
			memmove(text, text + whole, length - whole + 1);
			length -= whole;
		}
	}
	free(text);
	shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

static void *take_connections(void *arg)
{
	struct server *server = arg;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&server->lock);
		if (server->stopping || server->connection_count == MAX_CONNECTIONS) {
			close(fd);
		} else {
			struct connection *connection =
				&server->connections[server->connection_count++];

			*connection = (struct connection){.server = server, .fd = fd};
			pthread_create(&connection->thread, NULL, serve, connection);
		}
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

struct server *server_start(void)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);

	assert_non_null(server);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->fd, 64), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	pthread_mutex_init(&server->lock, NULL);
	assert_int_equal(pthread_create(&server->thread, NULL, take_connections, server), 0);
	return server;
}

void server_stop(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	for (size_t i = 0; i < server->connection_count; i++)
		shutdown(server->connections[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&server->lock);
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
	for (size_t i = 0; i < server->connection_count; i++) {
		pthread_join(server->connections[i].thread, NULL);
		close(server->connections[i].fd);
	}
	for (size_t i = 0; i < server->rule_count; i++) {
		free((char *)(uintptr_t)server->rules[i].match);
		free((char *)(uintptr_t)server->rules[i].holds);
		free((char *)(uintptr_t)server->rules[i].raw);
	}
	for (size_t i = 0; i < server->request_count; i++)
		free(server->requests[i]);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

const char *server_url(const struct server *server)
{
	return server->url;
}

void server_add(struct server *server, struct server_rule rule)
{
	pthread_mutex_lock(&server->lock);
	assert_true(server->rule_count < MAX_RULES);
	rule.match = strdup(rule.match);
	rule.holds = rule.holds ? strdup(rule.holds) : NULL;
	rule.raw = rule.raw ? strdup(rule.raw) : NULL;
	server->rules[server->rule_count++] = rule;
	pthread_mutex_unlock(&server->lock);
}

void server_answer(struct server *server, const char *match, int times, int status,
		   const char *headers, const char *body)
{
	char *raw;

	assert_true(asprintf(&raw,
			     "HTTP/1.1 %d Status\r\nContent-Type: application/json\r\n"
			     "Content-Length: %zu\r\n%s\r\n%s",
			     status, strlen(body), headers, body) > 0);
	server_add(server, (struct server_rule){.match = match, .raw = raw, .times = times});
	free(raw);
}

size_t server_count(struct server *server, const char *match)
{
	size_t count = 0;

	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < server->request_count; i++)
		count += strncmp(server->requests[i], match, strlen(match)) == 0;
	pthread_mutex_unlock(&server->lock);
	return count;
}

const char *server_request(struct server *server, const char *match, size_t index)
{
	const char *found = NULL;

	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < server->request_count && !found; i++) {
		if (strncmp(server->requests[i], match, strlen(match)) == 0 && index-- == 0)
			found = server->requests[i];
	}
	pthread_mutex_unlock(&server->lock);
	if (!found)
		fail_msg("there was no such request %s", match);
	return found;
}

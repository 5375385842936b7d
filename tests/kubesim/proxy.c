#include "tests/kubesim/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/store.h"

#define MAX_NAME   256
#define MAX_ANSWER (16u * 1024 * 1024)

/* "https:web:8080", "web:http", "web" in its parts. */
struct place {
	char scheme[16], name[MAX_NAME], port[64];
	char address[INET6_ADDRSTRLEN];
	int64_t number; /* of the port */
};

/* k8s.io/apimachinery/pkg/util/net, SplitSchemeNamePort */
static bool split(const char *text, struct place *place)
{
	const char *first = strchr(text, ':'), *second = first ? strchr(first + 1, ':') : NULL;

	if (second && strchr(second + 1, ':'))
		return false;
	*place = (struct place){0};
	if (second)
		snprintf(place->scheme, sizeof(place->scheme), "%.*s", (int)(first - text), text);
	const char *name = second ? first + 1 : text;
	const char *end = second ? second : first;
	snprintf(place->name, sizeof(place->name), "%.*s",
		 end ? (int)(end - name) : (int)strlen(name), name);
	snprintf(place->port, sizeof(place->port), "%s", end ? end + 1 : "");
	return place->name[0];
}

/* --- where to --------------------------------------------------------------------------------- */

/* A port that is a number is one of the Service's: Endpoints know it by its name. */
static const char *port_name(const struct place *place, const cJSON *service)
{
	const cJSON *port;
	char number[32];

	json_each (port, json_at(service, "spec.ports")) {
		snprintf(number, sizeof(number), "%lld", (long long)json_int_or(port, "port", -1));
		if (strcmp(number, place->port) == 0)
			return obj_text(port, "name");
	}
	return place->port;
}

/* Whether a Pod is named that has the address: whoever may write Endpoints is not to reach others. */
static bool is_of_pod(struct api *api, const char *namespace, const cJSON *address)
{
	struct key key = {"", "pods", namespace, obj_text(address, "targetRef.name")};
	CLEANUP(record_drop_p) struct record *pod = NULL;

	if (strcmp(obj_text(address, "targetRef.namespace"), namespace) != 0)
		return false;
	pod = store_get(api->cluster->store, &key);
	return pod && strcmp(obj_text(pod->object, "status.podIP"), obj_text(address, "ip")) == 0;
}

static bool take_endpoint(struct api *api, const char *namespace, const cJSON *subset,
			  const char *port_named, struct place *place)
{
	const cJSON *address, *port;

	json_each (port, json_get(subset, "ports")) {
		if (strcmp(obj_text(port, "name"), port_named) != 0)
			continue;
		json_each (address, json_get(subset, "addresses")) {
			if (!is_of_pod(api, namespace, address))
				continue;
			snprintf(place->address, sizeof(place->address), "%s",
				 obj_text(address, "ip"));
			place->number = json_int_or(port, "port", 0);
			return true;
		}
	}
	return false;
}

static int locate_service(struct api *api, const struct request *request, struct place *place,
			  struct status *status)
{
	struct key key = {"", "services", request->route.namespace, place->name};
	CLEANUP(record_drop_p) struct record *service = store_get(api->cluster->store, &key);
	const cJSON *subset;

	if (!service)
		return status_not_found(status, &key);
	key.resource = "endpoints";
	CLEANUP(record_drop_p) struct record *endpoints = store_get(api->cluster->store, &key);
	const char *port = port_name(place, service->object);

	key.resource = "services";
	if (!endpoints)
		return status_not_found(status, &key);
	if (!json_get(endpoints->object, "subsets"))
		return status_set(status, 503, "ServiceUnavailable",
				  "no endpoints available for service \"%s\"", place->name);
	json_each (subset, json_get(endpoints->object, "subsets")) {
		if (take_endpoint(api, key.namespace, subset, port, place))
			return 0;
	}
	return status_set(status, 503, "ServiceUnavailable",
			  "no endpoints available for service \"%s\"", request->route.name);
}

static int locate_pod(struct api *api, const struct request *request, struct place *place,
		      struct status *status)
{
	struct key key = {"", "pods", request->route.namespace, place->name};
	CLEANUP(record_drop_p) struct record *pod = store_get(api->cluster->store, &key);

	if (!pod)
		return status_not_found(status, &key);
	if (!*obj_text(pod->object, "status.podIP"))
		return status_bad_request(status, "address not allowed");
	snprintf(place->address, sizeof(place->address), "%s",
		 obj_text(pod->object, "status.podIP"));
	place->number = place->port[0] ? strtoll(place->port, NULL, 10) : 80;
	return 0;
}

/* --- the exchange ----------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for the descriptor; false with errno when the time is over. */
static bool wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd pollfd = {.fd = fd, .events = events};
	int64_t left = deadline_ms - now_ms();
	int result = poll(&pollfd, 1, left > 0 ? (int)left : 0);

	if (result == 0)
		errno = ETIMEDOUT;
	return result > 0;
}

static int connect_to(const struct place *place, int64_t deadline_ms)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)place->number)};
	int fd, error = 0;
	socklen_t size = sizeof(error);

	if (inet_pton(AF_INET, place->address, &address.sin_addr) != 1) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline_ms) &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
		return fd;
	error = error ? error : errno;
	close(fd);
	errno = error;
	return -1;
}

static bool is_passed_on(const char *header)
{
	static const char *const ours[] = {
		"Authorization", "Connection",      "Host",   "Content-Length", "Transfer-Encoding",
		"Expect",        "Accept-Encoding", "Upgrade"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcasecmp(header, ours[i]) == 0)
			return false;
	return true;
}

/* HTTP/1.0: the answer's end is the connection's. */
static void print_request(const struct request *request, const struct place *place, struct buf *out)
{
	const char *rest = request->route.rest;

	buf_printf(out, "%s %s", request->method, *rest ? rest : "/");
	for (size_t i = 0; i < request->param_count; i++)
		buf_printf(out, "%c%s=%s", i ? '&' : '?', request->params[i].name,
			   request->params[i].value);
	buf_printf(out, " HTTP/1.0\r\nHost: %s:%lld\r\n", place->address, (long long)place->number);
	for (size_t i = 0; i < request->header_count; i++)
		if (is_passed_on(request->headers[i].name))
			buf_printf(out, "%s: %s\r\n", request->headers[i].name,
				   request->headers[i].value);
	buf_printf(out, "Content-Length: %zu\r\n\r\n", request->body_length);
	buf_append(out, request->body, request->body_length);
}

static bool send_all(int fd, const struct buf *text, int64_t deadline_ms)
{
	for (size_t done = 0; done < text->length;) {
		ssize_t sent;

		if (!wait_for(fd, POLLOUT, deadline_ms))
			return false;
		sent = send(fd, text->data + done, text->length - done, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		done += sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

static bool receive_all(int fd, struct buf *answer, int64_t deadline_ms)
{
	char block[16384];
	ssize_t length = 1;

	while (length != 0 && !answer->broken_cap) {
		if (!wait_for(fd, POLLIN, deadline_ms))
			return false;
		length = recv(fd, block, sizeof(block), 0);
		if (length < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (length > 0)
			buf_append(answer, block, (size_t)length);
	}
	return true;
}

static bool exchange(const struct place *place, const struct request *request, struct buf *answer)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(2 * API_MAX_BODY);
	int64_t deadline_ms = now_ms() + PROXY_MS;
	int fd = connect_to(place, deadline_ms), error;
	bool fine;

	if (fd < 0)
		return false;
	print_request(request, place, &text);
	fine = send_all(fd, &text, deadline_ms) && receive_all(fd, answer, deadline_ms);
	error = errno;
	close(fd);
	errno = error;
	return fine;
}

/* The answer as the other side gave it; of its headers the content type, if we know it. */
static int take_answer(const struct buf *answer, struct response *response, struct status *status)
{
	const char *text = buf_str(answer), *body = strstr(text, "\r\n\r\n");
	int code = 0;

	if (!body || sscanf(text, "HTTP/1.%*1[01] %3d", &code) != 1)
		return status_set(status, 503, "ServiceUnavailable",
				  "error trying to reach service: malformed HTTP response");
	CLEANUP(free_p) char *head = strndup(text, (size_t)(body - text));
	must(head);
	bool is_json = strcasestr(head, "\r\nContent-Type: application/json") != NULL;
	response_text(response, code, is_json ? "application/json" : "text/plain; charset=utf-8",
		      body + 4);
	return 0;
}

int proxy_handle(struct api *api, const struct request *request, struct response *response,
		 struct status *status)
{
	CLEANUP(buf_release) struct buf answer = BUF_INIT(MAX_ANSWER);
	bool is_pod = strcmp(request->kind->plural, "pods") == 0;
	struct place place;

	if (!split(request->route.name, &place))
		return status_bad_request(status, "invalid %s request \"%s\"",
					  is_pod ? "pod" : "service", request->route.name);
	if ((is_pod ? locate_pod(api, request, &place, status)
		    : locate_service(api, request, &place, status)) < 0)
		return -1;
	if (!exchange(&place, request, &answer))
		return status_set(status, 503, "ServiceUnavailable",
				  "error trying to reach service: dial tcp %s:%lld: connect: %s",
				  place.address, (long long)place.number,
				  errno == ECONNREFUSED ? "connection refused" : strerror(errno));
	return take_answer(&answer, response, status);
}

#include "agent/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diff/text.h"

#define BACKLOG 128

union socket_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* --- reading --------------------------------------------------------------------------------- */

static bool read_port(const char *text, uint16_t *ret_port)
{
	unsigned long port = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (unsigned long)(*text - '0');
	}
	*ret_port = (uint16_t)port;
	return port <= UINT16_MAX;
}

static bool is_host(const char *host, bool bracketed)
{
	struct in6_addr ignored;

	if (bracketed)
		return inet_pton(AF_INET6, host, &ignored) == 1;
	return !*host || inet_pton(AF_INET, host, &ignored) == 1;
}

int listen_parse(const char *text, struct listen_address *ret_address, struct err *err)
{
	struct listen_address address = {.host = ""};
	char quoted[TEXT_QUOTE_MAX];
	const char *colon = strrchr(text, ':');
	bool bracketed = text[0] == '[' && colon && colon > text && colon[-1] == ']';
	const char *host = bracketed ? text + 1 : text;
	size_t length = colon ? (size_t)(colon - host) - (bracketed ? 1 : 0) : 0;

	if (colon && length == strlen("localhost") && strncmp(host, "localhost", length) == 0)
		host = "127.0.0.1", length = strlen(host);
	if (!colon || length >= sizeof(address.host) || !read_port(colon + 1, &address.port))
		goto refuse;
	memcpy(address.host, host, length);
	if (!is_host(address.host, bracketed))
		goto refuse;
	*ret_address = address;
	return 0;

refuse:
	return err_set(err, ERR_INVALID,
		       "%s is no address to listen on; \"127.0.0.1:8080\", \"[::1]:8080\" and "
		       "\":8080\" are",
		       text_quote(text, quoted));
}

/* --- opening --------------------------------------------------------------------------------- */

static socklen_t fill(const struct listen_address *address, sa_family_t family,
		      union socket_address *ret)
{
	*ret = (union socket_address){0};
	ret->any.sa_family = family;
	if (family == AF_INET) {
		ret->v4.sin_port = htons(address->port);
		inet_pton(AF_INET, *address->host ? address->host : "0.0.0.0", &ret->v4.sin_addr);
		return sizeof(ret->v4);
	}
	ret->v6.sin6_port = htons(address->port);
	inet_pton(AF_INET6, *address->host ? address->host : "::", &ret->v6.sin6_addr);
	return sizeof(ret->v6);
}

static int open_family(const struct listen_address *address, sa_family_t family)
{
	union socket_address where;
	socklen_t length = fill(address, family, &where);
	const int on = 1, only_v6 = *address->host != '\0';
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6));
	if (bind(fd, &where.any, length) < 0 || listen(fd, BACKLOG) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static void print_name(int fd, char ret_name[LISTEN_ADDRESS_SIZE])
{
	union socket_address where = {0};
	socklen_t length = sizeof(where);
	char host[LISTEN_HOST_SIZE] = "";

	getsockname(fd, &where.any, &length);
	if (where.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &where.v6.sin6_addr, host, sizeof(host));
		snprintf(ret_name, LISTEN_ADDRESS_SIZE, "[%s]:%u", host, ntohs(where.v6.sin6_port));
	} else {
		inet_ntop(AF_INET, &where.v4.sin_addr, host, sizeof(host));
		snprintf(ret_name, LISTEN_ADDRESS_SIZE, "%s:%u", host, ntohs(where.v4.sin_port));
	}
}

static enum err_class class_of(int error)
{
	switch (error) {
	case EADDRINUSE: return ERR_EXISTS;
	case EACCES: return ERR_DENIED;
	case EADDRNOTAVAIL: return ERR_INVALID;
	default: return ERR_INTERNAL;
	}
}

int listen_open(const struct listen_address *address, int *ret_fd,
		char ret_name[LISTEN_ADDRESS_SIZE], struct err *err)
{
	bool is_v6 = strchr(address->host, ':') || !*address->host;
	int fd = open_family(address, is_v6 ? AF_INET6 : AF_INET);

	/* A machine without IPv6 still has every address of IPv4. */
	if (fd < 0 && !*address->host && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = open_family(address, AF_INET);
	if (fd < 0)
		return err_set(err, class_of(errno),
			       strchr(address->host, ':') ? "cannot listen on [%s]:%u: %s"
							  : "cannot listen on %s:%u: %s",
			       address->host, address->port, strerror(errno));
	print_name(fd, ret_name);
	*ret_fd = fd;
	return 0;
}

/*
 * listen.h - an address to listen on, and its socket.
 */
#ifndef AGENT_LISTEN_H
#define AGENT_LISTEN_H

#include <stdint.h>

#include "diff/err.h"

#define LISTEN_HOST_SIZE    46 /* of an IPv6 address with its NUL */
#define LISTEN_ADDRESS_SIZE (LISTEN_HOST_SIZE + 8)

struct listen_address {
	char host[LISTEN_HOST_SIZE]; /* "127.0.0.1", "::1"; "": every address, IPv4 and IPv6 */
	uint16_t port;               /* 0: any that is free */
};

/*
 * Reads "127.0.0.1:8080", "[::1]:8080", ":8080" or "localhost:8080" (127.0.0.1). Other names are
 * not looked up: what they stand for may change. ERR_INVALID.
 */
int listen_parse(const char *text, struct listen_address *ret_address, struct err *err);

/*
 * The listening socket, close-on-exec and non-blocking; *ret_name is where it listens in fact,
 * "127.0.0.1:41235". Errors begin with "cannot listen on ADDRESS: ": ERR_EXISTS for a port that is
 * taken, ERR_DENIED, ERR_INVALID for an address that is not ours, ERR_INTERNAL.
 */
int listen_open(const struct listen_address *address, int *ret_fd,
		char ret_name[LISTEN_ADDRESS_SIZE], struct err *err);

#endif

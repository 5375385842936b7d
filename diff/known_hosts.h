/*
 * known_hosts.h - what an OpenSSH known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) says of
 * one server's key.
 *
 * Names may be plain, with a port ("[host]:2222"), hashed ("|1|salt|hash"), patterns of `*` and
 * `?`, negated (`!`), several with commas between. Like ssh(1), a server on another port than 22 is
 * looked for under its name with the port, then under its name alone. A `@revoked` key is never
 * accepted; `@cert-authority` lines are passed over, because libssh2 knows no certificates.
 */
#ifndef DIFF_KNOWN_HOSTS_H
#define DIFF_KNOWN_HOSTS_H

#include <stddef.h>

#include "diff/err.h"

enum known_host {
	KNOWN_HOST_ACCEPTED,
	KNOWN_HOST_UNKNOWN, /* no line names the server */
	KNOWN_HOST_CHANGED, /* lines name the server, with other keys */
	KNOWN_HOST_REVOKED,
};

/* The key types that libssh2 can check, best first. */
enum host_key_type {
	HOST_KEY_ED25519,
	HOST_KEY_ECDSA_256,
	HOST_KEY_ECDSA_384,
	HOST_KEY_ECDSA_521,
	HOST_KEY_RSA,
	HOST_KEY_TYPE_COUNT
};

/* "ssh-ed25519", ... */
const char *host_key_type_name(enum host_key_type type);

/*
 * Judges a key: its bytes as the server sent them (RFC 4253, section 6.6). ERR_NO_MEMORY,
 * ERR_INTERNAL.
 */
int known_hosts_judge(const char *text, const char *host, int port, const void *key,
		      size_t key_length, enum known_host *ret_verdict, struct err *err);

/* Finds the types of the keys that lines have for the server, as a set of bits 1 << type. */
int known_hosts_types(const char *text, const char *host, int port, unsigned *ret_types,
		      struct err *err);

#endif

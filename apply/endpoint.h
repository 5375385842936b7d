/*
 * endpoint.h - where an HTTP server is, and with which keys to speak to it.
 *
 * A plain value that a kubeconfig is read into and that http.h speaks from. Every string is owned
 * and may be NULL where it does not apply. What comes as a file is read again when it is needed,
 * so that certificates and tokens can be rotated under a running agent; what came as data in the
 * kubeconfig is held as PEM text.
 */
#ifndef APPLY_ENDPOINT_H
#define APPLY_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "apply/exec_config.h"
#include "diff/err.h"

struct endpoint_header {
	char *name, *value;
};

struct endpoint {
	char *server;    /* "https://10.0.0.1:6443", perhaps with a path; no slash at the end */
	char *proxy_url; /* http://, https:// or socks5://; NULL: the environment's, as usual */
	bool direct;     /* and that is not asked either */

	/* Of each pair at most one is set. Without a CA the system's are trusted. */
	char *ca_pem, *ca_file;
	char *cert_pem, *cert_file;
	char *key_pem, *key_file;
	char *tls_server_name; /* the name that the certificate must bear; NULL: the server's */
	bool insecure;         /* the server's certificate is not checked at all */
	char *ca_setting; /* where the user names a CA, for messages; NULL: in the kubeconfig */

	/* token_file wins over token as soon as it could be read once. */
	char *token, *token_file;
	char *username, *password;
	struct exec_config *exec; /* a plugin that gives one of these; then none is set; or NULL */

	/* Of every request: Impersonate-User and its companions. */
	struct endpoint_header *headers;
	size_t header_count;
};

int endpoint_copy(const struct endpoint *endpoint, struct endpoint *ret_copy, struct err *err);

/*
 * Takes a whole http or https URL apart: server, and user and password where it has some, into a
 * zeroed *ret_endpoint; path and query into *ret_target (at least "/"), which the caller frees.
 * Messages of requests name the server alone, so that a URL that is a secret is in none.
 * ERR_INVALID, with nothing of the URL in its message; ERR_NO_MEMORY.
 */
int endpoint_of_url(const char *url, struct endpoint *ret_endpoint, char **ret_target,
		    struct err *err);

/*
 * Adds a header to those of every request. ERR_INVALID where the value could not stand in one (RFC
 * 9110 5.5); the name has to be fit.
 */
int endpoint_add_header(struct endpoint *endpoint, const char *name, const char *value,
			struct err *err);

void endpoint_clear_headers(struct endpoint *endpoint);

/* Takes out what proves who we are; whether there was anything. */
bool endpoint_forget_credentials(struct endpoint *endpoint);

void endpoint_release(struct endpoint *endpoint);

#endif

#include "apply/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "apply/credential.h"
#include "diff/cleanup.h"

/* Copies a string that may be NULL; false when memory runs out. */
static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return !text || *ret_copy;
}

static bool copy_header(const char *name, const char *value, struct endpoint *endpoint)
{
	struct endpoint_header *longer = reallocarray(endpoint->headers, endpoint->header_count + 1,
						      sizeof(*endpoint->headers));

	if (!longer)
		return false;
	endpoint->headers = longer;
	struct endpoint_header *header = &longer[endpoint->header_count++];
	*header = (struct endpoint_header){0};
	return copy_text(name, &header->name) && copy_text(value, &header->value);
}

static bool copy_headers(const struct endpoint *endpoint, struct endpoint *copy)
{
	for (size_t i = 0; i < endpoint->header_count; i++) {
		const struct endpoint_header *header = &endpoint->headers[i];

		if (!copy_header(header->name, header->value, copy))
			return false;
	}
	return true;
}

int endpoint_copy(const struct endpoint *endpoint, struct endpoint *ret_copy, struct err *err)
{
	struct endpoint copy = {.insecure = endpoint->insecure};

	if (copy_text(endpoint->server, &copy.server) &&
	    copy_text(endpoint->proxy_url, &copy.proxy_url) &&
	    copy_text(endpoint->ca_pem, &copy.ca_pem) &&
	    copy_text(endpoint->ca_file, &copy.ca_file) &&
	    copy_text(endpoint->cert_pem, &copy.cert_pem) &&
	    copy_text(endpoint->cert_file, &copy.cert_file) &&
	    copy_text(endpoint->key_pem, &copy.key_pem) &&
	    copy_text(endpoint->key_file, &copy.key_file) &&
	    copy_text(endpoint->tls_server_name, &copy.tls_server_name) &&
	    copy_text(endpoint->token, &copy.token) &&
	    copy_text(endpoint->token_file, &copy.token_file) &&
	    copy_text(endpoint->username, &copy.username) &&
	    copy_text(endpoint->password, &copy.password) &&
	    (!endpoint->exec || (copy.exec = exec_config_copy(endpoint->exec))) &&
	    copy_headers(endpoint, &copy)) {
		*ret_copy = copy;
		return 0;
	}
	endpoint_release(&copy);
	return err_no_memory(err);
}

int endpoint_add_header(struct endpoint *endpoint, const char *name, const char *value,
			struct err *err)
{
	for (const unsigned char *c = (const unsigned char *)value; *c; c++)
		if ((*c < ' ' && *c != '\t') || *c == 0x7F)
			return err_set(err, ERR_INVALID, "%s: the value holds control characters",
				       name);
	return copy_header(name, value, endpoint) ? 0 : err_no_memory(err);
}

void endpoint_clear_headers(struct endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->header_count; i++) {
		free(endpoint->headers[i].name);
		free(endpoint->headers[i].value);
	}
	free(endpoint->headers);
	endpoint->headers = NULL;
	endpoint->header_count = 0;
}

bool endpoint_forget_credentials(struct endpoint *endpoint)
{
	char **const plain[] = {&endpoint->cert_pem, &endpoint->cert_file, &endpoint->key_file,
				&endpoint->token_file, &endpoint->username};
	char **const secret[] = {&endpoint->key_pem, &endpoint->token, &endpoint->password};
	bool any = endpoint->exec;

	exec_config_free(STEAL(endpoint->exec));

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		any |= *plain[i] != NULL;
		free(STEAL(*plain[i]));
	}
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
		any |= *secret[i] != NULL;
		secret_free(STEAL(*secret[i]));
	}
	return any;
}

void endpoint_release(struct endpoint *endpoint)
{
	free(endpoint->server);
	free(endpoint->proxy_url);
	free(endpoint->ca_pem);
	free(endpoint->ca_file);
	free(endpoint->tls_server_name);
	endpoint_forget_credentials(endpoint);
	endpoint_clear_headers(endpoint);
	*endpoint = (struct endpoint){0};
}

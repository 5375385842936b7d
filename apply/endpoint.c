#include "apply/endpoint.h"

#include <stdlib.h>
#include <string.h>

/* Secrets do not stay behind in freed memory. */
static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Copies a string that may be NULL; false when memory runs out. */
static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return !text || *ret_copy;
}

static bool copy_groups(const struct endpoint *endpoint, struct endpoint *copy)
{
	if (endpoint->impersonate_group_count == 0)
		return true;
	copy->impersonate_groups = calloc(endpoint->impersonate_group_count, sizeof(char *));
	if (!copy->impersonate_groups)
		return false;
	for (size_t i = 0; i < endpoint->impersonate_group_count; i++) {
		if (!copy_text(endpoint->impersonate_groups[i], &copy->impersonate_groups[i]))
			return false;
		copy->impersonate_group_count++;
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
	    copy_text(endpoint->impersonate_user, &copy.impersonate_user) &&
	    copy_text(endpoint->impersonate_uid, &copy.impersonate_uid) &&
	    copy_groups(endpoint, &copy)) {
		*ret_copy = copy;
		return 0;
	}
	endpoint_release(&copy);
	return err_no_memory(err);
}

void endpoint_release(struct endpoint *endpoint)
{
	free(endpoint->server);
	free(endpoint->proxy_url);
	free(endpoint->ca_pem);
	free(endpoint->ca_file);
	free(endpoint->cert_pem);
	free(endpoint->cert_file);
	free_secret(endpoint->key_pem);
	free(endpoint->key_file);
	free(endpoint->tls_server_name);
	free_secret(endpoint->token);
	free(endpoint->token_file);
	free(endpoint->username);
	free_secret(endpoint->password);
	free(endpoint->impersonate_user);
	free(endpoint->impersonate_uid);
	for (size_t i = 0; i < endpoint->impersonate_group_count; i++)
		free(endpoint->impersonate_groups[i]);
	free(endpoint->impersonate_groups);
	*endpoint = (struct endpoint){0};
}

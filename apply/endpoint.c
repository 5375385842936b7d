#include "apply/endpoint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "apply/credential.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

#define MAX_URL_BYTES 8192

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
	struct endpoint copy = {.insecure = endpoint->insecure, .direct = endpoint->direct};

	if (copy_text(endpoint->server, &copy.server) &&
	    copy_text(endpoint->proxy_url, &copy.proxy_url) &&
	    copy_text(endpoint->ca_pem, &copy.ca_pem) &&
	    copy_text(endpoint->ca_file, &copy.ca_file) &&
	    copy_text(endpoint->cert_pem, &copy.cert_pem) &&
	    copy_text(endpoint->cert_file, &copy.cert_file) &&
	    copy_text(endpoint->key_pem, &copy.key_pem) &&
	    copy_text(endpoint->key_file, &copy.key_file) &&
	    copy_text(endpoint->tls_server_name, &copy.tls_server_name) &&
	    copy_text(endpoint->ca_setting, &copy.ca_setting) &&
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

/* --- a URL ------------------------------------------------------------------------------------ */

static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Undoes percent-encoding; NULL when memory runs out. */
static char *decode(const char *text, size_t length)
{
	char *out = malloc(length + 1);
	size_t written = 0;

	for (size_t i = 0; out && i < length; i++) {
		int high = text[i] == '%' && i + 2 < length ? digit_of(text[i + 1]) : -1;
		int low = high >= 0 ? digit_of(text[i + 2]) : -1;

		if (low >= 0 && (high || low)) {
			out[written++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[written++] = text[i];
		}
	}
	if (out)
		out[written] = '\0';
	return out;
}

/* "user:password" before the "@" of the authority. */
static int take_user(const char *text, size_t length, struct endpoint *endpoint, struct err *err)
{
	const char *colon = memchr(text, ':', length);
	size_t user_length = colon ? (size_t)(colon - text) : length;

	endpoint->username = decode(text, user_length);
	if (colon)
		endpoint->password = decode(colon + 1, length - user_length - 1);
	return endpoint->username && (!colon || endpoint->password) ? 0 : err_no_memory(err);
}

static int take_url(const char *url, struct endpoint *endpoint, char **ret_target, struct err *err)
{
	size_t scheme = strncasecmp(url, "https://", 8) == 0  ? 8
			: strncasecmp(url, "http://", 7) == 0 ? 7
							      : 0;
	const char *authority = url + scheme;
	size_t length = strcspn(authority, "/?#");
	const char *host = authority, *target = authority + length;
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_URL_BYTES);

	for (const char *c = url; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7F)
			scheme = 0;
	for (size_t i = 0; i < length; i++)
		if (authority[i] == '@')
			host = authority + i + 1;
	if (scheme == 0 || host == authority + length)
		return err_set(err, ERR_INVALID,
			       "the address is no URL such as https://example.com/path");
	if (host > authority &&
	    take_user(authority, (size_t)(host - authority) - 1, endpoint, err) < 0)
		return -1;
	buf_printf(&text, "%s%.*s", scheme == 8 ? "https://" : "http://",
		   (int)(authority + length - host), host);
	if (buf_check(&text, "the address", err) < 0)
		return -1;
	endpoint->server = buf_steal(&text);
	buf_clear(&text);
	buf_puts(&text, *target == '/' ? "" : "/");
	buf_append(&text, target, strcspn(target, "#"));
	if (buf_check(&text, "the address", err) < 0)
		return -1;
	*ret_target = buf_steal(&text);
	return endpoint->server && *ret_target ? 0 : err_no_memory(err);
}

int endpoint_of_url(const char *url, struct endpoint *ret_endpoint, char **ret_target,
		    struct err *err)
{
	*ret_endpoint = (struct endpoint){0};
	*ret_target = NULL;
	if (take_url(url, ret_endpoint, ret_target, err) == 0)
		return 0;
	endpoint_release(ret_endpoint);
	free(STEAL(*ret_target));
	return -1;
}

/* --- headers and credentials ------------------------------------------------------------------ */

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
	free(endpoint->ca_setting);
	endpoint_forget_credentials(endpoint);
	endpoint_clear_headers(endpoint);
	*endpoint = (struct endpoint){0};
}

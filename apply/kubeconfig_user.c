#include <stdlib.h>
#include <string.h>

#include "apply/credential.h"
#include "apply/kubeconfig_entry.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

#define MAX_HEADER_NAME_BYTES 1024

/* What would silently change who we are must not be passed over. */
static int refuse_auth_provider(const struct kubeconfig_entry *user, struct err *err)
{
	const cJSON *value = json_get(user->value, "auth-provider");

	if (!value || cJSON_IsNull(value))
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s: the user \"%s\" has an auth-provider, which Kubernetes has given up: "
		       "use an exec plugin, a token, a tokenFile or a client certificate",
		       user->file->path, user->name);
}

static int read_token(const struct kubeconfig_entry *user, struct endpoint *endpoint,
		      struct err *err)
{
	if (entry_take_text(user, "token", &endpoint->token, err) < 0 ||
	    entry_take_file(user, "tokenFile", &endpoint->token_file, err) < 0)
		return -1;
	if (endpoint->token && !credential_is_token(endpoint->token))
		return err_set(err, ERR_INVALID,
			       "%s: token of the user \"%s\" holds blanks or other characters that "
			       "no token has",
			       user->file->path, user->name);
	return 0;
}

static int read_password(const struct kubeconfig_entry *user, struct endpoint *endpoint,
			 struct err *err)
{
	if (entry_take_text(user, "username", &endpoint->username, err) < 0 ||
	    entry_take_text(user, "password", &endpoint->password, err) < 0)
		return -1;
	if ((endpoint->username || endpoint->password) && (endpoint->token || endpoint->token_file))
		return err_set(err, ERR_INVALID,
			       "%s: the user \"%s\" has a token and a password: it must be one or "
			       "the other",
			       user->file->path, user->name);
	return 0;
}

static int read_certificate(const struct kubeconfig_entry *user, struct endpoint *endpoint,
			    struct err *err)
{
	if (entry_take_pem(user, "client-certificate", &endpoint->cert_pem, &endpoint->cert_file,
			   err) < 0 ||
	    entry_take_pem(user, "client-key", &endpoint->key_pem, &endpoint->key_file, err) < 0)
		return -1;
	bool has_cert = endpoint->cert_pem || endpoint->cert_file;
	bool has_key = endpoint->key_pem || endpoint->key_file;
	if (has_cert == has_key)
		return 0;
	return err_set(err, ERR_INVALID, "%s: the user \"%s\" has a client %s but no %s",
		       user->file->path, user->name, has_cert ? "certificate" : "key",
		       has_cert ? "client-key" : "client-certificate");
}

/* --- impersonation ---------------------------------------------------------------------------- */

/* The name of an extra's header. What may not stand in it is escaped (client-go, headerKeyEscape). */
static void print_extra_name(const char *key, struct buf *out)
{
	buf_puts(out, "Impersonate-Extra-");
	for (const unsigned char *c = (const unsigned char *)key; *c; c++) {
		bool is_legal = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
				(*c >= 'a' && *c <= 'z') || strchr("!#$&'*+-.^_`|~", *c);

		buf_printf(out, is_legal ? "%c" : "%%%02X", *c);
	}
}

/* Adds a header for each string of a list. */
static int add_headers(const struct kubeconfig_entry *user, const char *key, const cJSON *list,
		       const char *header, struct endpoint *endpoint, struct err *err)
{
	const cJSON *item;

	if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
		return entry_ill_typed(user, key, list, "a list of strings", err);
	json_each (item, list) {
		if (!cJSON_IsString(item))
			return entry_ill_typed(user, key, item, "a list of strings", err);
		if (endpoint_add_header(endpoint, header, item->valuestring, err) < 0)
			return err_prefix(err, "%s", user->file->path);
	}
	return 0;
}

static int read_extras(const struct kubeconfig_entry *user, struct endpoint *endpoint,
		       struct err *err)
{
	const cJSON *extras = json_get(user->value, "as-user-extra");
	const cJSON *extra;

	if (extras && !cJSON_IsNull(extras) && !cJSON_IsObject(extras))
		return entry_ill_typed(user, "as-user-extra", extras, "an object", err);
	json_each (extra, extras) {
		CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_HEADER_NAME_BYTES);

		print_extra_name(extra->string, &name);
		if (buf_check(&name, "a key in as-user-extra", err) < 0 ||
		    add_headers(user, "as-user-extra", extra, buf_str(&name), endpoint, err) < 0)
			return -1;
	}
	return 0;
}

static int read_impersonation(const struct kubeconfig_entry *user, struct endpoint *endpoint,
			      struct err *err)
{
	const char *name, *uid;

	if (entry_get_text(user, "as", &name, err) < 0 ||
	    entry_get_text(user, "as-uid", &uid, err) < 0)
		return -1;
	if ((name && endpoint_add_header(endpoint, "Impersonate-User", name, err) < 0) ||
	    (uid && endpoint_add_header(endpoint, "Impersonate-Uid", uid, err) < 0))
		return err_prefix(err, "%s", user->file->path);
	if (add_headers(user, "as-groups", json_get(user->value, "as-groups"), "Impersonate-Group",
			endpoint, err) < 0 ||
	    read_extras(user, endpoint, err) < 0)
		return -1;
	if (!name && endpoint->header_count)
		return err_set(
			err, ERR_INVALID,
			"%s: the user \"%s\" has as-uid, as-groups or as-user-extra but no as",
			user->file->path, user->name);
	return 0;
}

/* Whether it says itself who it is. Then client-go leaves its plugin alone. */
static bool is_complete(const struct endpoint *endpoint)
{
	return endpoint->token || endpoint->token_file || endpoint->username ||
	       endpoint->password || endpoint->cert_pem || endpoint->cert_file;
}

int kubeconfig_read_user(const struct kubeconfig_entry *user,
			 const struct kubeconfig_entry *cluster, bool terminal,
			 struct endpoint *endpoint, struct err *err)
{
	if (refuse_auth_provider(user, err) < 0 || read_certificate(user, endpoint, err) < 0 ||
	    read_token(user, endpoint, err) < 0 || read_password(user, endpoint, err) < 0)
		return -1;
	if (!is_complete(endpoint) &&
	    kubeconfig_read_exec(user, cluster, terminal, &endpoint->exec, err) < 0)
		return -1;
	return read_impersonation(user, endpoint, err);
}

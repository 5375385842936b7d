#include "apply/kubeconfig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/file.h"
#include "apply/kubeconfig_files.h"
#include "diff/base64.h"
#include "diff/cleanup.h"

#define MAX_TEXT_BYTES (64u * 1024)

/* One cluster or user entry that is being read, and where it stands. */
struct entry {
	const char *what; /* "cluster" or "user" */
	const char *name;
	const cJSON *value;
	const struct kubeconfig_file *file;
};

static int set_text(char **text, const char *value, struct err *err)
{
	free(*text);
	*text = strdup(value);
	return *text ? 0 : err_no_memory(err);
}

/* The member as a string: NULL where it is missing, null or empty. */
static int get_text(const struct entry *entry, const char *key, const char **ret_text,
		    struct err *err)
{
	const cJSON *value = json_get(entry->value, key);

	*ret_text = NULL;
	if (!value || cJSON_IsNull(value))
		return 0;
	if (!cJSON_IsString(value))
		return err_set(err, ERR_INVALID, "%s: %s of the %s \"%s\" is not a string",
			       entry->file->path, key, entry->what, entry->name);
	if (value->valuestring[0])
		*ret_text = value->valuestring;
	return 0;
}

static int take_text(const struct entry *entry, const char *key, char **ret_text, struct err *err)
{
	const char *value;

	if (get_text(entry, key, &value, err) < 0)
		return -1;
	return value ? set_text(ret_text, value, err) : 0;
}

/* A file name, relative to the folder of the kubeconfig that names it; it must be readable. */
static int take_file(const struct entry *entry, const char *key, char **ret_path, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_TEXT_BYTES);
	CLEANUP(free_p) char *text = NULL;
	const char *value, *slash = strrchr(entry->file->path, '/');
	size_t length;

	if (get_text(entry, key, &value, err) < 0)
		return -1;
	if (!value)
		return 0;
	if (value[0] != '/' && slash)
		buf_append(&path, entry->file->path, (size_t)(slash - entry->file->path) + 1);
	buf_puts(&path, value);
	if (buf_check(&path, key, err) < 0)
		return -1;
	if (file_read(buf_str(&path), KUBECONFIG_MAX_BYTES, &text, &length, err) < 0)
		return err_prefix(err, "%s of the %s \"%s\" in %s", key, entry->what, entry->name,
				  entry->file->path);
	return set_text(ret_path, buf_str(&path), err);
}

/* PEM as base64 in `KEY-data`, which wins, or in the file that `KEY` names. */
static int take_pem(const struct entry *entry, const char *key, char **ret_pem, char **ret_file,
		    struct err *err)
{
	CLEANUP(buf_release) struct buf data_key = BUF_INIT(64);
	CLEANUP(free_p) char *pem = NULL;

	buf_printf(&data_key, "%s-data", key);
	if (take_text(entry, buf_str(&data_key), &pem, err) < 0)
		return -1;
	if (!pem)
		return take_file(entry, key, ret_file, err);

	size_t length = strlen(pem);
	if (!base64_decode(pem, &length) || memchr(pem, '\0', length) || !strstr(pem, "-----BEGIN"))
		return err_set(err, ERR_INVALID,
			       "%s: %s of the %s \"%s\" is not a PEM text in base64",
			       entry->file->path, buf_str(&data_key), entry->what, entry->name);
	*ret_pem = STEAL(pem);
	return 0;
}

static int read_cluster(const struct entry *entry, struct endpoint *endpoint, struct err *err)
{
	endpoint->insecure = json_true(entry->value, "insecure-skip-tls-verify");
	if (take_text(entry, "server", &endpoint->server, err) < 0 ||
	    take_text(entry, "tls-server-name", &endpoint->tls_server_name, err) < 0 ||
	    take_text(entry, "proxy-url", &endpoint->proxy_url, err) < 0)
		return -1;
	if (take_pem(entry, "certificate-authority", &endpoint->ca_pem, &endpoint->ca_file, err) <
	    0)
		return -1;
	if (endpoint->insecure && (endpoint->ca_pem || endpoint->ca_file))
		return err_set(err, ERR_INVALID,
			       "%s: the cluster \"%s\" has a certificate-authority and "
			       "insecure-skip-tls-verify: it must be one or the other",
			       entry->file->path, entry->name);
	return 0;
}

static int read_groups(const struct entry *entry, struct endpoint *endpoint, struct err *err)
{
	const cJSON *groups = json_get(entry->value, "as-groups");
	const cJSON *group;

	if (!cJSON_IsArray(groups) || !groups->child)
		return 0;
	endpoint->impersonate_groups = calloc((size_t)cJSON_GetArraySize(groups), sizeof(char *));
	if (!endpoint->impersonate_groups)
		return err_no_memory(err);
	json_each (group, groups) {
		char **place = &endpoint->impersonate_groups[endpoint->impersonate_group_count];

		if (!cJSON_IsString(group))
			return err_set(err, ERR_INVALID,
				       "%s: as-groups of the user \"%s\" is not a list of strings",
				       entry->file->path, entry->name);
		if (set_text(place, group->valuestring, err) < 0)
			return -1;
		endpoint->impersonate_group_count++;
	}
	return 0;
}

/* What would silently change who we are must not be passed over. */
static int refuse_unsupported(const struct entry *entry, struct err *err)
{
	static const char *const keys[] = {"exec", "auth-provider", "as-user-extra"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const cJSON *value = json_get(entry->value, keys[i]);

		if (value && !cJSON_IsNull(value) && value->child)
			return err_set(err, ERR_UNSUPPORTED,
				       "%s: the user \"%s\" has %s, which is not supported: use a "
				       "token, a tokenFile or a client certificate",
				       entry->file->path, entry->name, keys[i]);
	}
	return 0;
}

static int read_user(const struct entry *entry, struct endpoint *endpoint, struct err *err)
{
	if (refuse_unsupported(entry, err) < 0 ||
	    take_pem(entry, "client-certificate", &endpoint->cert_pem, &endpoint->cert_file, err) <
		    0 ||
	    take_pem(entry, "client-key", &endpoint->key_pem, &endpoint->key_file, err) < 0 ||
	    take_text(entry, "token", &endpoint->token, err) < 0 ||
	    take_file(entry, "tokenFile", &endpoint->token_file, err) < 0 ||
	    take_text(entry, "username", &endpoint->username, err) < 0 ||
	    take_text(entry, "password", &endpoint->password, err) < 0 ||
	    take_text(entry, "as", &endpoint->impersonate_user, err) < 0 ||
	    take_text(entry, "as-uid", &endpoint->impersonate_uid, err) < 0 ||
	    read_groups(entry, endpoint, err) < 0)
		return -1;

	bool has_cert = endpoint->cert_pem || endpoint->cert_file;
	bool has_key = endpoint->key_pem || endpoint->key_file;
	if (has_cert != has_key)
		return err_set(err, ERR_INVALID, "%s: the user \"%s\" has a client %s but no %s",
			       entry->file->path, entry->name, has_cert ? "certificate" : "key",
			       has_cert ? "client-key" : "client-certificate");
	if (!endpoint->impersonate_user &&
	    (endpoint->impersonate_uid || endpoint->impersonate_group_count))
		return err_set(err, ERR_INVALID,
			       "%s: the user \"%s\" has as-uid or as-groups but no as",
			       entry->file->path, entry->name);
	return 0;
}

/* Finds the entry that the context names under `what`. */
static int find_entry(const struct kubeconfig_files *files, const struct entry *context,
		      const char *list, const char *what, struct entry *ret_entry, struct err *err)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT(MAX_TEXT_BYTES);
	struct entry entry = {.what = what};

	*ret_entry = entry;
	if (get_text(context, what, &entry.name, err) < 0)
		return -1;
	if (!entry.name)
		return 0;
	entry.value = kubeconfig_files_find(files, list, what, entry.name, &entry.file);
	if (!entry.value) {
		kubeconfig_files_print_names(files, list, &names);
		return err_set(err, ERR_NOT_FOUND,
			       "%s: the context \"%s\" names the %s \"%s\", which does not exist "
			       "(there are: %s)",
			       context->file->path, context->name, what, entry.name,
			       buf_str(&names));
	}
	*ret_entry = entry;
	return 0;
}

static int find_context(const struct kubeconfig_files *files, const char *wanted,
			struct entry *ret_context, struct err *err)
{
	CLEANUP(buf_release) struct buf paths = BUF_INIT(MAX_TEXT_BYTES);
	CLEANUP(buf_release) struct buf names = BUF_INIT(MAX_TEXT_BYTES);
	struct entry context = {.what = "context"};

	context.name = wanted && *wanted ? wanted : kubeconfig_files_current(files);
	if (context.name)
		context.value = kubeconfig_files_find(files, "contexts", "context", context.name,
						      &context.file);
	if (context.value) {
		*ret_context = context;
		return 0;
	}
	kubeconfig_files_print_paths(files, &paths);
	kubeconfig_files_print_names(files, "contexts", &names);
	if (!context.name)
		return err_set(err, ERR_NOT_FOUND,
			       "%s has no current-context: name one with --context (there are: %s)",
			       buf_str(&paths), buf_str(&names));
	return err_set(err, ERR_NOT_FOUND, "context \"%s\" does not exist in %s (there are: %s)",
		       context.name, buf_str(&paths), buf_str(&names));
}

static int print_text(char **ret_text, struct buf *text, struct err *err)
{
	free(*ret_text);
	*ret_text = buf_steal(text);
	return *ret_text ? 0 : err_no_memory(err);
}

static int read_context(const struct kubeconfig_files *files, const char *wanted, bool needs_server,
			struct kubeconfig *config, struct err *err)
{
	CLEANUP(buf_release) struct buf origin = BUF_INIT(MAX_TEXT_BYTES);
	struct entry context, cluster, user;

	if (find_context(files, wanted, &context, err) < 0 ||
	    find_entry(files, &context, "clusters", "cluster", &cluster, err) < 0 ||
	    find_entry(files, &context, "users", "user", &user, err) < 0)
		return -1;
	if ((cluster.value && read_cluster(&cluster, &config->endpoint, err) < 0) ||
	    (user.value && read_user(&user, &config->endpoint, err) < 0))
		return -1;
	if (!config->endpoint.server && needs_server)
		return err_set(err, ERR_INVALID,
			       "%s: the context \"%s\" leads to no cluster with a server",
			       context.file->path, context.name);
	buf_printf(&origin, "context \"%s\" of %s", context.name, context.file->path);
	if (set_text(&config->context, context.name, err) < 0 ||
	    print_text(&config->origin, &origin, err) < 0)
		return -1;
	return take_text(&context, "namespace", &config->namespace, err);
}

/* --- within a Pod ----------------------------------------------------------------------------- */

static int take_service_account_file(const char *dir, const char *name, char **ret_path,
				     char **ret_text, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_TEXT_BYTES);
	CLEANUP(free_p) char *text = NULL;
	size_t length;

	buf_printf(&path, "%s/%s", dir, name);
	if (buf_check(&path, "the path", err) < 0)
		return -1;
	if (file_read(buf_str(&path), KUBECONFIG_MAX_BYTES, &text, &length, err) < 0)
		return err_prefix(err, "the service account");
	if (ret_text) {
		text[strcspn(text, " \t\r\n")] = '\0';
		*ret_text = STEAL(text);
	}
	return ret_path ? print_text(ret_path, &path, err) : 0;
}

/* Whether this runs in a Pod, as client-go decides it. */
static bool is_in_cluster(void)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");

	return host && *host && port && *port;
}

static int read_in_cluster(const char *dir, struct kubeconfig *config, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);
	const char *host = getenv("KUBERNETES_SERVICE_HOST");

	bool is_ipv6 = strchr(host, ':');
	buf_printf(&text, "https://%s%s%s:%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
		   getenv("KUBERNETES_SERVICE_PORT"));
	if (print_text(&config->endpoint.server, &text, err) < 0 ||
	    take_service_account_file(dir, "token", &config->endpoint.token_file, NULL, err) < 0 ||
	    take_service_account_file(dir, "ca.crt", &config->endpoint.ca_file, NULL, err) < 0)
		return -1;
	struct err ignored;
	(void)take_service_account_file(dir, "namespace", NULL, &config->namespace, &ignored);
	buf_printf(&text, "the service account in %s", dir);
	return print_text(&config->origin, &text, err);
}

/* --- all together ----------------------------------------------------------------------------- */

/* --server replaces the cluster's, and the name that its certificate was to bear goes with it. */
static int override(const struct kubeconfig_options *options, struct kubeconfig *config,
		    struct err *err)
{
	struct endpoint *endpoint = &config->endpoint;

	if (options->server && *options->server) {
		free(endpoint->tls_server_name);
		endpoint->tls_server_name = NULL;
		if (set_text(&endpoint->server, options->server, err) < 0)
			return -1;
	}
	if (options->namespace && *options->namespace &&
	    set_text(&config->namespace, options->namespace, err) < 0)
		return -1;
	if ((!config->namespace || !*config->namespace) &&
	    set_text(&config->namespace, "default", err) < 0)
		return -1;
	if (!config->context && set_text(&config->context, "", err) < 0)
		return -1;
	size_t length = strlen(endpoint->server);
	while (length > 0 && endpoint->server[length - 1] == '/')
		endpoint->server[--length] = '\0';
	return 0;
}

static int find(const struct kubeconfig_options *options, struct kubeconfig *config,
		struct err *err)
{
	CLEANUP(kubeconfig_files_release) struct kubeconfig_files files = {0};
	const char *dir = options->service_account_dir ? options->service_account_dir
						       : KUBECONFIG_SERVICE_ACCOUNT_DIR;
	bool has_server = options->server && *options->server;

	if (kubeconfig_files_load(options->file, getenv("KUBECONFIG"), getenv("HOME"), &files,
				  err) < 0)
		return -1;
	bool names_context =
		(options->context && *options->context) || kubeconfig_files_current(&files);
	/* A kubeconfig that names no context gives way to --server and to the Pod's own account. */
	if (files.count > 0 && (names_context || (!has_server && !is_in_cluster())))
		return read_context(&files, options->context, !has_server, config, err);
	if (has_server)
		return set_text(&config->origin, "--server", err);
	if (is_in_cluster())
		return read_in_cluster(dir, config, err);
	return err_set(err, ERR_NOT_FOUND,
		       "no cluster: there is no --kubeconfig, KUBECONFIG or ~/.kube/config, and "
		       "this is not a Pod; name one with --kubeconfig or --server");
}

int kubeconfig_load(const struct kubeconfig_options *options, struct kubeconfig *ret_config,
		    struct err *err)
{
	struct kubeconfig config = {0};

	if (find(options, &config, err) == 0 && override(options, &config, err) == 0) {
		*ret_config = config;
		return 0;
	}
	kubeconfig_release(&config);
	return -1;
}

void kubeconfig_release(struct kubeconfig *config)
{
	endpoint_release(&config->endpoint);
	free(config->context);
	free(config->namespace);
	free(config->origin);
	*config = (struct kubeconfig){0};
}

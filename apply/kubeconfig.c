#include "apply/kubeconfig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/file.h"
#include "apply/kubeconfig_entry.h"
#include "diff/cleanup.h"

#define MAX_TEXT_BYTES (64u * 1024)

static int set_text(char **text, const char *value, struct err *err)
{
	free(*text);
	*text = strdup(value);
	return *text ? 0 : err_no_memory(err);
}

static int read_cluster(const struct kubeconfig_entry *entry, struct endpoint *endpoint,
			struct err *err)
{
	if (entry_get_bool(entry, "insecure-skip-tls-verify", &endpoint->insecure, err) < 0 ||
	    entry_take_text(entry, "server", &endpoint->server, err) < 0 ||
	    entry_take_text(entry, "tls-server-name", &endpoint->tls_server_name, err) < 0 ||
	    entry_take_text(entry, "proxy-url", &endpoint->proxy_url, err) < 0)
		return -1;
	if (entry_take_pem(entry, "certificate-authority", &endpoint->ca_pem, &endpoint->ca_file,
			   err) < 0)
		return -1;
	if (endpoint->insecure && (endpoint->ca_pem || endpoint->ca_file))
		return err_set(err, ERR_INVALID,
			       "%s: the cluster \"%s\" has a certificate-authority and "
			       "insecure-skip-tls-verify: it must be one or the other",
			       entry->file->path, entry->name);
	return 0;
}

/* Finds the entry that the context names under `what`. */
static int find_entry(const struct kubeconfig_files *files, const struct kubeconfig_entry *context,
		      const char *list, const char *what, struct kubeconfig_entry *ret_entry,
		      struct err *err)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT(ERR_MESSAGE_MAX);
	struct kubeconfig_entry entry = {.what = what};

	*ret_entry = entry;
	if (entry_get_text(context, what, &entry.name, err) < 0)
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
			struct kubeconfig_entry *ret_context, struct err *err)
{
	CLEANUP(buf_release) struct buf paths = BUF_INIT(MAX_TEXT_BYTES);
	CLEANUP(buf_release) struct buf names = BUF_INIT(ERR_MESSAGE_MAX);
	struct kubeconfig_entry context = {.what = "context"};

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

static int read_context(const struct kubeconfig_files *files,
			const struct kubeconfig_options *options, bool needs_server,
			struct kubeconfig *config, struct err *err)
{
	CLEANUP(buf_release) struct buf origin = BUF_INIT(MAX_TEXT_BYTES);
	struct kubeconfig_entry context, cluster, user;

	if (find_context(files, options->context, &context, err) < 0 ||
	    find_entry(files, &context, "clusters", "cluster", &cluster, err) < 0 ||
	    find_entry(files, &context, "users", "user", &user, err) < 0)
		return -1;
	if ((cluster.value && read_cluster(&cluster, &config->endpoint, err) < 0) ||
	    (user.value &&
	     kubeconfig_read_user(&user, &cluster, options->terminal, &config->endpoint, err) < 0))
		return -1;
	if (!config->endpoint.server && needs_server)
		return err_set(err, ERR_INVALID,
			       "%s: the context \"%s\" leads to no cluster with a server",
			       context.file->path, context.name);
	buf_printf(&origin, "context \"%s\" of %s", context.name, context.file->path);
	if (set_text(&config->context, context.name, err) < 0 ||
	    print_text(&config->origin, &origin, err) < 0)
		return -1;
	return entry_take_text(&context, "namespace", &config->namespace, err);
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

/* Nothing of the kubeconfig's own impersonation stays: its groups were meant for another user. */
static int impersonate(const struct kubeconfig_options *options, struct endpoint *endpoint,
		       struct err *err)
{
	endpoint_clear_headers(endpoint);
	if (endpoint_add_header(endpoint, "Impersonate-User", options->impersonate, err) < 0)
		return -1;
	for (size_t i = 0; i < options->impersonate_group_count; i++)
		if (endpoint_add_header(endpoint, "Impersonate-Group",
					options->impersonate_groups[i], err) < 0)
			return -1;
	return 0;
}

/* Of a URL that begins with "http://". */
static bool is_on_this_machine(const char *url)
{
	static const char *const hosts[] = {"127.", "localhost", "[::1]"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncmp(url + strlen("http://"), hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

/*
 * What people should know of a connection that is not protected. As in client-go, a server without TLS
 * gets no credentials: anybody on the way could read them, and what is reached like this (`kubectl
 * proxy`) needs none.
 */
static int guard(struct kubeconfig *config, struct err *err)
{
	struct endpoint *endpoint = &config->endpoint;
	CLEANUP(buf_release) struct buf warning = BUF_INIT(MAX_TEXT_BYTES);

	if (strncasecmp(endpoint->server, "http://", strlen("http://")) == 0) {
		if (endpoint_forget_credentials(endpoint) && !is_on_this_machine(endpoint->server))
			buf_printf(&warning,
				   "%s is not asked over TLS: no credentials are sent to it",
				   endpoint->server);
	} else if (endpoint->insecure) {
		buf_printf(
			&warning,
			"the certificate of %s is not checked (insecure-skip-tls-verify): whoever "
			"is in between can read and change what is sent",
			endpoint->server);
	}
	return warning.length ? print_text(&config->warning, &warning, err) : 0;
}

/* --server replaces the cluster's, and the name that its certificate was to bear goes with it. */
static int override(const struct kubeconfig_options *options, struct kubeconfig *config,
		    struct err *err)
{
	struct endpoint *endpoint = &config->endpoint;

	if (options->impersonate && impersonate(options, endpoint, err) < 0)
		return -1;
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
	return guard(config, err);
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
		return read_context(&files, options, !has_server, config, err);
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
	free(config->warning);
	*config = (struct kubeconfig){0};
}

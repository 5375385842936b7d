#include <stdlib.h>
#include <string.h>

#include "apply/kubeconfig_entry.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

#define MAX_TEXT_BYTES (64u * 1024)
#define EXTENSION      EXEC_API_GROUP "/exec" /* of a cluster, for plugins */

DEFINE_FREE_P(struct exec_config, exec_config_free);

static int refuse(const struct kubeconfig_entry *user, enum err_class class, const char *why,
		  struct err *err)
{
	return err_set(err, class, "%s: the exec plugin of the user \"%s\" %s", user->file->path,
		       user->name, why);
}

static int read_api_version(const struct kubeconfig_entry *user,
			    const struct kubeconfig_entry *entry, struct exec_config *exec,
			    struct err *err)
{
	static const char *const supported[] = {EXEC_API_GROUP "/v1", EXEC_API_GROUP "/v1beta1"};
	const char *version;

	if (entry_get_text(entry, "apiVersion", &version, err) < 0)
		return -1;
	if (!version)
		return refuse(user, ERR_INVALID, "has no apiVersion: " EXEC_API_GROUP "/v1", err);
	for (size_t i = 0; i < 2; i++)
		if (strcmp(version, supported[i]) == 0)
			exec->api_version = supported[i];
	if (exec->api_version)
		return 0;
	if (strcmp(version, EXEC_API_GROUP "/v1alpha1") == 0)
		return refuse(user, ERR_UNSUPPORTED,
			      "speaks " EXEC_API_GROUP "/v1alpha1, which Kubernetes 1.24 has given "
			      "up: have its kubeconfig made anew by a version of it that speaks v1 "
			      "or v1beta1",
			      err);
	return err_set(
		err, ERR_UNSUPPORTED,
		"%s: the exec plugin of the user \"%s\" has the apiVersion \"%s\", but has to "
		"have %s or %s",
		user->file->path, user->name, version, supported[0], supported[1]);
}

/* Whether it may have the terminal, if there is one. */
static int read_mode(const struct kubeconfig_entry *user, const struct kubeconfig_entry *entry,
		     bool terminal, struct exec_config *exec, struct err *err)
{
	bool is_beta = strcmp(exec->api_version, EXEC_API_GROUP "/v1beta1") == 0;
	const char *mode;

	if (entry_get_text(entry, "interactiveMode", &mode, err) < 0)
		return -1;
	if (!mode && is_beta)
		mode = "IfAvailable";
	if (!mode)
		return refuse(user, ERR_INVALID,
			      "has no interactiveMode: Never, IfAvailable or Always", err);
	exec->has_terminal = terminal && strcmp(mode, "Never") != 0;
	if (strcmp(mode, "Always") == 0 && !terminal)
		return refuse(user, ERR_DENIED,
			      "wants a terminal (interactiveMode Always), and here is none", err);
	if (strcmp(mode, "Never") == 0 || strcmp(mode, "IfAvailable") == 0 ||
	    strcmp(mode, "Always") == 0)
		return 0;
	return err_set(err, ERR_INVALID,
		       "%s: the exec plugin of the user \"%s\" has the interactiveMode \"%s\", but "
		       "has to have Never, IfAvailable or Always",
		       user->file->path, user->name, mode);
}

static int read_command(const struct kubeconfig_entry *user, const struct kubeconfig_entry *entry,
			struct exec_config *exec, struct err *err)
{
	CLEANUP(buf_release) struct buf origin = BUF_INIT(MAX_TEXT_BYTES);
	const char *command;

	if (entry_get_text(entry, "command", &command, err) < 0)
		return -1;
	if (!command)
		return refuse(user, ERR_INVALID, "has no command", err);
	buf_printf(&origin, "the exec plugin \"%s\" of the user \"%s\" in %s", command, user->name,
		   user->file->path);
	if (buf_check(&origin, "the command of an exec plugin", err) < 0)
		return -1;
	exec->origin = buf_steal(&origin);
	if (!exec->origin)
		return err_no_memory(err);
	/* Seen from the kubeconfig's folder, but for a bare name, which PATH is searched for. */
	if (strchr(command, '/'))
		return entry_resolve_path(user, command, &exec->command, err);
	exec->command = strdup(command);
	return exec->command ? 0 : err_no_memory(err);
}

static int read_args(const struct kubeconfig_entry *entry, struct exec_config *exec,
		     struct err *err)
{
	const cJSON *args = json_get(entry->value, "args");
	const cJSON *arg;

	if (args && !cJSON_IsNull(args) && !cJSON_IsArray(args))
		return entry_ill_typed(entry, "args", args, "a list of strings", err);
	json_each (arg, args) {
		if (!cJSON_IsString(arg))
			return entry_ill_typed(entry, "args", arg, "a list of strings", err);
		if (exec_vector_add(&exec->args, arg->valuestring, err) < 0)
			return -1;
	}
	return 0;
}

static int read_env(const struct kubeconfig_entry *entry, struct exec_config *exec, struct err *err)
{
	static const char wanted[] = "a list of names and values";
	const cJSON *env = json_get(entry->value, "env");
	const cJSON *item;

	if (env && !cJSON_IsNull(env) && !cJSON_IsArray(env))
		return entry_ill_typed(entry, "env", env, wanted, err);
	json_each (item, env) {
		CLEANUP(buf_release) struct buf setting = BUF_INIT(MAX_TEXT_BYTES);
		const cJSON *name = json_get(item, "name"), *value = json_get(item, "value");

		if (!cJSON_IsString(name) || !*name->valuestring || strchr(name->valuestring, '='))
			return entry_ill_typed(entry, "env", name, wanted, err);
		if (value && !cJSON_IsNull(value) && !cJSON_IsString(value))
			return entry_ill_typed(entry, "env", value, wanted, err);
		buf_printf(&setting, "%s=%s", name->valuestring,
			   cJSON_IsString(value) ? value->valuestring : "");
		if (buf_check(&setting, "env of an exec plugin", err) < 0 ||
		    exec_vector_add(&exec->env, buf_str(&setting), err) < 0)
			return -1;
	}
	return 0;
}

/* What of the cluster is for plugins only. */
static int read_cluster(const struct kubeconfig_entry *cluster, struct exec_config *exec,
			struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT_BYTES);
	const cJSON *extension, *found = NULL;

	if (!cluster->value)
		return 0;
	if (entry_get_bool(cluster, "disable-compression", &exec->disable_compression, err) < 0)
		return -1;
	json_each (extension, json_get(cluster->value, "extensions")) {
		const char *name = json_str(extension, "name");

		if (name && strcmp(name, EXTENSION) == 0)
			found = json_get(extension, "extension");
	}
	if (!found)
		return 0;
	json_print(found, &text);
	if (buf_check(&text, "the cluster's extension " EXTENSION, err) < 0)
		return -1;
	exec->cluster_config = buf_steal(&text);
	return exec->cluster_config ? 0 : err_no_memory(err);
}

int kubeconfig_read_exec(const struct kubeconfig_entry *user,
			 const struct kubeconfig_entry *cluster, bool terminal,
			 struct exec_config **ret_exec, struct err *err)
{
	CLEANUP(exec_config_free_p) struct exec_config *exec = calloc(1, sizeof(*exec));
	const struct kubeconfig_entry entry = {
		.what = "exec plugin of the user",
		.name = user->name,
		.value = json_get(user->value, "exec"),
		.file = user->file,
	};

	if (!exec)
		return err_no_memory(err);
	if (!entry.value || cJSON_IsNull(entry.value))
		return 0;
	if (!cJSON_IsObject(entry.value))
		return entry_ill_typed(user, "exec", entry.value, "a mapping", err);
	if (read_command(user, &entry, exec, err) < 0 ||
	    read_api_version(user, &entry, exec, err) < 0 ||
	    read_mode(user, &entry, terminal, exec, err) < 0 || read_args(&entry, exec, err) < 0 ||
	    read_env(&entry, exec, err) < 0 ||
	    entry_get_bool(&entry, "provideClusterInfo", &exec->wants_cluster, err) < 0 ||
	    entry_take_text(&entry, "installHint", &exec->install_hint, err) < 0 ||
	    read_cluster(cluster, exec, err) < 0)
		return -1;
	*ret_exec = STEAL(exec);
	return 0;
}

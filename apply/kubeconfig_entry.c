#include "apply/kubeconfig_entry.h"

#include <stdlib.h>
#include <string.h>

#include "apply/file.h"
#include "apply/kubeconfig.h"
#include "diff/base64.h"
#include "diff/cleanup.h"

#define MAX_PATH_BYTES (64u * 1024)

int entry_ill_typed(const struct kubeconfig_entry *entry, const char *key, const cJSON *value,
		    const char *wanted, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s: %s of the %s \"%s\" is not %s%s", entry->file->path,
		       key, entry->what, entry->name, wanted, kubeconfig_quotes_hint(value));
}

int entry_get_text(const struct kubeconfig_entry *entry, const char *key, const char **ret_text,
		   struct err *err)
{
	const cJSON *value = json_get(entry->value, key);

	*ret_text = NULL;
	if (!value || cJSON_IsNull(value))
		return 0;
	if (!cJSON_IsString(value))
		return entry_ill_typed(entry, key, value, "a string", err);
	if (value->valuestring[0])
		*ret_text = value->valuestring;
	return 0;
}

int entry_take_text(const struct kubeconfig_entry *entry, const char *key, char **ret_text,
		    struct err *err)
{
	const char *value;

	if (entry_get_text(entry, key, &value, err) < 0)
		return -1;
	if (!value)
		return 0;
	free(*ret_text);
	*ret_text = strdup(value);
	return *ret_text ? 0 : err_no_memory(err);
}

int entry_get_bool(const struct kubeconfig_entry *entry, const char *key, bool *ret_value,
		   struct err *err)
{
	const cJSON *value = json_get(entry->value, key);

	if (value && !cJSON_IsNull(value) && !cJSON_IsBool(value))
		return entry_ill_typed(entry, key, value, "a boolean", err);
	*ret_value = cJSON_IsTrue(value);
	return 0;
}

int entry_resolve_path(const struct kubeconfig_entry *entry, const char *path, char **ret_path,
		       struct err *err)
{
	CLEANUP(buf_release) struct buf resolved = BUF_INIT(MAX_PATH_BYTES);
	const char *slash = strrchr(entry->file->path, '/');

	if (path[0] != '/' && slash)
		buf_append(&resolved, entry->file->path, (size_t)(slash - entry->file->path) + 1);
	buf_puts(&resolved, path);
	if (buf_check(&resolved, "a path in the kubeconfig", err) < 0)
		return -1;
	*ret_path = buf_steal(&resolved);
	return *ret_path ? 0 : err_no_memory(err);
}

int entry_take_file(const struct kubeconfig_entry *entry, const char *key, char **ret_path,
		    struct err *err)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(free_p) char *text = NULL;
	const char *value;
	size_t length;

	if (entry_get_text(entry, key, &value, err) < 0)
		return -1;
	if (!value)
		return 0;
	if (entry_resolve_path(entry, value, &path, err) < 0)
		return -1;
	if (file_read(path, KUBECONFIG_MAX_BYTES, &text, &length, err) < 0)
		return err_prefix(err, "%s of the %s \"%s\" in %s", key, entry->what, entry->name,
				  entry->file->path);
	explicit_bzero(text, length);
	free(*ret_path);
	*ret_path = STEAL(path);
	return 0;
}

int entry_take_pem(const struct kubeconfig_entry *entry, const char *key, char **ret_pem,
		   char **ret_file, struct err *err)
{
	CLEANUP(buf_release) struct buf data_key = BUF_INIT(64);
	CLEANUP(free_p) char *pem = NULL;

	buf_printf(&data_key, "%s-data", key);
	if (buf_check(&data_key, "a key", err) < 0 ||
	    entry_take_text(entry, buf_str(&data_key), &pem, err) < 0)
		return -1;
	if (!pem)
		return entry_take_file(entry, key, ret_file, err);

	size_t length = strlen(pem);
	if (!base64_decode(pem, &length) || memchr(pem, '\0', length) || !strstr(pem, "-----BEGIN"))
		return err_set(err, ERR_INVALID,
			       "%s: %s of the %s \"%s\" is not a PEM text in base64",
			       entry->file->path, buf_str(&data_key), entry->what, entry->name);
	*ret_pem = STEAL(pem);
	return 0;
}

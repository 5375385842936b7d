#include "apply/kubeconfig_files.h"

#include <stdlib.h>
#include <string.h>

#include "apply/file.h"
#include "apply/kubeconfig.h"
#include "diff/cleanup.h"
#include "diff/yaml.h"

const char *kubeconfig_quotes_hint(const cJSON *value)
{
	if (cJSON_IsBool(value))
		return " but a boolean, as YAML reads y, n, yes, no, on and off: put it in quotes";
	return cJSON_IsNumber(value) ? " but a number: put it in quotes" : "";
}

/* --- types, as far as entries are told apart by them ------------------------------------------ */

/* A document, and the file it is of. */
struct checked {
	const char *path;
	const struct yaml_doc *doc;
};

static int ill_typed(const struct checked *checked, const cJSON *value, const char *what,
		     const char *wanted, struct err *err)
{
	struct yaml_mark mark = yaml_mark_of(checked->doc, value);

	return err_set(err, ERR_INVALID, "%s:%u:%u: %s is not %s%s", checked->path, mark.line,
		       mark.column, what, wanted, kubeconfig_quotes_hint(value));
}

static bool is_there(const cJSON *value)
{
	return value && !cJSON_IsNull(value);
}

static int check_list(const struct checked *checked, const char *list, const char *what,
		      struct err *err)
{
	const cJSON *entries = json_get(checked->doc->root, list);
	const cJSON *entry;

	if (is_there(entries) && !cJSON_IsArray(entries))
		return ill_typed(checked, entries, list, "a list", err);
	json_each (entry, entries) {
		CLEANUP(buf_release) struct buf place = BUF_INIT(128);
		const cJSON *name = json_get(entry, "name"), *value = json_get(entry, what);

		if (is_there(name) && !cJSON_IsString(name)) {
			buf_printf(&place, "the name of a %s", what);
			return ill_typed(checked, name, buf_str(&place), "a string", err);
		}
		if (is_there(value) && !cJSON_IsObject(value)) {
			buf_printf(&place, "%s in %s", what, list);
			return ill_typed(checked, value, buf_str(&place), "a mapping", err);
		}
	}
	return 0;
}

static int check_types(const struct checked *checked, struct err *err)
{
	const cJSON *current = json_get(checked->doc->root, "current-context");

	if (is_there(current) && !cJSON_IsString(current))
		return ill_typed(checked, current, "current-context", "a string", err);
	if (check_list(checked, "clusters", "cluster", err) < 0 ||
	    check_list(checked, "users", "user", err) < 0)
		return -1;
	return check_list(checked, "contexts", "context", err);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Reads one file; an empty one is an empty config. */
static int read_root(const char *path, cJSON **ret_root, struct err *err)
{
	CLEANUP(free_p) char *text = NULL;
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	size_t length;
	struct err own;

	if (file_read(path, KUBECONFIG_MAX_BYTES, &text, &length, err) < 0)
		return -1;
	if (yaml_load(text, length, &docs, &own) < 0) /* its words begin with "LINE:COLUMN: " */
		return err_set(err, own.class, "%s:%s", path, own.message);
	if (docs.count == 0) {
		*ret_root = cJSON_CreateObject();
		return *ret_root ? 0 : err_no_memory(err);
	}
	const char *kind = json_str(docs.items[0].root, "kind");
	if (docs.count > 1 || (kind && strcmp(kind, "Config") != 0))
		return err_set(err, ERR_INVALID, "%s is not a kubeconfig", path);
	const struct checked checked = {path, &docs.items[0]};
	if (check_types(&checked, err) < 0)
		return -1;
	*ret_root = STEAL(docs.items[0].root);
	return 0;
}

static int add_file(struct kubeconfig_files *files, const char *path, bool must_exist,
		    struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = NULL;
	CLEANUP(free_p) char *copy = strdup(path);
	struct err own;

	if (read_root(path, &root, &own) < 0) {
		if (own.class == ERR_NOT_FOUND && !must_exist)
			return 0;
		*err = own;
		return -1;
	}
	struct kubeconfig_file *items =
		reallocarray(files->items, files->count + 1, sizeof(*items));
	if (items)
		files->items = items;
	if (!items || !copy)
		return err_no_memory(err);
	items[files->count++] = (struct kubeconfig_file){.path = STEAL(copy), .root = STEAL(root)};
	return 0;
}

static int add_list(struct kubeconfig_files *files, const char *list, struct err *err)
{
	CLEANUP(free_p) char *copy = strdup(list);
	char *rest = copy, *path;

	if (!copy)
		return err_no_memory(err);
	while ((path = strsep(&rest, ":"))) {
		if (*path && add_file(files, path, false, err) < 0)
			return -1;
	}
	return 0;
}

int kubeconfig_files_load(const char *file, const char *env, const char *home,
			  struct kubeconfig_files *ret_files, struct err *err)
{
	CLEANUP(kubeconfig_files_release) struct kubeconfig_files files = {0};
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);

	if (file && *file) {
		if (add_file(&files, file, true, err) < 0)
			return -1;
	} else if (env && *env) {
		if (add_list(&files, env, err) < 0)
			return -1;
	} else if (home && *home) {
		buf_printf(&path, "%s/.kube/config", home);
		if (buf_check(&path, "the path of ~/.kube/config", err) < 0 ||
		    add_file(&files, buf_str(&path), false, err) < 0)
			return -1;
	}
	*ret_files = files;
	files = (struct kubeconfig_files){0};
	return 0;
}

void kubeconfig_files_release(struct kubeconfig_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].path);
		cJSON_Delete(files->items[i].root);
	}
	free(files->items);
	*files = (struct kubeconfig_files){0};
}

const char *kubeconfig_files_current(const struct kubeconfig_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *current = json_str(files->items[i].root, "current-context");

		if (current && *current)
			return current;
	}
	return NULL;
}

const cJSON *kubeconfig_files_find(const struct kubeconfig_files *files, const char *list,
				   const char *what, const char *name,
				   const struct kubeconfig_file **ret_file)
{
	static const cJSON empty = {.type = cJSON_Object};
	const cJSON *entry;

	for (size_t i = 0; i < files->count; i++) {
		json_each (entry, json_get(files->items[i].root, list)) {
			const char *entry_name = json_str(entry, "name");

			if (!entry_name || strcmp(entry_name, name) != 0)
				continue;
			const cJSON *value = json_get(entry, what);
			*ret_file = &files->items[i];
			return cJSON_IsObject(value) ? value : &empty;
		}
	}
	return NULL;
}

void kubeconfig_files_print_names(const struct kubeconfig_files *files, const char *list,
				  struct buf *out)
{
	const struct kubeconfig_file *first;
	const cJSON *entry;
	size_t start = out->length;

	for (size_t i = 0; i < files->count; i++) {
		json_each (entry, json_get(files->items[i].root, list)) {
			const char *name = json_str(entry, "name");

			if (out->broken_cap)
				return;
			if (!name || !kubeconfig_files_find(files, list, "", name, &first) ||
			    first != &files->items[i])
				continue;
			buf_printf(out, "%s\"%s\"", out->length > start ? ", " : "", name);
		}
	}
	if (out->length == start)
		buf_puts(out, "none");
}

void kubeconfig_files_print_paths(const struct kubeconfig_files *files, struct buf *out)
{
	for (size_t i = 0; i < files->count; i++)
		buf_printf(out, "%s%s", i ? ", " : "", files->items[i].path);
}

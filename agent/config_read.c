#include "agent/config_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/config_reader.h"
#include "diff/path.h"
#include "diff/suggest.h"

/* --- keys that nobody knows ------------------------------------------------------------------- */

static const struct config_key *find_key(const struct config_key *keys, const char *name)
{
	for (const struct config_key *key = keys; !config_key_is_end(key); key++)
		if (key->name && strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

/* A key of a section below that has the name. */
static const struct config_key *find_section_with(const struct config_key *keys, const char *name)
{
	for (const struct config_key *key = keys; !config_key_is_end(key); key++)
		if (key->type == CONFIG_SECTION && find_key(key->keys, name))
			return key;
	return NULL;
}

/* Appends what was probably meant. */
static void print_hint(const struct config_key *keys, const char *name, struct buf *out)
{
	struct suggestion meant = suggestion_for(name);
	char file[SUGGEST_MAX_LENGTH + 8];
	const struct config_key *section = find_section_with(keys, name);

	snprintf(file, sizeof(file), "%.*sFile", SUGGEST_MAX_LENGTH, name);
	if (find_key(keys, file)) {
		buf_printf(out, ": a secret belongs in a file, which \"%s\" names", file);
		return;
	}
	if (section) {
		buf_printf(out, "; did you mean \"%s.%s\"?", section->name, name);
		return;
	}
	for (const struct config_key *key = keys; !config_key_is_end(key); key++)
		if (key->name)
			suggestion_offer(&meant, key->name);
	if (meant.word)
		buf_printf(out, "; did you mean \"%s\"?", meant.word);
}

static int tell_unknown(struct config_reader *reader, const struct config_key *keys,
			const cJSON *member)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CONFIG_MAX_BYTES);

	buf_puts(&text, "unknown key ");
	json_print_string(member->string, &text);
	if (reader->path.length)
		buf_printf(&text, " in %s", buf_str(&reader->path));
	print_hint(keys, member->string, &text);
	return config_tell(reader, FINDING_ERROR, member, "%s", buf_str(&text));
}

/* --- sections and lists ----------------------------------------------------------------------- */

/* The keys of one mapping, on their way into the struct at `base`. */
struct section {
	const struct config_key *keys;
	const cJSON *node;  /* NULL: the file has no such mapping */
	const cJSON *place; /* where to tell what is missing */
	void *base;
	bool defaults; /* of apps: nothing is required, and not all is admitted */
};

static int read_section(struct config_reader *reader, const struct section *section);

static int must_be(struct config_reader *reader, const cJSON *node, const char *what)
{
	return config_tell(reader, FINDING_ERROR, node, "%s must be %s",
			   reader->path.length ? buf_str(&reader->path) : "the file", what);
}

/* Fills the struct with what holds where the file says nothing. */
static int set_defaults(const struct config_key *keys, void *base, struct err *err)
{
	for (const struct config_key *key = keys; !config_key_is_end(key); key++) {
		if (key->type == CONFIG_SECTION && set_defaults(key->keys, base, err) < 0)
			return -1;
		if (key->default_value &&
		    config_value_default(key, config_value_at(key, base), err) < 0)
			return -1;
	}
	return 0;
}

static int read_item(struct config_reader *reader, const struct config_key *key, const cJSON *node,
		     void *item)
{
	const struct section section = {
		.keys = key->keys, .node = node, .place = node, .base = item};

	if (!cJSON_IsObject(node))
		return must_be(reader, node, "a mapping");
	if (key->keys == config_app_keys
		    ? config_values_copy(key->keys, &reader->defaults, item, reader->err)
		    : set_defaults(key->keys, item, reader->err))
		return -1;
	return read_section(reader, &section);
}

/* Items that are wrong stay in their place, so that the n-th struct is of the n-th item. */
static int read_list(struct config_reader *reader, const struct config_key *key, const cJSON *node,
		     void *base)
{
	size_t *count = config_list_count(key, base), length = reader->path.length;
	char **items = config_value_at(key, base);
	const cJSON *item;

	if (!cJSON_IsArray(node))
		return must_be(reader, node, "a list");
	if (!node->child)
		return 0;
	if (cJSON_GetArraySize(node) > key->most)
		return config_tell(reader, FINDING_ERROR, node,
				   "%s has more than %" PRId64 " items", buf_str(&reader->path),
				   key->most);
	*items = calloc((size_t)cJSON_GetArraySize(node), key->size);
	if (!*items)
		return err_no_memory(reader->err);
	json_each (item, node) {
		size_t index = (*count)++;

		config_add_item(reader, item, index);
		int result = read_item(reader, key, item, *items + index * key->size);
		buf_truncate(&reader->path, length);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int read_below(struct config_reader *reader, const struct section *section,
		      const struct config_key *key, const cJSON *node)
{
	struct section below = *section;

	if (node && !cJSON_IsObject(node))
		return must_be(reader, node, "a mapping");
	below.keys = key->keys;
	below.node = node;
	below.place = node ? node : section->place;
	if (key->type == CONFIG_DEFAULTS) {
		below.base = &reader->defaults;
		below.defaults = true;
	}
	return read_section(reader, &below);
}

/* What a key needs not say, because the defaults have said it. */
static bool is_said(const struct config_key *key, const void *base)
{
	return key->type == CONFIG_STRING && *(char *const *)config_value_at(key, base);
}

static int read_key(struct config_reader *reader, const struct section *section,
		    const struct config_key *key, const cJSON *node)
{
	if (key->type == CONFIG_SECTION || key->type == CONFIG_DEFAULTS)
		return read_below(reader, section, key, node);
	if (!node && key->required && !section->defaults && !is_said(key, section->base))
		return config_tell(reader, FINDING_ERROR, section->place, "%s is required",
				   buf_str(&reader->path));
	if (!node)
		return 0;
	if (section->defaults && key->own)
		return config_tell(reader, FINDING_ERROR, node,
				   "%s is of one app, and cannot be a default",
				   buf_str(&reader->path));
	if (key->type == CONFIG_LIST)
		return read_list(reader, key, node, section->base);
	return config_value_read(reader, key, node, config_value_at(key, section->base));
}

static int read_section(struct config_reader *reader, const struct section *section)
{
	size_t length = reader->path.length;
	const cJSON *member;

	json_each (member, section->node) {
		if (!find_key(section->keys, member->string) &&
		    tell_unknown(reader, section->keys, member) < 0)
			return -1;
	}
	for (const struct config_key *key = section->keys; !config_key_is_end(key); key++) {
		if (!key->name)
			continue;
		path_add_key(&reader->path, key->name);
		int result = read_key(reader, section, key, json_get(section->node, key->name));
		buf_truncate(&reader->path, length);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* --- the file --------------------------------------------------------------------------------- */

/* In pre-order the values of each app stand together, and so do their marks. */
static void set_lines(const struct yaml_doc *doc, struct config *config)
{
	const cJSON *member, *item;
	size_t at = 1, app = 0;

	json_each (member, doc->root) {
		if (strcmp(member->string, "apps") != 0) {
			at += json_count_nodes(member);
			continue;
		}
		at++;
		json_each (item, member) {
			if (app == config->app_count)
				return; /* it is no list, or was refused as one */
			config->apps[app++].line = doc->marks[at].line;
			at += json_count_nodes(item);
		}
	}
}

static int read_document(struct config_reader *reader, struct config *config)
{
	const struct section root = {.keys = config_keys,
				     .node = reader->doc->root,
				     .place = reader->doc->root,
				     .base = config};

	if (set_defaults(config_keys, config, reader->err) < 0 ||
	    set_defaults(config_app_keys, &reader->defaults, reader->err) < 0 ||
	    read_section(reader, &root) < 0)
		return -1;
	set_lines(reader->doc, config);
	return config_check(reader, config);
}

static int read_text(struct config_reader *reader, const char *text, size_t length,
		     struct config *config)
{
	const struct yaml_docs *docs = &reader->docs;
	struct err fault;

	if (yaml_load(text, length, &reader->docs, &fault) < 0) {
		if (fault.class != ERR_NO_MEMORY)
			return findings_add_fault(reader->findings, reader->file, &fault,
						  reader->err);
		*reader->err = fault;
		return -1;
	}
	if (docs->count == 0)
		return config_tell(reader, FINDING_ERROR, NULL, "the file is empty");
	reader->doc = &docs->items[docs->count - 1];
	if (docs->count > 1)
		return config_tell(reader, FINDING_ERROR, reader->doc->root,
				   "the file has more than one document");
	return read_document(reader, config);
}

static void reader_release(struct config_reader *reader)
{
	yaml_docs_release(&reader->docs);
	buf_release(&reader->path);
	config_app_release(&reader->defaults);
	free(reader->folder);
}

/* "": the file is in the folder that this process is in. */
static int find_folder(struct config_reader *reader)
{
	const char *slash = strrchr(reader->file, '/');
	size_t length = slash ? (size_t)(slash - reader->file) : 0;

	reader->folder = strndup(reader->file, slash == reader->file ? 1 : length);
	return reader->folder ? 0 : err_no_memory(reader->err);
}

/* Refuses a configuration with errors: with the first of them, and how many there are besides. */
static int refuse(const struct findings *findings, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(ERR_MESSAGE_MAX);
	size_t first = 0;

	while (findings->items[first].level != FINDING_ERROR)
		first++;
	const struct finding *finding = &findings->items[first];
	buf_puts(&text, finding->file);
	if (finding->mark.line)
		buf_printf(&text, ":%u:%u", finding->mark.line, finding->mark.column);
	buf_printf(&text, ": %s", finding->message);
	if (findings->error_count > 1)
		buf_printf(&text, " (and %zu more)", findings->error_count - 1);
	return err_set(err, ERR_INVALID, "%s", buf_str(&text));
}

int config_read(const char *text, size_t length, const char *file, struct config *ret_config,
		struct findings *findings, struct err *err)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(reader_release)
	struct config_reader reader = {
		.file = file,
		.findings = findings,
		.path = BUF_INIT(CONFIG_MAX_BYTES),
		.err = err,
	};

	if (length > CONFIG_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "%s is larger than %u bytes", file,
			       CONFIG_MAX_BYTES);
	if (find_folder(&reader) < 0 || read_text(&reader, text, length, &config) < 0)
		return -1;
	findings_sort(findings);
	if (findings->error_count)
		return refuse(findings, err);
	*ret_config = config;
	config = (struct config){0};
	return 0;
}

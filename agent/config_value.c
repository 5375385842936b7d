/* Single values of the configuration, by their type and rule. */
#include "agent/config_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/notice.h"
#include "diff/duration.h"
#include "diff/names.h"
#include "diff/path.h"
#include "diff/prune.h"
#include "diff/semver.h"
#include "diff/suggest.h"
#include "diff/text.h"

#define SEMVER_PREFIX "semver:"
#define MAX_PORT      65535
#define MAX_TEXT      4096 /* bytes of a string */

/* --- rules ------------------------------------------------------------------------------------ */

/* The part between "scheme://" and the next slash; NULL where there is no scheme. */
static const char *authority_of(const char *url, size_t *ret_length)
{
	const char *host = strstr(url, "://");

	if (!host)
		return NULL;
	host += 3;
	*ret_length = strcspn(host, "/?#");
	return host;
}

static bool has_password(const char *url)
{
	size_t length;
	const char *authority = authority_of(url, &length);
	const char *at = authority ? memrchr(authority, '@', length) : NULL;

	return at && memchr(authority, ':', (size_t)(at - authority));
}

/* The value itself stays out of the message: it may hold a secret. */
static int check_url(const char *text, struct err *fault)
{
	size_t length = 0;
	const char *host = authority_of(text, &length);

	if ((strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0) || !length ||
	    text[strcspn(text, " \t\r\n")])
		return err_set(fault, ERR_INVALID, "must be an address that begins with https://");
	if (memchr(host, '@', length))
		return err_set(fault, ERR_INVALID,
			       "must not hold a name or password: it belongs in a file");
	return 0;
}

static int check_repo(const char *text, struct err *fault)
{
	static const char *const schemes[] = {"https://", "http://", "ssh://", "git://", "file://"};
	size_t i = 0;

	if (!strstr(text, "://"))
		return 0;
	while (i < sizeof(schemes) / sizeof(schemes[0]) &&
	       strncmp(text, schemes[i], strlen(schemes[i])) != 0)
		i++;
	if (i == sizeof(schemes) / sizeof(schemes[0]))
		return err_set(fault, ERR_INVALID,
			       "must begin with https://, http://, ssh://, git:// or file://, or "
			       "be a folder");
	if (has_password(text))
		return err_set(fault, ERR_INVALID,
			       "must not hold a password: it belongs in the folder that "
			       "\"credentials\" names");
	return 0;
}

/* What git-check-ref-format(1) refuses of a name, and a name or range that cannot be at all. */
static int check_ref(const char *text, struct err *fault)
{
	CLEANUP(semver_range_free_p) struct semver_range *range = NULL;
	char quoted[TEXT_QUOTE_MAX];

	if (strncmp(text, SEMVER_PREFIX, strlen(SEMVER_PREFIX)) == 0) {
		struct err why;

		if (semver_range_parse(text + strlen(SEMVER_PREFIX), &range, &why) < 0)
			return err_set(fault, ERR_INVALID, "has a bad %s", why.message);
		return 0;
	}
	if (text[strcspn(text, " \t\r\n~^:?*[\\")] || strstr(text, "..") || strstr(text, "//") ||
	    strstr(text, "@{") || text[0] == '/' || text[0] == '-' ||
	    text[strlen(text) - 1] == '/' || text[strlen(text) - 1] == '.')
		return err_set(fault, ERR_INVALID, "is %s, which Git does not take as a name",
			       text_quote(text, quoted));
	return 0;
}

/* Within a commit's tree. */
static int check_tree_path(const char *text, struct err *fault)
{
	if (text[0] == '/')
		return err_set(fault, ERR_INVALID,
			       "must be relative to the repository's top, without a / in front");
	for (const char *p = text; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (strcspn(p, "/") == 2 && p[0] == '.' && p[1] == '.')
			return err_set(fault, ERR_INVALID, "must not lead out of the repository");
	return 0;
}

static int check_path(const char *text, struct err *fault)
{
	if (text[0] == '~')
		return err_set(fault, ERR_INVALID,
			       "begins with ~, which stands for no folder here: write it out");
	return 0;
}

/* "127.0.0.1:8080", ":8080", "[::1]:8080", "localhost:8080" */
static int check_address(const char *text, struct err *fault)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : "";
	size_t host = colon ? (size_t)(colon - text) : 0, digits = strspn(port, "0123456789");
	bool brackets = host >= 2 && text[0] == '[' && text[host - 1] == ']';

	if (!digits || digits > 5 || port[digits] || strtol(port, NULL, 10) > MAX_PORT ||
	    strcspn(text, " \t/@") < strlen(text) || (!brackets && memchr(text, ':', host)))
		return err_set(fault, ERR_INVALID,
			       "must be HOST:PORT or :PORT, such as 127.0.0.1:8080");
	return 0;
}

static int check_namespace(const char *text, struct err *fault)
{
	const char *why = name_fault(NAME_LABEL, text);
	char quoted[TEXT_QUOTE_MAX];

	return why ? err_set(fault, ERR_INVALID, "is %s: %s", text_quote(text, quoted), why) : 0;
}

static int check_notice_kind(const char *text, struct err *fault)
{
	struct suggestion meant = suggestion_for(text);
	char quoted[TEXT_QUOTE_MAX];
	enum notice_kind ignored;

	if (notice_kind_find(text, &ignored))
		return 0;
	for (int i = 0; i < NOTICE_KIND_COUNT; i++)
		suggestion_offer(&meant, notice_kinds[i].name);
	return err_set(fault, ERR_INVALID, "is %s, which is no kind of alert%s%s%s",
		       text_quote(text, quoted), meant.word ? "; did you mean \"" : "",
		       meant.word ? meant.word : "", meant.word ? "\"?" : "");
}

static int check_name(const char *text, struct err *fault)
{
	struct err ignored;

	if (config_check_name("", text, &ignored) == 0)
		return 0;
	return err_set(fault, ERR_INVALID,
		       "must consist of a-z, 0-9 and inner dashes, %d at the most",
		       CONFIG_MAX_APP_NAME);
}

/* Whether the text is what the rule wants; the message follows on the value's path. */
static int check_rule(enum config_rule rule, const char *text, struct err *fault)
{
	switch (rule) {
	case CONFIG_NAME: return check_name(text, fault);
	case CONFIG_NAMESPACE: return check_namespace(text, fault);
	case CONFIG_REPO: return check_repo(text, fault);
	case CONFIG_REF: return check_ref(text, fault);
	case CONFIG_TREE_PATH: return check_tree_path(text, fault);
	case CONFIG_PATH: return check_path(text, fault);
	case CONFIG_URL: return check_url(text, fault);
	case CONFIG_ADDRESS: return check_address(text, fault);
	case CONFIG_PRUNE_KIND: return prune_check_kinds(text, fault);
	case CONFIG_NOTICE_KIND: return check_notice_kind(text, fault);
	case CONFIG_ANY:
	case CONFIG_CLUSTER_NAME:
	case CONFIG_APP_NAME: return 0;
	}
	return 0;
}

bool config_is_remote(const char *repo)
{
	const char *colon = strchr(repo, ':'), *slash = strchr(repo, '/');

	return strncmp(repo, "file://", 7) != 0 && colon && (!slash || colon < slash);
}

static bool is_path(enum config_rule rule, const char *text)
{
	return rule == CONFIG_PATH ||
	       (rule == CONFIG_REPO && !config_is_remote(text) && !strstr(text, "://"));
}

/* Copies a string, a relative path as seen from here. */
static char *take_text(const struct config_reader *reader, enum config_rule rule, const char *text)
{
	char *path;

	if (!is_path(rule, text) || text[0] == '/' || !*reader->folder)
		return strdup(text);
	if (strcmp(text, ".") == 0)
		return strdup(reader->folder);
	while (strncmp(text, "./", 2) == 0)
		text += 2;
	return asprintf(&path, "%s%s%s", reader->folder,
			reader->folder[strlen(reader->folder) - 1] == '/' ? "" : "/", text) < 0
		       ? NULL
		       : path;
}

/* --- by type ---------------------------------------------------------------------------------- */

static const char *what_it_is(const cJSON *node)
{
	if (cJSON_IsString(node))
		return "text";
	if (cJSON_IsBool(node))
		return cJSON_IsTrue(node) ? "true" : "false";
	if (cJSON_IsNumber(node))
		return "a number";
	if (cJSON_IsArray(node))
		return "a list";
	return cJSON_IsObject(node) ? "a mapping" : "empty";
}

static int wrong_type(struct config_reader *reader, const cJSON *node, const char *expected)
{
	bool lacks_quotes =
		strcmp(expected, "text") == 0 && (cJSON_IsBool(node) || cJSON_IsNumber(node));

	return config_tell(reader, FINDING_ERROR, node, "%s must be %s, not %s%s",
			   buf_str(&reader->path), expected, what_it_is(node),
			   lacks_quotes ? ": put it in quotes" : "");
}

/* *ret_copy stays NULL where something is wrong with the text. */
static int read_text(struct config_reader *reader, enum config_rule rule, const cJSON *node,
		     bool may_be_empty, char **ret_copy)
{
	struct err fault;

	if (!cJSON_IsString(node))
		return wrong_type(reader, node, "text");
	if (!*node->valuestring && !may_be_empty)
		return config_tell(reader, FINDING_ERROR, node, "%s is empty",
				   buf_str(&reader->path));
	if (strlen(node->valuestring) > MAX_TEXT)
		return config_tell(reader, FINDING_ERROR, node, "%s is longer than %d bytes",
				   buf_str(&reader->path), MAX_TEXT);
	if (check_rule(rule, node->valuestring, &fault) < 0)
		return config_tell(reader, FINDING_ERROR, node, "%s %s", buf_str(&reader->path),
				   fault.message);
	*ret_copy = take_text(reader, rule, node->valuestring);
	return *ret_copy ? 0 : err_no_memory(reader->err);
}

static int read_string(struct config_reader *reader, enum config_rule rule, const cJSON *node,
		       char **string)
{
	CLEANUP(free_p) char *text = NULL;

	if (read_text(reader, rule, node, false, &text) < 0)
		return -1;
	if (text) {
		free(*string);
		*string = STEAL(text);
	}
	return 0;
}

static bool is_there(const struct config_strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++)
		if (strcmp(strings->items[i], text) == 0)
			return true;
	return false;
}

/* One item of a list of strings. Those of a command may be equal or empty. */
static int read_item(struct config_reader *reader, const struct config_key *key, const cJSON *node,
		     struct config_strings *strings)
{
	CLEANUP(free_p) char *text = NULL;
	char quoted[TEXT_QUOTE_MAX];

	if (read_text(reader, key->rule, node, key->rule == CONFIG_ANY, &text) < 0)
		return -1;
	if (text && key->rule != CONFIG_ANY && is_there(strings, text))
		return config_tell(reader, FINDING_ERROR, node, "%s is %s, which is there twice",
				   buf_str(&reader->path), text_quote(text, quoted));
	if (text)
		strings->items[strings->count++] = STEAL(text);
	return 0;
}

static int read_strings(struct config_reader *reader, const struct config_key *key,
			const cJSON *node, struct config_strings *ret_strings)
{
	size_t index = 0, length = reader->path.length;
	const cJSON *item;

	if (!cJSON_IsArray(node))
		return wrong_type(reader, node, "a list");
	if (cJSON_GetArraySize(node) > CONFIG_MAX_STRINGS)
		return config_tell(reader, FINDING_ERROR, node, "%s has more than %d items",
				   buf_str(&reader->path), CONFIG_MAX_STRINGS);
	config_strings_release(ret_strings);
	if (!node->child)
		return 0;
	ret_strings->items = calloc((size_t)cJSON_GetArraySize(node), sizeof(*ret_strings->items));
	if (!ret_strings->items)
		return err_no_memory(reader->err);
	json_each (item, node) {
		path_add_index(&reader->path, index++);
		int result = read_item(reader, key, item, ret_strings);
		buf_truncate(&reader->path, length);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int read_commas(struct config_reader *reader, const struct config_key *key,
		       const cJSON *node, char **ret_text)
{
	CLEANUP(config_strings_release) struct config_strings strings = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(CONFIG_MAX_BYTES);

	if (read_strings(reader, key, node, &strings) < 0)
		return -1;
	for (size_t i = 0; i < strings.count; i++)
		buf_printf(&text, "%s%s", i ? "," : "", strings.items[i]);
	free(*ret_text);
	*ret_text = strings.count ? buf_steal(&text) : NULL;
	return strings.count && !*ret_text ? err_no_memory(reader->err) : 0;
}

static int read_choice(struct config_reader *reader, const struct config_key *key,
		       const cJSON *node, unsigned *ret_index)
{
	char quoted[TEXT_QUOTE_MAX];
	int index;

	if (!cJSON_IsString(node))
		return wrong_type(reader, node, "text");
	index = config_choice_find(key->choices, node->valuestring);
	if (index < 0)
		return config_tell(reader, FINDING_ERROR, node, "%s is %s, but must be %s%s",
				   buf_str(&reader->path), text_quote(node->valuestring, quoted),
				   strchr(key->choices, '|') ? "one of " : "", key->choices);
	*ret_index = (unsigned)index;
	return 0;
}

static int read_word(struct config_reader *reader, const struct config_key *key, const cJSON *node,
		     char **word)
{
	unsigned index = UINT_MAX;

	if (read_choice(reader, key, node, &index) < 0)
		return -1;
	return index == UINT_MAX ? 0 : read_string(reader, CONFIG_ANY, node, word);
}

static int read_duration(struct config_reader *reader, const struct config_key *key,
			 const cJSON *node, int64_t *ret_ms)
{
	CLEANUP(buf_release) struct buf bounds = BUF_INIT(256);
	struct err fault;
	int64_t ms = 0, number;
	bool zero = json_int_value(node, &number) && number == 0;

	if (!zero && !cJSON_IsString(node))
		return wrong_type(reader, node, "a duration such as 30s");
	if (!zero && duration_parse(node->valuestring, &ms, &fault) < 0)
		return config_tell(reader, FINDING_ERROR, node, "%s: %s", buf_str(&reader->path),
				   fault.message);
	if (ms >= key->least && ms <= key->most) {
		*ret_ms = ms;
		return 0;
	}
	duration_print(key->least, &bounds);
	buf_puts(&bounds, " to ");
	duration_print(key->most, &bounds);
	return config_tell(reader, FINDING_ERROR, node, "%s must be from %s",
			   buf_str(&reader->path), buf_str(&bounds));
}

/* "50%" */
static bool percent_of(const cJSON *node, int64_t *ret_number)
{
	char *end;

	if (!cJSON_IsString(node))
		return false;
	errno = 0;
	*ret_number = strtoll(node->valuestring, &end, 10);
	return !errno && end != node->valuestring && strcmp(end, "%") == 0;
}

static int read_number(struct config_reader *reader, const struct config_key *key,
		       const cJSON *node, int64_t *ret_number)
{
	int64_t number = 0;
	bool percent = key->type == CONFIG_PERCENT;

	if (!json_int_value(node, &number) && !(percent && percent_of(node, &number)))
		return wrong_type(reader, node,
				  percent ? "a percentage such as 50%" : "a whole number");
	if (number < key->least || number > key->most)
		return config_tell(reader, FINDING_ERROR, node,
				   "%s must be from %" PRId64 " to %" PRId64,
				   buf_str(&reader->path), key->least, key->most);
	*ret_number = number;
	return 0;
}

static int read_bool(struct config_reader *reader, const cJSON *node, bool *ret_value)
{
	if (!cJSON_IsBool(node))
		return wrong_type(reader, node, "true or false");
	*ret_value = cJSON_IsTrue(node);
	return 0;
}

int config_value_read(struct config_reader *reader, const struct config_key *key, const cJSON *node,
		      void *value)
{
	unsigned constant;

	switch (key->type) {
	case CONFIG_CONSTANT: return read_choice(reader, key, node, &constant);
	case CONFIG_BOOL: return read_bool(reader, node, value);
	case CONFIG_CHOICE: return read_choice(reader, key, node, value);
	case CONFIG_WORD: return read_word(reader, key, node, value);
	case CONFIG_DURATION: return read_duration(reader, key, node, value);
	case CONFIG_PERCENT:
	case CONFIG_INTEGER: return read_number(reader, key, node, value);
	case CONFIG_STRING: return read_string(reader, key->rule, node, value);
	case CONFIG_STRINGS: return read_strings(reader, key, node, value);
	case CONFIG_COMMAS: return read_commas(reader, key, node, value);
	case CONFIG_SECTION:
	case CONFIG_DEFAULTS:
	case CONFIG_LIST: break;
	}
	return err_set(reader->err, ERR_INTERNAL, "%s is no single value", buf_str(&reader->path));
}

int config_value_default(const struct config_key *key, void *value, struct err *err)
{
	const char *text = key->default_value;
	int index;

	switch (key->type) {
	case CONFIG_BOOL: *(bool *)value = strcmp(text, "true") == 0; return 0;
	case CONFIG_CHOICE:
		index = config_choice_find(key->choices, text);
		*(unsigned *)value = index < 0 ? 0 : (unsigned)index;
		return 0;
	case CONFIG_DURATION: return duration_parse(text, value, err);
	case CONFIG_PERCENT:
	case CONFIG_INTEGER: *(int64_t *)value = strtoll(text, NULL, 10); return 0;
	case CONFIG_WORD:
	case CONFIG_STRING:
		*(char **)value = strdup(text);
		return *(char **)value ? 0 : err_no_memory(err);
	default: return err_set(err, ERR_INTERNAL, "\"%s\" cannot have a default", key->name);
	}
}

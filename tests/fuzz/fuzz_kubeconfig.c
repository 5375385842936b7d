/*
 * A kubeconfig is refused for a reason, or gives an endpoint that fits together; no secret of it is in
 * what people are told. So for what an exec plugin answers.
 *
 * The input is, with RS (0x1E) between them: the file etc/a of $KUBECONFIG, the file etc/b (missing where
 * there is none), the plugin's answer. file_read is wrapped (see the Makefile).
 */
#include "apply/kubeconfig.h"

#include <string.h>

#include "apply/exec_credential.h"
#include "apply/file.h"
#include "diff/cleanup.h"
#include "diff/json.h"
#include "diff/yaml.h"

#include "tests/fuzz/fuzz.h"

#define SEPARATOR    0x1E
#define SHORT_SECRET 6   /* bytes; shorter ones may be in any message */
#define MARK         '3' /* is in no message of ours: a secret without it could be a word of one */
#define MAX_DEPTH    12

struct part {
	const char *text; /* NULL: missing */
	size_t length;
};

enum { FILE_A, FILE_B, ANSWER, PARTS };

static struct part parts[PARTS]; /* that file_read finds */

int __wrap_file_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_length,
		     struct err *err);

int __wrap_file_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_length,
		     struct err *err)
{
	static const struct part missing, other = {"-----BEGIN", 10};
	const struct part *part = strcmp(path, "etc/a") == 0   ? &parts[FILE_A]
				  : strcmp(path, "etc/b") == 0 ? &parts[FILE_B]
				  : strstr(path, "missing")    ? &missing
							       : &other;

	must(part->length <= max_bytes);
	if (!part->text)
		return err_set(err, ERR_NOT_FOUND, "cannot read %s: it is not there", path);
	*ret_text = malloc(part->length + 1);
	must(*ret_text);
	memcpy(*ret_text, part->text, part->length);
	(*ret_text)[part->length] = '\0';
	*ret_length = part->length;
	return 0;
}

static void split(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;

	memset(parts, 0, sizeof(parts));
	for (size_t i = 0; i < PARTS && text; i++) {
		const char *next = memchr(text, SEPARATOR, (size_t)(end - text));

		parts[i] = (struct part){text, (size_t)((next ? next : end) - text)};
		text = next ? next + 1 : NULL;
	}
}

/* --- secrets ------------------------------------------------------------------------------------ */

static bool is_secret_key(const char *key)
{
	static const char *const keys[] = {"token", "password",      "client-key-data",
					   "args",  "clientKeyData", "env"};

	for (size_t i = 0; key && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* How often the text stands in the input; two are enough to know. */
static unsigned count_text(const char *text)
{
	size_t length = strlen(text);
	unsigned count = 0;

	for (size_t i = 0; i < PARTS && parts[i].text; i++) {
		const char *at = parts[i].text, *end = at + parts[i].length;

		while (count < 2 && (at = memmem(at, (size_t)(end - at), text, length))) {
			count++;
			at++;
		}
	}
	return count;
}

/* A secret that stands in the input once is in no message. */
static void look_for(const cJSON *value, bool is_secret, const char *message, int depth)
{
	const cJSON *item;

	if (is_secret && cJSON_IsString(value) && strlen(value->valuestring) >= SHORT_SECRET &&
	    strchr(value->valuestring, MARK) && strstr(message, value->valuestring))
		must(count_text(value->valuestring) > 1);
	if (depth > MAX_DEPTH)
		return;
	json_each (item, value)
		look_for(item, is_secret || is_secret_key(item->string), message, depth + 1);
}

static void check_words(const char *message)
{
	for (size_t i = 0; i < PARTS; i++) {
		struct yaml_docs docs = {0};
		struct err ignored;

		/* Behind an alias one text is many values. */
		if (!parts[i].text || memchr(parts[i].text, '*', parts[i].length) ||
		    yaml_load(parts[i].text, parts[i].length, &docs, &ignored) < 0)
			continue;
		for (size_t j = 0; j < docs.count; j++)
			look_for(docs.items[j].root, false, message, 0);
		yaml_docs_release(&docs);
	}
}

static void check_error(const struct err *err)
{
	must(err->class == ERR_INVALID || err->class == ERR_NOT_FOUND || err->class == ERR_LIMIT ||
	     err->class == ERR_UNSUPPORTED || err->class == ERR_DENIED);
	must(err->message[0]);
	check_words(err->message);
}

/* --- what was read ------------------------------------------------------------------------------ */

static void check_headers(const struct endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->header_count; i++) {
		must(strncmp(endpoint->headers[i].name, "Impersonate-", 12) == 0);
		for (const char *c = endpoint->headers[i].name; *c; c++)
			must(*c > ' ' && *c < 0x7F && *c != ':');
		must(!strpbrk(endpoint->headers[i].value, "\r\n"));
	}
}

static void check_endpoint(const struct endpoint *endpoint)
{
	size_t length = strlen(endpoint->server);
	struct endpoint copy;
	struct err err;

	must(length == 0 || endpoint->server[length - 1] != '/');
	must(!endpoint->insecure || (!endpoint->ca_pem && !endpoint->ca_file));
	must(!(endpoint->ca_pem && endpoint->ca_file));
	must(!endpoint->token || credential_is_token(endpoint->token));
	must(!(endpoint->cert_pem || endpoint->cert_file) ==
	     !(endpoint->key_pem || endpoint->key_file));
	must(!endpoint->exec || !(endpoint->token || endpoint->token_file || endpoint->username));
	if (strncasecmp(endpoint->server, "http://", 7) == 0)
		must(!endpoint->token && !endpoint->token_file && !endpoint->password &&
		     !endpoint->cert_pem && !endpoint->exec);
	check_headers(endpoint);
	must(endpoint_copy(endpoint, &copy, &err) == 0);
	endpoint_release(&copy);
}

static void check_plugin(const struct endpoint *endpoint)
{
	CLEANUP(credential_release) struct credential credential = {0};
	CLEANUP(buf_release) struct buf info = BUF_INIT(EXEC_INFO_MAX_BYTES);
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	struct err err;

	if (exec_credential_print_info(endpoint, &info, &err) == 0) {
		must(json_parse(buf_str(&info), info.length, &value, &err) == 0);
		must(json_at(value, "spec.interactive"));
	} else {
		check_error(&err);
	}
	if (!parts[ANSWER].text)
		return;
	if (exec_credential_parse(endpoint->exec, parts[ANSWER].text, parts[ANSWER].length,
				  &credential, &err) == 0) {
		must(credential.token || credential.cert_pem);
		must(!credential.token || credential_is_token(credential.token));
		must(!credential.cert_pem == !credential.key_pem);
	} else {
		check_error(&err);
	}
}

int fuzz_kubeconfig(const uint8_t *data, size_t size)
{
	const struct kubeconfig_options options = {.terminal = size % 2};
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	struct err err;

	setenv("KUBECONFIG", "etc/a:etc/b", 1);
	split(data, size);
	if (kubeconfig_load(&options, &config, &err) < 0) {
		check_error(&err);
		return 0;
	}
	must(config.endpoint.server && config.context && config.origin && *config.namespace);
	check_words(config.origin);
	if (config.warning)
		check_words(config.warning);
	check_endpoint(&config.endpoint);
	if (config.endpoint.exec)
		check_plugin(&config.endpoint);
	return 0;
}

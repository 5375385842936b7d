/*
 * Small texts that ask for much, and large ones of one thing, in each reader: they end in an error, or are
 * read, in a bounded time and in memory that is in proportion. Each is read by a process of its own, which
 * tells what that has cost. test_caps.sh does the same with the whole program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/config_read.h"
#include "apply/exec_credential.h"
#include "apply/inventory.h"
#include "apply/kubeconfig.h"
#include "apply/page.h"
#include "apply/refusal.h"
#include "diff/history.h"
#include "diff/known_hosts.h"
#include "diff/kustomize.h"
#include "diff/offline.h"
#include "diff/pointer.h"
#include "diff/quantity.h"
#include "diff/semver.h"
#include "diff/unified.h"
#include "diff/webhook.h"
#include "diff/yaml_edit.h"

#include "tests/support/check.h"
#include "tests/support/folder.h"

/*
 * What is square takes much longer. It is no measurement: that is 100 ms on an idle machine for what is
 * refused.
 */
#define MAX_CPU_MS     5000
#define MAX_KIB        (64 * 1024)
#define MAX_KIB_EACH   130 /* and for each KiB of text: values are larger than that */
#define LARGE_BYTES    (1024u * 1024)
#define TEXT_MAX_BYTES (64u * 1024 * 1024)

#define HEAD "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
#define ANY  "apiVersion: example.com/v1\nkind: Any\nmetadata: {name: a}\n"
#define JSON_HEAD                                                                             \
	"{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}, " \
	"\"data\": "
#define SET_HEAD                                                                                \
	"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec:\n  serviceName: " \
	"web\n"                                                                                 \
	"  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    "  \
	"spec:\n"
#define KUBECONFIG_HEAD                                                               \
	"current-context: x\nclusters: [{name: c, cluster: {server: 'https://h'}}]\n" \
	"contexts: [{name: x, context: {cluster: c, user: u}}]\n"
#define CONFIG_HEAD "apiVersion: tranche.dev/v1\nkind: Config\n"

/* --- readers ------------------------------------------------------------------------------------ */

static int first_error(const struct findings *findings, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(ERR_MESSAGE_MAX);

	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].level == FINDING_ERROR) {
			finding_print(&findings->items[i], &text);
			return err_set(err, ERR_INVALID, "%s", buf_str(&text));
		}
	return 0;
}

static int read_manifest(const char *text, size_t length, struct err *err)
{
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};

	if (manifest_set_add(&set, "f", text, length, &findings, err) < 0 ||
	    manifest_set_check(&set, "default", &findings, err) < 0)
		return -1;
	return first_error(&findings, err);
}

static int compare_texts(const char *text, const char *live_text, struct err *err)
{
	CLEANUP(manifest_set_release) struct manifest_set set = {0}, live = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(plan_release) struct plan plan = {0};
	const struct offline_options options = {.default_namespace = "default"};

	if (manifest_set_add(&set, "f", text, strlen(text), &findings, err) < 0 ||
	    manifest_set_add_live(&live, "f", live_text, strlen(live_text), &findings, err) < 0 ||
	    first_error(&findings, err) < 0)
		return -1;
	return offline_plan(&set, &live, &options, &plan, err);
}

/* Compared with itself. */
static int read_live(const char *text, size_t length, struct err *err)
{
	(void)length;
	return compare_texts(text, text, err);
}

/* Compared with a text of as many lines `  kN: v` in another order, or with other keys or values. */
static int compare_keys(const char *text, const char *key, bool backwards, struct err *err)
{
	CLEANUP(buf_release) struct buf live = BUF_INIT(TEXT_MAX_BYTES);
	const char *keys = strstr(text, "  k0");
	size_t count = 0;

	for (const char *c = keys; *c; c++)
		count += *c == '\n';
	buf_append(&live, text, (size_t)(keys - text));
	for (size_t i = 0; i < count; i++)
		buf_printf(&live, "  %s%zu: v\n", key, backwards ? count - 1 - i : i);
	return compare_texts(text, buf_str(&live), err);
}

static int read_live_reversed(const char *text, size_t length, struct err *err)
{
	(void)length;
	return compare_keys(text, "k", true, err);
}

static int read_live_renamed(const char *text, size_t length, struct err *err)
{
	(void)length;
	return compare_keys(text, "other", false, err);
}

static int read_config(const char *text, size_t length, struct err *err)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(findings_release) struct findings findings = {0};

	return config_read(text, length, "etc/c", &config, &findings, err);
}

static int read_kubeconfig(const char *text, size_t length, struct err *err)
{
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	struct folder folder;
	struct kubeconfig_options options = {0};

	(void)length;
	folder_make(&folder);
	folder_write(&folder, "k", text);
	options.file = folder_file(&folder, "k");
	int status = kubeconfig_load(&options, &config, err);
	folder_remove(&folder);
	return status;
}

struct text {
	const char *text;
	size_t length;
};

/* The text is kustomization.yaml, and each other file holds objects. */
static int find_file(void *context, const char *path, const char **ret_text, size_t *ret_length,
		     struct err *err)
{
	const struct text *text = context;
	static const char other[] = SET_HEAD "      containers: [{name: a, image: b}]\n";
	bool is_top = strcmp(path, "kustomization.yaml") == 0;

	(void)err;
	*ret_text = is_top                                           ? text->text
		    : strstr(path, ".yaml") && !strstr(path, "kust") ? other
								     : NULL;
	*ret_length = is_top ? text->length : sizeof(other) - 1;
	return 0;
}

static int read_kustomization(const char *text, size_t length, struct err *err)
{
	static const struct origin_field field = {
		{"spec", "updateStrategy", "rollingUpdate", "partition"}, 4, 0};
	CLEANUP(origins_release) struct origins origins = {0};
	struct text context = {text, length};
	const struct kustomize_files files = {&context, find_file};
	struct origin_place place;
	struct err ignored;

	if (kustomize_read(&files, "", &origins, err) < 0)
		return -1;
	for (size_t i = 0; i < origins.count && i < 10; i++)
		if (origin_find(&origins.items[i], &field, &place, &ignored) == 0)
			(void)origin_check_edit(&origins, &place, &ignored);
	return 0;
}

static const char *header_of(const void *context, const char *name)
{
	(void)context;
	return strcasecmp(name, "X-GitHub-Event") == 0 ? "push" : "";
}

static int read_webhook(const char *text, size_t length, struct err *err)
{
	CLEANUP(webhook_push_release) struct webhook_push push = {0};
	const struct webhook_request request = {
		.header = header_of, .body = text, .length = length};

	return webhook_read(&request, &push, err);
}

static int read_answer(const char *text, size_t length, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	CLEANUP(free_p) char *token = NULL;

	if (json_parse(text, length, &body, err) < 0)
		return -1;
	if (json_get(body, "message"))
		return refusal_err(422, body, NULL, err);
	return page_take_token(body, &token, err) < 0 ? -1 : 0;
}

static int read_inventory(const char *text, size_t length, struct err *err)
{
	CLEANUP(inventory_release) struct inventory inventory = {0};

	return inventory_parse(text, length, &inventory, err);
}

static int read_history(const char *text, size_t length, struct err *err)
{
	CLEANUP(history_release) struct history history = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(HISTORY_MAX_BYTES);

	if (history_parse(text, length, &history, err) < 0)
		return -1;
	return history_print(&history, &out, err);
}

static int read_credential(const char *text, size_t length, struct err *err)
{
	CLEANUP(credential_release) struct credential credential = {0};
	const struct exec_config exec = {.api_version = EXEC_API_GROUP "/v1"};

	return exec_credential_parse(&exec, text, length, &credential, err);
}

static int read_known_hosts(const char *text, size_t length, struct err *err)
{
	char host[200];
	unsigned types;

	(void)length;
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	return known_hosts_types(text, host, 2222, &types, err);
}

static int read_range(const char *text, size_t length, struct err *err)
{
	CLEANUP(semver_range_free_p) struct semver_range *range = NULL;

	(void)length;
	return semver_range_parse(text, &range, err);
}

static int read_quantity(const char *text, size_t length, struct err *err)
{
	struct quantity quantity;

	(void)length;
	return quantity_parse(text, &quantity, err);
}

static int read_pointer(const char *text, size_t length, struct err *err)
{
	CLEANUP(pointer_release) struct pointer pointer = {0};

	return pointer_parse(text, length, &pointer, err);
}

/* The difference to the same text without its first half. */
static int read_difference(const char *text, size_t length, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(TEXT_MAX_BYTES);

	return unified_diff(text, length, text + length / 2, length - length / 2, false, &out, err);
}

static int read_edit(const char *text, size_t length, struct err *err)
{
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0};
	CLEANUP(cJSON_Delete_p) cJSON *value = cJSON_CreateString("x");
	const struct yaml_step steps[] = {YAML_KEY("data"), YAML_KEY("new")};

	return yaml_edit(text, length, 0, steps, 2, value, &splice, err);
}

/* --- bombs ---------------------------------------------------------------------------------------- */

/* `head`, `count` times `unit` with its number in place of each '@', `tail`. */
struct bomb {
	const char *name;
	int (*read)(const char *text, size_t length, struct err *err);
	const char *head, *unit;
	size_t count;
	const char *tail;
	const char *message; /* a part of what is said of it; NULL: it is read */
};

static const struct bomb bombs[] = {
	/* manifests */
	{"a comment", read_manifest, HEAD "#", "x", 15000000, "\n", NULL},
	{"comments", read_manifest, HEAD, "#\n", 7000000, "", NULL},
	{"blanks", read_manifest, HEAD, " ", 15000000, "", NULL},
	{"empty lines", read_manifest, HEAD, "\n", 15000000, "", NULL},
	{"CR lines", read_manifest, HEAD, "\r", 15000000, "", NULL},
	{"a scalar", read_manifest, HEAD "data: {k: ", "x", 15000000, "}\n",
	 "f:1:1: error: ConfigMap \"a\":  has 15000000 bytes of data, but may have"},
	{"a quoted scalar", read_manifest, HEAD "data: {k: \"", "\\x41", 3500000, "\"}\n",
	 "f:1:1: error: ConfigMap \"a\":  has 3500000 bytes of data, but may have "},
	{"a block scalar", read_manifest, HEAD "data:\n  k: |\n", "    x\n", 2000000, "",
	 "f:1:1: error: ConfigMap \"a\":  has 4000000 bytes of data, but may have "},
	{"a folded scalar", read_manifest, HEAD "data:\n  k: >\n", "    x\n\n", 1500000, "",
	 "f:1:1: error: ConfigMap \"a\":  has 3000000 bytes of data, but may have "},
	{"a plain scalar of lines", read_manifest, HEAD "data:\n  k:\n", "    x\n", 2000000, "",
	 "f:1:1: error: ConfigMap \"a\":  has 3999999 bytes of data, but may have "},
	{"a long key", read_manifest, HEAD "data: {? ", "x", 15000000, " : y}\n",
	 "path of a field is larger than 1048576 bytes"},
	{"a long key without ?", read_manifest, HEAD "data: {", "x", 15000000, ": y}\n",
	 "f:4:15000008: error: did not find expected ',' or '}'"},
	{"keys", read_manifest, HEAD "data:\n", "  k@: v\n", 400000, "", NULL},
	{"keys of a flow", read_manifest, HEAD "data: {", "k@: v, ", 400000, "}\n", NULL},
	{"equal keys", read_manifest, HEAD "data:\n", "  k: v\n", 400000, "",
	 "f:6:3: error: duplicate key \"k\", first at 5:3"},
	{"keys with one beginning", read_manifest, HEAD "data:\n",
	 "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@: v\n",
	 150000, "", NULL},
	{"a number", read_manifest, ANY "v: ", "9", 1000000, "\n", NULL},
	{"a fraction", read_manifest, ANY "v: 0.", "9", 1000000, "\n", NULL},
	{"an exponent", read_manifest, ANY "v: 1e", "9", 1000000, "\n", NULL},
	{"a sexagesimal", read_manifest, ANY "v: 1", ":59", 1000000, "\n", NULL},
	{"underscores", read_manifest, ANY "v: 1", "_", 1000000, "\n", NULL},
	{"1e400", read_manifest, ANY "v: 1e400\n", "", 0, "", NULL},
	{"documents", read_manifest, "", "---\n" HEAD, 100000, "",
	 "f:6:1: error: ConfigMap \"a\" of namespace \"default\" is there twice: fir"},
	{"empty documents", read_manifest, HEAD, "---\n", 3000000, "", NULL},
	{"ended documents", read_manifest, HEAD, "...\n", 3000000, "", NULL},
	{"anchors and aliases", read_manifest, ANY "v:\n", "- &a@ x\n- *a@\n", 9000, "", NULL},
	{"one anchor again", read_manifest, ANY "v:\n", "- &a x\n- *a\n", 9000, "", NULL},
	{"an anchor's name", read_manifest, ANY "v: &", "a", 15000000, " x\n", NULL},
	{"a tag", read_manifest, ANY "v: !", "a", 15000000, " x\n", NULL},
	{"tags", read_manifest, ANY "v:\n", "- !!str x\n", 300000, "", NULL},
	{"an unknown tag", read_manifest, ANY "v:\n", "- !<tag:x@> x\n", 300000, "", NULL},
	{"a merge of merges", read_manifest, ANY "v: &m0 {a: b}\nw:\n", "- &m@ {<<: *m0}\n", 9000,
	 "", "f:6:12: error: alias \"m0\" stands inside its own anchor"},
	{"a merge of a list", read_manifest, ANY "v: &m {a: b}\nw: {<<: [", "*m, ", 100000, "]}\n",
	 "f:5:266674: error: too much of the document comes from aliases; write "},
	{"a directive", read_manifest, "%", "x", 15000000, "\n---\n" HEAD,
	 "f:1:15000002: error: found unknown directive name"},
	{"tag directives", read_manifest, "", "%TAG !a@! tag:x,\n", 90, "---\n" HEAD,
	 "f:91:1: error: did not find expected <document start>"},
	{"BOMs", read_manifest, "", "\xEF\xBB\xBF", 5000000, HEAD,
	 "f:1:2: error: the document is a scalar, not a mapping"},
	{"brackets", read_manifest, ANY "v: ", "[", 15000000, "\n",
	 "f:4:204: error: more than 200 flow collections inside of each other; w"},
	{"closing brackets", read_manifest, ANY "v: ", "]", 15000000, "\n",
	 "f:4:4: error: did not find expected node content"},
	{"question marks", read_manifest, HEAD, "? ", 7000000, "\n",
	 "f:4:3: error: a mapping as a key (a template that was not rendered?)"},
	{"colons", read_manifest, HEAD, ": ", 7000000, "\n",
	 "f:4:1: error: did not find expected key, while parsing a block mapping"},
	{"quotes", read_manifest, ANY "v: ", "''", 7000000, "\n", NULL},
	{"a quote that does not end", read_manifest, ANY "v: '", "\n", 15000000, "",
	 "f:15000004:1: error: found unexpected end of stream, while scanning a "},
	{"list items", read_manifest, ANY "x:\n", "- a\n", 900000, "", NULL},
	{"items of a List", read_manifest, "apiVersion: v1\nkind: List\nitems:\n",
	 "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a@}}\n", 90000, "", NULL},
	{"equal objects", read_manifest, "apiVersion: v1\nkind: List\nitems:\n",
	 "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", 90000, "",
	 "f:5:3: error: ConfigMap \"a\" of namespace \"default\" is there twice: fir"},
	{"StatefulSets without a Service", read_manifest, "apiVersion: v1\nkind: List\nitems:\n",
	 "- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a@}, spec: {serviceName: s@, "
	 "selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: "
	 "{containers: "
	 "[{name: a, image: b}]}}}}\n",
	 20000, "", NULL},
	{"containers", read_manifest, SET_HEAD "      containers:\n",
	 "      - {name: a@, image: b}\n", 90000, "", NULL},
	{"variables", read_manifest,
	 SET_HEAD "      containers:\n      - name: a\n        image: b\n        env:\n",
	 "        - {name: A@, value: b}\n", 200000, "", NULL},
	{"volumes and mounts", read_manifest,
	 SET_HEAD
	 "      volumes:\n      - {name: v, emptyDir: {}}\n      containers:\n      - name: a\n"
	 "        image: b\n        volumeMounts:\n",
	 "        - {name: v, mountPath: /a@}\n", 100000, "", NULL},
	{"volumes", read_manifest,
	 SET_HEAD "      containers: [{name: a, image: b}]\n      volumes:\n",
	 "      - {name: v@, emptyDir: {}}\n", 150000, "", NULL},
	{"ports", read_manifest,
	 SET_HEAD "      containers:\n      - name: a\n        image: b\n        ports:\n",
	 "        - {name: p@, containerPort: 80}\n", 100000, "", NULL},
	{"claims", read_manifest,
	 SET_HEAD "      containers: [{name: a, image: b}]\n  volumeClaimTemplates:\n",
	 "  - {metadata: {name: v@}, spec: {accessModes: [ReadWriteOnce], resources: {requests: "
	 "{storage: 1Gi}}}}\n",
	 60000, "", NULL},
	{"unknown fields", read_manifest, SET_HEAD "      containers: [{name: a, image: b}]\n",
	 "      x@: y\n", 200000, "",
	 "f:11:7: error: StatefulSet \"web\": unknown field \"x0\" in StatefulSet.sp"},
	{"annotations", read_manifest,
	 "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n",
	 "    example.com/x@: z\n", 100000, "",
	 "f:5:3: error: ConfigMap \"a\": metadata.annotations have 1888890 bytes t"},
	{"pointers to ignore", read_manifest,
	 "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    "
	 "tranche.dev/ignore: ",
	 "/a@,", 500000, "\n",
	 "f:5:3: error: ConfigMap \"a\": metadata.annotations have 4388908 bytes t"},
	{"a JSON string", read_manifest, JSON_HEAD "{\"k\": \"", "\\u0041", 2500000, "\"}}",
	 "f:1:1: error: ConfigMap \"a\":  has 2500000 bytes of data, but may have "},
	{"JSON keys", read_manifest, JSON_HEAD "{", "\"k@\": \"v\", ", 400000, "\"z\": \"v\"}}",
	 NULL},
	{"a JSON number", read_manifest, JSON_HEAD, "1", 1000000, "}", ""},
	{"JSON blanks", read_manifest, JSON_HEAD, " ", 15000000, "null}", NULL},
	{"JSON objects", read_manifest, "",
	 "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a@\"}}\n", 90000,
	 "", NULL},

	/* what is compared, and edited */
	{"live: keys", read_live, HEAD "data:\n", "  k@: v\n", 300000, "", NULL},
	{"live: containers", read_live, SET_HEAD "      containers:\n",
	 "      - {name: a@, image: b}\n", 50000, "", NULL},
	{"live: variables", read_live,
	 SET_HEAD "      containers:\n      - name: a\n        image: b\n        env:\n",
	 "        - {name: A@, value: b}\n", 100000, "", NULL},
	{"live: keys the other way round", read_live_reversed, HEAD "data:\n", "  k@: v\n", 100000,
	 "", NULL},
	{"live: other keys", read_live_renamed, HEAD "data:\n", "  k@: v\n", 100000, "", NULL},
	{"live: fields that were left out", read_live_renamed, ANY "spec:\n", "  k@: v\n", 50000,
	 "", NULL},
	{"live: nulls", read_live_reversed, ANY "spec:\n", "  k@: null\n", 50000, "", NULL},
	{"live: objects", read_live, "apiVersion: v1\nkind: List\nitems:\n",
	 "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a@}}\n", 50000, "", NULL},
	{"difference: lines", read_difference, "", "line #\n", 100000, "", NULL},
	{"difference: one line", read_difference, "", "x", 15000000, "", NULL},
	{"difference: equal lines", read_difference, "", "x\n", 100000, "", NULL},
	{"edit: keys", read_edit, HEAD "data:\n", "  k@: v\n", 300000, "", NULL},
	{"edit: comments", read_edit, HEAD "data:\n  k: v\n", "  # x\n", 1000000, "", NULL},

	/* configurations */
	{"config: apps", read_config, CONFIG_HEAD "apps:\n", "- {name: a@, source: {repo: r}}\n",
	 20000, "", "etc/c:3:1: apps has more than 2000 items"},
	{"config: apps that depend", read_config, CONFIG_HEAD "apps:\n",
	 "- {name: a@, source: {repo: r}, dependsOn: [a1]}\n", 12000, "",
	 "etc/c:3:1: apps has more than 2000 items"},
	{"config: apps of one name", read_config, CONFIG_HEAD "apps:\n",
	 "- {name: a, source: {repo: r}}\n", 30000, "", "etc/c:3:1: apps has more than 2000 items"},
	{"config: unknown keys", read_config, CONFIG_HEAD, "k@: v\n", 90000, "",
	 "etc/c: there is more, which is not shown (and 200 more)"},
	{"config: strings", read_config,
	 CONFIG_HEAD "apps: [{name: a, source: {repo: r}, dependsOn: [", "x@, ", 100000, "]}]\n",
	 ""},
	{"config: brackets", read_config, CONFIG_HEAD "apps: ", "[", 1000000, "\n",
	 "etc/c:3:207: more than 200 flow collections inside of each other; writ"},
	{"config: a comment", read_config, CONFIG_HEAD "apps: []\n@", "x", 1000000, "\n",
	 "etc/c:4:1: found character that cannot start any token"},

	/* kubeconfigs */
	{"kubeconfig: contexts", read_kubeconfig, "current-context: x\ncontexts:\n",
	 "- {name: a@, context: {}}\n", 150000, "", ": it is larger than 4194304 bytes"},
	{"kubeconfig: contexts of one name", read_kubeconfig, "current-context: x\ncontexts:\n",
	 "- {name: a, context: {}}\n", 150000, "",
	 " (there are: \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", "
	 "\"a\", \"a"},
	{"kubeconfig: users", read_kubeconfig, KUBECONFIG_HEAD "users:\n",
	 "- {name: a@, user: {}}\n", 150000, "",
	 ": the context \"x\" names the user \"u\", which does not exist (there are:"},
	{"kubeconfig: arguments", read_kubeconfig,
	 KUBECONFIG_HEAD
	 "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, "
	 "interactiveMode: Never, command: c, args: [",
	 "a,", 900000, "]}}}]\n", ""},
	{"kubeconfig: variables", read_kubeconfig,
	 KUBECONFIG_HEAD
	 "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, "
	 "interactiveMode: Never, command: c, env: [",
	 "{name: a},", 300000, "]}}}]\n", ""},
	{"kubeconfig: groups", read_kubeconfig,
	 KUBECONFIG_HEAD "users: [{name: u, user: {as: a, as-groups: [", "a,", 900000, "]}}]\n",
	 NULL},
	{"kubeconfig: a token", read_kubeconfig,
	 KUBECONFIG_HEAD "users: [{name: u, user: {token: ", "a", 3000000, "}}]\n", ""},
	{"kubeconfig: base64", read_kubeconfig,
	 KUBECONFIG_HEAD "users: [{name: u, user: {client-key-data: ", "QUFB", 900000, "}}]\n", ""},
	{"kubeconfig: too large", read_kubeconfig, "#", "x", 5000000, "\n",
	 ": it is larger than 4194304 bytes"},

	/* kustomizations */
	{"kustomization: itself, twice", read_kustomization, "resources: [., .]\n", "", 0, "",
	 "kustomization.yaml: kustomizations are nested more than 32 deep"},
	{"kustomization: files", read_kustomization, "resources:\n", "- f@.yaml\n", 9000, "", NULL},
	{"kustomization: more files", read_kustomization, "resources:\n", "- f@.yaml\n", 20000, "",
	 "f9999.yaml: more than 10000 files are read for one kustomization"},
	{"kustomization: patches", read_kustomization, "resources: [a.yaml]\npatches:\n",
	 "- {patch: '{apiVersion: v1, kind: A, metadata: {name: b@}}'}\n", 50000, "", NULL},
	{"kustomization: patches of one object", read_kustomization,
	 "resources: [a.yaml]\npatches:\n", "- {path: b.yaml}\n", 50000, "",
	 "b.yaml: more than 64 patches of one object"},
	{"kustomization: patterns", read_kustomization, "resources: [a.yaml]\npatches:\n",
	 "- {path: b.yaml, target: {name: 'x(a*)*y@'}}\n", 9000, "", NULL},
	{"kustomization: a pattern", read_kustomization,
	 "resources: [a.yaml]\npatches: [{path: b.yaml, target: {name: "
	 "'((((a{1,99}){1,99}){1,99}){1,99})'}}]\n",
	 "", 0, "", "kustomization.yaml: the target's pattern \"((((a{1,99}){1,99}){1,99}){1"},
	{"kustomization: a pattern with a way back", read_kustomization,
	 "resources: [a.yaml]\npatches: [{path: b.yaml, target: {name: '(w*)*(e*)*\\1\\2x'}}]\n",
	 "", 0, "", "kustomization.yaml: the target's pattern \"(w*)*(e*)*\\1\\2x\" cannot be r"},
	{"kustomization: a long pattern", read_kustomization,
	 "resources: [a.yaml]\npatches: [{path: b.yaml, target: {name: '", "(a|b)?", 80, "'}}]\n",
	 NULL},
	{"kustomization: images", read_kustomization, "resources: [a.yaml]\nimages:\n",
	 "- {name: b@, newTag: c}\n", 90000, "", NULL},
	{"kustomization: a path", read_kustomization, "resources: [", "a/../", 1000000, "a.yaml]\n",
	 NULL},

	/* what comes over the network */
	{"webhook: commits", read_webhook,
	 "{\"ref\":\"refs/heads/main\",\"repository\":{\"clone_url\":\"u\"},\"commits\":[",
	 "{\"id\":\"@\"},", 100000, "{}]}", "1:1113914: more than 150000 values"},
	{"webhook: brackets", read_webhook, "", "[", 1000000, "",
	 "1:1001: nested deeper than 1000 levels"},
	{"webhook: keys", read_webhook, "{", "\"k@\":1,", 100000, "\"z\":1}", NULL},
	{"webhook: a number", read_webhook, "{\"a\":", "1", 1000000, "}",
	 "1:6: a number of more than 511 bytes"},
	{"answer: brackets", read_answer, "", "[", 1000000, "",
	 "1:1001: nested deeper than 1000 levels"},
	{"answer: values", read_answer, "{\"items\":[", "1,", 5000000, "1]}",
	 "1:8388615: more than 4194304 values"},
	{"answer: a token", read_answer, "{\"metadata\":{\"continue\":\"", "x", 1000000, "\"}}",
	 "the server's list goes on with a token of more than 4096 bytes"},
	{"answer: words", read_answer, "{\"message\":\"", "\\u0001", 1000000, "\"}", ""},
	{"answer: causes", read_answer, "{\"message\":\"m\",\"details\":{\"causes\":[",
	 "{\"field\":\"f@\",\"message\":\"m\"},", 100000, "{}]}}", ""},
	{"inventory: objects", read_inventory, "{\"version\":1,\"app\":\"a\",\"objects\":[",
	 "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"a@\"},", 20000,
	 "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"a\"}]}", NULL},
	{"history: entries", read_history, "{\"version\":1,\"entries\":[",
	 "{\"at\":\"x\",\"cause\":\"sync\"},", 100000, "{}]}",
	 "it is longer than a history can be"},
	{"credential: keys", read_credential, "{", "\"k@\":1,", 100000, "\"z\":1}",
	 "what it printed is no ExecCredential"},
	{"credential: a token", read_credential,
	 "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/"
	 "v1\",\"status\":{\"token\":\"",
	 "x", 1000000, "\"}}", ""},
	{"known_hosts: stars", read_known_hosts, "", "*a", 100000, "b ssh-rsa AAAA\n", NULL},
	{"known_hosts: names", read_known_hosts, "", "a@,", 100000, "b ssh-rsa AAAA\n", NULL},
	{"known_hosts: lines", read_known_hosts, "", "* ssh-rsa AAAA\n", 60000, "", NULL},
	{"known_hosts: hashes", read_known_hosts, "", "|1|c2FsdA==|aGFzaA== ssh-rsa AAAA\n", 20000,
	 "", NULL},

	/* little ones */
	{"range", read_range, "", "1||", 300, "1",
	 "range of versions \"1||1||1||1||1||1||1||1||1||1||1||1||1||1||1||1||1||"},
	{"range: long", read_range, "", ">1 ", 100000, "",
	 "the range of versions is longer than 1024 bytes"},
	{"quantity", read_quantity, "0.", "0", 1000000, "1", NULL},
	{"quantity: digits", read_quantity, "", "9", 1000000, "Ki", NULL},
	{"pointer", read_pointer, "", "/a", 1000000, "", "it has more than 64 steps"},
};

struct cost {
	int status;
	long cpu_ms, kib;
	size_t bytes;
	struct err err;
};

static void light(const struct bomb *bomb, struct buf *out)
{
	buf_puts(out, bomb->head);
	for (size_t i = 0; i < bomb->count; i++)
		for (const char *c = bomb->unit; *c; c++) {
			if (*c == '@')
				buf_printf(out, "%zu", i);
			else
				buf_putc(out, *c);
		}
	buf_puts(out, bomb->tail);
}

static long cpu_ms(const struct rusage *used)
{
	return (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000 +
	       (used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1000;
}

/* In a process of its own, whose memory has had no other use. */
static void blow_up(const struct bomb *bomb, struct cost *ret_cost)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX_BYTES);
	struct rusage before, after;

	light(bomb, &text);
	ret_cost->bytes = text.length;
	getrusage(RUSAGE_SELF, &before);
	ret_cost->status = bomb->read(buf_str(&text), text.length, &ret_cost->err);
	getrusage(RUSAGE_SELF, &after);
	ret_cost->cpu_ms = cpu_ms(&after) - cpu_ms(&before);
	ret_cost->kib = after.ru_maxrss - before.ru_maxrss;
}

static void measure(const struct bomb *bomb, struct cost *ret_cost)
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct cost cost = {0};

		alarm(300);
		blow_up(bomb, &cost);
		_exit(write(ends[1], &cost, sizeof(cost)) == sizeof(cost) ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], ret_cost, sizeof(*ret_cost)) != sizeof(*ret_cost))
		*ret_cost = (struct cost){.status = -2};
	close(ends[0]);
	assert_true(waitpid(child, &status, 0) == child);
}

/* Sanitizers and valgrind take time and memory of their own: then only small texts are read. */
static bool is_instrumented(void)
{
	const char *preload = getenv("LD_PRELOAD");
#ifdef __SANITIZE_ADDRESS__
	bool sanitized = true;
#else
	bool sanitized = false;
#endif
	return sanitized || (preload && strstr(preload, "vgpreload"));
}

/* Appends what is wrong. */
static void judge(const struct bomb *bomb, const struct cost *cost, struct buf *faults)
{
	long may_kib = MAX_KIB + (long)(cost->bytes / 1024) * MAX_KIB_EACH;

	if (cost->status == -2)
		buf_printf(faults, "%s: died\n", bomb->name);
	else if (cost->status == 0 && bomb->message)
		buf_printf(faults, "%s: was read\n", bomb->name);
	else if (cost->status < 0 && (!bomb->message || !strstr(cost->err.message, bomb->message)))
		buf_printf(faults, "%s: %s\n", bomb->name, cost->err.message);
	else if (!is_instrumented() && (cost->cpu_ms > MAX_CPU_MS || cost->kib > may_kib))
		buf_printf(faults, "%s: %ld ms and %ld KiB for %zu bytes\n", bomb->name,
			   cost->cpu_ms, cost->kib, cost->bytes);
}

static void test_bombs(void **state)
{
	CLEANUP(buf_release) struct buf faults = BUF_INIT(TEXT_MAX_BYTES);

	(void)state;
	for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
		struct cost cost;

		if (is_instrumented() && bombs[i].count * strlen(bombs[i].unit) > LARGE_BYTES)
			continue;
		measure(&bombs[i], &cost);
		printf("%-42s %9zu bytes %5ld ms %7ld KiB %s\n", bombs[i].name, cost.bytes,
		       cost.cpu_ms, cost.kib, cost.status < 0 ? "refused" : "read");
		judge(&bombs[i], &cost, &faults);
	}
	assert_string_equal(buf_str(&faults), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bombs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

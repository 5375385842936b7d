#include "apply/kubeconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diff/buf.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

#define CA64  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==" /* -----BEGIN CERTIFICATE----- */
#define V1    "client.authentication.k8s.io/v1"
#define BETA  V1 "beta1"
#define KEY64 "LS0tLS1CRUdJTiBLRVktLS0tLQo=" /* -----BEGIN KEY----- */

static struct folder folder;

/* Where the expected text has DIR, the test's folder. */
static const char *expand(const char *text)
{
	static char out[2048];
	size_t used = 0;

	for (; *text && used < sizeof(out) - sizeof(folder.path); text++) {
		if (strncmp(text, "DIR", 3) == 0) {
			used += (size_t)sprintf(out + used, "%s", folder.path);
			text += 2;
		} else {
			out[used++] = *text;
		}
	}
	out[used] = '\0';
	return out;
}

static void append(struct buf *out, const char *name, const char *value)
{
	if (value)
		buf_printf(out, " %s=%s", name, value);
}

static void print_exec(const struct exec_config *exec, struct buf *out)
{
	buf_printf(out, " exec=%s(%s)", exec->command, strrchr(exec->api_version, '/') + 1);
	for (size_t i = 0; exec->args && exec->args[i]; i++)
		buf_printf(out, " <%s>", exec->args[i]);
	for (size_t i = 0; exec->env && exec->env[i]; i++)
		buf_printf(out, " [%s]", exec->env[i]);
	buf_puts(out, exec->has_terminal ? " terminal" : "");
	append(out, "hint", exec->install_hint);
	if (exec->wants_cluster)
		append(out, "cluster", exec->cluster_config);
	buf_puts(out, exec->disable_compression ? " uncompressed" : "");
}

/* The config as one line, so that a table can hold what is expected of it. */
static void print_config(const struct kubeconfig *config, struct buf *out)
{
	const struct endpoint *endpoint = &config->endpoint;

	buf_printf(out, "%s ns=%s", endpoint->server, config->namespace);
	append(out, "proxy", endpoint->proxy_url);
	append(out, "ca", endpoint->ca_pem);
	append(out, "ca-file", endpoint->ca_file);
	append(out, "cert", endpoint->cert_pem);
	append(out, "cert-file", endpoint->cert_file);
	append(out, "key", endpoint->key_pem);
	append(out, "key-file", endpoint->key_file);
	append(out, "name", endpoint->tls_server_name);
	append(out, "token", endpoint->token);
	append(out, "token-file", endpoint->token_file);
	append(out, "user", endpoint->username);
	append(out, "password", endpoint->password);
	for (size_t i = 0; i < endpoint->header_count; i++)
		append(out, endpoint->headers[i].name, endpoint->headers[i].value);
	if (endpoint->insecure)
		buf_puts(out, " insecure");
	if (endpoint->exec)
		print_exec(endpoint->exec, out);
	buf_printf(out, " from %s", config->origin);
	if (config->warning)
		buf_printf(out, ", warning: %s", config->warning);
}

#define CONFIG(cluster, user)                                                         \
	"apiVersion: v1\nkind: Config\ncurrent-context: dev\n"                        \
	"contexts:\n- name: dev\n  context: {cluster: c, user: u, namespace: shop}\n" \
	"- name: bare\n  context: {cluster: c}\n"                                     \
	"- {name: lost, context: {cluster: nope, user: u}}\n"                         \
	"- {name: nobody, context: {cluster: c, user: nope}}\n"                       \
	"- {name: empty}\n"                                                           \
	"clusters:\n- name: c\n  cluster: {" cluster "}\nusers:\n- name: u\n  user: {" user "}\n"
#define SERVER "server: 'https://h:6443'"

struct config_case {
	const char *name, *text;
	struct kubeconfig_options options; /* `file` is filled in */
	const char *expected;
	enum err_class class; /* of a failure; then `expected` is the message */
};

static const struct config_case cases[] = {
	{"token",
	 CONFIG(SERVER, "token: t"),
	 {0},
	 "https://h:6443 ns=shop token=t from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"everything as data",
	 CONFIG(SERVER ", certificate-authority-data: " CA64 ", tls-server-name: sni, "
		       "proxy-url: 'http://p:3128'",
		"client-certificate-data: " CA64 ", client-key-data: " KEY64),
	 {0},
	 "https://h:6443 ns=shop proxy=http://p:3128 ca=-----BEGIN CERTIFICATE-----\n "
	 "cert=-----BEGIN CERTIFICATE-----\n key=-----BEGIN KEY-----\n name=sni from context "
	 "\"dev\" "
	 "of DIR/config",
	 ERR_NONE},
	{"files, relative to the config",
	 CONFIG(SERVER ", certificate-authority: pem",
		"client-certificate: pem, client-key: pem, tokenFile: pem"),
	 {0},
	 "https://h:6443 ns=shop ca-file=DIR/pem cert-file=DIR/pem key-file=DIR/pem "
	 "token-file=DIR/pem from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"data wins",
	 CONFIG(SERVER ", certificate-authority: /nonexistent, certificate-authority-data: " CA64,
		""),
	 {0},
	 "https://h:6443 ns=shop ca=-----BEGIN CERTIFICATE-----\n from context \"dev\" of "
	 "DIR/config",
	 ERR_NONE},
	{"password and impersonation",
	 CONFIG(SERVER ", insecure-skip-tls-verify: true",
		"username: a, password: b, as: c, as-uid: d, as-groups: [e, f], "
		"as-user-extra: {Reason: [g, h], 'a/b%c': [i]}"),
	 {0},
	 "https://h:6443 ns=shop user=a password=b Impersonate-User=c Impersonate-Uid=d "
	 "Impersonate-Group=e Impersonate-Group=f Impersonate-Extra-Reason=g "
	 "Impersonate-Extra-Reason=h Impersonate-Extra-a%2Fb%25c=i insecure "
	 "from context \"dev\" of DIR/config, warning: the certificate of https://h:6443 is not "
	 "checked (insecure-skip-tls-verify): whoever is in between can read and change what is "
	 "sent",
	 ERR_NONE},
	{"somebody else than the kubeconfig's as",
	 CONFIG(SERVER, "token: t, as: c, as-groups: [e], as-uid: d, as-user-extra: {x: [z]}"),
	 {.impersonate = "ann"},
	 "https://h:6443 ns=shop token=t Impersonate-User=ann from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"in groups of the command line",
	 CONFIG(SERVER, "token: t"),
	 {.impersonate = "ann",
	  .impersonate_groups = (const char *const[]){"x", "y"},
	  .impersonate_group_count = 2},
	 "https://h:6443 ns=shop token=t Impersonate-User=ann Impersonate-Group=x "
	 "Impersonate-Group=y from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"plain http gets no credentials",
	 CONFIG("server: 'http://h'", "token: t, tokenFile: pem, as: c, client-certificate: pem, "
				      "client-key-data: " KEY64),
	 {0},
	 "http://h ns=shop Impersonate-User=c from context \"dev\" of DIR/config, warning: "
	 "http://h "
	 "is not asked over TLS: no credentials are sent to it",
	 ERR_NONE},
	{"another context",
	 CONFIG(SERVER, "token: t"),
	 {.context = "bare"},
	 "https://h:6443 ns=default from context \"bare\" of DIR/config",
	 ERR_NONE},
	{"another namespace",
	 CONFIG(SERVER, ""),
	 {.namespace = "other"},
	 "https://h:6443 ns=other from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"another server takes the TLS name away",
	 CONFIG(SERVER ", tls-server-name: sni", "token: t"),
	 {.server = "https://elsewhere/"},
	 "https://elsewhere ns=shop token=t from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"nulls and empty strings are nothing",
	 CONFIG(SERVER ", certificate-authority: '', certificate-authority-data: null",
		"token: '', exec: null, auth-provider: null"),
	 {0},
	 "https://h:6443 ns=shop from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"JSON",
	 "{\"current-context\":\"x\",\"contexts\":[{\"name\":\"x\",\"context\":{\"cluster\":\"c\"}}"
	 "],"
	 "\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"http://h\"}}]}",
	 {0},
	 "http://h ns=default from context \"x\" of DIR/config",
	 ERR_NONE},
	{"only a server",
	 "kind: Config\n",
	 {.server = "http://h"},
	 "http://h ns=default from --server",
	 ERR_NONE},

	{"no such context",
	 CONFIG(SERVER, ""),
	 {.context = "prod"},
	 "context \"prod\" does not exist in DIR/config (there are: \"dev\", \"bare\", \"lost\", "
	 "\"nobody\", \"empty\")",
	 ERR_NOT_FOUND},
	{"no current context",
	 "kind: Config\n",
	 {0},
	 "DIR/config has no current-context: name one with --context (there are: none)",
	 ERR_NOT_FOUND},
	{"no such cluster",
	 CONFIG(SERVER, ""),
	 {.context = "lost"},
	 "DIR/config: the context \"lost\" names the cluster \"nope\", which does not exist (there "
	 "are: \"c\")",
	 ERR_NOT_FOUND},
	{"no such user",
	 CONFIG(SERVER, ""),
	 {.context = "nobody"},
	 "DIR/config: the context \"nobody\" names the user \"nope\", which does not exist (there "
	 "are: \"u\")",
	 ERR_NOT_FOUND},
	{"no cluster",
	 CONFIG(SERVER, ""),
	 {.context = "empty"},
	 "DIR/config: the context \"empty\" leads to no cluster with a server",
	 ERR_INVALID},
	{"no server",
	 CONFIG("insecure-skip-tls-verify: true", ""),
	 {0},
	 "DIR/config: the context \"dev\" leads to no cluster with a server",
	 ERR_INVALID},
	{"bad base64",
	 CONFIG(SERVER ", certificate-authority-data: '%%%'", ""),
	 {0},
	 "DIR/config: certificate-authority-data of the cluster \"c\" is not a PEM text in base64",
	 ERR_INVALID},
	{"base64 of something else",
	 CONFIG(SERVER, "client-key-data: aGVsbG8="),
	 {0},
	 "DIR/config: client-key-data of the user \"u\" is not a PEM text in base64",
	 ERR_INVALID},
	{"a key alone",
	 CONFIG(SERVER, "client-key-data: " KEY64),
	 {0},
	 "DIR/config: the user \"u\" has a client key but no client-certificate",
	 ERR_INVALID},
	{"a missing file",
	 CONFIG(SERVER ", certificate-authority: gone", ""),
	 {0},
	 "certificate-authority of the cluster \"c\" in DIR/config: cannot read DIR/gone: no such "
	 "file",
	 ERR_NOT_FOUND},
	{"a folder",
	 CONFIG(SERVER, "tokenFile: ."),
	 {0},
	 "tokenFile of the user \"u\" in DIR/config: cannot read DIR/.: it is a folder",
	 ERR_INVALID},
	{"checked and not checked",
	 CONFIG(SERVER ", insecure-skip-tls-verify: true, certificate-authority-data: " CA64, ""),
	 {0},
	 "DIR/config: the cluster \"c\" has a certificate-authority and insecure-skip-tls-verify: "
	 "it "
	 "must be one or the other",
	 ERR_INVALID},
	{"not a string",
	 CONFIG(SERVER, "token: 12"),
	 {0},
	 "DIR/config: token of the user \"u\" is not a string but a number: put it in quotes",
	 ERR_INVALID},
	{"a token that is none",
	 CONFIG(SERVER, "token: \"a\\nb\""),
	 {0},
	 "DIR/config: token of the user \"u\" holds blanks or other characters that no token has",
	 ERR_INVALID},
	{"a user that cannot stand in a header",
	 CONFIG(SERVER, "as: \"a\\r\\nImpersonate-Group: system:masters\""),
	 {0},
	 "DIR/config: Impersonate-User: the value holds control characters",
	 ERR_INVALID},
	{"a token and a password",
	 CONFIG(SERVER, "token: a, username: b"),
	 {0},
	 "DIR/config: the user \"u\" has a token and a password: it must be one or the other",
	 ERR_INVALID},
	{"a boolean that is none",
	 CONFIG(SERVER ", insecure-skip-tls-verify: 'true'", ""),
	 {0},
	 "DIR/config: insecure-skip-tls-verify of the cluster \"c\" is not a boolean",
	 ERR_INVALID},
	{"groups that are no list",
	 CONFIG(SERVER, "as: a, as-groups: b"),
	 {0},
	 "DIR/config: as-groups of the user \"u\" is not a list of strings",
	 ERR_INVALID},
	{"an extra that is no list",
	 CONFIG(SERVER, "as: a, as-user-extra: {b: c}"),
	 {0},
	 "DIR/config: as-user-extra of the user \"u\" is not a list of strings",
	 ERR_INVALID},
	{"a context called y",
	 "current-context: n\ncontexts:\n- name: y\n  context: {cluster: c}\n",
	 {.context = "y"},
	 "DIR/config:1:1: current-context is not a string but a boolean, as YAML reads y, n, yes, "
	 "no, on and off: put it in quotes",
	 ERR_INVALID},
	{"a user called y",
	 "users:\n- name: y\n  user: {token: a}\n",
	 {0},
	 "DIR/config:2:3: the name of a user is not a string but a boolean, as YAML reads y, n, "
	 "yes, "
	 "no, on and off: put it in quotes",
	 ERR_INVALID},
	{"a context that names the user y",
	 "current-context: x\ncontexts:\n- {name: x, context: {user: y}}\n",
	 {0},
	 "DIR/config: user of the context \"x\" is not a string but a boolean, as YAML reads y, n, "
	 "yes, no, on and off: put it in quotes",
	 ERR_INVALID},
	{"a list that is none",
	 "clusters: {name: c}\n",
	 {0},
	 "DIR/config:1:1: clusters is not a list",
	 ERR_INVALID},
	{"a user that is none",
	 "users:\n- {name: u, user: bob}\n",
	 {0},
	 "DIR/config:2:13: user in users is not a mapping",
	 ERR_INVALID},
	{"an exec plugin that would be told nothing",
	 CONFIG(SERVER, "exec: {apiVersion: " BETA ", command: aws}"),
	 {0},
	 "https://h:6443 ns=shop exec=aws(v1beta1) from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"an exec plugin with everything",
	 CONFIG(SERVER
		", disable-compression: true, extensions: [{name: other, extension: 1}, {name: "
		"client.authentication.k8s.io/exec, extension: {a: [b]}}]",
		"exec: {apiVersion: " V1 ", command: ./bin/aws, args: [a, 'b c'], env: [{name: X, "
		"value: 'y=z'}, {name: E}], installHint: get it, provideClusterInfo: true, "
		"interactiveMode: IfAvailable}, as: bob"),
	 {.terminal = true},
	 "https://h:6443 ns=shop Impersonate-User=bob exec=DIR/./bin/aws(v1) <a> <b c> [X=y=z] "
	 "[E=] "
	 "terminal hint=get it cluster={\"a\":[\"b\"]} uncompressed from context \"dev\" of "
	 "DIR/config",
	 ERR_NONE},
	{"an exec plugin is not needed where there is a token",
	 CONFIG(SERVER, "token: t, exec: {apiVersion: " V1 "alpha1}"),
	 {0},
	 "https://h:6443 ns=shop token=t from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"an exec plugin over plain http",
	 CONFIG("server: 'http://localhost:8001'", "exec: {apiVersion: " BETA ", command: aws}"),
	 {0},
	 "http://localhost:8001 ns=shop from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"an exec plugin that must not have the terminal",
	 CONFIG(SERVER, "exec: {apiVersion: " V1 ", command: /aws, interactiveMode: Never}"),
	 {.terminal = true},
	 "https://h:6443 ns=shop exec=/aws(v1) from context \"dev\" of DIR/config",
	 ERR_NONE},
	{"an exec plugin of old",
	 CONFIG(SERVER, "exec: {apiVersion: " V1 "alpha1, command: aws}"),
	 {0},
	 "DIR/config: the exec plugin of the user \"u\" speaks " V1
	 "alpha1, which Kubernetes 1.24 has given up: have its kubeconfig made anew by a version "
	 "of "
	 "it that speaks v1 or v1beta1",
	 ERR_UNSUPPORTED},
	{"an exec plugin of another kind",
	 CONFIG(SERVER, "exec: {apiVersion: v1, command: aws}"),
	 {0},
	 "DIR/config: the exec plugin of the user \"u\" has the apiVersion \"v1\", but has to "
	 "have " V1 " or " BETA,
	 ERR_UNSUPPORTED},
	{"an exec plugin without an API version",
	 CONFIG(SERVER, "exec: {command: aws}"),
	 {0},
	 "DIR/config: the exec plugin of the user \"u\" has no apiVersion: " V1,
	 ERR_INVALID},
	{"an exec plugin without a command",
	 CONFIG(SERVER, "exec: {apiVersion: " V1 "}"),
	 {0},
	 "DIR/config: the exec plugin of the user \"u\" has no command",
	 ERR_INVALID},
	{"an exec plugin that does not say whether it talks",
	 CONFIG(SERVER, "exec: {apiVersion: " V1 ", command: aws}"),
	 {0},
	 "DIR/config: the exec plugin of the user \"u\" has no interactiveMode: Never, IfAvailable "
	 "or Always",
	 ERR_INVALID},
	{"an exec plugin that says so in other words",
	 CONFIG(SERVER, "exec: {apiVersion: " V1 ", command: aws, interactiveMode: no}"),
	 {0},
	 "DIR/config: interactiveMode of the exec plugin of the user \"u\" is not a string but a "
	 "boolean, as YAML reads y, n, yes, no, on and off: put it in quotes",
	 ERR_INVALID},
	{"an exec plugin that says so in unknown words",
	 CONFIG(SERVER, "exec: {apiVersion: " V1 ", command: aws, interactiveMode: never}"),
	 {0},
	 "DIR/config: the exec plugin of the user \"u\" has the interactiveMode \"never\", but has "
	 "to have Never, IfAvailable or Always",
	 ERR_INVALID},
	{"an exec plugin that needs a terminal",
	 CONFIG(SERVER, "exec: {apiVersion: " V1 ", command: aws, interactiveMode: Always}"),
	 {0},
	 "DIR/config: the exec plugin of the user \"u\" wants a terminal (interactiveMode Always), "
	 "and here is none",
	 ERR_DENIED},
	{"an exec plugin with a setting without a name",
	 CONFIG(SERVER, "exec: {apiVersion: " BETA ", command: aws, env: [{value: a}]}"),
	 {0},
	 "DIR/config: env of the exec plugin of the user \"u\" is not a list of names and values",
	 ERR_INVALID},
	{"an exec plugin with a number for an argument",
	 CONFIG(SERVER, "exec: {apiVersion: " BETA ", command: aws, args: [1]}"),
	 {0},
	 "DIR/config: args of the exec plugin of the user \"u\" is not a list of strings but a "
	 "number: put it in quotes",
	 ERR_INVALID},
	{"an auth provider",
	 CONFIG(SERVER, "auth-provider: {name: gcp}"),
	 {0},
	 "DIR/config: the user \"u\" has an auth-provider, which Kubernetes has given up: use an "
	 "exec "
	 "plugin, a token, a tokenFile or a client certificate",
	 ERR_UNSUPPORTED},
	{"groups without a user",
	 CONFIG(SERVER, "as-groups: [a]"),
	 {0},
	 "DIR/config: the user \"u\" has as-uid, as-groups or as-user-extra but no as",
	 ERR_INVALID},
	{"not a kubeconfig", "kind: Pod\n", {0}, "DIR/config is not a kubeconfig", ERR_INVALID},
	{"not even YAML",
	 "a: [b\n",
	 {0},
	 "DIR/config:2:1: did not find expected ',' or ']', while parsing a flow sequence that "
	 "began "
	 "at 1:4",
	 ERR_INVALID},
};

static void test_files(void **state)
{
	(void)state;
	folder_write(&folder, "pem", "-----BEGIN");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_case *row = &cases[i];
		CLEANUP(buf_release) struct buf line = BUF_INIT(65536);
		CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
		struct kubeconfig_options options = row->options;
		struct err err = {0};

		folder_write(&folder, "config", row->text);
		options.file = folder_file(&folder, "config");
		int status = kubeconfig_load(&options, &config, &err);
		if (status == 0)
			print_config(&config, &line);
		const char *seen = status == 0 ? buf_str(&line) : err.message;
		if (err.class != row->class || strcmp(seen, expand(row->expected)) != 0)
			fail_msg("%s: %s\nexpected: %s", row->name, seen, expand(row->expected));
	}
}

static void assert_loads(struct kubeconfig_options options, const char *expected)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(65536);
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	struct err err;

	assert_ok(kubeconfig_load(&options, &config, &err), err);
	print_config(&config, &line);
	assert_string_equal(buf_str(&line), expand(expected));
}

static void assert_fails(struct kubeconfig_options options, enum err_class class,
			 const char *expected)
{
	struct kubeconfig config;
	struct err err;

	assert_error(kubeconfig_load(&options, &config, &err), err, class, expand(expected));
}

/* Where it is looked for, and how several files become one. */
static void test_places(void **state)
{
	(void)state;
	char list[512];

	unsetenv("KUBERNETES_SERVICE_HOST");
	setenv("HOME", folder.path, 1);
	unsetenv("KUBECONFIG");
	assert_fails(
		(struct kubeconfig_options){0}, ERR_NOT_FOUND,
		"no cluster: there is no --kubeconfig, KUBECONFIG or ~/.kube/config, and this is "
		"not a Pod; name one with --kubeconfig or --server");
	assert_fails((struct kubeconfig_options){.file = "/nonexistent/config"}, ERR_NOT_FOUND,
		     "cannot read /nonexistent/config: no such file");
	assert_loads((struct kubeconfig_options){.server = "http://h"},
		     "http://h ns=default from --server");

	mkdir(folder_file(&folder, ".kube"), 0700);
	folder_write(&folder, ".kube/config", CONFIG(SERVER, "token: home"));
	assert_loads((struct kubeconfig_options){0},
		     "https://h:6443 ns=shop token=home from context \"dev\" of DIR/.kube/config");

	/* The first file's things count, and what it lacks comes from the others. */
	folder_write(&folder, "one",
		     "contexts: [{name: mine, context: {cluster: c, user: u}}]\n"
		     "users: [{name: u, user: {token: one}}]\n");
	folder_write(&folder, "two", CONFIG(SERVER, "token: two"));
	snprintf(list, sizeof(list), ":%s:%s:%s", folder_file(&folder, "missing"),
		 folder_file(&folder, "one"), folder_file(&folder, "two"));
	setenv("KUBECONFIG", list, 1);
	assert_loads((struct kubeconfig_options){0},
		     "https://h:6443 ns=shop token=one from context \"dev\" of DIR/two");
	assert_loads((struct kubeconfig_options){.context = "mine"},
		     "https://h:6443 ns=default token=one from context \"mine\" of DIR/one");
	assert_fails(
		(struct kubeconfig_options){.context = "x"}, ERR_NOT_FOUND,
		"context \"x\" does not exist in DIR/one, DIR/two (there are: \"mine\", \"dev\", "
		"\"bare\", \"lost\", \"nobody\", \"empty\")");
	setenv("KUBECONFIG", folder_file(&folder, "missing"), 1);
	assert_fails(
		(struct kubeconfig_options){0}, ERR_NOT_FOUND,
		"no cluster: there is no --kubeconfig, KUBECONFIG or ~/.kube/config, and this is "
		"not a Pod; name one with --kubeconfig or --server");
	unsetenv("KUBECONFIG");
}

static void test_in_cluster(void **state)
{
	(void)state;
	const struct kubeconfig_options options = {.service_account_dir =
							   folder_file(&folder, "account")};

	setenv("HOME", "/nonexistent", 1);
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_fails(options, ERR_NOT_FOUND,
		     "the service account: cannot read DIR/account/token: no such file");
	mkdir(folder_file(&folder, "account"), 0700);
	folder_write(&folder, "account/token", "t\n");
	folder_write(&folder, "account/ca.crt", "-----BEGIN");
	assert_loads(options,
		     "https://[fd00::1]:443 ns=default ca-file=DIR/account/ca.crt "
		     "token-file=DIR/account/token from the service account in DIR/account");
	folder_write(&folder, "account/namespace", "agents");
	assert_loads(options,
		     "https://[fd00::1]:443 ns=agents ca-file=DIR/account/ca.crt "
		     "token-file=DIR/account/token from the service account in DIR/account");
	unsetenv("KUBERNETES_SERVICE_HOST");
	unsetenv("KUBERNETES_SERVICE_PORT");
}

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_remove(&folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_in_cluster),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

#include "agent/config_read.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/findings.h"

#define HEAD "apiVersion: tranche.dev/v1\nkind: Config\n"
#define APP  "apps:\n- name: a\n  source: {repo: r}\n"

static int read_config(const char *file, const char *text, struct config *ret_config,
		       struct findings *findings, struct err *err)
{
	return config_read(text, strlen(text), file, ret_config, findings, err);
}

/* Reads what has no faults. */
static void read_fine(const char *file, const char *text, struct config *ret_config)
{
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	assert_ok(read_config(file, text, ret_config, &findings, &err), err);
	assert_findings(&findings, text, "");
}

/* --- what is read ----------------------------------------------------------------------------- */

static void test_what_nobody_says(void **state)
{
	CLEANUP(config_release) struct config config = {0};

	(void)state;
	read_fine("c.yaml", HEAD "apps: []\n", &config);
	assert_int_equal(config.app_count, 0);
	assert_int_equal(config.cluster_count, 1);
	assert_string_equal(config.clusters[0].name, CONFIG_CLUSTER);
	assert_null(config.clusters[0].kubeconfig);
	assert_int_equal(config.reminder_ms, 4 * 3600 * 1000);
	assert_null(config.server.listen);
	assert_false(config.leader.enabled);
	assert_string_equal(config.leader.lease, "tranche");
	assert_int_equal(config.leader.duration_ms, 15000);
	assert_int_equal(config.shard.count, 0);
}

static void test_an_app_and_its_defaults(void **state)
{
	CLEANUP(config_release) struct config config = {0};

	(void)state;
	read_fine("c.yaml", HEAD APP, &config);
	const struct config_app *app = &config.apps[0];
	assert_int_equal(config.app_count, 1);
	assert_string_equal(app->name, "a");
	assert_string_equal(app->cluster, CONFIG_CLUSTER);
	assert_int_equal(app->line, 4);
	assert_int_equal(app->interval_ms, 30000);
	assert_int_equal(app->fetch_ms, 60000);
	assert_int_equal(app->sync, SYNC_AUTO);
	assert_int_equal(app->drift, DRIFT_ALERT);
	assert_int_equal(app->replicas, REPLICAS_LIVE);
	assert_int_equal(app->prune.limit_percent, 50);
	assert_false(app->prune.enabled || app->suspend || app->namespace_only);
	assert_null(app->namespace);
	assert_null(app->ref);
}

static void test_everything_is_read(void **state)
{
	CLEANUP(config_release) struct config config = {0};

	(void)state;
	read_fine("/etc/tranche/c.yaml",
		  HEAD "clusters:\n"
		       "- name: prod\n"
		       "  kubeconfig: kube.yaml\n"
		       "  context: admin\n"
		       "  server: https://10.0.0.1:6443\n"
		       "  namespace: tranche\n"
		       "  impersonate: agent\n"
		       "  impersonateGroups: [sync, all]\n"
		       "- name: edge\n"
		       "  kubeconfig: /edge.yaml\n"
		       "cloneDir: clones\n"
		       "apps:\n"
		       "- name: shop\n"
		       "  cluster: edge\n"
		       "  source:\n"
		       "    repo: git@example.com:team/shop.git\n"
		       "    ref: semver:>=1.2 <2\n"
		       "    path: deploy/prod\n"
		       "    gitDir: ./clone\n"
		       "    credentials: git\n"
		       "    verify: /keys\n"
		       "    fetchTimeout: 1m30s\n"
		       "  namespace: shop\n"
		       "  namespaceOnly: true\n"
		       "  sync: manual\n"
		       "  drift: revert\n"
		       "  replicas: git\n"
		       "  prune:\n"
		       "    enabled: true\n"
		       "    kinds: [Namespace, PersistentVolume]\n"
		       "    limit: 20%\n"
		       "    allowEmpty: true\n"
		       "  interval: 5m\n"
		       "  suspend: true\n"
		       "  dependsOn: [db]\n"
		       "- name: db\n"
		       "  cluster: prod\n"
		       "  source: {repo: ../db}\n"
		       "alerts:\n"
		       "  reminder: 0\n"
		       "  sinks:\n"
		       "  - name: team\n"
		       "    type: cloudevents\n"
		       "    urlFile: team/url\n"
		       "    secretFile: team/key\n"
		       "    tokenFile: team/token\n"
		       "    caFile: team/ca\n"
		       "    severity: warning\n"
		       "    kinds: [drift, rollout-stuck]\n"
		       "    apps: [shop]\n"
		       "    reminder: 1h\n"
		       "  - name: pager\n"
		       "    type: command\n"
		       "    command: [page, --now, '']\n"
		       "server:\n"
		       "  listen: :8080\n"
		       "  apiListen: '[::1]:8081'\n"
		       "  tokenFile: token\n"
		       "  hookSecretFile: hook\n"
		       "leaderElection:\n"
		       "  enabled: true\n"
		       "  lease: lock\n"
		       "  namespace: tranche\n"
		       "  identity: me\n"
		       "  duration: 30s\n"
		       "shard: {index: 1, count: 3}\n",
		  &config);

	const struct config_cluster *prod = &config.clusters[0];
	assert_int_equal(config.cluster_count, 2);
	assert_string_equal(prod->kubeconfig, "/etc/tranche/kube.yaml");
	assert_string_equal(prod->context, "admin");
	assert_string_equal(prod->server, "https://10.0.0.1:6443");
	assert_string_equal(prod->namespace, "tranche");
	assert_string_equal(prod->impersonate, "agent");
	assert_int_equal(prod->impersonate_groups.count, 2);
	assert_string_equal(prod->impersonate_groups.items[1], "all");
	assert_string_equal(config.clusters[1].kubeconfig, "/edge.yaml");
	assert_string_equal(config.clone_dir, "/etc/tranche/clones");

	const struct config_app *shop = config_find_app(&config, "shop");
	assert_string_equal(shop->cluster, "edge");
	assert_string_equal(shop->repo, "git@example.com:team/shop.git");
	assert_string_equal(shop->ref, "semver:>=1.2 <2");
	assert_string_equal(shop->path, "deploy/prod");
	assert_string_equal(shop->git_dir, "/etc/tranche/clone");
	assert_string_equal(shop->credentials, "/etc/tranche/git");
	assert_string_equal(shop->verify, "/keys");
	assert_int_equal(shop->fetch_ms, 90000);
	assert_string_equal(shop->namespace, "shop");
	assert_true(shop->namespace_only && shop->suspend);
	assert_int_equal(shop->sync, SYNC_MANUAL);
	assert_int_equal(shop->drift, DRIFT_REVERT);
	assert_int_equal(shop->replicas, REPLICAS_GIT);
	assert_true(shop->prune.enabled && shop->prune.allow_empty);
	assert_string_equal(shop->prune.kinds, "Namespace,PersistentVolume");
	assert_int_equal(shop->prune.limit_percent, 20);
	assert_int_equal(shop->interval_ms, 300000);
	assert_int_equal(shop->depends_on.count, 1);
	assert_string_equal(shop->depends_on.items[0], "db");
	assert_string_equal(config.apps[1].repo, "/etc/tranche/../db");

	const struct config_sink *team = &config.sinks[0];
	assert_int_equal(config.sink_count, 2);
	assert_int_equal(config.reminder_ms, 0);
	assert_int_equal(team->type, SINK_CLOUDEVENTS);
	assert_string_equal(team->url_file, "/etc/tranche/team/url");
	assert_string_equal(team->secret_file, "/etc/tranche/team/key");
	assert_string_equal(team->token_file, "/etc/tranche/team/token");
	assert_string_equal(team->ca_file, "/etc/tranche/team/ca");
	assert_string_equal(team->severity, "warning");
	assert_string_equal(team->kinds.items[1], "rollout-stuck");
	assert_string_equal(team->apps.items[0], "shop");
	assert_int_equal(team->reminder_ms, 3600000);
	assert_string_equal(config.sinks[1].severity, "info");
	assert_int_equal(config.sinks[1].reminder_ms, 0);
	assert_int_equal(config.sinks[1].command.count, 3);

	assert_string_equal(config.server.listen, ":8080");
	assert_string_equal(config.server.api_listen, "[::1]:8081");
	assert_string_equal(config.server.token_file, "/etc/tranche/token");
	assert_string_equal(config.server.hook_secret_file, "/etc/tranche/hook");
	assert_true(config.leader.enabled);
	assert_string_equal(config.leader.lease, "lock");
	assert_string_equal(config.leader.namespace, "tranche");
	assert_string_equal(config.leader.identity, "me");
	assert_int_equal(config.leader.duration_ms, 30000);
	assert_int_equal(config.shard.index, 1);
	assert_int_equal(config.shard.count, 3);
	assert_true(config_equal(&config, &config));
}

static void test_defaults_of_apps(void **state)
{
	CLEANUP(config_release) struct config config = {0};

	(void)state;
	read_fine("c.yaml",
		  HEAD "defaults:\n"
		       "  source: {repo: r, ref: main}\n"
		       "  prune: {enabled: true, limit: 10}\n"
		       "  drift: revert\n"
		       "apps:\n"
		       "- name: a\n"
		       "- name: b\n"
		       "  source: {ref: next, path: b}\n"
		       "  prune: {limit: 20}\n"
		       "  drift: alert\n",
		  &config);
	const struct config_app *a = &config.apps[0], *b = &config.apps[1];
	assert_string_equal(a->repo, "r");
	assert_string_equal(a->ref, "main");
	assert_int_equal(a->drift, DRIFT_REVERT);
	assert_true(a->prune.enabled && b->prune.enabled);
	assert_string_equal(b->repo, "r");
	assert_string_equal(b->ref, "next");
	assert_string_equal(b->path, "b");
	assert_int_equal(b->drift, DRIFT_ALERT);
	assert_int_equal(a->prune.limit_percent, 10);
	assert_int_equal(b->prune.limit_percent, 20);
}

static void test_json_is_yaml(void **state)
{
	CLEANUP(config_release) struct config config = {0};

	(void)state;
	read_fine("c.json",
		  "{\"apiVersion\":\"tranche.dev/v1\",\"kind\":\"Config\","
		  "\"apps\":[{\"name\":\"a\",\"source\":{\"repo\":\"https://example.com/r\"}}]}",
		  &config);
	assert_string_equal(config.apps[0].repo, "https://example.com/r");
}

static void test_paths_are_relative_to_the_file(void **state)
{
	static const struct {
		const char *file, *repo, *expected;
	} cases[] = {
		{"c.yaml", "shop", "shop"},
		{"c.yaml", ".", "."},
		{"etc/c.yaml", ".", "etc"},
		{"etc/c.yaml", "./shop", "etc/shop"},
		{"etc/c.yaml", "../shop", "etc/../shop"},
		{"/c.yaml", "shop", "/shop"},
		{"/etc/c.yaml", "/srv/shop", "/srv/shop"},
		{"/etc/c.yaml", "file:///srv/shop", "file:///srv/shop"},
		{"/etc/c.yaml", "https://example.com/shop", "https://example.com/shop"},
		{"/etc/c.yaml", "host:shop", "host:shop"},
		{"/etc/c.yaml", "./host:shop", "/etc/host:shop"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(config_release) struct config config = {0};
		char text[256];

		snprintf(text, sizeof(text), HEAD "apps:\n- {name: a, source: {repo: \"%s\"}}\n",
			 cases[i].repo);
		read_fine(cases[i].file, text, &config);
		assert_string_equal(config.apps[0].repo, cases[i].expected);
	}
}

static void test_clones_have_a_folder_each(void **state)
{
	CLEANUP(config_release) struct config config = {0};
	const struct config_app *apps;

	(void)state;
	read_fine("/etc/c.yaml",
		  HEAD
		  "cloneDir: /cache\n"
		  "apps:\n"
		  "- {name: a, source: {repo: 'https://example.com/shop.git', path: a}}\n"
		  "- {name: b, source: {repo: 'https://example.com/shop.git', path: b}}\n"
		  "- {name: c, source: {repo: 'git@example.com:shop', credentials: x}}\n"
		  "- {name: d, source: {repo: 'git@example.com:shop', credentials: z, path: d}}\n"
		  "- {name: e, source: {repo: 'git@example.com:shop', gitDir: /e, path: e}}\n"
		  "- {name: f, source: {repo: /srv/shop}}\n"
		  "- {name: g, source: {repo: 'file:///srv/shop', path: g}}\n",
		  &config);
	apps = config.apps;
	assert_memory_equal(apps[0].git_dir, "/cache/shop.git-", 16);
	assert_int_equal(strlen(apps[0].git_dir), 16 + 12);
	assert_string_equal(apps[1].git_dir, apps[0].git_dir);
	assert_memory_equal(apps[2].git_dir, "/cache/shop-", 12);
	assert_string_not_equal(apps[3].git_dir, apps[2].git_dir);
	assert_string_equal(apps[4].git_dir, "/e");
	assert_null(apps[5].git_dir);
	assert_null(apps[6].git_dir);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void test_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *findings;
	} cases[] = {
		/* the file */
		{"", "c: error: the file is empty\n"},
		{"- a\n", "c:1:1: error: the document is a list, not a mapping\n"},
		{"a: b: c\n", "c:1:5: error: mapping values are not allowed in this context\n"},
		{HEAD APP "---\na: b\n", "c:7:1: error: the file has more than one document\n"},
		{"kind: Config\napps: []\n", "c:1:1: error: apiVersion is required\n"},
		{"apiVersion: tranche.dev/v2\nkind: Config\napps: []\n",
		 "c:1:1: error: apiVersion is \"tranche.dev/v2\", but must be tranche.dev/v1\n"},
		{HEAD "apps: []\napps: []\n",
		 "c:4:1: error: duplicate key \"apps\", first at 3:1\n"},
		{HEAD, "c:1:1: error: apps is required\n"},

		/* unknown keys */
		{HEAD "apps: []\nsever: {}\n",
		 "c:4:1: error: unknown key \"sever\"; did you mean \"server\"?\n"},
		{HEAD APP "  intervall: 1m\n", "c:6:3: error: unknown key \"intervall\" in "
					       "apps[a]; did you mean \"interval\"?\n"},
		{HEAD APP "  ref: main\n",
		 "c:6:3: error: unknown key \"ref\" in apps[a]; did you mean \"source.ref\"?\n"},
		{HEAD APP "server: {token: abc}\n", "c:6:10: error: unknown key \"token\" in "
						    "server: a secret belongs in a file, which "
						    "\"tokenFile\" names\n"},

		/* types */
		{HEAD "apps: {}\n", "c:3:1: error: apps must be a list\n"},
		{HEAD "apps: [a]\n", "c:3:8: error: apps[0] must be a mapping\n"},
		{HEAD APP "  prune: true\n", "c:6:3: error: apps[a].prune must be a mapping\n"},
		{HEAD APP "  interval: 30\n",
		 "c:6:3: error: apps[a].interval must be a duration such as 30s, not a number\n"},
		{HEAD APP "  interval: 30x\n", "c:6:3: error: apps[a].interval: \"30x\" is no "
					       "duration such as 300ms, 90s or 1h30m\n"},
		{HEAD APP "  interval: 10ms\n",
		 "c:6:3: error: apps[a].interval must be from 1s to 720h\n"},
		{HEAD APP "  suspend: 'true'\n",
		 "c:6:3: error: apps[a].suspend must be true or false, not text\n"},
		{HEAD APP "  namespace: 12\n",
		 "c:6:3: error: apps[a].namespace must be text, not a number: put it in quotes\n"},
		{HEAD APP "  namespace: on\n",
		 "c:6:3: error: apps[a].namespace must be text, not true: put it in quotes\n"},
		{HEAD APP "  namespace:\n",
		 "c:6:3: error: apps[a].namespace must be text, not empty\n"},
		{HEAD APP "  namespace: ''\n", "c:6:3: error: apps[a].namespace is empty\n"},
		{HEAD APP "  dependsOn: b\n",
		 "c:6:3: error: apps[a].dependsOn must be a list, not text\n"},
		{HEAD APP "  sync: maybe\n",
		 "c:6:3: error: apps[a].sync is \"maybe\", but must be one of auto|manual\n"},
		{HEAD APP "  prune: {enabled: true, limit: 0}\n",
		 "c:6:26: error: apps[a].prune.limit must be from 1 to 100\n"},
		{HEAD APP "  prune: {enabled: true, limit: much}\n",
		 "c:6:26: error: apps[a].prune.limit must be a percentage such as 50%, not text\n"},
		{HEAD APP "shard: {index: 1.5}\n",
		 "c:6:9: error: shard.index must be a whole number, not a number\n"},

		/* values */
		{HEAD "apps:\n- name: A\n  source: {repo: r}\n",
		 "c:4:3: error: apps[A].name must consist of a-z, 0-9 and inner dashes, 200 at the "
		 "most\n"},
		{HEAD "apps:\n- source: {repo: r}\n", "c:4:3: error: apps[0].name is required\n"},
		{HEAD "apps:\n- name: a\n", "c:4:3: error: apps[a].source.repo is required\n"},
		{HEAD "apps:\n- name: a\n  source: {repo: 'ftp://x/y'}\n",
		 "c:5:12: error: apps[a].source.repo must begin with https://, http://, ssh://, "
		 "git:// or file://, or be a folder\n"},
		{HEAD "apps:\n- name: a\n  source: {repo: 'https://u:secret@x/y'}\n",
		 "c:5:12: error: apps[a].source.repo must not hold a password: it belongs in the "
		 "folder that \"credentials\" names\n"},
		{HEAD "apps:\n- name: a\n  source: {repo: r, ref: a..b}\n",
		 "c:5:21: error: apps[a].source.ref is \"a..b\", which Git does not take as a "
		 "name\n"},
		{HEAD "apps:\n- name: a\n  source: {repo: r, ref: 'semver:x.y'}\n",
		 "c:5:21: error: apps[a].source.ref has a bad range of versions \"x.y\": \"x.y\" "
		 "is "
		 "no comparison of versions\n"},
		{HEAD "apps:\n- name: a\n  source: {repo: r, path: /x}\n",
		 "c:5:21: error: apps[a].source.path must be relative to the repository's top, "
		 "without a / in front\n"},
		{HEAD "apps:\n- name: a\n  source: {repo: r, path: x/../../y}\n",
		 "c:5:21: error: apps[a].source.path must not lead out of the repository\n"},
		{HEAD "apps:\n- name: a\n  source: {repo: r, verify: ~/keys}\n",
		 "c:5:21: error: apps[a].source.verify begins with ~, which stands for no folder "
		 "here: write it out\n"},
		{HEAD "apps: []\nclusters: [{name: c, server: 10.0.0.1}]\n",
		 "c:4:22: error: clusters[c].server must be an address that begins with "
		 "https://\n"},
		{HEAD "apps: []\nserver: {listen: 8080}\n",
		 "c:4:10: error: server.listen must be text, not a number: put it in quotes\n"},
		{HEAD "apps: []\nserver: {listen: '::1:80'}\n",
		 "c:4:10: error: server.listen must be HOST:PORT or :PORT, such as "
		 "127.0.0.1:8080\n"},
		{HEAD "apps: []\nserver: {listen: ':70000'}\n",
		 "c:4:10: error: server.listen must be HOST:PORT or :PORT, such as "
		 "127.0.0.1:8080\n"},
		{HEAD APP "  prune: {enabled: true, kinds: [Pod]}\n",
		 "c:6:34: error: apps[a].prune.kinds[0] \"Pod\" is not among the kinds that are "
		 "kept by default: Namespace, PersistentVolumeClaim, PersistentVolume, "
		 "CustomResourceDefinition, VolumeSnapshot, VolumeSnapshotContent\n"},

		/* names */
		{HEAD "apps:\n- {name: a, source: {repo: r}}\n- {name: a, source: {repo: s}}\n",
		 "c:5:4: error: apps[1].name is \"a\", as another app is called at line 4\n"},
		{HEAD "apps: []\nclusters: [{name: c}, {name: c}]\n",
		 "c:4:24: error: clusters[1].name is \"c\", as another cluster is called at line "
		 "4\n"},
		{HEAD APP "  cluster: prod\nclusters: [{name: prud}]\n",
		 "c:6:3: error: apps[a].cluster is \"prod\", but there is no such cluster; did you "
		 "mean \"prud\"?\n"},
		{HEAD APP "  cluster: c\nclusters: [{server: 'https://x'}]\n",
		 "c:6:3: error: apps[a].cluster is \"c\", but there is no such cluster\n"
		 "c:7:12: error: clusters[0].name is required\n"},
		{HEAD APP "clusters: [{name: c}, {name: d}]\n",
		 "c:4:3: error: apps[a].cluster is required where there are several clusters\n"},
		{HEAD "apps: []\nclusters: [{name: c, impersonateGroups: [g]}]\n",
		 "c:4:22: error: clusters[c].impersonateGroups goes with impersonate\n"},
		{HEAD APP "  dependsOn: [bb]\n",
		 "c:6:15: error: apps[a].dependsOn is \"bb\", but there is no such app\n"},
		{HEAD APP "  dependsOn: [a]\n",
		 "c:6:3: error: apps[a].dependsOn goes in a circle: a -> a\n"},
		{HEAD "apps:\n"
		      "- {name: a, source: {repo: a}, dependsOn: [b]}\n"
		      "- {name: b, source: {repo: b}, dependsOn: [d, c]}\n"
		      "- {name: c, source: {repo: c}, dependsOn: [d, b]}\n"
		      "- {name: d, source: {repo: d}}\n",
		 "c:5:32: error: apps[b].dependsOn goes in a circle: b -> c -> b\n"},
		{HEAD "apps:\n"
		      "- {name: a, source: {repo: a}, dependsOn: [b, b]}\n"
		      "- {name: b, source: {repo: b}}\n",
		 "c:4:47: error: apps[a].dependsOn[1] is \"b\", which is there twice\n"},
		{HEAD "apps: []\ndefaults: {name: a, dependsOn: [b]}\n",
		 "c:4:12: error: defaults.name is of one app, and cannot be a default\n"
		 "c:4:21: error: defaults.dependsOn is of one app, and cannot be a default\n"},

		/* sinks */
		{HEAD "apps: []\nalerts: {sinks: [{name: s}]}\n",
		 "c:4:18: error: alerts.sinks[s].type is required\n"},
		{HEAD "apps: []\nalerts: {sinks: [{name: s, type: slack}]}\n",
		 "c:4:18: error: alerts.sinks[s] wants url or urlFile\n"},
		{HEAD "apps: []\n"
		      "alerts: {sinks: [{name: s, type: slack, url: 'http://x', urlFile: f}]}\n",
		 "c:4:58: error: alerts.sinks[s].urlFile and url exclude each other; name one\n"},
		{HEAD "apps: []\nalerts: {sinks: [{name: s, type: slack, url: 'https://x/y'}]}\n",
		 "c:4:41: warning: alerts.sinks[s].url lets everybody post who reads it: put it in "
		 "a "
		 "file, which urlFile names\n"},
		{HEAD "apps: []\nalerts: {sinks: [{name: s, type: events, secretFile: x}]}\n",
		 "c:4:42: error: alerts.sinks[s].secretFile goes with type: cloudevents\n"},
		{HEAD "apps: []\nalerts: {sinks: [{name: s, type: command}]}\n",
		 "c:4:18: error: alerts.sinks[s].command is required\n"},
		{HEAD "apps: []\nalerts: {sinks: [{name: s, type: command, command: []}]}\n",
		 "c:4:43: error: alerts.sinks[s].command names no program\n"},
		{HEAD "apps: []\nalerts: {sinks: [{name: s, type: events, kinds: [drfit]}]}\n",
		 "c:4:50: error: alerts.sinks[s].kinds[0] is \"drfit\", which is no kind of alert; "
		 "did you mean \"drift\"?\n"},
		{HEAD APP "alerts: {sinks: [{name: s, type: events, apps: [b, a]}]}\n",
		 "c:6:49: error: alerts.sinks[s].apps is \"b\", but there is no such app; did you "
		 "mean \"a\"?\n"},

		/* the rest */
		{HEAD "apps: []\nserver: {listen: ':1', apiListen: ':1'}\n",
		 "c:4:24: error: server.apiListen is server.listen: leave it out\n"},
		{HEAD "apps: []\nserver: {hookSecretFile: x, tokenFile: t}\n",
		 "c:4:10: warning: server.hookSecretFile has no effect without listen\n"},
		{HEAD "apps: []\nshard: {index: 2, count: 2}\n",
		 "c:4:9: error: shard.index must be less than shard.count, because it begins at "
		 "0\n"},
		{HEAD "apps: []\nleaderElection: {duration: 1500ms}\n",
		 "c:4:18: error: leaderElection.duration must be of whole seconds\n"},
		{HEAD APP "  prune: {allowEmpty: true}\n",
		 "c:6:3: warning: apps[a].prune has no effect without enabled: true\n"},
		{HEAD APP
		 "- {name: b, source: {repo: r}}\n- {name: c, source: {repo: r, path: p}}\n",
		 "c:6:3: warning: apps[b] has the same source, cluster and namespace as app \"a\" "
		 "at "
		 "line 4: they would fight over the same objects\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(config_release) struct config config = {0};
		CLEANUP(findings_release) struct findings findings = {0};
		struct err err;
		int result = read_config("c", cases[i].text, &config, &findings, &err);

		assert_findings(&findings, cases[i].text, cases[i].findings);
		assert_int_equal(result, findings.error_count ? -1 : 0);
		if (result < 0)
			assert_int_equal(err.class, ERR_INVALID);
	}
}

static void test_the_error_is_the_first_finding(void **state)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	(void)state;
	assert_error(read_config("c",
				 HEAD APP "  prune: {kinds: [Namespace]}\n"
					  "  sync: maybe\n  drift: x\n  suspend: z\n",
				 &config, &findings, &err),
		     err, ERR_INVALID,
		     "c:7:3: apps[a].sync is \"maybe\", but must be one of auto|manual (and 2 "
		     "more)");
	assert_int_equal(findings.count, 4);
	assert_null(config.clusters);
}

static void test_findings_are_bounded(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	(void)state;
	buf_puts(&text, HEAD "apps: []\n");
	for (int i = 0; i < 10000; i++)
		buf_printf(&text, "key%d: 1\n", i);
	assert_int_equal(read_config("c", buf_str(&text), &config, &findings, &err), -1);
	assert_int_equal(findings.count, CONFIG_MAX_FINDINGS + 1);
	assert_string_equal(findings.items[0].message, "there is more, which is not shown");
}

static void test_lists_are_bounded(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	(void)state;
	buf_puts(&text, HEAD "apps:\n");
	for (int i = 0; i <= CONFIG_MAX_APPS; i++)
		buf_printf(&text, "- {name: a%d, source: {repo: r, path: p%d}}\n", i, i);
	assert_error(read_config("c", buf_str(&text), &config, &findings, &err), err, ERR_INVALID,
		     "c:3:1: apps has more than 2000 items");
}

static void test_a_long_chain_is_fine(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
	CLEANUP(config_release) struct config config = {0};

	(void)state;
	buf_puts(&text, HEAD "apps:\n- {name: a0, source: {repo: r}}\n");
	for (int i = 1; i < CONFIG_MAX_APPS; i++)
		buf_printf(&text, "- {name: a%d, source: {repo: r, path: p%d}, dependsOn: [a%d]}\n",
			   i, i, i - 1);
	read_fine("c", buf_str(&text), &config);
	assert_int_equal(config.app_count, CONFIG_MAX_APPS);
	assert_int_equal(config.apps[CONFIG_MAX_APPS - 1].line, CONFIG_MAX_APPS + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_nobody_says),
		cmocka_unit_test(test_an_app_and_its_defaults),
		cmocka_unit_test(test_everything_is_read),
		cmocka_unit_test(test_defaults_of_apps),
		cmocka_unit_test(test_json_is_yaml),
		cmocka_unit_test(test_paths_are_relative_to_the_file),
		cmocka_unit_test(test_clones_have_a_folder_each),
		cmocka_unit_test(test_what_is_wrong),
		cmocka_unit_test(test_the_error_is_the_first_finding),
		cmocka_unit_test(test_findings_are_bounded),
		cmocka_unit_test(test_lists_are_bounded),
		cmocka_unit_test(test_a_long_chain_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "agent/config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"

#define SECOND_MS 1000ll
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)

#define END       \
	{         \
		0 \
	}

/* clang-format off */

#define AT(member) .offset = offsetof(struct config_cluster, member)
const struct config_key config_cluster_keys[] = {
	{"name", CONFIG_STRING, CONFIG_NAME, .required = true, AT(name),
	 .help = "what apps call it"},
	{"kubeconfig", CONFIG_STRING, CONFIG_PATH, AT(kubeconfig),
	 .help = "kubeconfig file; without one as kubectl finds it: `$KUBECONFIG`, `~/.kube/config`, then the Pod's service account"},
	{"context", CONFIG_STRING, AT(context),
	 .help = "context of the kubeconfig; without one its current"},
	{"server", CONFIG_STRING, CONFIG_URL, AT(server),
	 .help = "address of the API server, instead of the context's"},
	{"namespace", CONFIG_STRING, CONFIG_NAMESPACE, AT(namespace),
	 .help = "namespace of apps that have none of their own, instead of the context's"},
	{"impersonate", CONFIG_STRING, AT(impersonate),
	 .help = "act as that user, instead of whom the kubeconfig says"},
	{"impersonateGroups", CONFIG_STRINGS, AT(impersonate_groups),
	 .help = "with `impersonate`: as a member of those groups"},
	END,
};
#undef AT

#define AT(member) .offset = offsetof(struct config_app, member)
static const struct config_key source_keys[] = {
	{"repo", CONFIG_STRING, CONFIG_REPO, .required = true, AT(repo),
	 .help = "the Git repository: a URL (`https://`, `ssh://`, `git@HOST:PATH`, `git://`) or a local folder"},
	{"ref", CONFIG_STRING, CONFIG_REF, AT(ref),
	 .help = "branch, tag, commit or `semver:RANGE` of tags to follow; without one the remote's HEAD"},
	{"path", CONFIG_STRING, CONFIG_TREE_PATH, AT(path),
	 .help = "folder or file in the repository; without one its top"},
	{"gitDir", CONFIG_STRING, CONFIG_PATH, AT(git_dir),
	 .help = "where the clone of a remote repository is kept; without one a folder below `cloneDir`"},
	{"credentials", CONFIG_STRING, CONFIG_PATH, AT(credentials),
	 .help = "folder of a mounted Secret with what the repository's server wants to know, read at each fetch"},
	{"verify", CONFIG_STRING, CONFIG_PATH, AT(verify),
	 .help = "folder of the keys (`*.pub`, `allowed_signers`, `*.gpg`, `*.asc`) that may sign what is applied"},
	{"fetchTimeout", CONFIG_DURATION, AT(fetch_ms), .least = SECOND_MS, .most = HOUR_MS, .default_value = "60s",
	 .help = "how long the repository's server may take"},
	END,
};

static const struct config_key prune_keys[] = {
	{"enabled", CONFIG_BOOL, AT(prune.enabled), .default_value = "false",
	 .help = "delete what left Git: objects that an earlier sync of this app applied"},
	{"kinds", CONFIG_COMMAS, CONFIG_PRUNE_KIND, AT(prune.kinds),
	 .help = "kinds that are deleted too, although they are kept by default, such as `Namespace`"},
	{"limit", CONFIG_PERCENT, AT(prune.limit_percent), .least = 1, .most = 100, .default_value = "50%",
	 .help = "how much of the app's objects, or of its StatefulSets, may be deleted at once"},
	{"allowEmpty", CONFIG_BOOL, AT(prune.allow_empty), .default_value = "false",
	 .help = "delete everything where the commit has no objects at all"},
	END,
};

const struct config_key config_app_keys[] = {
	{"name", CONFIG_STRING, CONFIG_NAME, .required = true, .own = true, AT(name),
	 .help = "what it is called, in messages and in the name of its inventory, the ConfigMap `tranche-NAME`"},
	{"cluster", CONFIG_STRING, CONFIG_CLUSTER_NAME, AT(cluster),
	 .help = "one of `clusters`; may be left out where there is only one"},
	{"source", CONFIG_SECTION, .keys = source_keys,
	 .help = "where its manifests are"},
	{"namespace", CONFIG_STRING, CONFIG_NAMESPACE, AT(namespace),
	 .help = "for objects that name none, and of the inventory; without one the cluster's"},
	{"namespaceOnly", CONFIG_BOOL, AT(namespace_only), .default_value = "false",
	 .help = "refuse a commit with objects outside of the namespace, or of kinds that belong to none"},
	{"sync", CONFIG_CHOICE, AT(sync), .choices = "auto|manual", .default_value = "auto",
	 .help = "`manual`: a commit is compared and told of, and written when somebody asks for it (`tranche sync`)"},
	{"drift", CONFIG_CHOICE, AT(drift), .choices = "alert|revert", .default_value = "alert",
	 .help = "what to do where somebody else changed the cluster: tell, or also put Git's state back"},
	{"replicas", CONFIG_CHOICE, AT(replicas), .choices = "live|git", .default_value = "live",
	 .help = "`git`: scale down to Git's number although somebody scaled up since; `live`: keep theirs"},
	{"prune", CONFIG_SECTION, .keys = prune_keys,
	 .help = "what becomes of objects that leave Git"},
	{"interval", CONFIG_DURATION, AT(interval_ms), .least = SECOND_MS, .most = 30 * DAY_MS, .default_value = "30s",
	 .help = "how often the repository and the cluster are looked at"},
	{"suspend", CONFIG_BOOL, AT(suspend), .default_value = "false",
	 .help = "look at nothing and write nothing until it is `false` again"},
	{"dependsOn", CONFIG_STRINGS, CONFIG_APP_NAME, .own = true, AT(depends_on),
	 .help = "apps that have to be in sync before this one is written"},
	{NULL, CONFIG_STRINGS, AT(files), .help = "of a command line only"},
	{NULL, CONFIG_BOOL, AT(recursive), .help = "of a command line only"},
	END,
};
#undef AT

#define AT(member) .offset = offsetof(struct config_sink, member)
const struct config_key config_sink_keys[] = {
	{"name", CONFIG_STRING, CONFIG_NAME, .required = true, AT(name),
	 .help = "what it is called, in messages and metrics"},
	{"type", CONFIG_CHOICE, .required = true, AT(type), .choices = "slack|cloudevents|alertmanager|events|command",
	 .help = "Slack's incoming webhook or what takes the same; CloudEvents over HTTP; Alertmanager's API v2; Kubernetes Events on the objects; a command that is run"},
	{"url", CONFIG_STRING, CONFIG_URL, AT(url),
	 .help = "where to send to; of Alertmanager its base address"},
	{"urlFile", CONFIG_STRING, CONFIG_PATH, AT(url_file),
	 .help = "file with that address, where it is a secret as Slack's is"},
	{"secretFile", CONFIG_STRING, CONFIG_PATH, AT(secret_file),
	 .help = "file with the key that requests of `cloudevents` are signed with"},
	{"tokenFile", CONFIG_STRING, CONFIG_PATH, AT(token_file),
	 .help = "file with a bearer token to send along"},
	{"caFile", CONFIG_STRING, CONFIG_PATH, AT(ca_file),
	 .help = "who signs the server's certificate (PEM), instead of the system's list"},
	{"command", CONFIG_STRINGS, AT(command),
	 .help = "of type `command`: the program and its arguments; it reads JSON from standard input"},
	{"severity", CONFIG_WORD, AT(severity), .choices = "info|warning|critical", .default_value = "info",
	 .help = "the least severity that is told"},
	{"kinds", CONFIG_STRINGS, CONFIG_NOTICE_KIND, AT(kinds),
	 .help = "kinds that are told; without them all"},
	{"apps", CONFIG_STRINGS, CONFIG_APP_NAME, AT(apps),
	 .help = "apps that are told of; without them all"},
	{"reminder", CONFIG_DURATION, AT(reminder_ms), .least = 0, .most = 30 * DAY_MS,
	 .help = "how often what lasts is told again, `0` for never; without it `alerts.reminder`"},
	END,
};
#undef AT

#define AT(member) .offset = offsetof(struct config, member)
static const struct config_key alerts_keys[] = {
	{"reminder", CONFIG_DURATION, AT(reminder_ms), .least = 0, .most = 30 * DAY_MS, .default_value = "4h",
	 .help = "how often what lasts is told again, `0` for never"},
	{"sinks", CONFIG_LIST, AT(sinks), .count_offset = offsetof(struct config, sink_count),
	 .most = CONFIG_MAX_SINKS, .size = sizeof(struct config_sink), .keys = config_sink_keys,
	 .help = "whom to tell"},
	END,
};

const struct config_key config_server_keys[] = {
	{"listen", CONFIG_STRING, CONFIG_ADDRESS, AT(server.listen),
	 .help = "where probes, metrics and webhooks are answered: `HOST:PORT`, or `:PORT` for every address of the host; without it nowhere"},
	{"apiListen", CONFIG_STRING, CONFIG_ADDRESS, AT(server.api_listen),
	 .help = "where `/api` is answered instead, such as `127.0.0.1:8081`"},
	{"tokenFile", CONFIG_STRING, CONFIG_PATH, AT(server.token_file),
	 .help = "file with the token that a writing request of `/api` has to bring; without it none is taken"},
	{"hookSecretFile", CONFIG_STRING, CONFIG_PATH, AT(server.hook_secret_file),
	 .help = "file with the secret that webhooks are signed with; without it none is taken"},
	END,
};

const struct config_key config_leader_keys[] = {
	{"enabled", CONFIG_BOOL, AT(leader.enabled), .default_value = "false",
	 .help = "only the agent that holds the Lease writes; the others stand by"},
	{"lease", CONFIG_STRING, CONFIG_NAME, AT(leader.lease), .default_value = "tranche",
	 .help = "the Lease's name"},
	{"namespace", CONFIG_STRING, CONFIG_NAMESPACE, AT(leader.namespace),
	 .help = "the Lease's namespace; without it that of the agent's Pod, else of the first cluster"},
	{"identity", CONFIG_STRING, AT(leader.identity),
	 .help = "what this agent calls itself in the Lease, with something random behind it; without it `$POD_NAME`, else the host's name"},
	{"duration", CONFIG_DURATION, AT(leader.duration_ms), .least = SECOND_MS, .most = HOUR_MS, .default_value = "15s",
	 .help = "how long the others wait for a leader that is gone; it stops writing after two thirds of that without a renewal"},
	END,
};

const struct config_key config_shard_keys[] = {
	{"index", CONFIG_INTEGER, AT(shard.index), .least = 0, .most = 999, .default_value = "0",
	 .help = "which of them this agent is, from 0"},
	{"count", CONFIG_INTEGER, AT(shard.count), .least = 0, .most = 1000, .default_value = "0",
	 .help = "how many agents share the apps; 0 or 1: this one has all"},
	END,
};

const struct config_key config_keys[] = {
	{"apiVersion", CONFIG_CONSTANT, .required = true, .choices = CONFIG_API_VERSION,
	 .help = "the version of this format"},
	{"kind", CONFIG_CONSTANT, .required = true, .choices = CONFIG_KIND,
	 .help = "what this is"},
	{"clusters", CONFIG_LIST, AT(clusters), .count_offset = offsetof(struct config, cluster_count),
	 .most = CONFIG_MAX_CLUSTERS, .size = sizeof(struct config_cluster), .keys = config_cluster_keys,
	 .help = "the clusters that are synced; without them the one that kubectl would speak to, as `default`"},
	{"cloneDir", CONFIG_STRING, CONFIG_PATH, AT(clone_dir),
	 .help = "folder below which clones of remote repositories are kept; without it the user's cache"},
	{"defaults", CONFIG_DEFAULTS, .keys = config_app_keys,
	 .help = "what each of `apps` says unless it says otherwise; any of its keys but `name` and `dependsOn`"},
	{"apps", CONFIG_LIST, .required = true, AT(apps), .count_offset = offsetof(struct config, app_count),
	 .most = CONFIG_MAX_APPS, .size = sizeof(struct config_app), .keys = config_app_keys,
	 .help = "what is synced"},
	{"alerts", CONFIG_SECTION, .keys = alerts_keys,
	 .help = "who is told of what happens"},
	{"server", CONFIG_SECTION, .keys = config_server_keys,
	 .help = "the HTTP server"},
	{"leaderElection", CONFIG_SECTION, .keys = config_leader_keys,
	 .help = "one of several agents writes"},
	{"shard", CONFIG_SECTION, .keys = config_shard_keys,
	 .help = "several agents share the apps"},
	END,
};
#undef AT

/* clang-format on */

int config_choice_find(const char *choices, const char *word)
{
	size_t length = strlen(word);
	int index = 0;

	for (const char *p = choices; p; index++) {
		const char *bar = strchr(p, '|');

		if (strncmp(p, word, length) == 0 && (p[length] == '|' || !p[length]))
			return length ? index : -1;
		p = bar ? bar + 1 : NULL;
	}
	return -1;
}

/* --- what the keys hold ----------------------------------------------------------------------- */

/* Where a key's value is; the table says of which type it is. */
static void *value_at(const void *base, size_t offset)
{
	return (void *)((uintptr_t)base + offset);
}

void *config_value_at(const struct config_key *key, const void *base)
{
	return value_at(base, key->offset);
}

size_t *config_list_count(const struct config_key *key, const void *base)
{
	return value_at(base, key->count_offset);
}

void config_strings_release(struct config_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct config_strings){0};
}

static void list_release(const struct config_key *key, void *base)
{
	void **items = value_at(base, key->offset);
	size_t *count = config_list_count(key, base);

	for (size_t i = 0; i < *count; i++)
		config_values_release(key->keys, value_at(*items, i * key->size));
	free(*items);
	*items = NULL;
	*count = 0;
}

void config_values_release(const struct config_key *keys, void *base)
{
	for (const struct config_key *key = keys; !config_key_is_end(key); key++) {
		void *value = value_at(base, key->offset);

		switch (key->type) {
		case CONFIG_CONSTANT:
		case CONFIG_DEFAULTS: break;
		case CONFIG_BOOL: *(bool *)value = false; break;
		case CONFIG_CHOICE: *(unsigned *)value = 0; break;
		case CONFIG_DURATION:
		case CONFIG_PERCENT:
		case CONFIG_INTEGER: *(int64_t *)value = 0; break;
		case CONFIG_WORD:
		case CONFIG_STRING:
		case CONFIG_COMMAS: free_p(value); break;
		case CONFIG_STRINGS: config_strings_release(value); break;
		case CONFIG_SECTION: config_values_release(key->keys, base); break;
		case CONFIG_LIST: list_release(key, base); break;
		}
	}
}

static int string_copy(const char *text, char **ret_copy, struct err *err)
{
	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : err_no_memory(err);
}

static int strings_copy(const struct config_strings *strings, struct config_strings *ret_copy,
			struct err *err)
{
	if (strings->count == 0)
		return 0;
	ret_copy->items = calloc(strings->count, sizeof(*ret_copy->items));
	if (!ret_copy->items)
		return err_no_memory(err);
	for (size_t i = 0; i < strings->count; i++) {
		if (string_copy(strings->items[i], &ret_copy->items[i], err) < 0)
			return -1;
		ret_copy->count++;
	}
	return 0;
}

static int list_copy(const struct config_key *key, const void *base, void *ret_base,
		     struct err *err)
{
	void *const *items = value_at(base, key->offset);
	size_t count = *config_list_count(key, base);
	void **copies = value_at(ret_base, key->offset);
	size_t *copied = config_list_count(key, ret_base);

	if (count == 0)
		return 0;
	*copies = calloc(count, key->size);
	if (!*copies)
		return err_no_memory(err);
	*copied = count;
	for (size_t i = 0; i < count; i++)
		if (config_values_copy(key->keys, value_at(*items, i * key->size),
				       value_at(*copies, i * key->size), err) < 0)
			return -1;
	return 0;
}

int config_values_copy(const struct config_key *keys, const void *base, void *ret_base,
		       struct err *err)
{
	for (const struct config_key *key = keys; !config_key_is_end(key); key++) {
		const void *from = value_at(base, key->offset);
		void *to = value_at(ret_base, key->offset);
		int result = 0;

		switch (key->type) {
		case CONFIG_CONSTANT:
		case CONFIG_DEFAULTS: break;
		case CONFIG_BOOL: *(bool *)to = *(const bool *)from; break;
		case CONFIG_CHOICE: *(unsigned *)to = *(const unsigned *)from; break;
		case CONFIG_DURATION:
		case CONFIG_PERCENT:
		case CONFIG_INTEGER: *(int64_t *)to = *(const int64_t *)from; break;
		case CONFIG_WORD:
		case CONFIG_STRING:
		case CONFIG_COMMAS: result = string_copy(*(char *const *)from, to, err); break;
		case CONFIG_STRINGS: result = strings_copy(from, to, err); break;
		case CONFIG_SECTION:
			result = config_values_copy(key->keys, base, ret_base, err);
			break;
		case CONFIG_LIST: result = list_copy(key, base, ret_base, err); break;
		}
		if (result < 0)
			return -1;
	}
	return 0;
}

static bool strings_equal(const struct config_strings *a, const struct config_strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool string_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool list_equal(const struct config_key *key, const void *a, const void *b)
{
	size_t count = *config_list_count(key, a);

	if (count != *config_list_count(key, b))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!config_values_equal(
			    key->keys,
			    value_at(*(void *const *)value_at(a, key->offset), i * key->size),
			    value_at(*(void *const *)value_at(b, key->offset), i * key->size)))
			return false;
	return true;
}

static bool value_equal(const struct config_key *key, const void *base_a, const void *base_b)
{
	const void *a = value_at(base_a, key->offset), *b = value_at(base_b, key->offset);

	switch (key->type) {
	case CONFIG_CONSTANT:
	case CONFIG_DEFAULTS: return true;
	case CONFIG_BOOL: return *(const bool *)a == *(const bool *)b;
	case CONFIG_CHOICE: return *(const unsigned *)a == *(const unsigned *)b;
	case CONFIG_DURATION:
	case CONFIG_PERCENT:
	case CONFIG_INTEGER: return *(const int64_t *)a == *(const int64_t *)b;
	case CONFIG_WORD:
	case CONFIG_STRING:
	case CONFIG_COMMAS: return string_equal(*(char *const *)a, *(char *const *)b);
	case CONFIG_STRINGS: return strings_equal(a, b);
	case CONFIG_SECTION: return config_values_equal(key->keys, base_a, base_b);
	case CONFIG_LIST: return list_equal(key, base_a, base_b);
	}
	return false;
}

bool config_values_equal(const struct config_key *keys, const void *a, const void *b)
{
	for (const struct config_key *key = keys; !config_key_is_end(key); key++)
		if (!value_equal(key, a, b))
			return false;
	return true;
}

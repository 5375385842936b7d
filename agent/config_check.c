/* What is about more than one key of the configuration: names, references, keys that exclude each other. */
#include "agent/config_reader.h"

#include <stdio.h>
#include <string.h>

#include "diff/digest_mac.h"
#include "diff/path.h"
#include "diff/suggest.h"
#include "diff/text.h"

/* --- where things are ------------------------------------------------------------------------- */

/* An item of one of the lists, and the name that it has, if it has one. */
struct item {
	const cJSON *node;
	const char *name;
};

struct items {
	const char *list; /* "alerts.sinks" */
	const char *noun; /* "sink" */
	struct item *items;
	size_t count;
	size_t *sorted; /* those with a name, by name and place */
	size_t named;
};

static void items_release(struct items *items)
{
	free(items->items);
	free(items->sorted);
}

static int compare(const void *a, const void *b, void *context)
{
	const struct items *items = context;
	const size_t *i = a, *j = b;
	int order = strcmp(items->items[*i].name, items->items[*j].name);

	return order ? order : (*i > *j) - (*i < *j);
}

/* The items of a list that the configuration holds as structs of which the first member is the name. */
static int items_of(const struct config_reader *reader, const char *list, const char *noun,
		    const void *structs, size_t size, size_t count, struct items *ret_items)
{
	const cJSON *node = json_at(reader->doc->root, list);

	ret_items->list = list;
	ret_items->noun = noun;
	if (count == 0)
		return 0;
	ret_items->items = calloc(count, sizeof(*ret_items->items));
	ret_items->sorted = calloc(count, sizeof(*ret_items->sorted));
	if (!ret_items->items || !ret_items->sorted)
		return err_no_memory(reader->err);
	for (node = node->child; node && ret_items->count < count; node = node->next) {
		size_t i = ret_items->count++;
		const char *const *name = (const void *)((const char *)structs + i * size);

		ret_items->items[i] = (struct item){.node = node, .name = *name};
		if (*name)
			ret_items->sorted[ret_items->named++] = i;
	}
	qsort_r(ret_items->sorted, ret_items->named, sizeof(*ret_items->sorted), compare,
		ret_items);
	return 0;
}

/* The first item with the name. */
static bool find(const struct items *items, const char *name, size_t *ret_index)
{
	size_t low = 0, high = items->named;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(items->items[items->sorted[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == items->named || strcmp(items->items[items->sorted[low]].name, name) != 0)
		return false;
	*ret_index = items->sorted[low];
	return true;
}

/* Sets the path to the item, or to a key of it (NULL: none). */
static const char *path_of(struct config_reader *reader, const struct items *items, size_t index,
			   const char *key)
{
	buf_clear(&reader->path);
	buf_puts(&reader->path, items->list);
	config_add_item(reader, items->items[index].node, index);
	if (key)
		buf_printf(&reader->path, ".%s", key);
	return buf_str(&reader->path);
}

/* The node of an item's key, or of the item itself where the file does not have that key. */
static const cJSON *node_of(const struct items *items, size_t index, const char *key)
{
	const cJSON *node = json_at(items->items[index].node, key);

	return node ? node : items->items[index].node;
}

/* --- names ------------------------------------------------------------------------------------ */

static int check_names(struct config_reader *reader, const struct items *items)
{
	size_t first;

	for (size_t i = 0; i < items->count && !reader->too_many; i++) {
		const struct item *item = &items->items[i];

		if (!item->name || !find(items, item->name, &first) || first == i)
			continue;
		if (config_tell(reader, FINDING_ERROR, node_of(items, i, "name"),
				"%s[%zu].name is \"%s\", as another %s is called at line %u",
				items->list, i, item->name, items->noun,
				yaml_mark_of(reader->doc, items->items[first].node).line) < 0)
			return -1;
	}
	return 0;
}

/* Tells that no item is called so, and what was probably meant. */
static int tell_no_such(struct config_reader *reader, const cJSON *node, const char *path,
			const struct items *items, const char *name)
{
	struct suggestion meant = suggestion_for(name);
	char quoted[TEXT_QUOTE_MAX];

	for (size_t i = 0; i < items->count; i++)
		if (items->items[i].name)
			suggestion_offer(&meant, items->items[i].name);
	return config_tell(reader, FINDING_ERROR, node, "%s is %s, but there is no such %s%s%s%s",
			   path, text_quote(name, quoted), items->noun,
			   meant.word ? "; did you mean \"" : "", meant.word ? meant.word : "",
			   meant.word ? "\"?" : "");
}

/* Each name of a list of strings has to be one of `known`. */
static int check_references(struct config_reader *reader, const struct items *items, size_t index,
			    const char *key, const struct items *known)
{
	const cJSON *list = json_get(items->items[index].node, key), *item;
	size_t ignored;

	json_each (item, list) {
		if (!cJSON_IsString(item) || find(known, item->valuestring, &ignored))
			continue;
		if (tell_no_such(reader, item, path_of(reader, items, index, key), known,
				 item->valuestring) < 0)
			return -1;
	}
	return 0;
}

/* --- clusters --------------------------------------------------------------------------------- */

static int add_default_cluster(struct config *config, struct err *err)
{
	config->clusters = calloc(1, sizeof(*config->clusters));
	if (!config->clusters)
		return err_no_memory(err);
	config->cluster_count = 1;
	config->clusters[0].name = strdup(CONFIG_CLUSTER);
	return config->clusters[0].name ? 0 : err_no_memory(err);
}

static int check_clusters(struct config_reader *reader, const struct config *config,
			  const struct items *clusters)
{
	for (size_t i = 0; i < clusters->count; i++) {
		const struct config_cluster *cluster = &config->clusters[i];

		if (cluster->impersonate_groups.count && !cluster->impersonate &&
		    config_tell(reader, FINDING_ERROR, node_of(clusters, i, "impersonateGroups"),
				"%s goes with impersonate",
				path_of(reader, clusters, i, "impersonateGroups")) < 0)
			return -1;
	}
	return 0;
}

/* Which cluster the app goes to; where there is only one, it need not be said. */
static int check_cluster(struct config_reader *reader, struct config *config,
			 const struct items *apps, size_t index, const struct items *clusters)
{
	struct config_app *app = &config->apps[index];
	const cJSON *node = node_of(apps, index, "cluster");
	const char *path = path_of(reader, apps, index, "cluster");

	if (app->cluster && !config_find_cluster(config, app->cluster))
		return tell_no_such(reader, node, path, clusters, app->cluster);
	if (app->cluster || !cJSON_IsObject(apps->items[index].node))
		return 0;
	if (config->cluster_count > 1)
		return config_tell(reader, FINDING_ERROR, node,
				   "%s is required where there are several clusters", path);
	if (!config->clusters[0].name)
		return 0; /* that was told */
	app->cluster = strdup(config->clusters[0].name);
	return app->cluster ? 0 : err_no_memory(reader->err);
}

/* --- apps ------------------------------------------------------------------------------------- */

/* The walk along dependsOn: where each app is on it. */
enum visit {
	VISIT_NOT,
	VISIT_OPEN, /* on the way from the app where the walk began */
	VISIT_DONE,
};

struct walk {
	const struct config *config;
	const struct items *apps;
	struct step {
		size_t app, next; /* which of its dependencies is looked at next */
	} * way;
	size_t length;
	enum visit *visits;
};

static void walk_release(struct walk *walk)
{
	free(walk->way);
	free(walk->visits);
}

/* "a -> b -> a", of the end of the way. */
static int tell_cycle(struct config_reader *reader, const struct walk *walk, size_t app)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(ERR_MESSAGE_MAX);
	size_t from = 0;

	while (walk->way[from].app != app)
		from++;
	for (size_t i = from; i < walk->length; i++)
		buf_printf(&text, "%s -> ", walk->apps->items[walk->way[i].app].name);
	buf_puts(&text, walk->apps->items[app].name);
	return config_tell(reader, FINDING_ERROR, node_of(walk->apps, app, "dependsOn"),
			   "%s goes in a circle: %s", path_of(reader, walk->apps, app, "dependsOn"),
			   text.broken_cap ? "it is a long one" : buf_str(&text));
}

/* Takes the next step; dependencies that lead nowhere were told already. */
static int walk_on(struct config_reader *reader, struct walk *walk)
{
	struct step *step = &walk->way[walk->length - 1];
	const struct config_strings *depends = &walk->config->apps[step->app].depends_on;
	size_t app;

	if (step->next == depends->count) {
		walk->visits[step->app] = VISIT_DONE;
		walk->length--;
		return 0;
	}
	if (!find(walk->apps, depends->items[step->next++], &app) ||
	    walk->visits[app] == VISIT_DONE)
		return 0;
	if (walk->visits[app] == VISIT_OPEN)
		return tell_cycle(reader, walk, app);
	walk->visits[app] = VISIT_OPEN;
	walk->way[walk->length++] = (struct step){.app = app};
	return 0;
}

/* A walk that needs no stack of its own: a long chain of apps must not end it. */
static int check_cycles(struct config_reader *reader, const struct config *config,
			const struct items *apps)
{
	CLEANUP(walk_release) struct walk walk = {.config = config, .apps = apps};

	if (apps->count == 0)
		return 0;
	walk.way = calloc(apps->count, sizeof(*walk.way));
	walk.visits = calloc(apps->count, sizeof(*walk.visits));
	if (!walk.way || !walk.visits)
		return err_no_memory(reader->err);
	for (size_t i = 0; i < apps->count; i++) {
		if (walk.visits[i] != VISIT_NOT)
			continue;
		walk.visits[i] = VISIT_OPEN;
		walk.way[walk.length++] = (struct step){.app = i};
		while (walk.length)
			if (walk_on(reader, &walk) < 0)
				return -1;
	}
	return 0;
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Two apps with the same objects would undo each other's work for ever. */
static int check_overlap(struct config_reader *reader, const struct config *config,
			 const struct items *apps, size_t index)
{
	const struct config_app *app = &config->apps[index];

	for (size_t i = 0; i < index; i++) {
		const struct config_app *other = &config->apps[i];

		if (!app->repo || !app->name || !other->name || !same(app->repo, other->repo) ||
		    !same(app->path, other->path) || !same(app->cluster, other->cluster) ||
		    !same(app->namespace, other->namespace))
			continue;
		return config_tell(reader, FINDING_WARNING, apps->items[index].node,
				   "%s has the same source, cluster and namespace as app \"%s\" at "
				   "line %u: they would fight over the same objects",
				   path_of(reader, apps, index, NULL), other->name, other->line);
	}
	return 0;
}

static int check_prune(struct config_reader *reader, const struct config_app *app,
		       const struct items *apps, size_t index)
{
	const cJSON *node = json_at(apps->items[index].node, "prune");

	if (!node || app->prune.enabled || (!app->prune.kinds && !app->prune.allow_empty))
		return 0;
	return config_tell(reader, FINDING_WARNING, node, "%s has no effect without enabled: true",
			   path_of(reader, apps, index, "prune"));
}

/* Below cloneDir each repository has a folder, told apart by who asks for it: "shop.git-1f2e3d4c5b6a". */
static int set_git_dir(const struct config *config, struct config_app *app, struct err *err)
{
	const char *credentials = app->credentials ? app->credentials : "";
	char hex[DIGEST_SHA256_HEX];

	if (!config->clone_dir || app->git_dir || !app->repo || !config_is_remote(app->repo))
		return 0;
	const char *base = app->repo + strlen(app->repo);
	while (base > app->repo && base[-1] != '/' && base[-1] != ':')
		base--;
	if (digest_hmac_sha256(credentials, strlen(credentials), app->repo, strlen(app->repo), hex,
			       err) < 0)
		return -1;
	if (asprintf(&app->git_dir, "%s/%s-%.12s", config->clone_dir, base, hex) < 0) {
		app->git_dir = NULL;
		return err_no_memory(err);
	}
	return 0;
}

static int check_apps(struct config_reader *reader, struct config *config, const struct items *apps,
		      const struct items *clusters)
{
	for (size_t i = 0; i < apps->count; i++)
		if (check_cluster(reader, config, apps, i, clusters) < 0 ||
		    check_references(reader, apps, i, "dependsOn", apps) < 0 ||
		    check_prune(reader, &config->apps[i], apps, i) < 0 ||
		    check_overlap(reader, config, apps, i) < 0 ||
		    set_git_dir(config, &config->apps[i], reader->err) < 0)
			return -1;
	return check_cycles(reader, config, apps);
}

/* --- sinks ------------------------------------------------------------------------------------ */

#define OF(type) (1u << (type))
#define OF_HTTP  (OF(SINK_SLACK) | OF(SINK_CLOUDEVENTS) | OF(SINK_ALERTMANAGER))

/* Which types of sinks take a key. */
static const struct {
	const char *key;
	unsigned types;
	const char *goes_with;
} sink_rules[] = {
	{"url", OF_HTTP, "slack, cloudevents or alertmanager"},
	{"urlFile", OF_HTTP, "slack, cloudevents or alertmanager"},
	{"tokenFile", OF_HTTP, "slack, cloudevents or alertmanager"},
	{"caFile", OF_HTTP, "slack, cloudevents or alertmanager"},
	{"secretFile", OF(SINK_CLOUDEVENTS), "cloudevents"},
	{"command", OF(SINK_COMMAND), "command"},
};

static int check_sink_keys(struct config_reader *reader, const struct config_sink *sink,
			   const struct items *sinks, size_t index)
{
	for (size_t i = 0; i < sizeof(sink_rules) / sizeof(sink_rules[0]); i++) {
		const cJSON *node = json_get(sinks->items[index].node, sink_rules[i].key);

		if (node && !(sink_rules[i].types & OF(sink->type)) &&
		    config_tell(reader, FINDING_ERROR, node, "%s goes with type: %s",
				path_of(reader, sinks, index, sink_rules[i].key),
				sink_rules[i].goes_with) < 0)
			return -1;
	}
	return 0;
}

/* Where a sink's messages go has to be said, once. */
static int check_sink_goal(struct config_reader *reader, const struct config_sink *sink,
			   const struct items *sinks, size_t index)
{
	const cJSON *node = sinks->items[index].node;
	const cJSON *url = json_get(node, "url"), *file = json_get(node, "urlFile");

	if (url && file)
		return config_tell(reader, FINDING_ERROR, file,
				   "%s and url exclude each other; name one",
				   path_of(reader, sinks, index, "urlFile"));
	if ((OF(sink->type) & OF_HTTP) && !url && !file)
		return config_tell(reader, FINDING_ERROR, node, "%s wants url or urlFile",
				   path_of(reader, sinks, index, NULL));
	if (sink->type == SINK_COMMAND && !json_get(node, "command"))
		return config_tell(reader, FINDING_ERROR, node, "%s is required",
				   path_of(reader, sinks, index, "command"));
	if (sink->type == SINK_COMMAND && cJSON_IsArray(json_get(node, "command")) &&
	    !sink->command.count)
		return config_tell(reader, FINDING_ERROR, node_of(sinks, index, "command"),
				   "%s names no program", path_of(reader, sinks, index, "command"));
	if (sink->type == SINK_SLACK && sink->url && strncmp(sink->url, "https://", 8) == 0)
		return config_tell(reader, FINDING_WARNING, url,
				   "%s lets everybody post who reads it: put it in a file, which "
				   "urlFile names",
				   path_of(reader, sinks, index, "url"));
	return 0;
}

static int check_sinks(struct config_reader *reader, struct config *config,
		       const struct items *sinks, const struct items *apps)
{
	for (size_t i = 0; i < sinks->count; i++) {
		struct config_sink *sink = &config->sinks[i];
		const cJSON *node = sinks->items[i].node;

		if (!json_get(node, "reminder"))
			sink->reminder_ms = config->reminder_ms;
		if (cJSON_IsString(json_get(node, "type")) &&
		    (check_sink_keys(reader, sink, sinks, i) < 0 ||
		     check_sink_goal(reader, sink, sinks, i) < 0))
			return -1;
		if (check_references(reader, sinks, i, "apps", apps) < 0)
			return -1;
	}
	return 0;
}

/* --- the rest --------------------------------------------------------------------------------- */

static int check_server(struct config_reader *reader, const struct config_server *server)
{
	const cJSON *node = json_get(reader->doc->root, "server");

	if (server->listen && server->api_listen && strcmp(server->listen, server->api_listen) == 0)
		return config_tell(reader, FINDING_ERROR, json_get(node, "apiListen"),
				   "server.apiListen is server.listen: leave it out");
	if (!server->listen && server->hook_secret_file)
		return config_tell(reader, FINDING_WARNING, json_get(node, "hookSecretFile"),
				   "server.hookSecretFile has no effect without listen");
	if (!server->listen && !server->api_listen && server->token_file)
		return config_tell(reader, FINDING_WARNING, json_get(node, "tokenFile"),
				   "server.tokenFile has no effect without listen or apiListen");
	return 0;
}

static int check_leader(struct config_reader *reader, const struct config_leader *leader)
{
	if (leader->duration_ms % 1000 == 0)
		return 0;
	return config_tell(reader, FINDING_ERROR,
			   json_at(reader->doc->root, "leaderElection.duration"),
			   "leaderElection.duration must be of whole seconds");
}

static int check_shard(struct config_reader *reader, const struct config_shard *shard)
{
	if (shard->index == 0 || shard->index < shard->count)
		return 0;
	return config_tell(reader, FINDING_ERROR, json_at(reader->doc->root, "shard.index"),
			   "shard.index must be less than shard.count, because it begins at 0");
}

int config_check(struct config_reader *reader, struct config *config)
{
	CLEANUP(items_release) struct items clusters = {0}, apps = {0}, sinks = {0};

	if (items_of(reader, "clusters", "cluster", config->clusters, sizeof(*config->clusters),
		     config->cluster_count, &clusters) < 0 ||
	    items_of(reader, "apps", "app", config->apps, sizeof(*config->apps), config->app_count,
		     &apps) < 0 ||
	    items_of(reader, "alerts.sinks", "sink", config->sinks, sizeof(*config->sinks),
		     config->sink_count, &sinks) < 0)
		return -1;
	if (!config->cluster_count && add_default_cluster(config, reader->err) < 0)
		return -1;
	if (check_names(reader, &clusters) < 0 || check_names(reader, &apps) < 0 ||
	    check_names(reader, &sinks) < 0 || check_clusters(reader, config, &clusters) < 0 ||
	    check_apps(reader, config, &apps, &clusters) < 0 ||
	    check_sinks(reader, config, &sinks, &apps) < 0 ||
	    check_server(reader, &config->server) < 0 || check_leader(reader, &config->leader) < 0)
		return -1;
	return check_shard(reader, &config->shard);
}

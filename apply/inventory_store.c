#include "apply/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "apply/resource.h"
#include "apply/wire.h"
#include "diff/cleanup.h"

#define DATA_KEY    "inventory.json"
#define HISTORY_KEY "history.json"
#define MANAGED_BY  "app.kubernetes.io/managed-by"
#define METADATA    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

/* A load or save that is under way; it is a task, so that cancelling it frees it. */
struct transfer {
	struct cluster *cluster;
	uint64_t task, request;
	char *name; /* of the ConfigMap */
	char *app;
	char *known, *namespace; /* of a refresh: its resourceVersion, and where it is */
	void (*on_loaded)(void *ctx, const struct err *err, struct inventory *inventory);
	void (*on_saved)(void *ctx, const struct err *err, const char *resource_version);
	void *ctx;
};

static void transfer_free(void *task)
{
	struct transfer *transfer = task;

	cluster_cancel(transfer->cluster, transfer->request);
	cluster_task_end(transfer->cluster, transfer->task);
	free(transfer->name);
	free(transfer->app);
	free(transfer->known);
	free(transfer->namespace);
	free(transfer);
}

static struct transfer *transfer_new(struct cluster *cluster, const char *app, struct err *err)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	CLEANUP(buf_release) struct buf name = BUF_INIT(1024);

	if (!transfer) {
		err_no_memory(err);
		return NULL;
	}
	transfer->cluster = cluster;
	buf_puts(&name, INVENTORY_PREFIX);
	buf_puts(&name, app);
	transfer->name = buf_steal(&name);
	transfer->app = strdup(app);
	if (!transfer->name || !transfer->app)
		err_no_memory(err);
	else if ((transfer->task = cluster_task_begin(cluster, transfer_free, transfer, err)))
		return transfer;
	transfer_free(transfer);
	return NULL;
}

/* Sends its request; its id, or 0 with *err and the transfer freed. */
static uint64_t transfer_send(struct transfer *transfer, struct cluster_request request,
			      const struct buf *path, struct err *err)
{
	request.path = buf_str(path);
	request.ctx = transfer;
	if (buf_check(path, "the inventory's path", err) == 0)
		transfer->request = cluster_send(transfer->cluster, &request, err);
	if (transfer->request)
		return transfer->task;
	transfer_free(transfer);
	return 0;
}

/* --- loading ---------------------------------------------------------------------------------- */

int inventory_read(const cJSON *config_map, struct inventory *ret_inventory, struct err *err)
{
	CLEANUP(inventory_release) struct inventory inventory = {0};
	const cJSON *label = json_get(json_at(config_map, "metadata.labels"), MANAGED_BY);
	const cJSON *text = json_get(json_get(config_map, "data"), DATA_KEY);
	const char *namespace = json_str(config_map, "metadata.namespace");
	const char *version = json_str(config_map, "metadata.resourceVersion");

	if (!cJSON_IsString(label) || strcmp(label->valuestring, "tranche") != 0 ||
	    !cJSON_IsString(text))
		return err_set(err, ERR_EXISTS, "it is there already but is not an inventory");
	if (inventory_parse(text->valuestring, strlen(text->valuestring), &inventory, err) < 0)
		return -1;
	inventory.namespace = strdup(namespace ? namespace : "");
	inventory.resource_version = strdup(version ? version : "");
	if (!inventory.namespace || !inventory.resource_version)
		return err_no_memory(err);
	*ret_inventory = inventory;
	inventory = (struct inventory){0};
	return 0;
}

static int read_own(const struct transfer *transfer, const cJSON *config_map,
		    struct inventory *inventory, struct err *err)
{
	struct err ignored;

	if (inventory_read(config_map, inventory, err) < 0)
		return -1;
	if (strcmp(inventory->app, transfer->app) != 0)
		return err_set(err, ERR_EXISTS, "it is the inventory of the app \"%s\"",
			       inventory->app);
	/* What was done is told as far as it is known, and never stops a sync. */
	const cJSON *history = json_get(json_get(config_map, "data"), HISTORY_KEY);
	if (cJSON_IsString(history))
		history_parse(history->valuestring, strlen(history->valuestring),
			      &inventory->history, &ignored);
	return 0;
}

static void on_loaded(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct transfer *transfer = ctx;
	CLEANUP(inventory_release) struct inventory inventory = {0};
	void (*callback)(void *, const struct err *, struct inventory *) = transfer->on_loaded;
	void *callback_ctx = transfer->ctx;
	struct err own;
	int failed = 0;

	if (!err)
		failed = read_own(transfer, answer->body, &inventory, &own);
	else if (err->class == ERR_NOT_FOUND)
		failed = inventory_init(&inventory, transfer->app, &own);
	else {
		own = *err;
		failed = -1;
	}
	/* Where the server was not reached or does not know us, it is nothing of the inventory's. */
	if (failed && answer->status != 0 && answer->status != 401)
		err_prefix(&own, "configmap/%s", transfer->name);
	transfer_free(transfer);
	callback(callback_ctx, failed ? &own : NULL, &inventory);
}

static const struct cluster_request whole = {.method = "GET", .on_done = on_loaded};

/* The metadata alone: on to the rest where it is another version. */
static void on_metadata(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct transfer *transfer = ctx;
	struct inventory nothing_new = {0};
	void (*callback)(void *, const struct err *, struct inventory *) = transfer->on_loaded;
	void *callback_ctx = transfer->ctx;
	const char *version = json_str(answer->body, "metadata.resourceVersion");
	struct err own;

	if (err && err->class != ERR_NOT_FOUND) {
		on_loaded(ctx, err, answer);
		return;
	}
	if (err ? *transfer->known : !version || strcmp(version, transfer->known) != 0) {
		CLEANUP(buf_release) struct buf path = BUF_INIT(4096);

		resource_print_object(&resource_config_maps, transfer->namespace, transfer->name,
				      &path, &own);
		if (!transfer_send(transfer, whole, &path, &own))
			callback(callback_ctx, &own, &nothing_new);
		return;
	}
	transfer_free(transfer);
	callback(callback_ctx, NULL, &nothing_new);
}

static uint64_t read_map(struct transfer *transfer, struct cluster_request request,
			 const char *namespace, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);

	if (resource_print_object(&resource_config_maps, namespace, transfer->name, &path, err) <
	    0) {
		transfer_free(transfer);
		return 0;
	}
	return transfer_send(transfer, request, &path, err);
}

uint64_t inventory_load(struct cluster *cluster, const char *namespace, const char *app,
			void (*callback)(void *ctx, const struct err *err,
					 struct inventory *inventory),
			void *ctx, struct err *err)
{
	struct transfer *transfer = transfer_new(cluster, app, err);

	if (!transfer)
		return 0;
	transfer->on_loaded = callback;
	transfer->ctx = ctx;
	return read_map(transfer, whole, namespace, err);
}

uint64_t inventory_refresh(struct cluster *cluster, const char *namespace, const char *app,
			   const char *known,
			   void (*callback)(void *ctx, const struct err *err,
					    struct inventory *inventory),
			   void *ctx, struct err *err)
{
	const struct cluster_request metadata = {
		.method = "GET", .accept = METADATA, .on_done = on_metadata};
	struct transfer *transfer = transfer_new(cluster, app, err);

	if (!transfer)
		return 0;
	transfer->on_loaded = callback;
	transfer->ctx = ctx;
	transfer->known = strdup(known ? known : "");
	transfer->namespace = strdup(namespace);
	if (!transfer->known || !transfer->namespace) {
		err_no_memory(err);
		transfer_free(transfer);
		return 0;
	}
	return read_map(transfer, metadata, namespace, err);
}

/* --- saving ----------------------------------------------------------------------------------- */

static int set_label(cJSON *labels, const char *key, const char *value, struct err *err)
{
	return json_set_key(labels, key, cJSON_CreateString(value), err);
}

static cJSON *make_config_map(const struct transfer *transfer, const char *namespace,
			      const struct inventory *inventory, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	CLEANUP(buf_release) struct buf history = BUF_INIT(HISTORY_MAX_BYTES);

	if (!object) {
		err_no_memory(err);
		return NULL;
	}
	if (inventory_print(inventory, &text, err) < 0 ||
	    json_set_str(object, "apiVersion", "v1", err) < 0 ||
	    json_set_str(object, "kind", "ConfigMap", err) < 0 ||
	    json_set_str(object, "metadata.name", transfer->name, err) < 0 ||
	    json_set_str(object, "metadata.namespace", namespace, err) < 0 ||
	    json_set(object, "metadata.labels", cJSON_CreateObject(), err) < 0 ||
	    json_set(object, "data", cJSON_CreateObject(), err) < 0)
		return NULL;
	cJSON *labels = json_at(object, "metadata.labels");
	if (set_label(labels, MANAGED_BY, "tranche", err) < 0 ||
	    set_label(labels, "app.kubernetes.io/name", "tranche", err) < 0 ||
	    set_label(labels, "app.kubernetes.io/instance", transfer->app, err) < 0 ||
	    json_set_key(json_get(object, "data"), DATA_KEY, cJSON_CreateString(buf_str(&text)),
			 err) < 0)
		return NULL;
	if (inventory->history.entries &&
	    (history_print(&inventory->history, &history, err) < 0 ||
	     json_set_key(json_get(object, "data"), HISTORY_KEY,
			  cJSON_CreateString(buf_str(&history)), err) < 0))
		return NULL;
	if (inventory->resource_version &&
	    json_set_str(object, "metadata.resourceVersion", inventory->resource_version, err) < 0)
		return NULL;
	return STEAL(object);
}

static void on_saved(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct transfer *transfer = ctx;
	void (*callback)(void *, const struct err *, const char *) = transfer->on_saved;
	void *callback_ctx = transfer->ctx;
	const char *version = json_str(answer->body, "metadata.resourceVersion");
	struct err own;

	if (err) {
		own = *err;
		err_prefix(&own, "configmap/%s", transfer->name);
	}
	transfer_free(transfer);
	callback(callback_ctx, err ? &own : NULL, err ? NULL : version ? version : "");
}

/* Where it is written to. */
static int print_target(const struct transfer *transfer, const char *namespace, bool exists,
			struct buf *path, struct err *err)
{
	if (!exists)
		resource_print_collection(&resource_config_maps, namespace, path);
	else if (resource_print_object(&resource_config_maps, namespace, transfer->name, path,
				       err) < 0)
		return -1;
	buf_puts(path, "?fieldManager=" WIRE_FIELD_MANAGER);
	return 0;
}

uint64_t
inventory_save(struct cluster *cluster, const char *namespace, const struct inventory *inventory,
	       void (*callback)(void *ctx, const struct err *err, const char *resource_version),
	       void *ctx, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct transfer *transfer = transfer_new(cluster, inventory->app, err);
	bool exists = inventory->resource_version;

	if (!transfer)
		return 0;
	transfer->on_saved = callback;
	transfer->ctx = ctx;
	object = make_config_map(transfer, namespace, inventory, err);
	if (!object || print_target(transfer, namespace, exists, &path, err) < 0) {
		transfer_free(transfer);
		return 0;
	}
	return transfer_send(transfer,
			     (struct cluster_request){.method = exists ? "PUT" : "POST",
						      .body = object,
						      .on_done = on_saved},
			     &path, err);
}

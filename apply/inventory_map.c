#include "apply/inventory_private.h"

#include <stdio.h>
#include <string.h>

#define MANAGED_BY  "app.kubernetes.io/managed-by"
#define NAME        "app.kubernetes.io/name"
#define INSTANCE    "app.kubernetes.io/instance"
#define COMPONENT   "app.kubernetes.io/component"
#define HEAD_KEY    "inventory.json"
#define HISTORY_KEY "history.json"
#define PART_KEY    "objects.json"

/* --- names ------------------------------------------------------------------------------------ */

char *inventory_head_name(const char *app)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(1024);

	buf_puts(&name, INVENTORY_PREFIX);
	buf_puts(&name, app);
	return buf_steal(&name);
}

char *inventory_part_name(const struct inventory *inventory, size_t index)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(1024);

	buf_printf(&name, INVENTORY_PREFIX "%s.%s-%zu", inventory->app, inventory->set, index);
	return buf_steal(&name);
}

bool inventory_is_outdated(const struct inventory *inventory, const char *name)
{
	size_t prefix = strlen(INVENTORY_PREFIX), app = strlen(inventory->app);

	if (strncmp(name, INVENTORY_PREFIX, prefix) != 0 ||
	    strncmp(name + prefix, inventory->app, app) != 0 || name[prefix + app] != '.')
		return false;
	const char *set = name + prefix + app + 1;
	size_t digits = strspn(set, "0123456789abcdef");
	const char *index = set + digits;
	if (digits != INVENTORY_SET_SIZE - 1 || *index != '-' || !index[1] ||
	    strspn(index + 1, "0123456789") != strlen(index + 1))
		return false;
	return strncmp(set, inventory->set, digits) < 0;
}

/* --- as they are sent ------------------------------------------------------------------------- */

static int set_label(cJSON *labels, const char *key, const char *value, struct err *err)
{
	return json_set_key(labels, key, cJSON_CreateString(value), err);
}

static int set_data(cJSON *config_map, const char *key, const struct buf *text, struct err *err)
{
	return json_set_key(json_get(config_map, "data"), key, cJSON_CreateString(buf_str(text)),
			    err);
}

/* One with no data yet. */
static cJSON *make_map(const char *app, const char *namespace, const char *name,
		       const char *resource_version, const char *component, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();

	if (!object || !name) {
		err_no_memory(err);
		return NULL;
	}
	if (json_set_str(object, "apiVersion", "v1", err) < 0 ||
	    json_set_str(object, "kind", "ConfigMap", err) < 0 ||
	    json_set_str(object, "metadata.name", name, err) < 0 ||
	    json_set_str(object, "metadata.namespace", namespace, err) < 0 ||
	    json_set(object, "metadata.labels", cJSON_CreateObject(), err) < 0 ||
	    json_set(object, "data", cJSON_CreateObject(), err) < 0)
		return NULL;
	cJSON *labels = json_at(object, "metadata.labels");
	if (set_label(labels, MANAGED_BY, "tranche", err) < 0 ||
	    set_label(labels, NAME, "tranche", err) < 0 ||
	    set_label(labels, INSTANCE, app, err) < 0 ||
	    (component && set_label(labels, COMPONENT, component, err) < 0) ||
	    (resource_version &&
	     json_set_str(object, "metadata.resourceVersion", resource_version, err) < 0))
		return NULL;
	return STEAL(object);
}

int inventory_make_head(const struct inventory *inventory, const char *namespace,
			cJSON **ret_config_map, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	CLEANUP(buf_release) struct buf history = BUF_INIT(HISTORY_MAX_BYTES);
	CLEANUP(free_p) char *name = inventory_head_name(inventory->app);
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	if (inventory_print_head(inventory, &text, err) < 0 ||
	    !(object = make_map(inventory->app, namespace, name, inventory->resource_version, NULL,
				err)) ||
	    set_data(object, HEAD_KEY, &text, err) < 0)
		return -1;
	if (inventory->history.entries && (history_print(&inventory->history, &history, err) < 0 ||
					   set_data(object, HISTORY_KEY, &history, err) < 0))
		return -1;
	*ret_config_map = STEAL(object);
	return 0;
}

int inventory_make_part(const struct inventory *inventory, size_t index, const char *namespace,
			cJSON **ret_config_map, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	CLEANUP(free_p) char *name = inventory_part_name(inventory, index);
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	if (inventory_print_part(inventory, index, &text, err) < 0 ||
	    !(object = make_map(inventory->app, namespace, name,
				inventory->parts[index].resource_version, INVENTORY_PART, err)) ||
	    set_data(object, PART_KEY, &text, err) < 0)
		return -1;
	*ret_config_map = STEAL(object);
	return 0;
}

/* --- as they are read ------------------------------------------------------------------------- */

/* The text under that key of one that tranche keeps; NULL: it is none. */
static const char *text_of(const cJSON *config_map, const char *key)
{
	const cJSON *label = json_get(json_at(config_map, "metadata.labels"), MANAGED_BY);
	const cJSON *text = json_get(json_get(config_map, "data"), key);

	if (!cJSON_IsString(label) || strcmp(label->valuestring, "tranche") != 0 ||
	    !cJSON_IsString(text))
		return NULL;
	return text->valuestring;
}

int inventory_read(const cJSON *config_map, struct inventory *ret_inventory, struct err *err)
{
	CLEANUP(inventory_release) struct inventory inventory = {0};
	const char *text = text_of(config_map, HEAD_KEY);

	if (!text)
		return err_set(err, ERR_EXISTS, "it is there already but is not an inventory");
	if (inventory_parse(text, strlen(text), &inventory, err) < 0 ||
	    inventory_set_text(&inventory.namespace, json_str(config_map, "metadata.namespace"),
			       err) < 0 ||
	    inventory_set_text(&inventory.resource_version,
			       json_str(config_map, "metadata.resourceVersion"), err) < 0)
		return -1;
	*ret_inventory = inventory;
	inventory = (struct inventory){0};
	return 0;
}

int inventory_take_head(const cJSON *config_map, const char *app, struct inventory *ret_inventory,
			struct err *err)
{
	CLEANUP(inventory_release) struct inventory inventory = {0};
	struct err ignored;

	if (inventory_read(config_map, &inventory, err) < 0)
		return -1;
	if (strcmp(inventory.app, app) != 0)
		return err_set(err, ERR_EXISTS, "it is the inventory of the app \"%s\"",
			       inventory.app);
	/* What was done is told as far as it is known, and never stops a sync. */
	const cJSON *history = json_get(json_get(config_map, "data"), HISTORY_KEY);
	if (cJSON_IsString(history))
		history_parse(history->valuestring, strlen(history->valuestring),
			      &inventory.history, &ignored);
	*ret_inventory = inventory;
	inventory = (struct inventory){0};
	return 0;
}

int inventory_take_part(const cJSON *config_map, size_t index, struct inventory *inventory,
			struct err *err)
{
	const char *text = text_of(config_map, PART_KEY);

	if (!text)
		return err_set(err, ERR_INVALID, "it is not part %zu of this inventory", index);
	if (inventory_parse_part(inventory, index, text, strlen(text), err) < 0)
		return -1;
	return inventory_set_text(&inventory->parts[index].resource_version,
				  json_str(config_map, "metadata.resourceVersion"), err);
}

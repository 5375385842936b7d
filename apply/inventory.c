#include "apply/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "diff/digest.h"
#include "diff/ignore.h"
#include "diff/marks.h"
#include "diff/rfc3339.h"

#define FORMAT_VERSION 1
#define MASK           "***"

static int set_text(char **text, const char *value, struct err *err)
{
	char *copy = strdup(value ? value : "");

	if (!copy)
		return err_no_memory(err);
	free(*text);
	*text = copy;
	return 0;
}

static void entry_release(struct inventory_entry *entry)
{
	ref_release(&entry->ref);
	free(entry->uid);
	free(entry->desired);
	free(entry->live);
	cJSON_Delete(entry->marks);
	promotion_record_release(&entry->rollout);
	cJSON_Delete(entry->extra);
	*entry = (struct inventory_entry){0};
}

static void suspension_release(struct inventory_suspension *suspension)
{
	free(suspension->by);
	free(suspension->reason);
	*suspension = (struct inventory_suspension){0};
}

int inventory_init(struct inventory *inventory, const char *app, struct err *err)
{
	struct inventory empty = {0};

	if (set_text(&empty.app, app, err) < 0 || set_text(&empty.revision, "", err) < 0 ||
	    set_text(&empty.source, "", err) < 0) {
		inventory_release(&empty);
		return -1;
	}
	*inventory = empty;
	return 0;
}

void inventory_release(struct inventory *inventory)
{
	free(inventory->app);
	free(inventory->revision);
	free(inventory->source);
	free(inventory->ref);
	free(inventory->path);
	for (size_t i = 0; i < inventory->count; i++)
		entry_release(&inventory->entries[i]);
	free(inventory->entries);
	suspension_release(&inventory->suspended);
	cJSON_Delete(inventory->alerts);
	history_release(&inventory->history);
	cJSON_Delete(inventory->extra);
	free(inventory->namespace);
	free(inventory->resource_version);
	*inventory = (struct inventory){0};
}

int inventory_set_revision(struct inventory *inventory, const char *revision, const char *source,
			   struct err *err)
{
	if (set_text(&inventory->revision, revision, err) < 0)
		return -1;
	return set_text(&inventory->source, source, err);
}

int inventory_set_place(struct inventory *inventory, const char *ref, const char *path,
			struct err *err)
{
	if (set_text(&inventory->ref, ref, err) < 0)
		return -1;
	return set_text(&inventory->path, path, err);
}

int inventory_set_suspended(struct inventory *inventory, const char *by, const char *reason,
			    int64_t at_ms, struct err *err)
{
	CLEANUP(suspension_release) struct inventory_suspension suspension = {.at_ms = at_ms};
	struct inventory_suspension old = inventory->suspended;

	if (by && (set_text(&suspension.by, by, err) < 0 ||
		   set_text(&suspension.reason, reason, err) < 0))
		return -1;
	inventory->suspended = suspension;
	suspension = old;
	return 0;
}

void inventory_print_suspended(const struct inventory *inventory, struct buf *out)
{
	const struct inventory_suspension *suspension = &inventory->suspended;

	if (!suspension->by)
		return;
	buf_printf(out, "suspended by %s since ", suspension->by);
	rfc3339_print(suspension->at_ms, out);
	if (*suspension->reason)
		buf_printf(out, ": %s", suspension->reason);
}

/* --- entries ---------------------------------------------------------------------------------- */

/* The entry's place, or where it would have to go. */
static size_t find_place(const struct inventory *inventory, const struct ref *ref, bool *ret_found)
{
	size_t low = 0, high = inventory->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = ref_compare(&inventory->entries[middle].ref, ref);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct inventory_entry *inventory_find(const struct inventory *inventory, const struct ref *ref)
{
	bool found;
	size_t place = find_place(inventory, ref, &found);

	return found ? &inventory->entries[place] : NULL;
}

/* Puts the entry in, in place of one of the same object; takes what is in it. */
static int put_entry(struct inventory *inventory, struct inventory_entry *take, struct err *err)
{
	bool found;
	size_t place = find_place(inventory, &take->ref, &found);

	if (found) {
		entry_release(&inventory->entries[place]);
	} else {
		if (inventory->count == inventory->capacity) {
			size_t capacity = inventory->capacity ? inventory->capacity * 2 : 16;
			struct inventory_entry *entries =
				reallocarray(inventory->entries, capacity, sizeof(*entries));

			if (!entries)
				return err_no_memory(err);
			inventory->entries = entries;
			inventory->capacity = capacity;
		}
		memmove(&inventory->entries[place + 1], &inventory->entries[place],
			(inventory->count - place) * sizeof(*inventory->entries));
		inventory->count++;
	}
	inventory->entries[place] = *take;
	*take = (struct inventory_entry){0};
	return 0;
}

int inventory_put(struct inventory *inventory, const struct ref *ref, const cJSON *desired,
		  const cJSON *wanted, const cJSON *written, struct err *err)
{
	CLEANUP(entry_release) struct inventory_entry entry = {0};
	const struct inventory_entry *old = inventory_find(inventory, ref);

	if (ref_copy(ref, &entry.ref, err) < 0 ||
	    set_text(&entry.uid, json_str(written, "metadata.uid"), err) < 0 ||
	    inventory_digest_desired(ref, desired, &entry.desired, err) < 0 ||
	    inventory_digest_live(ref, wanted, written, &entry.live, err) < 0 ||
	    marks_of(desired, &entry.marks, err) < 0)
		return -1;
	if (old && promotion_record_copy(&old->rollout, &entry.rollout, err) < 0)
		return -1;
	if (old && old->extra && !(entry.extra = json_copy(old->extra)))
		return err_no_memory(err);
	return put_entry(inventory, &entry, err);
}

void inventory_remove(struct inventory *inventory, const struct ref *ref)
{
	bool found;
	size_t place = find_place(inventory, ref, &found);

	if (!found)
		return;
	entry_release(&inventory->entries[place]);
	inventory->count--;
	memmove(&inventory->entries[place], &inventory->entries[place + 1],
		(inventory->count - place) * sizeof(*inventory->entries));
}

/* --- digests ---------------------------------------------------------------------------------- */

static bool is_secret(const struct ref *ref)
{
	return ref_is(ref, "", "Secret");
}

static int digest(const cJSON *object, char **ret_digest, struct err *err)
{
	char hex[DIGEST_HEX_SIZE];
	char *copy = NULL;

	if (digest_json(object, hex, err) < 0 || set_text(&copy, hex, err) < 0)
		return -1;
	*ret_digest = copy;
	return 0;
}

/* Puts the mask in place of every value; the keys stay. */
static int mask_values(cJSON *object, struct err *err)
{
	cJSON *member, *next;

	for (member = object ? object->child : NULL; member; member = next) {
		next = member->next;
		cJSON *mask = cJSON_CreateString(MASK);
		if (!mask)
			return err_no_memory(err);
		CLEANUP(free_p) char *key = strdup(member->string);
		if (!key) {
			cJSON_Delete(mask);
			return err_no_memory(err);
		}
		if (json_set_key(object, key, mask, err) < 0)
			return -1;
	}
	return 0;
}

/* A copy of `object` without the fields that the manifest leaves to the cluster, normalised. */
static int decided_part(const cJSON *manifest, const cJSON *object, cJSON **ret_part,
			struct err *err)
{
	CLEANUP(ignore_release) struct ignore ignore = {0};
	CLEANUP(cJSON_Delete_p) cJSON *part = object_copy_stripped(object);

	if (!part)
		return err_no_memory(err);
	if (ignore_read(manifest, &ignore, err) < 0 || ignore_blank(&ignore, part, err) < 0)
		return -1;
	object_normalise(part);
	*ret_part = STEAL(part);
	return 0;
}

int inventory_digest_desired(const struct ref *ref, const cJSON *desired, char **ret_digest,
			     struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	if (decided_part(desired, desired, &object, err) < 0)
		return -1;
	if (is_secret(ref) && (mask_values(json_get(object, "data"), err) < 0 ||
			       mask_values(json_get(object, "stringData"), err) < 0))
		return -1;
	return digest(object, ret_digest, err);
}

int inventory_digest_live(const struct ref *ref, const cJSON *wanted, const cJSON *live,
			  char **ret_digest, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	char *version = NULL;

	if (is_secret(ref)) {
		if (set_text(&version, json_str(live, "metadata.resourceVersion"), err) < 0)
			return -1;
		*ret_digest = version;
		return 0;
	}
	if (decided_part(wanted, live, &object, err) < 0)
		return -1;
	const cJSON *replicas = json_at(wanted, "spec.replicas");
	if (!replicas || cJSON_IsNull(replicas) ||
	    json_equal(replicas, json_at(live, "spec.replicas")))
		json_remove(object, "spec.replicas");
	return digest(object, ret_digest, err);
}

/* --- the text --------------------------------------------------------------------------------- */

/* Adds members to `object` from the unknown ones that were kept. */
static int add_extra(cJSON *object, const cJSON *extra, struct err *err)
{
	const cJSON *member;

	json_each (member, extra) {
		cJSON *copy = json_copy(member);

		if (!copy)
			return err_no_memory(err);
		if (json_set_key(object, member->string, copy, err) < 0)
			return -1;
	}
	return 0;
}

static int set_unless_empty(cJSON *object, const char *key, const char *value, struct err *err)
{
	return value && value[0] ? json_set_str(object, key, value, err) : 0;
}

static int set_rollout(cJSON *item, const struct promotion_record *record, struct err *err)
{
	cJSON *value = NULL;

	if (promotion_record_is_empty(record))
		return 0;
	if (promotion_record_to_json(record, &value, err) < 0)
		return -1;
	return json_set_key(item, "rollout", value, err);
}

static int entry_to_json(const struct inventory_entry *entry, cJSON *item, struct err *err)
{
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(1024);

	ref_print_api_version(&entry->ref, &api_version);
	if (buf_check(&api_version, "an apiVersion", err) < 0 ||
	    json_set_str(item, "apiVersion", buf_str(&api_version), err) < 0 ||
	    json_set_str(item, "kind", entry->ref.kind, err) < 0 ||
	    set_unless_empty(item, "namespace", entry->ref.namespace, err) < 0 ||
	    json_set_str(item, "name", entry->ref.name, err) < 0 ||
	    set_unless_empty(item, "uid", entry->uid, err) < 0 ||
	    set_unless_empty(item, "desired", entry->desired, err) < 0 ||
	    set_unless_empty(item, "live", entry->live, err) < 0 ||
	    (entry->marks && json_set_key(item, "marks", json_copy(entry->marks), err) < 0) ||
	    (entry->orphan && json_set_key(item, "orphan", cJSON_CreateTrue(), err) < 0) ||
	    set_rollout(item, &entry->rollout, err) < 0)
		return -1;
	return add_extra(item, entry->extra, err);
}

static int set_suspended(cJSON *root, const struct inventory_suspension *suspension,
			 struct err *err)
{
	CLEANUP(buf_release) struct buf at = BUF_INIT(64);

	if (!suspension->by)
		return 0;
	rfc3339_print(suspension->at_ms, &at);
	if (json_set_str(root, "suspended.at", buf_str(&at), err) < 0 ||
	    json_set_str(root, "suspended.by", suspension->by, err) < 0)
		return -1;
	return set_unless_empty(root, "suspended.reason", suspension->reason, err);
}

int inventory_print(const struct inventory *inventory, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	cJSON *objects = cJSON_CreateArray(); /* belongs to root below */

	if (!root || json_set_int(root, "version", FORMAT_VERSION, err) < 0 ||
	    json_set_str(root, "app", inventory->app, err) < 0 ||
	    json_set_str(root, "revision", inventory->revision, err) < 0 ||
	    json_set_str(root, "source", inventory->source, err) < 0 ||
	    (inventory->ref && json_set_str(root, "ref", inventory->ref, err) < 0) ||
	    (inventory->path && json_set_str(root, "path", inventory->path, err) < 0) ||
	    set_suspended(root, &inventory->suspended, err) < 0) {
		cJSON_Delete(objects);
		return root ? -1 : err_no_memory(err);
	}
	if (json_set_key(root, "objects", objects, err) < 0 ||
	    (inventory->alerts &&
	     json_set_key(root, "alerts", json_copy(inventory->alerts), err) < 0))
		return -1;
	for (size_t i = 0; i < inventory->count; i++) {
		cJSON *item = cJSON_CreateObject();

		if (json_append(objects, item, err) < 0 ||
		    entry_to_json(&inventory->entries[i], item, err) < 0)
			return -1;
	}
	if (add_extra(root, inventory->extra, err) < 0)
		return -1;
	json_print(root, &text);
	if (buf_check(&text, "it", err) < 0)
		return err_prefix(err, "the inventory of %zu objects does not fit a ConfigMap",
				  inventory->count);
	buf_append(out, text.data, text.length);
	return buf_check(out, "the inventory", err);
}

/* Moves the members of `object` that are not in the list into *ret_extra, if there are any. */
static int take_extra(cJSON *object, const char *const *known, cJSON **ret_extra, struct err *err)
{
	for (; *known; known++)
		json_remove_key(object, *known);
	if (!object->child)
		return 0;
	*ret_extra = json_copy(object);
	return *ret_extra ? 0 : err_no_memory(err);
}

static int parse_entry(cJSON *item, struct inventory *inventory, struct err *err)
{
	static const char *const known[] = {"apiVersion", "kind",    "namespace", "name",
					    "uid",        "desired", "live",      "marks",
					    "orphan",     "rollout", NULL};
	CLEANUP(entry_release) struct inventory_entry entry = {0};
	const char *api_version = json_str(item, "apiVersion"), *kind = json_str(item, "kind");
	const char *name = json_str(item, "name");

	if (!api_version || !kind || !name)
		return err_set(err, ERR_INVALID, "an entry has no apiVersion, kind or name");
	const char *slash = strchr(api_version, '/');
	entry.ref.group = slash ? strndup(api_version, (size_t)(slash - api_version)) : strdup("");
	if (!entry.ref.group ||
	    set_text(&entry.ref.version, slash ? slash + 1 : api_version, err) < 0 ||
	    set_text(&entry.ref.kind, kind, err) < 0 ||
	    set_text(&entry.ref.namespace, json_str(item, "namespace"), err) < 0 ||
	    set_text(&entry.ref.name, name, err) < 0 ||
	    set_text(&entry.uid, json_str(item, "uid"), err) < 0 ||
	    set_text(&entry.desired, json_str(item, "desired"), err) < 0 ||
	    set_text(&entry.live, json_str(item, "live"), err) < 0 ||
	    promotion_record_from_json(json_get(item, "rollout"), &entry.rollout, err) < 0)
		return err_no_memory(err);
	const cJSON *marks = json_get(item, "marks");
	if (marks && !(entry.marks = json_copy(marks)))
		return err_no_memory(err);
	entry.orphan = json_true(item, "orphan");
	if (take_extra(item, known, &entry.extra, err) < 0)
		return -1;
	return put_entry(inventory, &entry, err);
}

/* A suspension that cannot be read in full is one all the same. */
static int parse_suspended(const cJSON *root, struct inventory *inventory, struct err *err)
{
	const cJSON *value = json_get(root, "suspended");
	const char *by = json_str(value, "by"), *at = json_str(value, "at");
	int64_t at_ms = 0;

	if (!cJSON_IsObject(value))
		return 0;
	if (at)
		rfc3339_read(at, &at_ms);
	return inventory_set_suspended(inventory, by ? by : "somebody", json_str(value, "reason"),
				       at_ms, err);
}

static int parse_root(cJSON *root, struct inventory *inventory, struct err *err)
{
	static const char *const known[] = {"version", "app",     "revision",  "source", "ref",
					    "path",    "objects", "suspended", "alerts", NULL};
	const char *ref = json_str(root, "ref"), *path = json_str(root, "path");
	int64_t version = json_int_or(root, "version", 0);
	const char *app = json_str(root, "app");
	cJSON *item;

	if (!cJSON_IsObject(root) || version < 1 || !app)
		return err_set(err, ERR_INVALID, "it is no inventory");
	if (version > FORMAT_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "a newer tranche wrote it (format %d, this one knows %d)",
			       (int)version, FORMAT_VERSION);
	if (inventory_init(inventory, app, err) < 0 ||
	    inventory_set_revision(inventory, json_str(root, "revision"), json_str(root, "source"),
				   err) < 0 ||
	    (ref && set_text(&inventory->ref, ref, err) < 0) ||
	    (path && set_text(&inventory->path, path, err) < 0) ||
	    parse_suspended(root, inventory, err) < 0)
		return -1;
	json_each (item, json_get(root, "objects")) {
		if (parse_entry(item, inventory, err) < 0)
			return -1;
	}
	const cJSON *alerts = json_get(root, "alerts");
	if (cJSON_IsArray(alerts) && !(inventory->alerts = json_copy(alerts)))
		return err_no_memory(err);
	return take_extra(root, known, &inventory->extra, err);
}

int inventory_parse(const char *text, size_t length, struct inventory *ret_inventory,
		    struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = NULL;
	struct inventory inventory = {0};

	if (json_parse(text, length, &root, err) < 0)
		return err_prefix(err, "it is no JSON");
	if (parse_root(root, &inventory, err) < 0) {
		inventory_release(&inventory);
		return -1;
	}
	*ret_inventory = inventory;
	return 0;
}

#include "diff/manifest.h"

#include <string.h>

#include "diff/check.h"
#include "diff/path.h"
#include "diff/schema.h"

/* One file on its way into a set. */
struct reader {
	struct manifest_set *set;
	struct findings *findings;
	const char *file;
	struct err *err;
	size_t document_count;
	int list_depth;
	/* What is wrong with an object by itself, beyond its ref. */
	int (*check)(const struct manifest *manifest, struct findings *findings, struct err *err);
};

bool manifest_is_file_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") || !strcmp(dot, ".json"));
}

/* --- one object ------------------------------------------------------------------------------ */

/* What can be said of an object that has no ref: "", "StatefulSet: " or "StatefulSet "web": ". */
static void describe(const cJSON *object, struct buf *out)
{
	const char *kind = json_str(object, "kind"), *name = json_str(object, "metadata.name");

	if (!kind || !*kind)
		return;
	buf_puts(out, kind);
	if (name && *name)
		buf_printf(out, " \"%s\"", name);
	buf_puts(out, ": ");
}

/* A folder's recipe for kustomize; such folders are common, and nothing in the cluster reads it. */
static bool is_kustomization(const cJSON *object)
{
	const char *api_version = json_str(object, "apiVersion");

	return api_version && !strncmp(api_version, "kustomize.config.k8s.io/", 24);
}

/* ref_of's message begins with the path of the field that it is about. */
static struct yaml_mark mark_of_fault(const struct manifest *manifest, const char *message)
{
	CLEANUP(free_p) char *path = strndup(message, strcspn(message, " "));

	return path ? manifest_mark_of(manifest, path) : manifest->mark;
}

/* Reads the ref; a fault in it is a finding. */
static int read_ref(struct reader *reader, struct manifest *manifest)
{
	CLEANUP(buf_release) struct buf subject = BUF_INIT(YAML_MAX_BYTES);
	struct err fault;

	if (is_kustomization(manifest->desired))
		return findings_add(reader->findings, FINDING_ERROR, reader->file, manifest->mark,
				    reader->err,
				    "a kustomization is not built here: commit what \"kubectl "
				    "kustomize\" prints, or name another path");
	if (ref_of(manifest->desired, &manifest->ref, &fault) == 0)
		return 0;
	if (fault.class == ERR_NO_MEMORY) {
		*reader->err = fault;
		return -1;
	}
	describe(manifest->desired, &subject);
	if (buf_check(&subject, "an object's kind and name", reader->err) < 0)
		return -1;
	return findings_add(reader->findings, FINDING_ERROR, reader->file,
			    mark_of_fault(manifest, fault.message), reader->err, "%s%s",
			    buf_str(&subject), fault.message);
}

int manifest_set_append(struct manifest_set *set, struct manifest *take_manifest, struct err *err)
{
	CLEANUP(manifest_release) struct manifest manifest = *take_manifest;

	*take_manifest = (struct manifest){0};
	if (set->count >= MANIFEST_MAX_OBJECTS)
		return err_set(err, ERR_LIMIT,
			       "%s: more than %d objects in one set; name a smaller folder",
			       manifest.file, MANIFEST_MAX_OBJECTS);
	if (set->count == set->capacity) {
		size_t capacity = set->capacity ? set->capacity * 2 : 16;
		struct manifest *items = reallocarray(set->items, capacity, sizeof(*items));
		if (!items)
			return err_no_memory(err);
		set->items = items;
		set->capacity = capacity;
	}
	const struct schema_kind *kind =
		schema_kind(manifest.ref.group, manifest.ref.version, manifest.ref.kind);
	manifest.cluster_scoped = kind && !kind->namespaced;
	set->items[set->count++] = manifest;
	manifest = (struct manifest){0};
	free(STEAL(set->table));
	return 0;
}

static int keep_facts(struct manifest *manifest, struct err *err)
{
	const cJSON *desired = manifest->desired;

	if (!ref_is(&manifest->ref, "apps", "StatefulSet"))
		return 0;
	const char *service_name = json_str(desired, "spec.serviceName");
	manifest->partition =
		json_int_or(desired, "spec.updateStrategy.rollingUpdate.partition", 0);
	manifest->service_name = service_name && *service_name ? strdup(service_name) : NULL;
	return service_name && *service_name && !manifest->service_name ? err_no_memory(err) : 0;
}

/* Adds one object with the marks of its nodes, unless something is wrong with it. */
static int add_object(struct reader *reader, cJSON *take_root, struct yaml_mark *take_marks,
		      size_t mark_count)
{
	CLEANUP(manifest_release)
	struct manifest manifest = {
		.desired = take_root,
		.file = strdup(reader->file),
		.memo = calloc(1, sizeof(*manifest.memo)),
		.marks = take_marks,
		.mark_count = mark_count,
		.mark = mark_count ? take_marks[0] : (struct yaml_mark){0},
	};
	size_t errors = reader->findings->error_count;

	if (!manifest.file || !manifest.memo)
		return err_no_memory(reader->err);
	if (read_ref(reader, &manifest) < 0)
		return -1;
	if (reader->findings->error_count != errors)
		return 0;
	if (keep_facts(&manifest, reader->err) < 0)
		return -1;
	if (reader->check(&manifest, reader->findings, reader->err) < 0)
		return -1;
	if (reader->findings->error_count != errors)
		return 0;
	return manifest_set_append(reader->set, &manifest, reader->err);
}

/* --- lists ----------------------------------------------------------------------------------- */

/* The length of a list's kind without its "List"; the whole length where it does not end so. */
static size_t item_kind_length(const char *kind)
{
	size_t length = strlen(kind);

	return length >= 4 && !strcmp(kind + length - 4, "List") ? length - 4 : length;
}

/* Whatever has `items`; null only where the kind says so too, or an object would vanish unseen. */
static bool is_list(const cJSON *object)
{
	const cJSON *items = json_get(object, "items");
	const char *kind = json_str(object, "kind");

	return cJSON_IsArray(items) ||
	       (cJSON_IsNull(items) && kind && kind[item_kind_length(kind)]);
}

/* What the items of a list get when they do not say what they are. */
struct inherited {
	const char *api_version, *kind;
	size_t kind_length;
};

static struct inherited inherited_of(const cJSON *list)
{
	struct inherited from = {json_str(list, "apiVersion"), json_str(list, "kind"), 0};

	if (from.kind)
		from.kind_length = item_kind_length(from.kind);
	return from;
}

/* Adds the two members at the end of the item, so that its marks only grow by two. */
static int inherit(const struct inherited *from, cJSON *item, struct err *err)
{
	CLEANUP(free_p) char *kind = strndup(from->kind, from->kind_length);

	if (!kind)
		return err_no_memory(err);
	if (json_set_str(item, "apiVersion", from->api_version, err) < 0)
		return -1;
	return json_set_str(item, "kind", kind, err);
}

static int add_list(struct reader *reader, cJSON *list, const struct yaml_mark *marks,
		    size_t mark_count);

/* Adds one item of a list; `marks` are those of its `mark_count` nodes. */
static int add_item(struct reader *reader, const struct inherited *from, cJSON *take_item,
		    const struct yaml_mark *marks, size_t mark_count)
{
	CLEANUP(cJSON_Delete_p) cJSON *item = take_item;
	CLEANUP(free_p) struct yaml_mark *own = NULL;

	if (!cJSON_IsObject(item))
		return findings_add(reader->findings, FINDING_ERROR, reader->file, marks[0],
				    reader->err, "an item of a list must be an object");
	if (is_list(item) && reader->list_depth >= MANIFEST_MAX_LIST_DEPTH)
		return findings_add(reader->findings, FINDING_ERROR, reader->file, marks[0],
				    reader->err, "lists are nested more than %d deep; flatten them",
				    MANIFEST_MAX_LIST_DEPTH);
	if (is_list(item))
		return add_list(reader, item, marks, mark_count);

	own = reallocarray(NULL, mark_count + 2, sizeof(*own));
	if (!own)
		return err_no_memory(reader->err);
	memcpy(own, marks, mark_count * sizeof(*own));
	if (from->kind_length && from->api_version && !json_get(item, "kind") &&
	    !json_get(item, "apiVersion")) {
		if (inherit(from, item, reader->err) < 0)
			return -1;
		own[mark_count++] = marks[0];
		own[mark_count++] = marks[0];
	}
	return add_object(reader, STEAL(item), STEAL(own), mark_count);
}

/* Flattens a list. In pre-order the nodes of each item stand together, and so do their marks. */
static int add_list(struct reader *reader, cJSON *list, const struct yaml_mark *marks,
		    size_t mark_count)
{
	struct inherited from = inherited_of(list);
	cJSON *items = json_get(list, "items");
	size_t at = 1; /* the list itself */

	for (const cJSON *member = list->child; member != items; member = member->next)
		at += json_count_nodes(member);
	at++; /* `items` itself */
	reader->list_depth++;
	for (cJSON *item = items->child; item; item = items->child) {
		size_t count = json_count_nodes(item);

		if (count > mark_count - at)
			return err_set(reader->err, ERR_INTERNAL,
				       "%s: fewer places than values in a document", reader->file);
		cJSON_DetachItemViaPointer(items, item);
		if (add_item(reader, &from, item, marks + at, count) < 0)
			return -1;
		at += count;
	}
	reader->list_depth--;
	return 0;
}

/* --- files ----------------------------------------------------------------------------------- */

static int read_file(struct reader *reader, const char *text, size_t length)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	struct err fault;

	if (yaml_load(text, length, &docs, &fault) < 0) {
		if (fault.class != ERR_NO_MEMORY)
			return findings_add_fault(reader->findings, reader->file, &fault,
						  reader->err);
		*reader->err = fault;
		return -1;
	}
	reader->document_count = docs.count;
	for (size_t i = 0; i < docs.count; i++) {
		struct yaml_doc *doc = &docs.items[i];
		int result;

		if (is_list(doc->root))
			result = add_list(reader, doc->root, doc->marks, doc->mark_count);
		else
			result = add_object(reader, STEAL(doc->root), STEAL(doc->marks),
					    doc->mark_count);
		if (result < 0)
			return -1;
	}
	return 0;
}

int manifest_set_add(struct manifest_set *set, const char *file, const char *text, size_t length,
		     struct findings *findings, struct err *err)
{
	struct reader reader = {
		.set = set,
		.findings = findings,
		.file = file,
		.err = err,
		.check = check_object,
	};

	return read_file(&reader, text, length);
}

static int check_nothing(const struct manifest *manifest, struct findings *findings,
			 struct err *err)
{
	(void)manifest;
	(void)findings;
	(void)err;
	return 0;
}

int manifest_set_add_live(struct manifest_set *set, const char *file, const char *text,
			  size_t length, struct findings *findings, struct err *err)
{
	struct reader reader = {
		.set = set,
		.findings = findings,
		.file = file,
		.err = err,
		.check = check_nothing,
	};

	size_t errors = findings->error_count;

	if (read_file(&reader, text, length) < 0)
		return -1;
	if (reader.document_count || findings->error_count > errors)
		return 0;
	return findings_add(
		findings, FINDING_ERROR, file, (struct yaml_mark){0}, err,
		"holds no objects; if there are none, \"kubectl get -o yaml\" prints an "
		"empty List");
}

static void memo_free(struct manifest_memo *memo)
{
	if (!memo)
		return;
	free(memo->desired);
	free(memo->live);
	free(memo->of_live_version);
	free(memo);
}

void manifest_release(struct manifest *manifest)
{
	if (!manifest->packed) { /* which has these */
		ref_release(&manifest->ref);
		free(manifest->file);
		free(manifest->service_name);
	}
	cJSON_Delete(manifest->desired);
	free(manifest->marks);
	free(manifest->packed);
	memo_free(manifest->memo);
	*manifest = (struct manifest){0};
}

void manifest_set_release(struct manifest_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		manifest_release(&set->items[i]);
	free(set->items);
	free(set->table);
	*set = (struct manifest_set){0};
}

struct yaml_mark manifest_mark_of_node(const struct manifest *manifest, const cJSON *node)
{
	struct yaml_doc doc = {manifest->desired, manifest->marks, manifest->mark_count};

	return yaml_mark_of(&doc, node);
}

struct yaml_mark manifest_mark_of(const struct manifest *manifest, const char *path)
{
	return manifest_mark_of_node(manifest, path_follow(manifest->desired, path));
}

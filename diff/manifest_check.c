#include "diff/manifest.h"

#include <string.h>

#include "diff/hash.h"
#include "diff/schema.h"

/* Where each object of a set stands in it, by a hash of what it is told apart by. */
struct manifest_table {
	size_t mask;
	uint32_t places[]; /* counted from 1; 0: none */
};

const char *manifest_namespace(const struct ref *ref, const char *default_namespace)
{
	const struct schema_kind *kind = schema_kind(ref->group, ref->version, ref->kind);

	if (kind && !kind->namespaced)
		return "";
	return *ref->namespace ? ref->namespace : default_namespace;
}

/* --- the table -------------------------------------------------------------------------------- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

/* A ref whose namespace is filled in. */
static uint64_t hash_ref(const struct ref *ref)
{
	uint64_t hash = hash_text(HASH_SEED, ref->name);

	hash = hash_text(hash, ref->kind);
	hash = hash_text(hash, ref->namespace);
	return hash ^ hash >> 32;
}

static struct ref placed_ref(const struct manifest *manifest, const char *default_namespace)
{
	const struct ref *ref = &manifest->ref;

	return ref_view(ref->group, ref->version, ref->kind,
			manifest->cluster_scoped ? ""
			: *ref->namespace        ? ref->namespace
						 : default_namespace,
			ref->name);
}

/* The slot of the object, or the free one where it would go. */
static uint32_t *slot_of(const struct manifest_set *set, struct manifest_table *table,
			 const struct ref *ref, const char *default_namespace)
{
	for (size_t at = hash_ref(ref) & table->mask;; at = (at + 1) & table->mask) {
		uint32_t *slot = &table->places[at];

		if (!*slot)
			return slot;
		const struct ref there = placed_ref(&set->items[*slot - 1], default_namespace);
		if (ref_equal(&there, ref))
			return slot;
	}
}

static struct manifest_table *new_table(size_t count)
{
	size_t size = 8;

	while (size < 2 * count)
		size *= 2;
	struct manifest_table *table = calloc(1, sizeof(*table) + size * sizeof(table->places[0]));
	if (table)
		table->mask = size - 1;
	return table;
}

struct manifest *manifest_set_find(const struct manifest_set *set, const struct ref *ref,
				   const char *default_namespace)
{
	if (set->table) {
		uint32_t place = *slot_of(set, set->table, ref, default_namespace);

		return place ? &set->items[place - 1] : NULL;
	}
	for (size_t i = 0; i < set->count; i++) {
		const struct ref there = placed_ref(&set->items[i], default_namespace);

		if (ref_equal(&there, ref))
			return &set->items[i];
	}
	return NULL;
}

/* --- the checks ------------------------------------------------------------------------------- */

static int tell_twice(const struct manifest *first, const struct manifest *again,
		      const char *namespace, struct findings *findings, struct err *err)
{
	return findings_add(findings, FINDING_ERROR, again->file, again->mark, err,
			    "%s \"%s\"%s%s%s is there twice: first at %s:%u; remove one",
			    again->ref.kind, again->ref.name, *namespace ? " of namespace \"" : "",
			    namespace, *namespace ? "\"" : "", first->file, first->mark.line);
}

static int fill_table(struct manifest_set *set, const char *default_namespace,
		      struct findings *findings, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct ref ref = placed_ref(&set->items[i], default_namespace);
		uint32_t *slot = slot_of(set, set->table, &ref, default_namespace);

		if (!*slot)
			*slot = (uint32_t)(i + 1);
		else if (tell_twice(&set->items[*slot - 1], &set->items[i], ref.namespace, findings,
				    err) < 0)
			return -1;
	}
	return 0;
}

static int check_service_name(const struct manifest_set *set, const struct manifest *manifest,
			      const char *default_namespace, struct findings *findings,
			      struct err *err)
{
	const struct ref service =
		ref_view("", "v1", "Service", manifest_namespace(&manifest->ref, default_namespace),
			 manifest->service_name);
	struct yaml_mark mark;

	if (manifest_set_find(set, &service, default_namespace))
		return 0;
	if (manifest_find_mark(manifest, "spec.serviceName", &mark, err) < 0)
		return -1;
	return findings_add(findings, FINDING_WARNING, manifest->file, mark, err,
			    "StatefulSet \"%s\": spec.serviceName is \"%s\", but no Service here "
			    "bears that name; without it the Pods have no DNS names",
			    manifest->ref.name, manifest->service_name);
}

int manifest_set_check(struct manifest_set *set, const char *default_namespace,
		       struct findings *findings, struct err *err)
{
	free(set->table);
	set->table = new_table(set->count);
	if (!set->table)
		return err_no_memory(err);
	if (fill_table(set, default_namespace, findings, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].service_name &&
		    check_service_name(set, &set->items[i], default_namespace, findings, err) < 0)
			return -1;
	return 0;
}

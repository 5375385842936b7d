#include "diff/manifest.h"

#include <string.h>

#include "diff/schema.h"

const char *manifest_namespace(const struct ref *ref, const char *default_namespace)
{
	const struct schema_kind *kind = schema_kind(ref->group, ref->version, ref->kind);

	if (kind && !kind->namespaced)
		return "";
	return *ref->namespace ? ref->namespace : default_namespace;
}

/* --- the table -------------------------------------------------------------------------------- */

/* The manifest's ref with its namespace filled in. */
static struct ref placed_ref(const struct manifest *manifest, const char *default_namespace)
{
	const struct ref *ref = &manifest->ref;

	return ref_view(ref->group, ref->version, ref->kind,
			manifest->cluster_scoped ? ""
			: *ref->namespace        ? ref->namespace
						 : default_namespace,
			ref->name);
}

/*
 * The table of a set has the places of its objects in the order of their refs, of equal ones in the
 * set's. A hash table would find them a little sooner, but very late where names were made to collide:
 * they come from Git, and this floor has nowhere to draw a secret seed from.
 */
struct ordering {
	const struct manifest_set *set;
	const char *default_namespace;
};

static int compare_places(const void *a, const void *b, void *ctx)
{
	const struct ordering *by = ctx;
	uint32_t place_a = *(const uint32_t *)a, place_b = *(const uint32_t *)b;
	const struct ref ref_a = placed_ref(&by->set->items[place_a], by->default_namespace);
	const struct ref ref_b = placed_ref(&by->set->items[place_b], by->default_namespace);
	int order = ref_compare(&ref_a, &ref_b);

	return order ? order : (place_a > place_b) - (place_a < place_b);
}

static uint32_t *make_table(const struct manifest_set *set, const char *default_namespace)
{
	struct ordering by = {set, default_namespace};
	uint32_t *table = calloc(set->count + 1, sizeof(*table));

	if (!table)
		return NULL;
	for (size_t i = 0; i < set->count; i++)
		table[i] = (uint32_t)i;
	qsort_r(table, set->count, sizeof(*table), compare_places, &by);
	return table;
}

/* The first of the set that has this ref; NULL: none. */
static struct manifest *find_sorted(const struct manifest_set *set, const struct ref *ref,
				    const char *default_namespace)
{
	size_t low = 0, high = set->count;
	struct manifest *found = NULL;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct manifest *there = &set->items[set->table[middle]];
		const struct ref placed = placed_ref(there, default_namespace);
		int order = ref_compare(&placed, ref);

		if (order == 0)
			found = there;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return found;
}

struct manifest *manifest_set_find(const struct manifest_set *set, const struct ref *ref,
				   const char *default_namespace)
{
	if (set->table)
		return find_sorted(set, ref, default_namespace);
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

static int check_once(const struct manifest_set *set, const struct manifest *manifest,
		      const char *default_namespace, struct findings *findings, struct err *err)
{
	const struct ref ref = placed_ref(manifest, default_namespace);
	const struct manifest *first = manifest_set_find(set, &ref, default_namespace);

	return first == manifest ? 0 : tell_twice(first, manifest, ref.namespace, findings, err);
}

static int check_service_name(const struct manifest_set *set, const struct manifest *manifest,
			      const char *default_namespace, struct findings *findings,
			      struct err *err)
{
	const struct ref ref = placed_ref(manifest, default_namespace);
	const struct ref service =
		ref_view("", "v1", "Service", ref.namespace, manifest->service_name);
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
	set->table = make_table(set, default_namespace);
	if (!set->table)
		return err_no_memory(err);
	for (size_t i = 0; i < set->count; i++)
		if (check_once(set, &set->items[i], default_namespace, findings, err) < 0)
			return -1;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].service_name &&
		    check_service_name(set, &set->items[i], default_namespace, findings, err) < 0)
			return -1;
	return 0;
}

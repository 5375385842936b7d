#include "diff/prune.h"

#include <inttypes.h>
#include <string.h>

#include "diff/marks.h"
#include "diff/rfc3339.h"

#define KUBECTL_APPLY "kubectl-client-side-apply"
#define CLAIM         "PersistentVolumeClaim"

static const struct protected_kind {
	const char *group, *kind;
	const char *takes; /* what goes with it, or NULL */
} protected_kinds[] = {
	{"", "Namespace", "everything in it goes too"},
	{"", CLAIM, "its data may go too"},
	{"", "PersistentVolume", "its data may go too"},
	{"apiextensions.k8s.io", "CustomResourceDefinition", "all objects of its kind go too"},
	{"snapshot.storage.k8s.io", "VolumeSnapshot", "its data may go too"},
	{"snapshot.storage.k8s.io", "VolumeSnapshotContent", "its data may go too"},
};

#define PROTECTED_COUNT (sizeof(protected_kinds) / sizeof(protected_kinds[0]))

static const struct protected_kind *find_protected(const struct ref *ref)
{
	for (size_t i = 0; i < PROTECTED_COUNT; i++)
		if (ref_is(ref, protected_kinds[i].group, protected_kinds[i].kind))
			return &protected_kinds[i];
	return NULL;
}

/* Whether the list "A,B" has the name. */
static bool lists(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (list && *list) {
		size_t item = strcspn(list, ",");

		if (item == length && strncmp(list, name, length) == 0)
			return true;
		list += item + (list[item] == ',');
	}
	return false;
}

/* --- whose it is ------------------------------------------------------------------------------ */

static bool has_text(const cJSON *object, const char *key, const char *text)
{
	const char *value = json_str(object, key);

	return value && strcmp(value, text) == 0;
}

static bool find_controller(const cJSON *live, struct buf *why)
{
	const cJSON *owner;

	json_each (owner, json_at(live, "metadata.ownerReferences")) {
		const char *kind = json_str(owner, "kind"), *name = json_str(owner, "name");

		if (!json_true(owner, "controller"))
			continue;
		buf_printf(why, "%s \"%s\" controls it", kind ? kind : "", name ? name : "");
		return true;
	}
	return false;
}

/* When the manager last wrote the object itself; false if it never did. */
static bool read_time(const cJSON *entry, int64_t *ret_ms)
{
	const char *subresource = json_str(entry, "subresource"), *time = json_str(entry, "time");

	return (!subresource || !*subresource) && time && rfc3339_read(time, ret_ms);
}

/*
 * Whether somebody else declared the object, by an apply of either kind, after we wrote it. Times
 * have seconds only: the same one counts as after.
 */
static bool find_applier(const struct prune_facts *facts, struct buf *why)
{
	const cJSON *entries = json_at(facts->live, "metadata.managedFields"), *entry;
	int64_t ours = INT64_MIN, theirs;

	json_each (entry, entries) {
		if (has_text(entry, "manager", facts->manager) && read_time(entry, &theirs) &&
		    theirs > ours)
			ours = theirs;
	}
	json_each (entry, entries) {
		const char *manager = json_str(entry, "manager");

		if (!manager || strcmp(manager, facts->manager) == 0 ||
		    !(has_text(entry, "operation", "Apply") || strcmp(manager, KUBECTL_APPLY) == 0))
			continue;
		if (read_time(entry, &theirs) && theirs >= ours) {
			buf_printf(why, "%s applied it at %s", manager, json_str(entry, "time"));
			return true;
		}
	}
	return false;
}

static bool is_anothers(const struct prune_facts *facts, struct buf *why)
{
	if (facts->other_app) {
		buf_printf(why, "the app \"%s\" has it", facts->other_app);
		return true;
	}
	if (!has_text(facts->live, "metadata.uid", facts->uid)) {
		buf_puts(why, "it was deleted and created again by somebody else");
		return true;
	}
	return find_controller(facts->live, why) ||
	       (facts->changed &&
		(marks_find_foreign(facts->live, facts->marks, why) || find_applier(facts, why)));
}

/* --- whether it has to stay ------------------------------------------------------------------- */

static void print_deletion(const cJSON *live, struct buf *why)
{
	const cJSON *finalizer;
	const char *separator = "; waits for finalizers: ";

	buf_puts(why, "being deleted");
	json_each (finalizer, json_at(live, "metadata.finalizers")) {
		buf_printf(why, "%s%s", separator,
			   cJSON_IsString(finalizer) ? finalizer->valuestring : "");
		separator = ", ";
	}
}

bool prune_is_ordered(const cJSON *live)
{
	const char *word = marks_prune(live);

	return word && strcmp(word, "enabled") == 0;
}

/* Whether its annotation keeps it. A word that is neither of the two may have been meant to. */
static bool is_disabled(const struct prune_facts *facts, struct buf *why)
{
	const char *word = marks_prune(facts->live);
	const cJSON *applied = json_get(facts->marks, MARKS_PRUNE);

	if (!word && cJSON_IsString(applied) && strcmp(applied->valuestring, "enabled") != 0) {
		buf_printf(why, "kept: " MARKS_PRUNE " was \"%s\" in Git", applied->valuestring);
		return true;
	}
	if (!word || prune_is_ordered(facts->live))
		return false;
	buf_printf(why, "kept: " MARKS_PRUNE " is \"%s\"%s", word,
		   strcmp(word, "disabled") == 0 ? "" : ", which is neither enabled nor disabled");
	return true;
}

static bool is_statefulset(const struct ref *ref)
{
	return ref_is(ref, "apps", "StatefulSet");
}

/* Whether a StatefulSet's claims are deleted with it. */
static bool takes_claims(const struct ref *ref, const cJSON *live)
{
	return is_statefulset(ref) &&
	       has_text(live, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Delete") &&
	       json_at(live, "spec.volumeClaimTemplates");
}

static bool is_protected(const struct prune_facts *facts, const struct prune_policy *policy,
			 struct buf *why)
{
	const struct protected_kind *kind = find_protected(facts->ref);

	if (prune_is_ordered(facts->live))
		return false;
	if (kind && !lists(policy->kinds, kind->kind)) {
		buf_printf(why, "kept: no %s is pruned unless --prune-kinds names the kind",
			   kind->kind);
		return true;
	}
	if (takes_claims(facts->ref, facts->live) && !lists(policy->kinds, CLAIM)) {
		buf_puts(why, "kept: its PersistentVolumeClaims would go with it (whenDeleted: "
			      "Delete), and none is pruned unless --prune-kinds names the kind");
		return true;
	}
	return false;
}

enum prune_verdict prune_decide(const struct prune_facts *facts, const struct prune_policy *policy,
				struct buf *why)
{
	CLEANUP(buf_release) struct buf whose = BUF_INIT(why->max_length);

	if (!facts->live || facts->in_git)
		return PRUNE_GONE;
	if (is_anothers(facts, &whose)) {
		buf_printf(why, "no longer this app's: %s", buf_str(&whose));
		buf_break_with(why, &whose);
		return PRUNE_RELEASE;
	}
	if (json_str(facts->live, "metadata.deletionTimestamp")) {
		print_deletion(facts->live, why);
		return PRUNE_KEEP;
	}
	if (facts->next_app) {
		buf_printf(why,
			   "kept: it moved to the app \"%s\", which takes it over when it syncs",
			   facts->next_app);
		return PRUNE_KEEP;
	}
	if (is_disabled(facts, why) || is_protected(facts, policy, why))
		return PRUNE_KEEP;
	if (!policy->enabled) {
		buf_puts(why, "not pruned (--prune deletes it)");
		return PRUNE_KEEP;
	}
	return PRUNE_DELETE;
}

/* --- what goes with it ------------------------------------------------------------------------ */

static void print_pods(const cJSON *live, struct buf *out)
{
	int64_t start = json_int_or(live, "spec.ordinals.start", 0);
	int64_t replicas = json_int_or(live, "spec.replicas", 1);

	if (replicas == 1)
		buf_printf(out, "Pod %" PRId64, start);
	else if (replicas == 2)
		buf_printf(out, "Pods %" PRId64 ", %" PRId64, start, start + 1);
	else
		buf_printf(out, "Pods %" PRId64 "..%" PRId64, start, start + replicas - 1);
}

void prune_print_consequences(const struct ref *ref, const cJSON *live, struct buf *out)
{
	const struct protected_kind *kind = find_protected(ref);
	bool pods = json_int_or(live, "spec.replicas", 1) > 0;
	bool claims = json_at(live, "spec.volumeClaimTemplates");
	bool taken = takes_claims(ref, live);

	if (kind)
		buf_puts(out, kind->takes);
	if (!is_statefulset(ref) || (!pods && !claims))
		return;
	if (pods || taken) {
		buf_puts(out, "takes ");
		if (pods)
			print_pods(live, out);
		buf_puts(out, pods && taken ? " and " : "");
		buf_puts(out, taken ? "its PersistentVolumeClaims" : "");
		buf_puts(out, " with it");
	}
	if (claims && !taken)
		buf_printf(out, "%sits PersistentVolumeClaims stay", pods ? "; " : "");
}

/* --- so much at once -------------------------------------------------------------------------- */

static bool is_too_much(size_t deletes, size_t all, const char *what,
			const struct prune_policy *policy, struct buf *why)
{
	if (deletes * 100 <= all * (size_t)policy->limit_percent)
		return false;
	buf_puts(why, "it would delete ");
	if (deletes == all)
		buf_printf(why, "all of the app's %s (%zu)", what, all);
	else
		buf_printf(why, "%zu of the app's %zu %s", deletes, all, what);
	buf_printf(why, " at once, which may be a mistake (--prune-limit %zu allows it)",
		   (deletes * 100 + all - 1) / all);
	return true;
}

bool prune_is_refused(const struct prune_set *set, const struct prune_policy *policy,
		      struct buf *why)
{
	if (set->failed) {
		buf_printf(why, "%zu object%s failed", set->failed, set->failed == 1 ? "" : "s");
		return true;
	}
	if (set->deletes == 0)
		return false;
	if (set->in_git == 0) {
		if (policy->allow_empty)
			return false;
		buf_puts(why, "the commit has no objects at all, which may be a mistake "
			      "(--allow-empty allows it)");
		return true;
	}
	return (set->deletes > PRUNE_FEW &&
		is_too_much(set->deletes, set->objects, "objects", policy, why)) ||
	       is_too_much(set->statefulset_deletes, set->statefulsets, "StatefulSets", policy,
			   why);
}

int prune_check_kinds(const char *kinds, struct err *err)
{
	while (*kinds) {
		size_t length = strcspn(kinds, ","), i = 0;

		while (i < PROTECTED_COUNT &&
		       !(strlen(protected_kinds[i].kind) == length &&
			 strncmp(protected_kinds[i].kind, kinds, length) == 0))
			i++;
		if (i == PROTECTED_COUNT) {
			CLEANUP(buf_release) struct buf names = BUF_INIT(1024);

			for (i = 0; i < PROTECTED_COUNT; i++)
				buf_printf(&names, "%s%s", i ? ", " : "", protected_kinds[i].kind);
			return err_set(
				err, ERR_INVALID,
				"\"%.*s\" is not among the kinds that are kept by default: %s",
				(int)length, kinds, buf_str(&names));
		}
		kinds += length + (kinds[length] == ',');
	}
	return 0;
}

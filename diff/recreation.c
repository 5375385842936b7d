#include "diff/recreation.h"

#include <inttypes.h>
#include <string.h>

#include "diff/selector.h"

#define MAX_WORDS 750 /* of the server, so that there is room for a remedy */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool recreation_is_wanted(const cJSON *desired)
{
	const cJSON *value =
		json_get(json_at(desired, "metadata.annotations"), RECREATION_ANNOTATION);
	const char *api_version = json_str(desired, "apiVersion"),
		   *kind = json_str(desired, "kind");

	return api_version && !strncmp(api_version, "apps/", 5) && kind &&
	       !strcmp(kind, "StatefulSet") && cJSON_IsString(value) &&
	       !strcmp(value->valuestring, "orphan");
}

/* --- what a user can do ---------------------------------------------------------------------- */

#define ANOTHER_NAME "give the new one another name"

static const struct {
	const char *group, *kind;
	const char *remedy;
} remedies[] = {
	{"apps", "StatefulSet",
	 "set tranche.dev/recreate: orphan on it to have it deleted with its Pods and volumes left "
	 "in place and created again"},
	{"apps", "Deployment", ANOTHER_NAME ", and take the old one out of Git once that runs"},
	{"apps", "DaemonSet", ANOTHER_NAME ", and take the old one out of Git once that runs"},
	{"apps", "ReplicaSet", ANOTHER_NAME ", and take the old one out of Git once that runs"},
	{"batch", "Job",
	 ANOTHER_NAME ", or delete the old one with its Pods, and the next sync creates it"},
	{"", "PersistentVolumeClaim",
	 "a claim can only grow: make one with another name and move the data there"},
	{"", "Service",
	 "leave the field out of the manifest, or delete the Service, and the next sync creates it "
	 "with another address"},
	{"", "ConfigMap", ANOTHER_NAME ", and have what uses it name that"},
	{"", "Secret", ANOTHER_NAME ", and have what uses it name that"},
};

static const char *find_remedy(const struct ref *ref)
{
	for (size_t i = 0; i < COUNT(remedies); i++)
		if (ref_is(ref, remedies[i].group, remedies[i].kind))
			return remedies[i].remedy;
	return "delete it, and the next sync creates it again, or " ANOTHER_NAME;
}

void recreation_advise(const struct ref *ref, struct err *err)
{
	struct err words = *err;
	size_t length = strlen(words.message);

	while (length && words.message[length - 1] == '.')
		length--;
	err_set(err, words.class, "%.*s; %s", (int)(length < MAX_WORDS ? length : MAX_WORDS),
		words.message, find_remedy(ref));
}

/* --- what is created ------------------------------------------------------------------------- */

int recreation_check(const cJSON *wanted, const cJSON *live, struct err *err)
{
	if (selector_matches(json_at(wanted, "spec.selector"),
			     json_at(live, "spec.template.metadata.labels")))
		return 0;
	return err_set(
		err, ERR_INVALID,
		"it cannot be recreated: its Pods do not have the labels that the new "
		"spec.selector names, so the new one would not adopt them; keep the selector, "
		"or give the new one another name");
}

/* How the garbage collector is told what a deletion is to do with dependents. */
static bool is_of_deletion(const cJSON *finalizer)
{
	return cJSON_IsString(finalizer) && (!strcmp(finalizer->valuestring, "orphan") ||
					     !strcmp(finalizer->valuestring, "foregroundDeletion"));
}

void recreation_strip(cJSON *object)
{
	cJSON *finalizers = json_at(object, "metadata.finalizers"), *next;

	object_strip(object);
	for (cJSON *item = finalizers ? finalizers->child : NULL; item; item = next) {
		next = item->next;
		if (is_of_deletion(item))
			cJSON_Delete(cJSON_DetachItemViaPointer(finalizers, item));
	}
	if (finalizers && !finalizers->child)
		json_remove(object, "metadata.finalizers");
}

/* --- what is told ---------------------------------------------------------------------------- */

static bool has_claim(const cJSON *statefulset, const char *name)
{
	const cJSON *claim;

	json_each (claim, json_at(statefulset, "spec.volumeClaimTemplates")) {
		const char *own = json_str(claim, "metadata.name");

		if (own && !strcmp(own, name))
			return true;
	}
	return false;
}

/* That of claims with another template nothing changes is the forecast's to warn of. */
static int note_claims(struct plan_item *item, struct err *err)
{
	const cJSON *claim;

	json_each (claim, json_at(item->to, "spec.volumeClaimTemplates")) {
		const char *name = json_str(claim, "metadata.name");

		if (name && !has_claim(item->from, name) &&
		    plan_item_note(item, err,
				   "the Pods have no volume \"%s\", and the controller cannot give "
				   "it to one that runs: it stands still until they have been "
				   "deleted, the lowest ordinal first",
				   name) < 0)
			return -1;
	}
	return 0;
}

/* Whether some Pod below the partition may run, or be meant to run, something older. */
static bool holds_older(const struct plan_item *item, const cJSON *live)
{
	if (!json_equal(json_at(live, "status.currentRevision"),
			json_at(live, "status.updateRevision")))
		return true;
	for (size_t i = 0; i < item->changes.count; i++)
		if (change_touches(&item->changes.items[i], "spec.template"))
			return true;
	return false;
}

int recreation_note(struct plan_item *item, const cJSON *live, struct err *err)
{
	int64_t partition = json_int_or(item->to, "spec.updateStrategy.rollingUpdate.partition", 0);

	if (plan_item_note(item, err,
			   "the server refuses to replace it: it is deleted with its Pods and "
			   "volumes left in place and created again; the Pods keep running and are "
			   "adopted") < 0 ||
	    note_claims(item, err) < 0)
		return -1;
	if (partition <= 0 || !holds_older(item, live))
		return 0;
	return plan_item_note(
		item, err,
		"the new one knows no older revision: a Pod below the partition %" PRId64
		" that has to start again comes up on the new template",
		partition);
}

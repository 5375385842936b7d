#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/quantity.h"
#include "diff/rollout_outlook.h"

#define RESTARTED_AT "kubectl.kubernetes.io/restartedAt"
#define PARTITION    "spec.updateStrategy.rollingUpdate.partition"
#define RETENTION    "spec.persistentVolumeClaimRetentionPolicy"

/* Each prints its sentence, or nothing where there is nothing to warn of. */
typedef void warning(const struct outlook *outlook, const struct rollout_forecast *forecast,
		     struct buf *out);

/* Prints the ordinals of the wanted Pods that `pick` picks; false, and nothing, if there are none. */
static bool print_picked(const struct outlook *outlook,
			 bool (*pick)(const struct outlook *, const struct rollout_pod *),
			 struct buf *out)
{
	CLEANUP(ordinals_release) struct ordinals ordinals = {0};
	struct err err;

	for (size_t i = 0; i < outlook->pods.count; i++) {
		const struct rollout_pod *pod = &outlook->pods.items[i];
		if (!pod->condemned && pod->exists && pick(outlook, pod) &&
		    ordinals_add(&ordinals, pod->ordinal, &err) < 0)
			out->broken_memory = true;
	}
	ordinals_print(&ordinals, out);
	return ordinals.count > 0 || out->broken_memory;
}

static bool is_unfinished(const struct outlook *outlook)
{
	return outlook->live &&
	       strcmp(outlook->from.current_revision, outlook->from.update_revision) != 0;
}

static bool on_live_update(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return strcmp(pod->revision, outlook->from.update_revision) == 0;
}

/* Updated in live, and below the partition from now on. */
static bool pick_not_taken_back(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return on_live_update(outlook, pod) && pod->held &&
	       !rollout_facts_holds(&outlook->from, pod->ordinal);
}

static void warn_partition_raised(const struct outlook *outlook,
				  const struct rollout_forecast *forecast, struct buf *out)
{
	CLEANUP(buf_release) struct buf ordinals = BUF_INIT(OUTLOOK_MAX_TEXT);

	(void)forecast;
	if (!is_unfinished(outlook) || outlook->to.partition <= outlook->from.partition ||
	    !print_picked(outlook, pick_not_taken_back, &ordinals))
		return;
	buf_printf(out,
		   "raising the partition to %" PRId64 " does not take the update back from %s; "
		   "to go back, revert the image",
		   outlook->to.partition, buf_str(&ordinals));
	buf_break_with(out, &ordinals);
}

static void warn_no_effect(const struct outlook *outlook, const struct rollout_forecast *forecast,
			   struct buf *out)
{
	if (!outlook->live || !outlook->new_template || outlook->to.on_delete ||
	    outlook->to.replicas == 0 || outlook->to.partition < outlook->to.replicas ||
	    (forecast->keeps.count == 0 && forecast->creates_old == 0))
		return;
	buf_printf(out,
		   "partition %" PRId64 " is not below %" PRId64
		   " replica%s: no Pod takes the new template",
		   outlook->to.partition, outlook->to.replicas,
		   outlook->to.replicas == 1 ? "" : "s");
}

/*
 * Whether the template is one that was there before: the way out of an update, so there is nothing
 * to warn of. Without ControllerRevisions the images have to do.
 */
static bool goes_back(const struct outlook *outlook, const struct rollout_forecast *forecast)
{
	return outlook->new_template &&
	       (*outlook->target || strcmp(forecast->update_images, forecast->current_images) == 0);
}

static void warn_released(const struct outlook *outlook, const struct rollout_forecast *forecast,
			  struct buf *out)
{
	if (!outlook->live || !outlook->new_template || outlook->to.on_delete ||
	    outlook->from.partition == 0 || outlook->to.partition > 0 ||
	    forecast->replaces.count == 0 || goes_back(outlook, forecast))
		return;
	buf_printf(out,
		   "the partition falls from %" PRId64
		   " to 0 together with a new template: all Pods take it, without a canary",
		   outlook->from.partition);
}

static bool pick_not_on_live_update(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return !on_live_update(outlook, pod);
}

/* Whether Pods stay on two templates besides the new one. */
static bool keeps_two_revisions(const struct outlook *outlook)
{
	const char *first = NULL;

	for (size_t i = 0; i < outlook->pods.count; i++) {
		const struct rollout_pod *pod = &outlook->pods.items[i];

		if (!outlook_keeps(outlook, pod))
			continue;
		if (first && strcmp(first, pod->revision) != 0)
			return true;
		first = pod->revision;
	}
	return false;
}

static void warn_overlap(const struct outlook *outlook, const struct rollout_forecast *forecast,
			 struct buf *out)
{
	CLEANUP(buf_release) struct buf ordinals = BUF_INIT(OUTLOOK_MAX_TEXT);

	if (!is_unfinished(outlook) || !outlook->new_template || goes_back(outlook, forecast) ||
	    !print_picked(outlook, pick_not_on_live_update, &ordinals))
		return;
	buf_printf(out, "overlaps an unfinished update, which %s did not get yet",
		   buf_str(&ordinals));
	if (keeps_two_revisions(outlook))
		buf_puts(out, ": Pods run three templates then");
	buf_break_with(out, &ordinals);
}

/* kubernetes#67250 */
static void warn_blocked(const struct outlook *outlook, const struct rollout_forecast *forecast,
			 struct buf *out)
{
	const struct rollout_pod *pod = outlook->pods.items;
	const struct rollout_pod *end = pod + outlook->pods.count;

	if (!outlook->to.ordered ||
	    forecast->creates.count + forecast->deletes.count + forecast->replaces.count == 0)
		return;
	while (pod < end && (pod->condemned || !pod->trouble))
		pod++;
	if (pod == end)
		return;
	buf_printf(out, "OrderedReady waits for %s, which cannot start (%s): ", pod->name,
		   pod->trouble);
	if (outlook_replaces(outlook, pod))
		buf_puts(out, "delete it once this is applied, and it comes back on the new "
			      "template");
	else
		buf_puts(out, "no other Pod is replaced or deleted before it can");
}

static void warn_restarted_at(const struct outlook *outlook,
			      const struct rollout_forecast *forecast, struct buf *out)
{
	(void)forecast;
	if (!json_get(json_at(outlook->from.template, "metadata.annotations"), RESTARTED_AT) ||
	    json_get(json_at(outlook->to.template, "metadata.annotations"), RESTARTED_AT))
		return;
	buf_puts(out, "drops the annotation " RESTARTED_AT " that `kubectl rollout restart` set, "
		      "which by itself makes the template a new one");
}

/* Whether the field of the retention policy says that claims are deleted. */
static bool deletes_claims(const cJSON *statefulset, const char *field)
{
	const char *what = json_str(json_at(statefulset, RETENTION), field);

	return what && strcmp(what, "Delete") == 0;
}

static const cJSON *claim_templates(const cJSON *statefulset)
{
	return json_at(statefulset, "spec.volumeClaimTemplates");
}

static bool has_claims(const cJSON *statefulset)
{
	const cJSON *templates = claim_templates(statefulset);

	return templates && templates->child;
}

static void warn_deletes(const struct outlook *outlook, const struct rollout_forecast *forecast,
			 struct buf *out)
{
	if (forecast->deletes.count == 0)
		return;
	if (outlook->live && outlook->to.replicas < outlook->from.replicas)
		buf_printf(out, "scaling down from %" PRId64 " to %" PRId64 " deletes ",
			   outlook->from.replicas, outlook->to.replicas);
	else
		buf_printf(out, "%" PRId64 " replica%s from ordinal %" PRId64 " on: this deletes ",
			   outlook->to.replicas, outlook->to.replicas == 1 ? "" : "s",
			   outlook->to.start);
	ordinals_print(&forecast->deletes, out);
	if (deletes_claims(outlook->wanted, "whenScaled"))
		buf_puts(out, " and their volume claims (whenScaled: Delete)");
	else if (has_claims(outlook->wanted))
		buf_puts(out, "; their volume claims stay");
}

/* What has been kept so far will not be any more. */
static void warn_retention(const struct outlook *outlook, const struct rollout_forecast *forecast,
			   struct buf *out)
{
	static const struct {
		const char *field, *when;
	} fields[] = {
		{"whenScaled", "scaling down"},
		{"whenDeleted", "deleting the StatefulSet"},
	};

	(void)forecast;
	if (!outlook->live || !has_claims(outlook->wanted))
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!deletes_claims(outlook->wanted, fields[i].field) ||
		    deletes_claims(outlook->live, fields[i].field))
			continue;
		buf_printf(out, "%s%s will delete volume claims from now on (%s: Delete)",
			   out->length ? "; " : "", fields[i].when, fields[i].field);
	}
}

static const cJSON *claim_named(const cJSON *statefulset, const char *name)
{
	const cJSON *claim;

	json_each (claim, claim_templates(statefulset)) {
		const char *its = json_str(claim, "metadata.name");

		if (its && strcmp(its, name) == 0)
			return claim;
	}
	return NULL;
}

static bool same_storage(const cJSON *a, const cJSON *b)
{
	const cJSON *size = json_at(a, "spec.resources.requests.storage");
	const cJSON *other = json_at(b, "spec.resources.requests.storage");
	const cJSON *class = json_at(b, "spec.storageClassName");

	/* The class that a server fills in is no change of the manifest's. */
	return ((!size && !other) || quantity_equal(size, other)) &&
	       (!class || json_equal(json_at(a, "spec.storageClassName"), class));
}

/* Claims are made once, with their Pod: a new template changes none that is there. */
static void warn_claim_templates(const struct outlook *outlook,
				 const struct rollout_forecast *forecast, struct buf *out)
{
	const cJSON *claim;

	(void)forecast;
	json_each (claim, outlook->live ? claim_templates(outlook->wanted) : NULL) {
		const char *name = json_str(claim, "metadata.name");
		const cJSON *before = name ? claim_named(outlook->live, name) : NULL;

		if (!before || same_storage(before, claim))
			continue;
		buf_puts(out, out->length ? ", " : "the volume claim template of ");
		buf_puts(out, name);
	}
	if (out->length)
		buf_puts(out, " changes: claims that are there stay as they are");
}

static void warn_on_delete(const struct outlook *outlook, const struct rollout_forecast *forecast,
			   struct buf *out)
{
	if (outlook->to.on_delete && forecast->keeps.count > 0)
		buf_puts(out, "updateStrategy is OnDelete: a Pod takes the template when somebody "
			      "deletes it");
}

static bool pick_any(const struct outlook *outlook, const struct rollout_pod *pod)
{
	(void)outlook;
	(void)pod;
	return true;
}

static void warn_adoption(const struct outlook *outlook, const struct rollout_forecast *forecast,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf ordinals = BUF_INIT(OUTLOOK_MAX_TEXT);

	(void)forecast;
	if (!outlook->live && print_picked(outlook, pick_any, &ordinals))
		buf_printf(out, "adopts %s, which exist already", buf_str(&ordinals));
	buf_break_with(out, &ordinals);
}

static warning *const warnings[] = {
	warn_blocked,         warn_no_effect,    warn_released, warn_partition_raised,
	warn_overlap,         warn_restarted_at, warn_deletes,  warn_retention,
	warn_claim_templates, warn_on_delete,    warn_adoption,
};

#define WARNING_COUNT (sizeof(warnings) / sizeof(*warnings))

int outlook_warn(const struct outlook *outlook, struct rollout_forecast *forecast, struct err *err)
{
	for (size_t i = 0; i < WARNING_COUNT; i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(OUTLOOK_MAX_TEXT);

		warnings[i](outlook, forecast, &out);
		if (buf_check(&out, "a rollout's warning", err) < 0 ||
		    (out.length > 0 && rollout_forecast_warn(forecast, buf_str(&out), err) < 0))
			return -1;
	}
	return 0;
}

int rollout_forecast_warn_omitted(const cJSON *manifest, const cJSON *from, const cJSON *to,
				  struct rollout_forecast *forecast, struct err *err)
{
	int64_t live = json_int_or(from, PARTITION, 0);
	char text[160];

	if (json_at(manifest, PARTITION) || live == 0 || json_int_or(to, PARTITION, -1) != 0 ||
	    forecast->replaces.count == 0)
		return 0;
	snprintf(text, sizeof(text),
		 "the manifest has no partition, which means 0 and not the live %" PRId64
		 ": every Pod takes the template",
		 live);
	return rollout_forecast_warn(forecast, text, err);
}

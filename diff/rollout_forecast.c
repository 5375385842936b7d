#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/object.h"
#include "diff/rollout_template.h"

#define MAX_TEXT (4u * 1024 * 1024)

#define RESTARTED_AT "kubectl.kubernetes.io/restartedAt"

/* What a forecast is made from; everything is borrowed. */
struct outlook {
	const cJSON *live;             /* NULL: to be created */
	const cJSON *wanted;           /* what it becomes */
	struct rollout_facts from, to; /* of the two */
	bool new_template;
	const char *target; /* the revision of to's template; "" if no Pod can be on it yet */
	struct rollout_revisions revisions;
	struct rollout_pods pods; /* as `to` sees them; "updated" are those on the target */
};

static void outlook_release(struct outlook *outlook)
{
	rollout_pods_release(&outlook->pods);
}

/* --- which revision the template is ---------------------------------------------------------- */

/* Whether status speaks of the spec that is there. */
static bool is_settled(const cJSON *live)
{
	return json_int_or(live, "status.observedGeneration", -1) >=
	       json_int_or(live, "metadata.generation", 0);
}

static int read_outlook(struct outlook *outlook, struct err *err)
{
	bool same;

	if (rollout_facts_read(outlook->wanted, &outlook->to, err) < 0)
		return -1;
	if (!outlook->live) {
		outlook->from.current_revision = outlook->from.update_revision = "";
	} else if (rollout_facts_read(outlook->live, &outlook->from, err) < 0) {
		return -1;
	} else {
		/* A would-be object may be without the uid that Pods are claimed by. */
		outlook->to.uid = outlook->from.uid;
	}
	if (rollout_templates_equal(outlook->from.template, outlook->to.template, &same, err) < 0)
		return -1;
	outlook->new_template = !same;
	if (outlook->new_template || !is_settled(outlook->live))
		return rollout_template_revision(&outlook->to, &outlook->revisions,
						 outlook->to.template, &outlook->target, err);
	outlook->target = outlook->from.update_revision;
	return 0;
}

/* --- what happens to which Pod --------------------------------------------------------------- */

/* Whether a Pod that is created at this ordinal starts on an older template than `to`'s. */
static bool starts_on_current(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return outlook->live && pod->held &&
	       strcmp(outlook->from.current_revision, outlook->target) != 0;
}

/* Whether the Pod stays on another template than `to`'s. */
static bool is_kept(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return pod->exists && !pod->condemned && !pod->updated &&
	       (pod->held || outlook->to.on_delete);
}

static bool is_replaced(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return pod->exists && !pod->condemned && !pod->updated && !is_kept(outlook, pod);
}

static int sort_out(const struct outlook *outlook, struct rollout_forecast *forecast,
		    struct err *err)
{
	const struct rollout_pod *pods = outlook->pods.items;

	for (size_t i = 0; i < outlook->pods.count; i++) {
		if (!pods[i].exists) {
			forecast->creates_old += starts_on_current(outlook, &pods[i]);
			if (ordinals_add(&forecast->creates, pods[i].ordinal, err) < 0)
				return -1;
		} else if (is_kept(outlook, &pods[i])) {
			if (ordinals_add(&forecast->keeps, pods[i].ordinal, err) < 0)
				return -1;
		}
	}
	for (size_t i = outlook->pods.count; i-- > 0;) {
		if (pods[i].condemned) {
			if (ordinals_add(&forecast->deletes, pods[i].ordinal, err) < 0)
				return -1;
		} else if (is_replaced(outlook, &pods[i])) {
			if (ordinals_add(&forecast->replaces, pods[i].ordinal, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* --- images ---------------------------------------------------------------------------------- */

static int take_text(struct buf *buf, char **ret_text, struct err *err)
{
	if (buf_check(buf, "a rollout's forecast", err) < 0)
		return -1;
	char *text = buf_steal(buf);
	if (!text)
		return err_no_memory(err);
	*ret_text = text;
	return 0;
}

static int print_keep_images(const struct outlook *outlook, char **ret_images, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_TEXT);
	CLEANUP(free_p) const char **seen = calloc(outlook->pods.count + 1, sizeof(*seen));
	size_t seen_count = 0;

	if (!seen)
		return err_no_memory(err);
	for (size_t i = 0; i < outlook->pods.count; i++) {
		const struct rollout_pod *pod = &outlook->pods.items[i];
		size_t k = 0;

		if (!is_kept(outlook, pod))
			continue;
		if (!*pod->images) {
			buf_clear(&out);
			break;
		}
		while (k < seen_count && strcmp(seen[k], pod->images) != 0)
			k++;
		if (k < seen_count)
			continue;
		buf_printf(&out, "%s%s", seen_count ? " and " : "", pod->images);
		seen[seen_count++] = pod->images;
	}
	return take_text(&out, ret_images, err);
}

/* What runs on the current revision, from whatever knows it. */
static void print_current_images(const struct outlook *outlook, struct buf *out)
{
	const char *current = outlook->from.current_revision;

	if (!outlook->live || !*current)
		return;
	if (strcmp(current, outlook->from.update_revision) == 0) {
		object_print_images(json_get(outlook->from.template, "spec"), out);
		return;
	}
	for (size_t i = 0; i < outlook->pods.count; i++) {
		if (strcmp(outlook->pods.items[i].revision, current) == 0) {
			buf_puts(out, outlook->pods.items[i].images);
			return;
		}
	}
	object_print_images(
		json_at(rollout_revision_find(&outlook->from, &outlook->revisions, current),
			"data.spec.template.spec"),
		out);
}

static int print_images(const struct outlook *outlook, struct rollout_forecast *forecast,
			struct err *err)
{
	CLEANUP(buf_release) struct buf current = BUF_INIT(MAX_TEXT);
	CLEANUP(buf_release) struct buf update = BUF_INIT(MAX_TEXT);

	print_current_images(outlook, &current);
	object_print_images(json_get(outlook->to.template, "spec"), &update);
	if (take_text(&current, &forecast->current_images, err) < 0 ||
	    take_text(&update, &forecast->update_images, err) < 0)
		return -1;
	return print_keep_images(outlook, &forecast->keep_images, err);
}

/* --- warnings -------------------------------------------------------------------------------- */

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
	CLEANUP(buf_release) struct buf ordinals = BUF_INIT(MAX_TEXT);

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

static void warn_overlap(const struct outlook *outlook, const struct rollout_forecast *forecast,
			 struct buf *out)
{
	CLEANUP(buf_release) struct buf ordinals = BUF_INIT(MAX_TEXT);

	if (!is_unfinished(outlook) || !outlook->new_template || goes_back(outlook, forecast) ||
	    !print_picked(outlook, pick_not_on_live_update, &ordinals))
		return;
	buf_printf(out, "overlaps an unfinished update, which %s did not get yet",
		   buf_str(&ordinals));
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
	if (is_replaced(outlook, pod))
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

static void warn_deletes(const struct outlook *outlook, const struct rollout_forecast *forecast,
			 struct buf *out)
{
	const char *when_scaled =
		json_str(outlook->wanted, "spec.persistentVolumeClaimRetentionPolicy.whenScaled");

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
	if (when_scaled && strcmp(when_scaled, "Delete") == 0)
		buf_puts(out, " and their volume claims (whenScaled: Delete)");
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
	CLEANUP(buf_release) struct buf ordinals = BUF_INIT(MAX_TEXT);

	(void)forecast;
	if (!outlook->live && print_picked(outlook, pick_any, &ordinals))
		buf_printf(out, "adopts %s, which exist already", buf_str(&ordinals));
	buf_break_with(out, &ordinals);
}

static warning *const warnings[] = {
	warn_blocked,      warn_no_effect, warn_released,  warn_partition_raised, warn_overlap,
	warn_restarted_at, warn_deletes,   warn_on_delete, warn_adoption,
};

#define WARNING_COUNT (sizeof(warnings) / sizeof(*warnings))

static int add_warnings(const struct outlook *outlook, struct rollout_forecast *forecast,
			struct err *err)
{
	forecast->warnings = calloc(WARNING_COUNT, sizeof(*forecast->warnings));
	if (!forecast->warnings)
		return err_no_memory(err);
	for (size_t i = 0; i < WARNING_COUNT; i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_TEXT);

		warnings[i](outlook, forecast, &out);
		if (out.length == 0 && !out.broken_memory)
			continue;
		if (take_text(&out, &forecast->warnings[forecast->warning_count], err) < 0)
			return -1;
		forecast->warning_count++;
	}
	return 0;
}

/* --- putting it together --------------------------------------------------------------------- */

int rollout_forecast(const cJSON *from, const cJSON *to, const cJSON *const *pods, size_t pod_count,
		     const cJSON *const *revisions, size_t revision_count,
		     struct rollout_forecast *ret_forecast, struct err *err)
{
	CLEANUP(rollout_forecast_release) struct rollout_forecast forecast = {0};
	CLEANUP(outlook_release)
	struct outlook outlook = {
		.live = from, .wanted = to, .revisions = {revisions, revision_count}};

	if (read_outlook(&outlook, err) < 0 ||
	    rollout_pods_read(&outlook.to, outlook.target, pods, pod_count, 0, &outlook.pods, err) <
		    0 ||
	    sort_out(&outlook, &forecast, err) < 0 || print_images(&outlook, &forecast, err) < 0 ||
	    add_warnings(&outlook, &forecast, err) < 0)
		return -1;
	*ret_forecast = forecast;
	forecast = (struct rollout_forecast){0};
	return 0;
}

void rollout_forecast_release(struct rollout_forecast *forecast)
{
	ordinals_release(&forecast->creates);
	ordinals_release(&forecast->deletes);
	ordinals_release(&forecast->replaces);
	ordinals_release(&forecast->keeps);
	free(forecast->keep_images);
	free(forecast->current_images);
	free(forecast->update_images);
	for (size_t i = 0; i < forecast->warning_count; i++)
		free(forecast->warnings[i]);
	free(forecast->warnings);
	*forecast = (struct rollout_forecast){0};
}

int rollout_forecast_warn(struct rollout_forecast *forecast, const char *sentence, struct err *err)
{
	size_t count = forecast->warning_count + 1;
	char **items = reallocarray(forecast->warnings, count, sizeof(*items));

	if (!items)
		return err_no_memory(err);
	forecast->warnings = items;
	items[count - 1] = strdup(sentence);
	if (!items[count - 1])
		return err_no_memory(err);
	forecast->warning_count = count;
	return 0;
}

static void begin_clause(struct buf *out, size_t start)
{
	if (out->length > start)
		buf_puts(out, "; ");
}

/* "3, 4", and which template they start on where that is not simply the new one. */
static void print_creations(const struct rollout_forecast *forecast, struct buf *out)
{
	size_t old = forecast->creates_old, new = forecast->creates.count - old;
	const int64_t *items = forecast->creates.items;

	buf_puts(out, "creates ");
	ordinals_print_items(items, old, out);
	if (old > 0 && *forecast->current_images)
		buf_printf(out, " on %s", forecast->current_images);
	else if (old > 0)
		buf_puts(out, " on the current revision");
	if (old > 0 && new > 0)
		buf_puts(out, ", ");
	ordinals_print_items(items + old, new, out);
	if (old > 0 && new > 0)
		buf_printf(out, " on %s", forecast->update_images);
}

void rollout_forecast_print(const struct rollout_forecast *forecast, struct buf *out)
{
	size_t start = out->length;

	if (forecast->creates.count > 0)
		print_creations(forecast, out);
	if (forecast->deletes.count > 0) {
		begin_clause(out, start);
		buf_puts(out, "deletes ");
		ordinals_print(&forecast->deletes, out);
	}
	if (forecast->replaces.count > 0) {
		begin_clause(out, start);
		buf_puts(out, "replaces ");
		ordinals_print(&forecast->replaces, out);
		if (forecast->replaces.count > 1)
			buf_puts(out, " in that order");
	}
	if (forecast->keeps.count > 0) {
		begin_clause(out, start);
		buf_puts(out, "keeps ");
		ordinals_print(&forecast->keeps, out);
		if (!*forecast->keep_images ||
		    strcmp(forecast->keep_images, forecast->update_images) == 0)
			buf_puts(out, " on the earlier template");
		else
			buf_printf(out, " on %s", forecast->keep_images);
	}
}

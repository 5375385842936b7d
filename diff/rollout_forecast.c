#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/object.h"
#include "diff/rollout_outlook.h"

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

bool outlook_keeps(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return pod->exists && !pod->condemned && !pod->updated &&
	       (pod->held || outlook->to.on_delete);
}

bool outlook_replaces(const struct outlook *outlook, const struct rollout_pod *pod)
{
	return pod->exists && !pod->condemned && !pod->updated && !outlook_keeps(outlook, pod);
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
		} else if (outlook_keeps(outlook, &pods[i])) {
			if (ordinals_add(&forecast->keeps, pods[i].ordinal, err) < 0)
				return -1;
		}
	}
	for (size_t i = outlook->pods.count; i-- > 0;) {
		if (pods[i].condemned) {
			if (ordinals_add(&forecast->deletes, pods[i].ordinal, err) < 0)
				return -1;
		} else if (outlook_replaces(outlook, &pods[i])) {
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
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUTLOOK_MAX_TEXT);
	CLEANUP(free_p) const char **seen = calloc(outlook->pods.count + 1, sizeof(*seen));
	size_t seen_count = 0;

	if (!seen)
		return err_no_memory(err);
	for (size_t i = 0; i < outlook->pods.count; i++) {
		const struct rollout_pod *pod = &outlook->pods.items[i];
		size_t k = 0;

		if (!outlook_keeps(outlook, pod))
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
	CLEANUP(buf_release) struct buf current = BUF_INIT(OUTLOOK_MAX_TEXT);
	CLEANUP(buf_release) struct buf update = BUF_INIT(OUTLOOK_MAX_TEXT);

	print_current_images(outlook, &current);
	object_print_images(json_get(outlook->to.template, "spec"), &update);
	if (take_text(&current, &forecast->current_images, err) < 0 ||
	    take_text(&update, &forecast->update_images, err) < 0)
		return -1;
	return print_keep_images(outlook, &forecast->keep_images, err);
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
	    outlook_warn(&outlook, &forecast, err) < 0)
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

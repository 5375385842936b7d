#include "agent/runner_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "apply/clock.h"
#include "diff/autoscaler.h"

/* Kinds on which other objects depend: whether they can exist, and what of them is Git's to say. */
static bool others_depend_on(const struct ref *ref)
{
	return ref_is(ref, "apiextensions.k8s.io", "CustomResourceDefinition") ||
	       ref_is(ref, "apiregistration.k8s.io", "APIService") ||
	       ref_is(ref, "", "Namespace") || ref_is(ref, AUTOSCALER_GROUP, AUTOSCALER_KIND);
}

/* Whether the pass is wanted for what a commit brings, and no more. */
static bool is_for_commit(const struct runner *runner)
{
	return !runner->all_now && clock_boot_ms() < runner->all_due_ms && runner->failures == 0 &&
	       runner->leading && runner->app.config.sync == SYNC_AUTO;
}

/* Whether it is known how the objects of the commit before stand, and they still stand so. */
static bool is_rest_known(const struct runner *runner)
{
	const struct fetched_change *change = &runner->app.fetched.change;

	return *runner->judged && strcmp(change->since, runner->judged) == 0 && change->left == 0 &&
	       tally_count(&runner->tally, PLAN_FAILED) == 0 && tally_is_complete(&runner->tally) &&
	       runner->fights.count == 0 && runner->lookout &&
	       lookout_vouches(runner->lookout, runner->tally.count);
}

/* What the commit touches, and what of the rest is to be judged anew; false: that is everybody. */
static bool list_touched(struct runner *runner, size_t *places, size_t *ret_count)
{
	const struct fetched *fetched = &runner->app.fetched;
	const struct tally *tally = &runner->tally;
	size_t count = 0;

	for (size_t i = 0; i < fetched->manifests.count; i++) {
		size_t origin = fetched->change.origins[i];

		if (origin == FETCHED_NEW && others_depend_on(&fetched->manifests.items[i].ref))
			return false;
		if (origin >= tally->count || !tally->rests[origin])
			places[count++] = i;
	}
	*ret_count = count;
	return true;
}

bool runner_may_narrow(void *context, const size_t **ret_places, size_t *ret_count)
{
	struct runner *runner = context;
	const struct log_subject subject = runner_subject(runner);
	const size_t *suspects;
	size_t count, suspect_count, all = runner->app.fetched.manifests.count;
	struct err err;

	if (!is_for_commit(runner) || !is_rest_known(runner))
		return false;
	free(runner->places);
	runner->places = calloc(2 * all + 1, sizeof(*runner->places));
	if (!runner->places || !list_touched(runner, runner->places, &count) ||
	    lookout_take(runner->lookout, NULL, &suspects, &suspect_count, &err) < 0)
		return false;
	memcpy(runner->places + count, suspects, suspect_count * sizeof(*suspects));
	*ret_places = runner->places;
	*ret_count = count + suspect_count;
	/* Those that a pass over everything would have looked at besides have their own reasons. */
	schedule_keep_others(runner->schedule);
	log_line(LOG_DEBUG, &subject,
		 "of %zu objects the commit touches, or leaves to be judged, %zu", all, *ret_count);
	return true;
}

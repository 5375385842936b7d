/*
 * rollout_outlook.h - what a forecast is made from, and what it warns of.
 *
 * The rooms of rollout_forecast share this; nobody else includes it.
 */
#ifndef DIFF_ROLLOUT_OUTLOOK_H
#define DIFF_ROLLOUT_OUTLOOK_H

#include "diff/rollout_template.h"

#define OUTLOOK_MAX_TEXT (4u * 1024 * 1024)

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

/* Whether the Pod stays on another template than `to`'s. */
bool outlook_keeps(const struct outlook *outlook, const struct rollout_pod *pod);
bool outlook_replaces(const struct outlook *outlook, const struct rollout_pod *pod);

/* Fills in the forecast's warnings, from the rest of it. ERR_NO_MEMORY, ERR_LIMIT. */
int outlook_warn(const struct outlook *outlook, struct rollout_forecast *forecast, struct err *err);

#endif

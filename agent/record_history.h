/*
 * record_history.h - what passes did, and how the rollouts they began ended, noted in the app's
 * history (diff/history.h), which is saved with the inventory.
 */
#ifndef AGENT_RECORD_HISTORY_H
#define AGENT_RECORD_HISTORY_H

#include "agent/pass.h"
#include "diff/rollout.h"

/*
 * Notes what the pass wrote. Before record_revision, which forgets whether the commit was new.
 * ERR_NO_MEMORY. Sets app->history_unsaved where there is something to save.
 */
int record_history(struct pass *pass, struct err *err);

/*
 * Notes how a rollout that is followed stands; `statefulset` is what was judged. True: that is
 * news, and the next pass saves it, so that one has to come.
 */
bool record_history_rollout(struct app *app, const struct rollout *rollout,
			    const cJSON *statefulset);

#endif

/*
 * runner_private.h - what the files of a runner share: its state.
 *
 *	runner.c          when a pass begins, of which kind, and what follows from how it ended
 *	runner_policy.c   what a pass may do: sync: manual, dependsOn, suspend
 *	runner_rollout.c  the rollouts that are followed, and the passes that they bring
 *	runner_overview.c how the app stands
 *	runner_narrow.c   what a commit leaves as it was judged
 *	runner_drift.c    which objects are looked at, because somebody changed them
 */
#ifndef AGENT_RUNNER_PRIVATE_H
#define AGENT_RUNNER_PRIVATE_H

#include "agent/chronicle.h"
#include "agent/drive.h"
#include "agent/follow.h"
#include "agent/lookout.h"
#include "agent/pass.h"
#include "agent/repository.h"
#include "agent/runner.h"
#include "agent/schedule.h"
#include "agent/standings.h"
#include "agent/tally.h"

#define COMMIT_BYTES 41 /* of a full id and the NUL */

struct runner {
	struct runner_options options;
	struct app app;
	struct schedule *schedule;
	bool leading;
	bool ending;
	bool suspended;                 /* by the configuration; see also app.inventory.suspended */
	uint64_t order;                 /* to suspend or resume, under way; 0: none */
	struct config_app *next_config; /* to be taken over when the pass has ended; NULL: none */

	struct pass *pass; /* NULL between two */
	bool looks;        /* it is about objects that somebody changed */
	int64_t pass_began_ms;
	uint64_t save_id;       /* what was told is being saved, after a pass; 0: it is not */
	int64_t save_began_ms;  /* clock_boot_ms */
	unsigned save_failures; /* of such savings in a row */
	bool is_asked;          /* somebody wants the next whole pass to write: */
	char asked_by[RUNNER_MAX_BY];
	bool tried;              /* a pass has ended */
	unsigned failures;       /* passes in a row that could not do their work */
	uint64_t random;         /* for the jitter of the pauses after them */
	bool wants_all, all_now; /* the next pass, and the one that runs, is asked to look at all */
	int64_t all_due_ms;      /* when one does anyway, by clock_boot_ms; 0: not planned */
	size_t *places;          /* that the narrow pass that runs looks at */

	char begun[COMMIT_BYTES];    /* whose passes need not wait for other apps any more */
	char approved[COMMIT_BYTES]; /* sync: manual: that may be written */
	char judged[COMMIT_BYTES];   /* of which each object was judged, and is remembered so */
	char synced[COMMIT_BYTES];   /* with which all was in sync after the last whole pass */
	char *told_manual; /* sync: manual: what was told last of how it differs; NULL: nothing */
	const char *waits_for; /* of app.config.depends_on; NULL: none */

	struct repository_user repository; /* that it shares with other apps */
	bool is_pushed;                    /* what is known of the ref is to be asked for anew */
	int64_t max_age_ms;                /* else: of what is known of it */
	struct link_listener listener;
	char **namespaces; /* whose rollouts are followed */
	size_t namespace_count;
	struct follow follow;
	struct drive drive;
	struct lookout *lookout; /* NULL: nothing is remembered of what was applied */
	int64_t looks_left;      /* that may begin at once */
	int64_t look_earned_ms;  /* when one of them was earned last */
	struct fights fights;
	struct chronicle chronicle;

	struct {
		enum overview_result result;
		int64_t at_ms, duration_ms;
		char *message; /* NULL: none */
	} last;                /* of the last whole pass */
	int64_t synced_ms, next_ms;
	struct tally tally;
	uint64_t passes[OVERVIEW_RESULT_COUNT], rollout_passes, pass_ms;
};

struct log_subject runner_subject(const struct runner *runner);
void runner_changed(struct runner *runner);
void runner_keep_commit(char *kept, const char *commit);

/*
 * Of an app with sync: manual, after a whole pass: that it differs from Git, once, and that it does
 * no more.
 */
void runner_tell_manual(struct runner *runner, const struct pass *pass);

/* Whether the commit may be written although nobody asks for it now. */
bool runner_is_approved(const struct runner *runner);

/* Of a whole pass after the fetch, and when what was applied is known (pass_options). */
bool runner_may_go_on(void *context);
bool runner_may_write(void *context);

/* Which objects a pass may do with, of a commit that was fetched (pass_options). */
bool runner_may_narrow(void *context, const size_t **ret_places, size_t *ret_count);

/* Tells that it waits for another app; NULL: it does not. */
void runner_set_waits_for(struct runner *runner, const char *name);

/* The policy that came while a pass ran. */
void runner_take_next_config(struct runner *runner);
void runner_drop_next_config(struct runner *runner);

/* By the configuration, which is not to be found in the cluster. */
void runner_suspend_here(struct runner *runner, bool suspend);

/* Is told of rollouts from now on, of those in the namespaces that follow. */
void runner_listen(struct runner *runner);
void runner_follow_rollouts(struct runner *runner, const struct pass *pass);

/* Has a pass of the kind begin within that time. */
void runner_want(struct runner *runner, enum schedule_kind kind, int64_t delay_ms);

int runner_look_out(struct runner *runner, struct err *err);
void runner_on_resolved(void *context, const struct targets *targets);
void runner_on_settled(void *context, const struct target *target, bool as_recorded);

/* Fills in which objects a look is about; whether there are any. */
bool runner_take_suspects(struct runner *runner, struct pass_options *options);

/* After a pass: what is watched from now on, and when a look is due by its time. */
void runner_plan_looks(struct runner *runner, const struct pass *pass);

#endif

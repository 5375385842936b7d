/*
 * overview.h - one snapshot of the agent: what metrics, /api/v1/status and `status` are drawn from.
 *
 * A view that owns nothing but its arrays: texts belong to the apps and are valid until the loop
 * turns. Times are Unix milliseconds, 0: never. Texts are "" where there is none, unless NULL is
 * named.
 */
#ifndef AGENT_OVERVIEW_H
#define AGENT_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/plan.h"
#include "diff/status.h"

/* How a pass over a whole app ended. */
enum overview_result {
	OVERVIEW_NONE,     /* there was none yet */
	OVERVIEW_SYNCED,   /* the cluster is as Git says, or on its way there */
	OVERVIEW_DIFFERS,  /* it is not, and a policy leaves it so: drift, sync: manual */
	OVERVIEW_FAILED,   /* objects could not be compared or written; the others were */
	OVERVIEW_SOURCE,   /* the source cannot be read */
	OVERVIEW_MANIFEST, /* the commit is refused */
	OVERVIEW_CLUSTER,  /* the cluster cannot be reached */
};
#define OVERVIEW_RESULT_COUNT (OVERVIEW_CLUSTER + 1)

/* "synced", "differs", ...: as metrics and JSON have it. Static. */
const char *overview_result_name(enum overview_result result);

/* What an app does at the moment. */
enum overview_state {
	OVERVIEW_STARTING, /* no pass has ended yet */
	OVERVIEW_IDLE,
	OVERVIEW_SYNCING,   /* a pass runs */
	OVERVIEW_QUEUED,    /* one is due and waits for others to end */
	OVERVIEW_WAITING,   /* for the app `waits_for`, which it depends on */
	OVERVIEW_SUSPENDED, /* no passes until it is resumed */
	OVERVIEW_STANDBY,   /* another process leads: it only fetches */
};
#define OVERVIEW_STATE_COUNT (OVERVIEW_STANDBY + 1)
const char *overview_state_name(enum overview_state state);

/* Something that holds at present, as it was told when it began. */
struct overview_condition {
	const char *kind; /* "drift", "failed", "source", ... */
	const char *key;  /* the object, "shop/statefulset.apps/web", or what else it is about */
	const char *text;
	int64_t since_ms;
};

struct overview_app {
	const char *name, *cluster, *namespace;
	const char *source, *ref, *path; /* `source` without a password */
	enum overview_state state;
	const char *suspended_by; /* "config", or who asked for it */
	const char *waits_for;    /* name of an app */
	bool manual;              /* sync: manual */

	/* Of the commit that was read last. */
	const char *revision; /* "main@3f2c1ab" */
	const char *commit;   /* in full */
	const char *author, *subject;
	const char *applied; /* the commit that was applied as a whole last, in full */

	struct {
		enum overview_result result;
		int64_t at_ms; /* its end */
		int64_t duration_ms;
		const char *message; /* why it was not fine */
	} last;                      /* of the last whole pass */
	bool tried;        /* one has ended, whatever came of it, also while standing by */
	int64_t synced_ms; /* end of the last one with OVERVIEW_SYNCED */
	int64_t next_ms;   /* when the next whole one is due */

	size_t objects[PLAN_ACTION_COUNT]; /* as the last look at each left it */
	size_t object_count;               /* in Git */

	const struct overview_condition *conditions;
	size_t condition_count;

	struct status rollouts; /* its StatefulSets, as `status` draws them */

	/* Since the agent started. */
	uint64_t passes[OVERVIEW_RESULT_COUNT]; /* whole ones that ended, by result */
	uint64_t rollout_passes;                /* those over StatefulSets alone */
	uint64_t pass_ms;                       /* all together */
	uint64_t fetches, fetch_failures;       /* of its repository, which apps may share */
};

struct overview {
	struct overview_app *apps; /* in the order of the configuration */
	size_t count;
	int64_t now_ms, started_ms;
	bool leading;
	const char *config_error; /* why the newest configuration is not in force; "": it is */
};

void overview_release(struct overview *overview);

/* By name; NULL where there is none. */
const struct overview_app *overview_find(const struct overview *overview, const char *name);

#endif

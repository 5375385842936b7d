/*
 * runner.h - the life of one app in the agent: passes one after the other, started by the interval,
 * by a commit in a local repository, by a StatefulSet that somebody changed, and on request; and
 * the rollouts followed in between.
 *
 * What an app's policy lets a pass do:
 *
 *	suspended	no pass begins at all
 *	not leading	the source is fetched and parsed, so that the app is warm; nothing else
 *	dependsOn	the first pass of a commit ends after the fetch, until those apps are ready
 *	sync: manual	a dry run, unless somebody asked for this commit, or it was applied before
 */
#ifndef AGENT_RUNNER_H
#define AGENT_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/app.h"
#include "agent/config.h"
#include "agent/link.h"
#include "agent/overview.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

struct uv_loop_s;
struct notices;
struct repositories;
struct runner;

/* What an app needs of the agent around it. All but the configuration is borrowed. */
struct runner_options {
	struct uv_loop_s *loop;
	struct link *link;
	struct repositories *repositories;
	const struct config_app *config; /* copied */
	bool leading;                    /* at first */
	struct notices *notices;         /* whom to tell; NULL: nobody */

	/* Whether this process leads now: what fails because it does not is told to nobody. */
	bool (*is_leading)(void *context);
	/* Whether the app of that name is in sync, and its rollouts have arrived. */
	bool (*is_ready)(void *context, const char *name);
	/* What it does or how it stands is another than before; it may not be freed within this. */
	void (*on_changed)(void *context, struct runner *runner);
	void *context;
};

/*
 * Nothing is begun until runner_start. ERR_INVALID, ERR_NO_MEMORY, ERR_LIMIT; ERR_NOT_FOUND as
 * source_new.
 */
int runner_new(const struct runner_options *options, struct runner **ret_runner, struct err *err);

/*
 * Abandons what is under way: no callback comes any more. The loop has to turn once more before it
 * is closed. NULL is fine.
 */
void runner_free(struct runner *runner);
DEFINE_FREE_P(struct runner, runner_free);

/* Logs what it follows, and has the first pass begin. */
void runner_start(struct runner *runner);

/*
 * Begins no pass any more, and abandons the one that runs unless that is writing. True: nothing
 * runs; else on_changed is called when it has ended.
 */
bool runner_end(struct runner *runner);

/* Both borrowed; the configuration is the newest, which may count from the next pass on only. */
const struct app *runner_app(const struct runner *runner);
const struct config_app *runner_config(const struct runner *runner);

/* Another policy for the same place (app_is_same_place); from the next pass on. ERR_NO_MEMORY. */
int runner_set_policy(struct runner *runner, const struct config_app *config, struct err *err);

/*
 * Has a pass over everything begin now, or when the one that runs has ended. `by`, unless
 * NULL, wants it applied, whatever `sync` says. None begins where the app is suspended.
 */
void runner_sync_now(struct runner *runner, const char *by);

/* The source may have moved: as runner_sync_now in `delay_ms`, but nobody asks for a write. */
void runner_fetch_soon(struct runner *runner, int64_t delay_ms);

/*
 * Suspends or resumes it, by somebody's word, which is kept in the inventory and so outlasts this
 * process. Resuming overrides the configuration's `suspend` until that changes. What runs is not
 * disturbed.
 */
void runner_suspend(struct runner *runner, bool suspend, const char *by, const char *reason);

/* Who has it suspended, as far as is known: "config", or by whose word; NULL: it is not. */
const char *runner_suspended_by(const struct runner *runner);

#define RUNNER_MAX_BY 256 /* bytes of who asked */

#define RUNNER_STUCK_MS (15 * 60000) /* far beyond any deadline within a pass */

/*
 * Whether it waits for something that never comes: a pass that does not go on, or that should have
 * begun long ago. Appends a line that says so.
 */
bool runner_is_stuck(const struct runner *runner, struct buf *why);

/* Takes over or stands by. What another process may have written meanwhile is read again. */
void runner_set_leading(struct runner *runner, bool leading);

/* Whether it is in sync at the newest commit that is known of, and its rollouts have arrived. */
bool runner_is_ready(const struct runner *runner);

/* What was told has reached a sink: keeps that in the inventory, now or after the pass. */
void runner_keep_alerts(struct runner *runner);

/* The app that it waits for; NULL: none. runner_poke has it look again. */
const char *runner_waits_for(const struct runner *runner);
void runner_poke(struct runner *runner);

/*
 * How it stands. Allocates the lists of *ret_app (overview.h); all else is borrowed. ERR_NO_MEMORY.
 */
int runner_overview(const struct runner *runner, struct overview_app *ret_app, struct err *err);

#endif

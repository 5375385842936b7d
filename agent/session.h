/*
 * session.h - what a command works with: the loop, the cluster, and the app.
 *
 *	CLEANUP(session_close) struct session session = {0};
 *	int code = session_open(&session, options);	// prints what is wrong
 *	if (code != EXIT_OK)
 *		return code;
 *	... pass_start(...);
 *	session_run(&session);
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "agent/app.h"
#include "agent/exit_code.h"
#include "agent/pass.h"
#include "apply/cluster.h"
#include "apply/discovery.h"

struct uv_loop_s;

#define FINDINGS_MAX_BYTES (256u * 1024 * 1024) /* as they are printed */

#define SESSION_CLOSE_MS 500  /* how long what was cancelled may take to end */
#define SESSION_RETRY_MS 1000 /* somebody waits at a terminal: a blip is bridged, no more */

struct session {
	struct uv_loop_s *loop;
	struct kubeconfig kubeconfig;
	struct cluster *cluster; /* this and the discovery: NULL if opened offline */
	struct discovery *discovery;
	struct app app; /* empty where the command was given no source */
	bool has_app;
	bool has_sources; /* the library of Git is held: others than the app's come and go */
};

/* Opens the loop alone. EXIT_OK, or the code to end with after printing why. */
int session_open_bare(struct session *session);

/* Opens everything but connections. EXIT_OK, or the code to end with after printing why. */
int session_open(struct session *session, const struct options *options);

/*
 * The same without a cluster: the loop and the app, whose objects go to `namespace` where they name
 * none ("": not known). No kubeconfig is looked for.
 */
int session_open_offline(struct session *session, const struct options *options,
			 const char *namespace);

/*
 * Reads the app's source and turns the loop meanwhile; the caller releases *ret_fetched. EXIT_OK,
 * or the code to end with after printing why.
 */
int session_fetch(struct session *session, struct fetched *ret_fetched);

/* Turns the loop until nothing is left to do or session_stop. */
void session_run(struct session *session);
void session_stop(struct session *session);

/*
 * Closes everything. If the worker pool is still busy with something that cannot be stopped (a
 * fetch from a server that hangs), what it uses is left to the end of the process, and
 * session_is_stuck tells main to end it at once.
 */
void session_close(struct session *session);
bool session_is_stuck(void);

/*
 * Whether a pass may ask the cluster while it reads the source (pass_options.eager): not where an
 * exec plugin may talk to whoever sits there, as a helper of Git's may too, or in vain.
 */
bool session_may_be_eager(const struct session *session);

/* Prints "tranche: MESSAGE" or "tranche: warning: MESSAGE" on standard error. */
void tell_error(const struct err *err);
void tell_warning(const char *format, ...) PRINTF(1, 2);

/* Writes to standard output; EXIT_OK, or EXIT_INTERNAL after saying that it could not. */
int print_result(const struct buf *text);

/* Prints the findings on standard error. */
void print_findings(const struct findings *findings);

/* Warns of what went wrong without stopping the pass. */
void print_pass_troubles(const struct pass *pass, const struct app *app);

/* The code for a pass that could not do its work, after printing why; EXIT_OK if it could. */
int print_pass_fault(const struct pass *pass, const struct app *app);

#endif

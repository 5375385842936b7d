/*
 * clone_edit.h - a commit that edits one StatefulSet in the user's own clone: what `promote`,
 * `hold` and `rollback` share.
 *
 *	CLEANUP(clone_edit_close) struct clone_edit edit = {0};
 *	int code = clone_edit_open(&edit, options);
 *	if (code == EXIT_OK)
 *		code = clone_edit_set(&edit, &edit.intent.partition_place, json_new_int(2), line);
 *	if (code == EXIT_OK)
 *		code = clone_edit_finish(&edit, &plan, "Promote ...");
 *
 * Each returns EXIT_OK, or the code to end with after printing why. Nothing is written before the
 * finish, which does all of it or puts back what there was.
 */
#ifndef AGENT_CLONE_EDIT_H
#define AGENT_CLONE_EDIT_H

#include "agent/exit_code.h"
#include "agent/locate.h"
#include "agent/options.h"
#include "agent/source_clone.h"
#include "diff/intent.h"

#define CLONE_EDIT_MAX_FILES 16

/* A file of the work tree, and what it becomes. */
struct edited_file {
	char *path;     /* from the top of the repository */
	char *absolute; /* and from the root */
	char *old;
	size_t old_length;
	struct buf text;
};

struct clone_edit {
	const struct options *options;
	struct clone *clone;
	struct clone_commit *head;
	struct locations locations;
	const struct located *located; /* in `locations` */
	char *name, *namespace;        /* as asked for; namespace may be NULL */
	struct intent intent;          /* of the last commit */
	struct edited_file files[CLONE_EDIT_MAX_FILES];
	size_t file_count;
	struct clone_upstream upstream; /* with --push */
};

/*
 * Opens the clone that -C or the current folder is in, finds the StatefulSet of options->name in
 * its last commit, and reads what that says. With --push the branch has to have an upstream.
 */
int clone_edit_open(struct clone_edit *edit, const struct options *options);
void clone_edit_close(struct clone_edit *edit);

/* Sets the value; takes it in every case. Appends where: "deploy/web.yaml:12". */
int clone_edit_set(struct clone_edit *edit, const struct origin_place *place, cJSON *take_value,
		   struct buf *where);

/*
 * Prints the plan; unless --dry-run, writes the files, commits them with the message of -m or this
 * one, and pushes if asked. With --dry-run the changed lines are printed.
 */
int clone_edit_finish(struct clone_edit *edit, const struct buf *plan, const char *message);

/* Prints the error; the code that fits its class. */
int clone_edit_fail(const struct err *err);

#endif

#include "agent/last_complete.h"

#include <stdio.h>
#include <string.h>

#include "agent/source.h"

/* What one commit says of the object. */
struct view {
	char id[CLONE_ID_SIZE];
	struct located located;
	struct intent intent;
	struct path_list blobs; /* of located.files, by which a commit that changes none is known */
	bool known;             /* whether the commit's files could be read */
};

static void view_release(struct view *view)
{
	located_release(&view->located);
	intent_release(&view->intent);
	path_list_release(&view->blobs);
	*view = (struct view){0};
}

void last_complete_release(struct last_complete *state)
{
	located_release(&state->located);
	intent_release(&state->intent);
}

/* --- one commit ------------------------------------------------------------------------------ */

static int read_blobs(const struct clone_commit *commit, const struct path_list *files,
		      struct path_list *ret_blobs, struct err *err)
{
	for (size_t i = 0; i < files->count; i++) {
		char id[CLONE_ID_SIZE];

		if (clone_blob_id(commit, files->items[i], id, err) < 0 ||
		    path_list_add(ret_blobs, id, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether the commit has the same files as the view. */
static int is_same(const struct clone_commit *commit, const struct view *view, bool *ret_same,
		   struct err *err)
{
	*ret_same = false;
	for (size_t i = 0; i < view->located.files.count; i++) {
		char id[CLONE_ID_SIZE];

		if (clone_blob_id(commit, view->located.files.items[i], id, err) < 0)
			return -1;
		if (strcmp(id, view->blobs.items[i]) != 0)
			return 0;
	}
	*ret_same = true;
	return 0;
}

/* Finds the object where it was, or else wherever it is the only one of its name. */
static int find_object(const struct clone *clone, const struct clone_commit *commit,
		       const struct located *known, struct located *ret_located, bool *ret_found,
		       struct err *err)
{
	const struct ref *ref = &located_origin(known)->ref;
	CLEANUP(locations_release) struct locations found = {0};

	if (locate_again(commit, known, ret_located, ret_found, err) < 0)
		return -1;
	if (*ret_found)
		return 0;
	if (locate(commit, clone_below(clone), ref->name, *ref->namespace ? ref->namespace : NULL,
		   &found, err) < 0)
		return -1;
	if (found.count != 1)
		return 0;
	*ret_located = found.items[0];
	found.count = 0;
	*ret_found = true;
	return 0;
}

/* What the commit says; *ret_found false: the object is not in it. */
static int read_view(const struct clone *clone, const struct clone_commit *commit,
		     const struct located *known, struct view *ret_view, bool *ret_found,
		     struct err *err)
{
	CLEANUP(view_release) struct view view = {.known = true};

	snprintf(view.id, sizeof(view.id), "%s", clone_commit_id(commit));
	if (find_object(clone, commit, known, &view.located, ret_found, err) < 0)
		return -1;
	if (!*ret_found)
		return 0;
	if (intent_read(located_origin(&view.located), &view.intent, err) < 0 ||
	    read_blobs(commit, &view.located.files, &view.blobs, err) < 0)
		return -1;
	*ret_view = view;
	view = (struct view){0};
	return 0;
}

/* --- the walk -------------------------------------------------------------------------------- */

struct walk {
	const struct clone *clone;
	const struct intent *present;
	const struct located *located; /* of the last commit */
	struct view view;              /* of the oldest commit so far that could be read */
	int64_t lowest;
	char since[CLONE_ID_SIZE];
	bool found;
};

/* Judges the state in walk->view; a first one is complete whatever its partition. */
static void judge(struct walk *walk, bool first)
{
	const struct intent *intent = &walk->view.intent;

	if (intent_same_template(intent, walk->present)) {
		if (intent->partition < walk->lowest)
			walk->lowest = intent->partition;
		return;
	}
	walk->found = intent->partition == 0 || first;
}

/* Goes from `child` to one commit further back; *ret_ended: the object is not in it. */
static int step(struct walk *walk, const struct clone_commit *child,
		const struct clone_commit *commit, bool *ret_ended, struct err *err)
{
	const struct located *known = walk->view.known ? &walk->view.located : walk->located;
	CLEANUP(view_release) struct view view = {0};
	struct err fault;
	bool same = false, found = true;

	*ret_ended = false;
	if (walk->view.known && is_same(commit, &walk->view, &same, err) < 0)
		return -1;
	if (same)
		return 0;
	if (read_view(walk->clone, commit, known, &view, &found, &fault) < 0) {
		if (fault.class != ERR_NO_MEMORY)
			return 0; /* a commit that nobody could sync */
		*err = fault;
		return -1;
	}
	if (!found) {
		*ret_ended = true;
		return 0;
	}
	view_release(&walk->view);
	walk->view = view;
	view = (struct view){0};
	snprintf(walk->since, sizeof(walk->since), "%s", clone_commit_id(child));
	judge(walk, false);
	return 0;
}

/* Says that there is no more history, where that is only so in this clone. */
static int check_end(const struct walk *walk, const struct clone_commit *oldest, struct err *err)
{
	if (!clone_is_shallow(walk->clone))
		return 0;
	return err_set(
		err, ERR_NOT_FOUND,
		"the history ends here at %.*s, before a complete state: git fetch --unshallow",
		SOURCE_SHORT_ID, clone_commit_id(oldest));
}

/* Goes back until a complete state or the beginning. */
static int go_back(struct walk *walk, const struct clone_commit *head, struct err *err)
{
	CLEANUP(clone_commit_free_p) struct clone_commit *commit = NULL;
	const struct clone_commit *at = head;
	bool ended = false;

	for (size_t count = 0; !walk->found && !ended; count++) {
		CLEANUP(clone_commit_free_p) struct clone_commit *parent = NULL;

		if (count == LAST_COMPLETE_MAX_COMMITS)
			return err_set(err, ERR_LIMIT, "more than %d commits to look at",
				       LAST_COMPLETE_MAX_COMMITS);
		if (clone_parent(at, &parent, err) < 0)
			return -1;
		if (!parent) {
			if (check_end(walk, at, err) < 0)
				return -1;
			break;
		}
		if (step(walk, at, parent, &ended, err) < 0)
			return -1;
		clone_commit_free(commit);
		at = commit = STEAL(parent);
	}
	if (!walk->found && walk->view.known)
		judge(walk, true);
	return 0;
}

int last_complete_find(const struct clone *clone, const struct clone_commit *head,
		       const struct located *located, const struct intent *present,
		       struct last_complete *ret_state, bool *ret_found, struct err *err)
{
	struct walk walk = {.clone = clone,
			    .present = present,
			    .located = located,
			    .lowest = present->partition};
	int status = go_back(&walk, head, err);

	if (status == 0 && walk.found) {
		*ret_state = (struct last_complete){.located = walk.view.located,
						    .intent = walk.view.intent,
						    .lowest_partition = walk.lowest};
		memcpy(ret_state->id, walk.view.id, sizeof(ret_state->id));
		memcpy(ret_state->since, walk.since, sizeof(ret_state->since));
		walk.view.located = (struct located){0};
		walk.view.intent = (struct intent){0};
	}
	*ret_found = walk.found;
	view_release(&walk.view);
	return status;
}

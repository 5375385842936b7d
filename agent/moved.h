/*
 * moved.h - whether objects that left an app's path of a repository are in another app's now.
 *
 * A commit that moves a manifest from one folder to another moves the object from one app to the
 * other, and whichever of the two syncs first must not delete it. The inventories say which other
 * apps follow the same ref of the same repository; what they will apply is read from the commit, in
 * the loop's worker pool.
 */
#ifndef AGENT_MOVED_H
#define AGENT_MOVED_H

#include "agent/app.h"
#include "apply/inventory_list.h"

struct uv_loop_s;
struct moved;

/*
 * `err` has the class ERR_NONE where the folders could be read. The moved is the caller's to free
 * then, as before.
 */
typedef void moved_done(void *context, const struct err *err);

/*
 * Looks in the folders of the apps among `others` that follow the app's repository and ref. Copies
 * what it needs but the strings of the app's source options, which outlive the loop. *ret_moved is
 * NULL, and `done` not called, where there is no such app.
 */
int moved_start(struct uv_loop_s *loop, const struct app *app, const struct inventories *others,
		const struct ref *const *refs, size_t count, moved_done *done, void *context,
		struct moved **ret_moved, struct err *err);

/* Which app the object moves to, by its place among the refs; NULL: none. Borrowed. */
const char *moved_to(const struct moved *moved, size_t index);

/* Cancels it if it runs. NULL is fine. */
void moved_free(struct moved *moved);

#endif

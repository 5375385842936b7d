/*
 * repo_watch.h - tells at once when a ref of a local repository moves, by inotify.
 *
 * Watched are HEAD, packed-refs and everything below refs/ of a .git folder (or a bare
 * repository): Git updates each by renaming a lock file over it, so a commit is one event.
 */
#ifndef AGENT_REPO_WATCH_H
#define AGENT_REPO_WATCH_H

#include "diff/cleanup.h"
#include "diff/err.h"

struct uv_loop_s;
struct repo_watch;

/*
 * Calls `on_change` from the loop after refs moved, once for events that came together. What
 * moved is for the caller to find out. ERR_NOT_FOUND if the folder is not there, ERR_LIMIT where
 * the system's inotify limits are used up.
 */
int repo_watch_new(struct uv_loop_s *loop, const char *git_dir, void (*on_change)(void *context),
		   void *context, struct repo_watch **ret_watch, struct err *err);

/* The loop has to run once more for the handle to close. NULL is fine. */
void repo_watch_free(struct repo_watch *watch);

#endif

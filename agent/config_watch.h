/*
 * config_watch.h - tells when what a file or a mounted folder holds may be another, by inotify.
 *
 * Made for how Kubernetes updates a mounted ConfigMap or Secret: the files are links by way of
 * `..data`, a link to a folder of the new content that is renamed over the old one; so links are
 * followed, and the folders they stand in are watched, not the files. The ways of editors are seen
 * as well: a rename over the file, writing in place, deleting and creating. What is not there yet
 * is waited for, its folders included.
 *
 * Events that come together are taken for one, and nothing is told where the bytes are the same as
 * before. Where the system has no more watches, the files are looked at every CONFIG_WATCH_POLL_MS
 * instead.
 */
#ifndef AGENT_CONFIG_WATCH_H
#define AGENT_CONFIG_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/cleanup.h"
#include "diff/err.h"

struct uv_loop_s;
struct config_watch;

#define CONFIG_WATCH_SETTLE_MS     100 /* without another event, then the files are read */
#define CONFIG_WATCH_MAX_SETTLE_MS 1000
#define CONFIG_WATCH_POLL_MS       30000
#define CONFIG_WATCH_MAX_BYTES     (4u * 1024 * 1024) /* of a file; larger ones look alike */

struct config_watch_options {
	struct uv_loop_s *loop;
	/* From the loop; may free the watch or give it other paths. */
	void (*on_change)(void *context, struct config_watch *watch);
	void *context;
	int64_t poll_ms; /* 0: CONFIG_WATCH_POLL_MS */
};

/* Watches nothing yet. ERR_NO_MEMORY, ERR_INTERNAL. */
int config_watch_new(const struct config_watch_options *options, struct config_watch **ret_watch,
		     struct err *err);

/* The loop has to turn once more for the handles to close. NULL is fine. */
void config_watch_free(struct config_watch *watch);
DEFINE_FREE_P(struct config_watch, config_watch_free);

/*
 * Watches these paths from now on, files or folders of files (a mounted Secret), and no others.
 * What a path that is new holds now is what later content is compared with: so this comes before
 * reading it.
 */
int config_watch_set(struct config_watch *watch, const char *const *paths, size_t count,
		     struct err *err);

/* Within on_change: whether that path is among those that changed. */
bool config_watch_has_changed(const struct config_watch *watch, const char *path);

/* Why changes are found by looking at the files from time to time; NULL: they are told at once. */
const char *config_watch_trouble(const struct config_watch *watch);

#endif

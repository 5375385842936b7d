#include "agent/repo_watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <uv.h>

/* A rename over the ref, a ref removed, a folder of refs that appears. */
#define WATCHED   (IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR)
#define MAX_DEPTH 32

struct repo_watch {
	uv_poll_t poll;
	int inotify;
	int top; /* the watch on the .git folder itself */
	char *git_dir;
	void (*on_change)(void *context);
	void *context;
};

static int add_watch(struct repo_watch *watch, const char *path, int *ret_id, struct err *err)
{
	int id = inotify_add_watch(watch->inotify, path, WATCHED);

	if (id < 0)
		return err_set(err, errno == ENOSPC ? ERR_LIMIT : ERR_NOT_FOUND,
			       "cannot watch %s: %s", path,
			       errno == ENOSPC ? "fs.inotify.max_user_watches is used up"
					       : strerror(errno));
	*ret_id = id;
	return 0;
}

/* Watches a folder of refs and those below it; folders that vanish meanwhile are passed over. */
static int add_tree(struct repo_watch *watch, const char *path, int depth, struct err *err)
{
	int id, result = 0;

	if (depth > MAX_DEPTH)
		return err_set(err, ERR_LIMIT, "%s is nested more than %d deep", path, MAX_DEPTH);
	if (add_watch(watch, path, &id, err) < 0)
		return -1;
	DIR *folder = opendir(path);
	if (!folder)
		return 0;
	for (struct dirent *entry; result == 0 && (entry = readdir(folder));) {
		char below[PATH_MAX];

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) <
		    (int)sizeof(below))
			result = add_tree(watch, below, depth + 1, err);
		if (result < 0 && err->class == ERR_NOT_FOUND)
			result = 0;
	}
	closedir(folder);
	return result;
}

static int watch_refs(struct repo_watch *watch, struct err *err)
{
	char refs[PATH_MAX];

	if (snprintf(refs, sizeof(refs), "%s/refs", watch->git_dir) >= (int)sizeof(refs))
		return err_set(err, ERR_LIMIT, "%s: the path is too long", watch->git_dir);
	return add_tree(watch, refs, 0, err);
}

static bool ends_in_lock(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".lock") == 0;
}

static bool moves_a_ref(const struct repo_watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->len == 0 || ends_in_lock(event->name))
		return false;
	if (event->wd == watch->top)
		return strcmp(event->name, "HEAD") == 0 || strcmp(event->name, "packed-refs") == 0;
	return true;
}

/* Takes every waiting event; one call of on_change for all of them. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct repo_watch *watch = poll->data;
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool moved = false, new_folder = false;
	ssize_t got;

	(void)status;
	(void)events;
	while ((got = read(watch->inotify, buffer, sizeof(buffer))) > 0) {
		for (char *p = buffer; p < buffer + got;) {
			const struct inotify_event *event = (const void *)p;

			moved |= moves_a_ref(watch, event);
			new_folder |= (event->mask & IN_ISDIR) && (event->mask & IN_CREATE);
			p += sizeof(*event) + event->len;
		}
	}
	if (new_folder) {
		/* A ref may already stand in it: `moved` is set by the folder itself. Adding a
		 * watch again is harmless, and a folder that cannot be watched is found at the
		 * next interval. */
		struct err ignored;
		(void)watch_refs(watch, &ignored);
	}
	if (moved)
		watch->on_change(watch->context);
}

static void on_closed(uv_handle_t *handle)
{
	struct repo_watch *watch = handle->data;

	close(watch->inotify);
	free(watch->git_dir);
	free(watch);
}

int repo_watch_new(struct uv_loop_s *loop, const char *git_dir, void (*on_change)(void *context),
		   void *context, struct repo_watch **ret_watch, struct err *err)
{
	struct repo_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return err_no_memory(err);
	watch->on_change = on_change;
	watch->context = context;
	watch->poll.data = watch;
	watch->git_dir = strdup(git_dir);
	watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->inotify < 0 || !watch->git_dir) {
		err_set(err, ERR_LIMIT, "inotify: %s", strerror(errno));
		if (watch->inotify >= 0)
			close(watch->inotify);
		free(watch->git_dir);
		free(watch);
		return -1;
	}
	uv_poll_init(loop, &watch->poll, watch->inotify);
	if (add_watch(watch, watch->git_dir, &watch->top, err) < 0 || watch_refs(watch, err) < 0) {
		repo_watch_free(watch);
		return -1;
	}
	uv_poll_start(&watch->poll, UV_READABLE, on_readable);
	*ret_watch = watch;
	return 0;
}

void repo_watch_free(struct repo_watch *watch)
{
	if (watch)
		uv_close((uv_handle_t *)&watch->poll, on_closed);
}

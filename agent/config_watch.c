#include "agent/config_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "agent/content.h"

#define WATCHED                                                                             \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define MAX_LINKS 40 /* that lead to one file, as the kernel has it */

/* A folder, and the name in it that matters; NULL: any. */
struct entry {
	int id;
	char *name;
};

struct entries {
	struct entry *items;
	size_t count, capacity;
};

struct item {
	char *path;
	char fingerprint[DIGEST_SHA256_HEX];
	bool changed;
};

struct config_watch {
	struct config_watch_options options;
	int inotify; /* -1: there is none */
	uv_poll_t poll;
	uv_timer_t settle;     /* runs from the first event until they have been quiet */
	uint64_t settle_until; /* of the loop's clock: then the files are read in any case */
	uv_timer_t look;       /* where there is trouble */
	unsigned handles;      /* that are open */
	struct entries entries;
	struct item *items;
	size_t count;
	char *trouble;
};

/* --- folders ---------------------------------------------------------------------------------- */

static void entries_release(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->items[i].name);
	free(entries->items);
	*entries = (struct entries){0};
}

static int add_entry(struct entries *entries, int id, const char *name, size_t length,
		     struct err *err)
{
	CLEANUP(free_p) char *copy = name ? strndup(name, length) : NULL;

	if (entries->count == entries->capacity) {
		size_t capacity = entries->capacity ? entries->capacity * 2 : 8;
		struct entry *items = reallocarray(entries->items, capacity, sizeof(*items));

		if (!items)
			return err_no_memory(err);
		entries->items = items;
		entries->capacity = capacity;
	}
	if (name && !copy)
		return err_no_memory(err);
	entries->items[entries->count++] = (struct entry){.id = id, .name = STEAL(copy)};
	return 0;
}

/* A folder that cannot be watched is trouble, unless it has vanished: then another is. */
static int watch_folder(struct config_watch *watch, const char *folder, const char *name,
			size_t length, struct entries *entries, struct err *err)
{
	int id = inotify_add_watch(watch->inotify, folder, WATCHED);

	if (id >= 0)
		return add_entry(entries, id, name, length, err);
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (watch->trouble)
		return 0;
	if (asprintf(&watch->trouble, "cannot watch %s: %s", folder,
		     errno == ENOSPC ? "fs.inotify.max_user_watches is used up" : strerror(errno)) <
	    0) {
		watch->trouble = NULL;
		return err_no_memory(err);
	}
	return 0;
}

static int watch_path(struct config_watch *watch, const char *path, int depth,
		      struct entries *entries, struct err *err);

/* Where a link in `folder` leads is part of the way. */
static int watch_target(struct config_watch *watch, const char *folder, const char *link, int depth,
			struct entries *entries, struct err *err)
{
	char target[PATH_MAX], path[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	if (length < 0 || depth == MAX_LINKS)
		return 0;
	target[length] = '\0';
	if (target[0] == '/')
		return watch_path(watch, target, depth + 1, entries, err);
	if (snprintf(path, sizeof(path), "%s/%s", folder, target) >= (int)sizeof(path))
		return 0;
	return watch_path(watch, path, depth + 1, entries, err);
}

/* The folder that the first `length` bytes of the path name something in. */
static void folder_of(const char *path, size_t length, char ret_folder[PATH_MAX])
{
	while (length && path[length - 1] != '/')
		length--;
	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length == 0)
		memcpy(ret_folder, ".", 2);
	else
		snprintf(ret_folder, PATH_MAX, "%.*s", (int)length, path);
}

/*
 * Watches what the way to the path depends on: the folder of each link on it, that of the file itself,
 * and the folder in which the first part appears that is missing. *ret_stop: the way ends here.
 */
static int watch_step(struct config_watch *watch, const char *path, size_t start, size_t end,
		      int depth, struct entries *entries, bool *ret_stop, struct err *err)
{
	char folder[PATH_MAX], step[PATH_MAX];
	bool is_last = !path[end + strspn(path + end, "/")];
	struct stat status;

	folder_of(path, end, folder);
	snprintf(step, sizeof(step), "%.*s", (int)end, path);
	bool missing = lstat(step, &status) < 0;
	if ((missing || is_last || S_ISLNK(status.st_mode)) &&
	    watch_folder(watch, folder, path + start, end - start, entries, err) < 0)
		return -1;
	/* It may have come before the watch stood. */
	*ret_stop = missing && lstat(step, &status) < 0;
	if (*ret_stop)
		return 0;
	if (S_ISLNK(status.st_mode) && watch_target(watch, folder, step, depth, entries, err) < 0)
		return -1;
	if (is_last && stat(step, &status) == 0 && S_ISDIR(status.st_mode))
		return watch_folder(watch, step, NULL, 0, entries, err);
	return 0;
}

static int watch_path(struct config_watch *watch, const char *path, int depth,
		      struct entries *entries, struct err *err)
{
	size_t start = strspn(path, "/");
	bool stop = false;

	if (strlen(path) >= PATH_MAX)
		return 0; /* nothing can be there */
	while (path[start] && !stop) {
		size_t end = start + strcspn(path + start, "/");

		if (watch_step(watch, path, start, end, depth, entries, &stop, err) < 0)
			return -1;
		start = end + strspn(path + end, "/");
	}
	return 0;
}

static bool has_id(const struct entries *entries, int id)
{
	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].id == id)
			return true;
	return false;
}

/* Watches the folders that matter now, and none of those that do not any more. */
static int watch_folders(struct config_watch *watch, struct err *err)
{
	CLEANUP(entries_release) struct entries entries = {0};

	if (watch->inotify < 0)
		return 0;
	free(STEAL(watch->trouble));
	for (size_t i = 0; i < watch->count; i++)
		if (watch_path(watch, watch->items[i].path, 0, &entries, err) < 0)
			return -1;
	for (size_t i = 0; i < watch->entries.count; i++)
		if (!has_id(&entries, watch->entries.items[i].id))
			inotify_rm_watch(watch->inotify, watch->entries.items[i].id);
	entries_release(&watch->entries);
	watch->entries = entries;
	entries = (struct entries){0};
	return 0;
}

/* --- content ---------------------------------------------------------------------------------- */

static void plan_look(struct config_watch *watch);

/* Reads what is there now, and tells if it is another. */
static void look(struct config_watch *watch)
{
	bool changed = false;
	struct err ignored;

	(void)watch_folders(watch, &ignored); /* the next event tries again */
	for (size_t i = 0; i < watch->count; i++) {
		struct item *item = &watch->items[i];
		char fingerprint[DIGEST_SHA256_HEX];

		item->changed = content_fingerprint(item->path, CONFIG_WATCH_MAX_BYTES, fingerprint,
						    &ignored) == 0 &&
				strcmp(fingerprint, item->fingerprint) != 0;
		if (item->changed)
			memcpy(item->fingerprint, fingerprint, sizeof(fingerprint));
		changed |= item->changed;
	}
	plan_look(watch);
	if (changed)
		watch->options.on_change(watch->options.context, watch);
}

static void on_settled(uv_timer_t *timer)
{
	struct config_watch *watch = timer->data;

	watch->settle_until = 0;
	look(watch);
}

static void on_look(uv_timer_t *timer)
{
	look(timer->data);
}

/* Without inotify the files are looked at from time to time. */
static void plan_look(struct config_watch *watch)
{
	if (watch->trouble && watch->count)
		uv_timer_start(&watch->look, on_look, (uint64_t)watch->options.poll_ms, 0);
	else
		uv_timer_stop(&watch->look);
}

/* --- events ----------------------------------------------------------------------------------- */

/* Whether the event may be about one of the paths. Kubernetes' own names begin with two dots. */
static bool matters(const struct config_watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->mask & IN_IGNORED)
		return false; /* an end that was told, or asked for */
	for (size_t i = 0; i < watch->entries.count; i++) {
		const struct entry *entry = &watch->entries.items[i];

		if (entry->id == event->wd &&
		    (!entry->name || event->len == 0 || strcmp(entry->name, event->name) == 0))
			return true;
	}
	return false;
}

/* Has the files read once there was no event for a while. */
static void settle(struct config_watch *watch)
{
	uint64_t now, delay = CONFIG_WATCH_SETTLE_MS;

	uv_update_time(watch->options.loop);
	now = uv_now(watch->options.loop);
	if (!watch->settle_until)
		watch->settle_until = now + CONFIG_WATCH_MAX_SETTLE_MS;
	if (now + delay > watch->settle_until)
		delay = watch->settle_until > now ? watch->settle_until - now : 0;
	uv_timer_start(&watch->settle, on_settled, delay, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct config_watch *watch = poll->data;
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool any = false;
	ssize_t got;

	(void)status;
	(void)events;
	while ((got = read(watch->inotify, buffer, sizeof(buffer))) > 0) {
		for (char *p = buffer; p < buffer + got;) {
			const struct inotify_event *event = (const void *)p;

			any |= matters(watch, event);
			p += sizeof(*event) + event->len;
		}
	}
	if (any)
		settle(watch);
}

/* --- the watch -------------------------------------------------------------------------------- */

static void items_free(struct item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(items[i].path);
	free(items);
}

static void on_closed(uv_handle_t *handle)
{
	struct config_watch *watch = handle->data;

	if (--watch->handles)
		return;
	if (watch->inotify >= 0)
		close(watch->inotify);
	entries_release(&watch->entries);
	items_free(watch->items, watch->count);
	free(watch->trouble);
	free(watch);
}

static void open_inotify(struct config_watch *watch)
{
	watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->inotify < 0) {
		if (asprintf(&watch->trouble, "inotify: %s", strerror(errno)) < 0)
			watch->trouble = NULL;
		return;
	}
	uv_poll_init(watch->options.loop, &watch->poll, watch->inotify);
	watch->poll.data = watch;
	uv_poll_start(&watch->poll, UV_READABLE, on_readable);
	watch->handles++;
}

int config_watch_new(const struct config_watch_options *options, struct config_watch **ret_watch,
		     struct err *err)
{
	struct config_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return err_no_memory(err);
	watch->options = *options;
	if (!watch->options.poll_ms)
		watch->options.poll_ms = CONFIG_WATCH_POLL_MS;
	uv_timer_init(options->loop, &watch->settle);
	uv_timer_init(options->loop, &watch->look);
	watch->settle.data = watch->look.data = watch;
	watch->handles = 2;
	open_inotify(watch);
	*ret_watch = watch;
	return 0;
}

void config_watch_free(struct config_watch *watch)
{
	if (!watch)
		return;
	uv_close((uv_handle_t *)&watch->settle, on_closed);
	uv_close((uv_handle_t *)&watch->look, on_closed);
	if (watch->inotify >= 0)
		uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static const struct item *find(const struct config_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->count; i++)
		if (strcmp(watch->items[i].path, path) == 0)
			return &watch->items[i];
	return NULL;
}

int config_watch_set(struct config_watch *watch, const char *const *paths, size_t count,
		     struct err *err)
{
	struct item *items = calloc(count + 1, sizeof(*items)), *before = watch->items;
	size_t before_count = watch->count;

	if (!items)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct item *known = find(watch, paths[i]);

		items[i].path = strdup(paths[i]);
		if (!items[i].path) {
			items_free(items, i);
			return err_no_memory(err);
		}
		if (known)
			memcpy(items[i].fingerprint, known->fingerprint,
			       sizeof(items[i].fingerprint));
	}
	watch->items = items;
	watch->count = count;
	items_free(before, before_count);
	/* First the watches, then what is there: nothing can come in between unseen. */
	if (watch_folders(watch, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!*items[i].fingerprint &&
		    content_fingerprint(items[i].path, CONFIG_WATCH_MAX_BYTES, items[i].fingerprint,
					err) < 0)
			return -1;
	plan_look(watch);
	return 0;
}

bool config_watch_has_changed(const struct config_watch *watch, const char *path)
{
	const struct item *item = find(watch, path);

	return item && item->changed;
}

const char *config_watch_trouble(const struct config_watch *watch)
{
	return watch->trouble;
}

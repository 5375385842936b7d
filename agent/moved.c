#include "agent/moved.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

/* A folder of the repository, and the app that follows it. */
struct place {
	char *app, *path;
	char *namespace; /* of objects that name none */
};

struct moved {
	uv_work_t work;
	bool running, freed;
	moved_done *done;
	void *context;
	struct source_options options; /* of the app, but for the path */
	char *commit;
	struct place *places;
	size_t place_count;
	struct ref *refs;
	const struct place **found; /* where each of the refs is; NULL: nowhere */
	size_t count;
	struct err err;
};

static void release(struct moved *moved)
{
	for (size_t i = 0; i < moved->place_count; i++) {
		free(moved->places[i].app);
		free(moved->places[i].path);
		free(moved->places[i].namespace);
	}
	for (size_t i = 0; moved->refs && i < moved->count; i++)
		ref_release(&moved->refs[i]);
	free(moved->commit);
	free(moved->places);
	free(moved->refs);
	free(moved->found);
	free(moved);
}

/* --- in the worker ---------------------------------------------------------------------------- */

static void match(struct moved *moved, const struct place *place, const struct manifest *manifest)
{
	struct ref ref = manifest->ref;
	char *const written = ref.namespace;

	for (size_t i = 0; i < moved->count; i++) {
		/* One without a namespace is in the app's, unless its kind has none. */
		ref.namespace = *written ? written : moved->refs[i].namespace;
		if (ref_equal(&ref, &moved->refs[i]) &&
		    (*written || !*ref.namespace || strcmp(ref.namespace, place->namespace) == 0))
			moved->found[i] = place;
	}
}

static int read_place(struct moved *moved, const struct place *place, struct err *err)
{
	CLEANUP(manifest_set_release) struct manifest_set manifests = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	CLEANUP(source_free_p) struct source *source = NULL;
	struct source_options options = moved->options;
	struct err own;
	bool changed;

	options.ref = moved->commit;
	options.path = *place->path ? place->path : NULL;
	if (source_new(&options, &source, err) < 0)
		return -1;
	if (source_read(source, NULL, &changed, &snapshot, &own) < 0) {
		if (own.class == ERR_NOT_FOUND)
			return 0; /* that app has nothing any more */
		*err = own;
		return -1;
	}
	for (size_t i = 0; i < snapshot.count; i++) {
		const struct source_file *file = &snapshot.files[i];

		if (manifest_set_add(&manifests, file->path, file->text, file->length, &findings,
				     err) < 0)
			return -1;
	}
	if (findings.error_count)
		return err_set(err, ERR_INVALID, "its manifests have errors");
	for (size_t i = 0; i < manifests.count; i++)
		match(moved, place, &manifests.items[i]);
	return 0;
}

static void in_worker(uv_work_t *work)
{
	struct moved *moved = work->data;

	for (size_t i = 0; i < moved->place_count; i++) {
		const struct place *place = &moved->places[i];

		if (read_place(moved, place, &moved->err) < 0) {
			err_prefix(&moved->err, "the app \"%s\"", place->app);
			return;
		}
	}
}

static void after_work(uv_work_t *work, int status)
{
	struct moved *moved = work->data;

	moved->running = false;
	if (status == UV_ECANCELED)
		err_set(&moved->err, ERR_CANCELLED, "it was cancelled");
	if (moved->freed)
		release(moved);
	else
		moved->done(moved->context, &moved->err);
}

/* --- from outside ----------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Whether it is an app with another folder of what `app` follows. */
static bool is_neighbour(const struct inventory *other, const struct app *app)
{
	const struct source_options *options = &app->source_options;

	return same(other->source, source_name(app->source)) &&
	       same(other->ref, options->ref ? options->ref : "") && other->path &&
	       !(same(other->app, app->name) && same(other->namespace, app->namespace));
}

static int add_place(struct moved *moved, const struct inventory *other, struct err *err)
{
	struct place *place = &moved->places[moved->place_count++];

	place->app = strdup(other->app);
	place->path = strdup(other->path);
	place->namespace = strdup(other->namespace);
	return place->app && place->path && place->namespace ? 0 : err_no_memory(err);
}

static int fill(struct moved *moved, const struct app *app, const struct inventories *others,
		const struct ref *const *refs, size_t count, struct err *err)
{
	moved->options = app->source_options;
	moved->commit = strdup(app->fetched.snapshot.commit);
	moved->places = calloc(others->count + 1, sizeof(*moved->places));
	moved->refs = calloc(count + 1, sizeof(*moved->refs));
	moved->found = calloc(count + 1, sizeof(*moved->found));
	if (!moved->commit || !moved->places || !moved->refs || !moved->found)
		return err_no_memory(err);
	moved->count = count;
	for (size_t i = 0; i < count; i++)
		if (ref_copy(refs[i], &moved->refs[i], err) < 0)
			return -1;
	for (size_t i = 0; i < others->count; i++)
		if (is_neighbour(&others->items[i], app) &&
		    add_place(moved, &others->items[i], err) < 0)
			return -1;
	return 0;
}

int moved_start(struct uv_loop_s *loop, const struct app *app, const struct inventories *others,
		const struct ref *const *refs, size_t count, moved_done *done, void *context,
		struct moved **ret_moved, struct err *err)
{
	struct moved *moved = calloc(1, sizeof(*moved));

	if (!moved)
		return err_no_memory(err);
	moved->done = done;
	moved->context = context;
	moved->work.data = moved;
	if (fill(moved, app, others, refs, count, err) < 0) {
		release(moved);
		return -1;
	}
	if (moved->place_count == 0) {
		release(moved);
		*ret_moved = NULL;
		return 0;
	}
	if (uv_queue_work(loop, &moved->work, in_worker, after_work) < 0) {
		release(moved);
		return err_set(err, ERR_INTERNAL, "the worker pool refused to read the repository");
	}
	moved->running = true;
	*ret_moved = moved;
	return 0;
}

const char *moved_to(const struct moved *moved, size_t index)
{
	return moved->found[index] ? moved->found[index]->app : NULL;
}

void moved_free(struct moved *moved)
{
	if (!moved)
		return;
	if (!moved->running) {
		release(moved);
		return;
	}
	moved->freed = true;
	uv_cancel((uv_req_t *)&moved->work);
}

#include "agent/fetch.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/repository.h"
#include "diff/confine.h"

struct fetch {
	uv_work_t work;
	struct uv_loop_s *loop;
	struct source *source;
	struct repository_user *shared; /* or NULL */
	struct source_stand stand;      /* what it answered */
	bool has_work;                  /* the pool has it */
	bool is_again;                  /* the clone was damaged, and has been made anew */
	bool again;                     /* it is, and has to be */
	char *known_commit;             /* or NULL */
	char *default_namespace;
	bool confined;
	fetch_done *done; /* NULL: cancelled */
	void *context;
	struct fetched fetched;
	struct err err;
};

void fetched_release(struct fetched *fetched)
{
	snapshot_release(&fetched->snapshot);
	manifest_set_release(&fetched->manifests);
	findings_release(&fetched->findings);
	*fetched = (struct fetched){0};
}

static void fetch_free(struct fetch *fetch)
{
	fetched_release(&fetch->fetched);
	source_free(fetch->source);
	source_stand_release(&fetch->stand);
	free(fetch->known_commit);
	free(fetch->default_namespace);
	free(fetch);
}

/* The findings of the source (links not followed) go first into the common list. */
static int take_source_findings(struct fetched *fetched, struct err *err)
{
	const struct findings *from = &fetched->snapshot.findings;

	for (size_t i = 0; i < from->count; i++)
		if (findings_add(&fetched->findings, from->items[i].level, from->items[i].file,
				 from->items[i].mark, err, "%s", from->items[i].message) < 0)
			return -1;
	return 0;
}

int fetched_parse(struct fetched *fetched, const char *default_namespace, bool confined,
		  struct err *err)
{
	if (take_source_findings(fetched, err) < 0)
		return -1;
	for (size_t i = 0; i < fetched->snapshot.count; i++) {
		struct source_file *file = &fetched->snapshot.files[i];

		if (manifest_set_add(&fetched->manifests, file->path, file->text, file->length,
				     &fetched->findings, err) < 0)
			return -1;
		free(STEAL(file->text));
	}
	if (manifest_set_check(&fetched->manifests, default_namespace, &fetched->findings, err) < 0)
		return -1;
	if (confined &&
	    confine_check(&fetched->manifests, default_namespace, &fetched->findings, err) < 0)
		return -1;
	findings_sort(&fetched->findings);
	return 0;
}

static int read_source(struct fetch *fetch, struct err *err)
{
	struct fetched *fetched = &fetch->fetched;

	if (!fetch->shared)
		return source_read(fetch->source, fetch->known_commit, &fetched->changed,
				   &fetched->snapshot, err);
	return source_read_stand(fetch->source, &fetch->stand, fetch->known_commit,
				 &fetched->changed, &fetched->snapshot, &fetch->again, err);
}

static void in_worker(uv_work_t *work)
{
	struct fetch *fetch = work->data;
	struct fetched *fetched = &fetch->fetched;

	if (read_source(fetch, &fetch->err) == 0 && fetched->changed)
		fetched_parse(fetched, fetch->default_namespace, fetch->confined, &fetch->err);
}

static void end(struct fetch *fetch)
{
	if (fetch->done)
		fetch->done(fetch->context, &fetch->fetched, &fetch->err);
	fetch_free(fetch);
}

static void on_stand(void *context, const struct source_stand *stand, const struct err *err);

static void after_work(uv_work_t *work, int status)
{
	struct fetch *fetch = work->data;

	fetch->has_work = false;
	if (status == UV_ECANCELED)
		err_set(&fetch->err, ERR_CANCELLED, "the fetch was cancelled");
	if (fetch->again && !fetch->is_again && fetch->done) {
		fetch->is_again = true;
		fetch->err = (struct err){0};
		repository_ask(fetch->shared, 0, on_stand, fetch);
		return;
	}
	end(fetch);
}

static int queue_work(struct fetch *fetch, struct err *err)
{
	fetch->work.data = fetch;
	if (uv_queue_work(fetch->loop, &fetch->work, in_worker, after_work) < 0)
		return err_set(err, ERR_INTERNAL, "the worker pool refused the fetch");
	fetch->has_work = true;
	return 0;
}

/* The ref's commit is known: on with its files, unless they are known too. */
static void on_stand(void *context, const struct source_stand *stand, const struct err *err)
{
	struct fetch *fetch = context;

	source_stand_release(&fetch->stand);
	if (err->class != ERR_NONE) {
		fetch->err = *err;
		end(fetch);
	} else if (!fetch->is_again && fetch->known_commit &&
		   strcmp(stand->commit, fetch->known_commit) == 0) {
		end(fetch);
	} else if (source_stand_copy(stand, &fetch->stand, &fetch->err) < 0 ||
		   queue_work(fetch, &fetch->err) < 0) {
		end(fetch);
	}
}

int fetch_start(const struct fetch_options *options, fetch_done *done, void *context,
		struct fetch **ret_fetch, struct err *err)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	const char *known = options->known_commit;

	if (!fetch)
		return err_no_memory(err);
	*fetch = (struct fetch){
		.loop = options->loop,
		.source = source_share(options->source),
		.shared = options->shared,
		.known_commit = known ? strdup(known) : NULL,
		.default_namespace = strdup(options->default_namespace),
		.confined = options->confined,
		.done = done,
		.context = context,
	};
	if ((known && !fetch->known_commit) || !fetch->default_namespace) {
		fetch_free(fetch);
		return err_no_memory(err);
	}
	if (fetch->shared) {
		repository_ask(fetch->shared, options->max_age_ms, on_stand, fetch);
	} else if (queue_work(fetch, err) < 0) {
		fetch_free(fetch);
		return -1;
	}
	*ret_fetch = fetch;
	return 0;
}

void fetch_cancel(struct fetch *fetch)
{
	fetch->done = NULL;
	if (fetch->has_work) {
		uv_cancel((uv_req_t *)&fetch->work);
		return;
	}
	repository_cancel(fetch->shared);
	fetch_free(fetch);
}

#include "agent/fetch.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "diff/confine.h"

struct fetch {
	uv_work_t work;
	struct source *source;
	char *known_commit; /* or NULL */
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

static int read_and_parse(struct fetch *fetch, struct err *err)
{
	struct fetched *fetched = &fetch->fetched;

	if (source_read(fetch->source, fetch->known_commit, &fetched->changed, &fetched->snapshot,
			err) < 0)
		return -1;
	if (!fetched->changed)
		return 0;
	return fetched_parse(fetched, fetch->default_namespace, fetch->confined, err);
}

static void in_worker(uv_work_t *work)
{
	struct fetch *fetch = work->data;

	read_and_parse(fetch, &fetch->err);
}

static void after_work(uv_work_t *work, int status)
{
	struct fetch *fetch = work->data;

	if (status == UV_ECANCELED)
		err_set(&fetch->err, ERR_CANCELLED, "the fetch was cancelled");
	if (fetch->done)
		fetch->done(fetch->context, &fetch->fetched, &fetch->err);
	fetch_free(fetch);
}

int fetch_start(struct uv_loop_s *loop, struct source *source, const char *known_commit,
		const char *default_namespace, bool confined, fetch_done *done, void *context,
		struct fetch **ret_fetch, struct err *err)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return err_no_memory(err);
	*fetch = (struct fetch){.source = source_share(source),
				.confined = confined,
				.done = done,
				.context = context};
	fetch->work.data = fetch;
	fetch->known_commit = known_commit ? strdup(known_commit) : NULL;
	fetch->default_namespace = strdup(default_namespace);
	if ((known_commit && !fetch->known_commit) || !fetch->default_namespace) {
		fetch_free(fetch);
		return err_no_memory(err);
	}
	if (uv_queue_work(loop, &fetch->work, in_worker, after_work) < 0) {
		fetch_free(fetch);
		return err_set(err, ERR_INTERNAL, "the worker pool refused the fetch");
	}
	*ret_fetch = fetch;
	return 0;
}

void fetch_cancel(struct fetch *fetch)
{
	fetch->done = NULL;
	uv_cancel((uv_req_t *)&fetch->work);
}

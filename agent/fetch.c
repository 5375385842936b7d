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

void fetched_change_release(struct fetched_change *change)
{
	free(change->since);
	free(change->origins);
	*change = (struct fetched_change){0};
}

void fetched_release(struct fetched *fetched)
{
	fetched_change_release(&fetched->change);
	snapshot_release(&fetched->snapshot);
	manifest_set_release(&fetched->manifests);
	findings_release(&fetched->file_findings);
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

static int add_finding(struct findings *to, const struct finding *finding, struct err *err)
{
	return findings_add(to, finding->level, finding->file, finding->mark, err, "%s",
			    finding->message);
}

static int add_findings(struct findings *to, const struct findings *from, struct err *err)
{
	for (size_t i = 0; i < from->count; i++)
		if (add_finding(to, &from->items[i], err) < 0)
			return -1;
	return 0;
}

/* Checks the set, and gathers all findings. */
static int finish(struct fetched *fetched, const char *default_namespace, bool confined,
		  struct err *err)
{
	struct findings *findings = &fetched->findings;

	if (add_findings(findings, &fetched->snapshot.findings, err) < 0 ||
	    add_findings(findings, &fetched->file_findings, err) < 0 ||
	    manifest_set_check(&fetched->manifests, default_namespace, findings, err) < 0)
		return -1;
	if (confined && confine_check(&fetched->manifests, default_namespace, findings, err) < 0)
		return -1;
	findings_sort(findings);
	return 0;
}

int fetched_parse(struct fetched *fetched, const char *default_namespace, bool confined,
		  struct err *err)
{
	for (size_t i = 0; i < fetched->snapshot.count; i++) {
		struct source_file *file = &fetched->snapshot.files[i];

		fetched->partial |= file->unchanged;
		if (file->unchanged)
			continue;
		if (manifest_set_add(&fetched->manifests, file->path, file->text, file->length,
				     &fetched->file_findings, err) < 0)
			return -1;
		free(STEAL(file->text));
	}
	return fetched->partial ? 0 : finish(fetched, default_namespace, confined, err);
}

/* --- what has not changed ----------------------------------------------------------------------- */

/* The first manifest of the file, of a set in the order of the files; or where it would stand. */
static size_t first_of(const struct manifest_set *set, const char *path)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(set->items[middle].file, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What a merge takes from where; the manifests are still in their sets. */
struct merge {
	struct manifest *items;
	size_t *origins;
	size_t count;
	bool *taken; /* of the known set */
};

static void merge_release(struct merge *merge)
{
	free(merge->items);
	free(merge->origins);
	free(merge->taken);
}

static void take_file(struct merge *merge, const struct manifest_set *from, const char *path,
		      bool *taken)
{
	for (size_t i = first_of(from, path);
	     i < from->count && strcmp(from->items[i].file, path) == 0; i++) {
		merge->origins[merge->count] = taken ? i : FETCHED_NEW;
		merge->items[merge->count++] = from->items[i];
		if (taken)
			taken[i] = true;
	}
}

static int by_ref(const void *a, const void *b)
{
	return ref_compare(&(*(const struct manifest *const *)a)->ref,
			   &(*(const struct manifest *const *)b)->ref);
}

/*
 * What was read anew may say what the known set said, in the same file or another one. What of the known
 * set is not taken, and not said anew by whatever words, has left.
 */
static int compare_sets(struct merge *merge, const struct manifest_set *known,
			struct fetched_change *change, struct err *err)
{
	CLEANUP(free_p)
	const struct manifest **dropped = calloc(known->count + 1, sizeof(struct manifest *));
	size_t count = 0;

	if (!dropped)
		return err_no_memory(err);
	for (size_t i = 0; i < known->count; i++)
		if (!merge->taken[i])
			dropped[count++] = &known->items[i];
	qsort(dropped, count, sizeof(*dropped), by_ref);
	change->left = count;
	for (size_t i = 0; i < merge->count && count; i++) {
		const struct manifest *fresh = &merge->items[i], *const * found;

		if (merge->origins[i] != FETCHED_NEW)
			continue;
		found = bsearch(&fresh, dropped, count, sizeof(*dropped), by_ref);
		/* In another version it is another object to those who watch. */
		if (!found || strcmp((*found)->ref.version, fresh->ref.version) != 0)
			continue;
		change->left--;
		if (manifest_says_the_same(*found, fresh))
			merge->origins[i] = (size_t)(*found - known->items);
	}
	return 0;
}

/* The merged set owns them all now; what is not in it goes. */
static void settle(struct merge *merge, struct manifest_set *fresh, struct manifest_set *known)
{
	for (size_t i = 0; i < known->count; i++)
		if (!merge->taken[i])
			manifest_release(&known->items[i]);
	free(known->items);
	free(known->table);
	free(fresh->items);
	free(fresh->table);
	*known = (struct manifest_set){0};
	*fresh = (struct manifest_set){.items = STEAL(merge->items), .count = merge->count};
	fresh->capacity = fresh->count;
}

static int merge_manifests(struct fetched *fetched, struct fetched *known, struct err *err)
{
	CLEANUP(merge_release) struct merge merge = {0};
	size_t count = fetched->manifests.count + known->manifests.count;

	merge.items = calloc(count + 1, sizeof(*merge.items));
	merge.origins = calloc(count + 1, sizeof(*merge.origins));
	merge.taken = calloc(known->manifests.count + 1, sizeof(*merge.taken));
	if (!merge.items || !merge.origins || !merge.taken)
		return err_no_memory(err);
	for (size_t i = 0; i < fetched->snapshot.count; i++) {
		const struct source_file *file = &fetched->snapshot.files[i];

		if (file->unchanged)
			take_file(&merge, &known->manifests, file->path, merge.taken);
		else
			take_file(&merge, &fetched->manifests, file->path, NULL);
	}
	if (merge.count > MANIFEST_MAX_OBJECTS)
		return err_set(err, ERR_LIMIT,
			       "more than %d objects in one set; name a smaller folder",
			       MANIFEST_MAX_OBJECTS);
	struct fetched_change *change = &fetched->change;
	change->since = strdup(known->snapshot.commit);
	if (!change->since)
		return err_no_memory(err);
	if (compare_sets(&merge, &known->manifests, change, err) < 0)
		return -1;
	change->origins = STEAL(merge.origins);
	settle(&merge, &fetched->manifests, &known->manifests);
	return 0;
}

static int compare_path(const void *path, const void *item)
{
	return strcmp(path, ((const struct source_file *)item)->path);
}

/* What was found in the files that have not changed. */
static int merge_findings(struct fetched *fetched, const struct fetched *known, struct err *err)
{
	const struct snapshot *snapshot = &fetched->snapshot;

	for (size_t i = 0; i < known->file_findings.count; i++) {
		const struct finding *finding = &known->file_findings.items[i];
		const struct source_file *file =
			bsearch(finding->file, snapshot->files, snapshot->count,
				sizeof(*snapshot->files), compare_path);

		if (file && file->unchanged &&
		    add_finding(&fetched->file_findings, finding, err) < 0)
			return -1;
	}
	return 0;
}

int fetched_complete(struct fetched *fetched, struct fetched *known, const char *default_namespace,
		     bool confined, struct err *err)
{
	if (!fetched->partial)
		return 0;
	fetched->partial = false;
	if (merge_findings(fetched, known, err) < 0 || merge_manifests(fetched, known, err) < 0)
		return -1;
	return finish(fetched, default_namespace, confined, err);
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

#include "agent/past.h"

#include <stdlib.h>
#include <string.h>

#include "diff/supposed.h"

void past_release(struct past *past)
{
	for (size_t i = 0; i < past->count; i++)
		fetched_release(&past->commits[i]);
	free(past->commits);
	*past = (struct past){0};
}

/* Parses the snapshot, which it takes, as the next commit back. */
static int add(struct past *past, struct snapshot *take_snapshot, const char *default_namespace,
	       struct err *err)
{
	struct fetched fetched = {.changed = true, .snapshot = *take_snapshot};
	int result = -1;

	*take_snapshot = (struct snapshot){0};
	if (past->count == past->capacity) {
		size_t capacity = past->capacity ? past->capacity * 2 : 8;
		struct fetched *commits = reallocarray(past->commits, capacity, sizeof(*commits));
		if (commits) {
			past->commits = commits;
			past->capacity = capacity;
		}
	}
	if (past->count == past->capacity)
		err_no_memory(err);
	else
		result = fetched_parse(&fetched, default_namespace, false, err);
	if (result < 0)
		fetched_release(&fetched);
	else
		past->commits[past->count++] = fetched;
	return result;
}

/* The sets of manifests, as supposed.h takes them; the caller frees *ret_sets. */
static int list_sets(const struct past *past, const struct manifest_set ***ret_sets,
		     struct err *err)
{
	const struct manifest_set **sets = calloc(past->count + 1, sizeof(*sets));

	if (!sets)
		return err_no_memory(err);
	for (size_t i = 0; i < past->count; i++)
		sets[i] = &past->commits[i].manifests;
	*ret_sets = sets;
	return 0;
}

static int wants_more(const struct past *past, const char *default_namespace, bool *ret_wants,
		      struct err *err)
{
	CLEANUP(free_p) const struct manifest_set **sets = NULL;

	if (list_sets(past, &sets, err) < 0)
		return -1;
	const struct supposed_past supposed = {sets, past->count, default_namespace};
	*ret_wants = supposed_wants_more(&supposed);
	return 0;
}

/* Reads one commit more; *ret_found false: there is none. */
static int read_before(struct source *source, const char *default_namespace, struct past *past,
		       bool *ret_found, struct err *err)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	const char *commit = past->commits[past->count - 1].snapshot.commit;
	bool whole;

	if (source_read_before(source, commit, ret_found, &whole, &snapshot, err) < 0)
		return -1;
	/* Before the beginning there was nothing: as a commit without any object. */
	if (!*ret_found && !whole)
		return 0;
	if (!*ret_found && !(snapshot.commit = strdup("")))
		return err_no_memory(err);
	return add(past, &snapshot, default_namespace, err);
}

int past_read(struct source *source, const char *rev, const char *default_namespace,
	      struct past *past, struct err *err)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	bool found = true, wants = true;

	if (source_read_at(source, rev, &snapshot, err) < 0 ||
	    add(past, &snapshot, default_namespace, err) < 0)
		return -1;
	while (found && past->count < PAST_MAX_COMMITS) {
		if (wants_more(past, default_namespace, &wants, err) < 0)
			return -1;
		if (!wants)
			break;
		if (read_before(source, default_namespace, past, &found, err) < 0)
			return -1;
	}
	return 0;
}

int past_live(const struct past *past, const char *default_namespace, struct manifest_set *ret_live,
	      struct err *err)
{
	CLEANUP(free_p) const struct manifest_set **sets = NULL;

	if (list_sets(past, &sets, err) < 0)
		return -1;
	const struct supposed_past supposed = {sets, past->count, default_namespace};
	return supposed_live(&supposed, ret_live, err);
}

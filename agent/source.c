#include "agent/source.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source_private.h"
#include "diff/manifest.h"

struct source {
	struct source_options options; /* with strings of its own */
	struct git_source *git;        /* NULL: plain files */
	unsigned users;
	pthread_mutex_t reading; /* held by the thread that uses `git` */
};

static void unlock_p(pthread_mutex_t *const *mutex)
{
	pthread_mutex_unlock(*mutex);
}

/* For the rest of the block: whoever was cancelled may still be reading in his thread. */
#define ONE_AT_A_TIME(source)                                                  \
	CLEANUP(unlock_p) pthread_mutex_t *const reading = &(source)->reading; \
	pthread_mutex_lock(reading)

static void options_release(struct source_options *options)
{
	const char *const *strings[] = {&options->repo,    &options->ref,         &options->path,
					&options->git_dir, &options->credentials, &options->verify};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		free((char *)(uintptr_t)*strings[i]);
	for (size_t i = 0; i < options->file_count; i++)
		free((char *)(uintptr_t)options->files[i]);
	free((void *)(uintptr_t)options->files);
}

static int copy_string(const char **text, struct err *err)
{
	if (!*text)
		return 0;
	*text = strdup(*text);
	return *text ? 0 : err_no_memory(err);
}

/* Even where memory ran out, all that is there can be released. */
static int options_copy(const struct source_options *from, struct source_options *options,
			struct err *err)
{
	const char **strings[] = {&options->repo,    &options->ref,         &options->path,
				  &options->git_dir, &options->credentials, &options->verify};
	const char **files = calloc(from->file_count + 1, sizeof(*files));
	int result = files ? 0 : err_no_memory(err);

	*options = *from;
	options->files = files;
	options->file_count = 0;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (copy_string(strings[i], err) < 0)
			result = -1;
	for (size_t i = 0; files && i < from->file_count; i++) {
		files[i] = from->files[i];
		if (copy_string(&files[i], err) < 0)
			return -1;
		options->file_count++;
	}
	return result;
}

int source_new(const struct source_options *options, struct source **ret_source, struct err *err)
{
	CLEANUP(source_free_p) struct source *source = calloc(1, sizeof(*source));

	if (!source)
		return err_no_memory(err);
	source->users = 1;
	pthread_mutex_init(&source->reading, NULL);
	if (options_copy(options, &source->options, err) < 0)
		return -1;
	if (options->repo && git_source_new(&source->options, &source->git, err) < 0)
		return -1;
	*ret_source = STEAL(source);
	return 0;
}

struct source *source_share(struct source *source)
{
	source->users++;
	return source;
}

void source_free(struct source *source)
{
	if (!source || --source->users > 0)
		return;
	git_source_free(source->git);
	options_release(&source->options);
	pthread_mutex_destroy(&source->reading);
	free(source);
}

static int read_plain_files(struct source *source, struct snapshot *ret_snapshot, struct err *err)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};

	snapshot.commit = strdup("");
	snapshot.revision = strdup("");
	if (!snapshot.commit || !snapshot.revision)
		return err_no_memory(err);
	if (source_files_read(&source->options, &snapshot, err) < 0)
		return -1;
	*ret_snapshot = snapshot;
	snapshot = (struct snapshot){0};
	return 0;
}

int source_read(struct source *source, const char *known_commit, bool *ret_changed,
		struct snapshot *ret_snapshot, struct err *err)
{
	ONE_AT_A_TIME(source);
	if (source->git)
		return git_source_read(source->git, known_commit, ret_changed, ret_snapshot, err);
	if (read_plain_files(source, ret_snapshot, err) < 0)
		return -1;
	*ret_changed = true;
	return 0;
}

void source_stand_release(struct source_stand *stand)
{
	free(stand->commit);
	free(stand->tag);
	free(stand->label);
	*stand = (struct source_stand){0};
}

int source_stand_copy(const struct source_stand *stand, struct source_stand *ret_copy,
		      struct err *err)
{
	struct source_stand copy = {
		.err = stand->err,
		.commit = stand->commit ? strdup(stand->commit) : NULL,
		.tag = stand->tag ? strdup(stand->tag) : NULL,
		.label = stand->label ? strdup(stand->label) : NULL,
	};

	if ((stand->commit && !copy.commit) || (stand->tag && !copy.tag) ||
	    (stand->label && !copy.label)) {
		source_stand_release(&copy);
		return err_no_memory(err);
	}
	*ret_copy = copy;
	return 0;
}

int source_resolve(struct source *source, const char *const *refs, size_t count,
		   struct source_stand *ret_stands, struct err *err)
{
	ONE_AT_A_TIME(source);
	if (!source->git)
		return err_set(err, ERR_UNSUPPORTED, "plain files have no refs");
	return git_source_resolve(source->git, refs, count, ret_stands, err);
}

int source_read_stand(struct source *source, const struct source_stand *stand,
		      const char *known_commit, bool *ret_changed, struct snapshot *ret_snapshot,
		      bool *ret_again, struct err *err)
{
	ONE_AT_A_TIME(source);
	*ret_again = false;
	return git_source_read_stand(source->git, stand, known_commit, ret_changed, ret_snapshot,
				     ret_again, err);
}

int source_read_at(struct source *source, const char *rev, struct snapshot *ret_snapshot,
		   struct err *err)
{
	ONE_AT_A_TIME(source);
	if (!source->git)
		return err_set(err, ERR_UNSUPPORTED, "plain files have no revisions");
	return git_source_read_at(source->git, rev, ret_snapshot, err);
}

int source_read_before(struct source *source, const char *commit, bool *ret_found, bool *ret_whole,
		       struct snapshot *ret_snapshot, struct err *err)
{
	ONE_AT_A_TIME(source);
	if (!source->git)
		return err_set(err, ERR_UNSUPPORTED, "plain files have no revisions");
	return git_source_read_before(source->git, commit, ret_found, ret_whole, ret_snapshot, err);
}

const char *source_local_git_dir(const struct source *source)
{
	return source->git ? git_source_local_dir(source->git) : NULL;
}

bool source_is_local(const struct source *source)
{
	return source->git && git_source_is_local(source->git);
}

const struct source_options *source_options_of(const struct source *source)
{
	return &source->options;
}

bool source_take_damage(struct source *source, struct err *ret_why)
{
	ONE_AT_A_TIME(source);
	return source->git && git_source_take_damage(source->git, ret_why);
}

const char *source_name(const struct source *source)
{
	return source->git ? git_source_name(source->git) : "";
}

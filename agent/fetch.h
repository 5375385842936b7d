/*
 * fetch.h - the source read and its manifests parsed, in the loop's worker pool.
 */
#ifndef AGENT_FETCH_H
#define AGENT_FETCH_H

#include <stdint.h>

#include "agent/source.h"
#include "diff/manifest.h"

struct uv_loop_s;
struct repository_user;
struct fetch;

#define FETCHED_NEW SIZE_MAX

/* How the manifests of a commit differ from those of the one that was known. */
struct fetched_change {
	char *since; /* the commit that was known; NULL: nothing is known of how they differ */
	/*
	 * Of each manifest the place, in the known set, of the one that says the same; FETCHED_NEW:
	 * none does.
	 */
	size_t *origins;
	size_t left; /* objects of the known set that are in this one no more */
};
void fetched_change_release(struct fetched_change *change);

/* What a fetch hands back. */
struct fetched {
	bool changed; /* false: still at the known commit, the rest is empty */
	/* Only files that are not as in the known commit have been read: see fetched_complete. */
	bool partial;
	struct snapshot snapshot; /* without the files' texts */
	struct manifest_set manifests;
	struct fetched_change change;
	struct findings file_findings; /* of the files alone */
	struct findings findings;      /* of the source, the files and the set, sorted */
};

void fetched_release(struct fetched *fetched);

/*
 * Reads the manifests out of the files of the snapshot, whose texts are freed, and checks them;
 * with `confined` also whether all is in the default namespace (confine.h). ERR_NO_MEMORY,
 * ERR_LIMIT.
 */
int fetched_parse(struct fetched *fetched, const char *default_namespace, bool confined,
		  struct err *err);

/*
 * Makes a partial one whole, and tells how it differs from the known one: takes the manifests of
 * the files that have not changed out of those of the known commit, and checks the set. A whole one
 * stays as it is. ERR_NO_MEMORY, ERR_LIMIT.
 */
int fetched_complete(struct fetched *fetched, struct fetched *known, const char *default_namespace,
		     bool confined, struct err *err);

/*
 * `done` is called from the loop: with `err` (class ERR_NONE: none), and with what was fetched,
 * which it may move out of *fetched; it can be partial where there was a known commit. The source
 * must not be used elsewhere until then.
 */
typedef void fetch_done(void *context, struct fetched *fetched, const struct err *err);

struct fetch_options {
	struct uv_loop_s *loop;
	struct source *source;
	const char *known_commit;      /* NULL: none */
	const char *default_namespace; /* for objects that name none */
	bool confined;                 /* what is outside of that is an error finding (confine.h) */
	/*
	 * The repository that the source shares with others, which finds the ref's commit, with an
	 * answer not older than `max_age_ms` (repository.h); NULL: the source does that itself.
	 */
	struct repository_user *shared;
	int64_t max_age_ms;
};

/* Copies the strings. ERR_NO_MEMORY, ERR_INTERNAL. */
int fetch_start(const struct fetch_options *options, fetch_done *done, void *context,
		struct fetch **ret_fetch, struct err *err);

/*
 * `done` will not be called. Work that has begun goes on in its thread until it ends by itself; the
 * source stays for that long.
 */
void fetch_cancel(struct fetch *fetch);

#endif

/*
 * source.h - where manifests come from: a Git repository at a ref, or plain files.
 *
 * Everything here blocks and touches no shared state, so that it runs in the loop's worker pool;
 * calls for one source, of whatever threads, come one after the other.
 *
 * Git: a repository that is a local folder is read in place, straight from its object database; a
 * remote one is cloned bare into `git_dir` and fetched only when the ref has moved. In both cases
 * manifests are read from the commit's tree: no work tree, no symlink followed, no hook run, no
 * submodule entered. Folders are read recursively; names that begin with a dot are passed over.
 */
#ifndef AGENT_SOURCE_H
#define AGENT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/finding.h"

#define SOURCE_MAX_FILES 100000
#define SOURCE_MAX_BYTES (256u * 1024 * 1024) /* of all files together */
#define SOURCE_ID_BYTES  20
#define SOURCE_SHORT_ID  7 /* digits of a commit id as people see it */

/* Of one fetch from a remote repository. */
#define SOURCE_FETCH_MS          60000
#define SOURCE_MAX_FETCH_BYTES   (1024ll * 1024 * 1024)
#define SOURCE_MAX_FETCH_OBJECTS 5000000
#define SOURCE_MANY_PACKS        100 /* small ones of a clone: then they are merged */

/* What to follow. */
struct source_options {
	const char *repo;        /* URL or folder; NULL: plain files */
	const char *ref;         /* as source_read_at has it, or semver:RANGE; NULL: HEAD */
	const char *path;        /* folder or file in the tree; NULL: its top */
	const char *git_dir;     /* of the clone; NULL: a folder of the user's cache */
	const char *credentials; /* folder of them (source_credentials.h), read at each fetch */
	const char *verify;      /* folder of allowed keys (source_verify.h); NULL: all is taken */
	int64_t fetch_ms;        /* how long a server may take; 0: SOURCE_FETCH_MS */
	int64_t max_fetch_bytes; /* 0: SOURCE_MAX_FETCH_BYTES */
	int64_t max_fetch_objects; /* 0: SOURCE_MAX_FETCH_OBJECTS */
	int64_t many_packs;        /* 0: SOURCE_MANY_PACKS */
	const char *const *files;
	size_t file_count;
	bool recursive;
};

struct source_file {
	char *path; /* as the user knows it: from the top of the repository, or as given with -f */
	char *text;
	size_t length;
	bool unchanged; /* as in the known commit (source_read), and so without text */
	unsigned char id[SOURCE_ID_BYTES]; /* of the blob; zero for plain files */
};

/* The files of one revision, in lexical order of their paths. */
struct snapshot {
	char *commit;      /* 40 hex digits; "" for plain files */
	char *revision;    /* "main@3f2c1ab"; "" for plain files */
	char *author;      /* of the commit: "Ann Example" */
	char *subject;     /* of the commit: its first line */
	bool is_rewritten; /* history was: the commit that was known before is not in it */
	struct source_file *files;
	size_t count, capacity;
	size_t bytes;             /* of all texts */
	struct findings findings; /* symlinks and submodules that were not followed */
};

void snapshot_release(struct snapshot *snapshot);
void snapshot_drop_files(struct snapshot *snapshot);

/* Appends a file; takes `take_text` in every case. */
int snapshot_add(struct snapshot *snapshot, const char *path, char *take_text, size_t length,
		 struct err *err);

struct source;

/* Opens nothing yet. Copies the options. */
int source_new(const struct source_options *options, struct source **ret_source, struct err *err);

/* Somebody else uses it, too: the last source_free frees it. Both from one thread. */
struct source *source_share(struct source *source);
void source_free(struct source *source);
DEFINE_FREE_P(struct source, source_free);

/*
 * Finds the ref's commit and, unless it is `known_commit` (may be NULL), reads its files.
 * *ret_changed tells which; *ret_snapshot is filled only if it is true. Where `known_commit` is
 * what this source has read last, the caller has its files: those that have not changed come
 * without text. Errors: ERR_NOT_FOUND for no repository, ref or path; ERR_DENIED; ERR_TRANSIENT for
 * the network; ERR_UNTRUSTED for a commit that is not signed as it has to be; ERR_LIMIT;
 * ERR_INVALID for a damaged repository.
 */
int source_read(struct source *source, const char *known_commit, bool *ret_changed,
		struct snapshot *ret_snapshot, struct err *err);

/* Where a ref stands. */
struct source_stand {
	struct err err; /* why it is not known; ERR_NONE: it is */
	char *commit;   /* 40 hex digits */
	char *tag;      /* of the tag object, where the ref is an annotated tag; else NULL */
	char *label;    /* "main"; NULL where a commit was asked for */
};
void source_stand_release(struct source_stand *stand);
int source_stand_copy(const struct source_stand *stand, struct source_stand *ret_copy,
		      struct err *err);

/*
 * source_read in two steps, for many sources of one repository: the refs (NULL: HEAD) of all of
 * them, found by one listing and at most one fetch, and then the files of each. Git sources only.
 * ret_stands[] has one a ref, for the caller to release. Errors as for source_read, of the
 * repository as a whole.
 */
int source_resolve(struct source *source, const char *const *refs, size_t count,
		   struct source_stand *ret_stands, struct err *err);

/*
 * Whether the clone was damaged and has been made anew since somebody asked, and as *ret_why that
 * sentence. source_read tells it as a finding itself.
 */
bool source_take_damage(struct source *source, struct err *ret_why);

/*
 * The second step. On an error *ret_again says whether the clone was damaged and is gone, so that
 * the first one makes it anew.
 */
int source_read_stand(struct source *source, const struct source_stand *stand,
		      const char *known_commit, bool *ret_changed, struct snapshot *ret_snapshot,
		      bool *ret_again, struct err *err);

/*
 * Reads the files of another revision than the one that is followed: a branch, tag or commit, and
 * in a repository that is a local folder all that names a commit (gitrevisions(7): HEAD~1,
 * origin/main). A commit that lacks the path has no files there. Git sources only. Errors as for
 * source_read.
 */
int source_read_at(struct source *source, const char *rev, struct snapshot *ret_snapshot,
		   struct err *err);

/*
 * Reads the files before `commit` (40 hex digits, read by this source before): of the nearest
 * ancestor, going by first parents, that has others. *ret_found false: there is none; *ret_whole
 * then tells whether the history is here from its beginning (it is not in a shallow clone).
 */
int source_read_before(struct source *source, const char *commit, bool *ret_found, bool *ret_whole,
		       struct snapshot *ret_snapshot, struct err *err);

/*
 * Where a repository that is a local folder keeps its refs (its .git folder), for watching; NULL
 * for a remote one and for plain files. Borrowed; known after the first source_read.
 */
const char *source_local_git_dir(const struct source *source);

/* Whether it is a repository in a local folder; and what it was made with. Borrowed. */
bool source_is_local(const struct source *source);
const struct source_options *source_options_of(const struct source *source);

/* The repository as messages name it: the URL without a password. "" for plain files. */
const char *source_name(const struct source *source);

/*
 * Keeps the library of Git from ending with the last source: it has to outlive the threads that
 * used it. ERR_INTERNAL.
 */
int source_library_hold(struct err *err);
void source_library_drop(void);

/*
 * Remote repositories are fetched by a process of its own, which is this program again. main() asks
 * first whether it is that one, and then does nothing but source_child_main, whose value is the
 * exit code.
 */
bool source_is_child(char *const *argv);
int source_child_main(void);

#endif

/*
 * source_private.h - what the source's own files share: the two ways to fill a snapshot.
 */
#ifndef AGENT_SOURCE_PRIVATE_H
#define AGENT_SOURCE_PRIVATE_H

#include "agent/source.h"

/* ERR_LIMIT: one file is larger than YAML_MAX_BYTES. Returns -1. */
int source_too_large(const char *path, struct err *err);

/* snapshot_add for a blob; without a text it is unchanged. */
int snapshot_add_blob(struct snapshot *snapshot, const char *path, const unsigned char *id,
		      char *take_text, size_t length, struct err *err);

/* Reads the -f arguments: files as they are, folders in lexical order, "-" standard input. */
int source_files_read(const struct source_options *options, struct snapshot *snapshot,
		      struct err *err);

struct git_source;

int git_source_new(const struct source_options *options, struct git_source **ret_git,
		   struct err *err);
void git_source_free(struct git_source *git);
int git_source_read(struct git_source *git, const char *known_commit, bool *ret_changed,
		    struct snapshot *ret_snapshot, struct err *err);
int git_source_resolve(struct git_source *git, const char *const *refs, size_t count,
		       struct source_stand *ret_stands, struct err *err);
int git_source_read_stand(struct git_source *git, const struct source_stand *stand,
			  const char *known_commit, bool *ret_changed,
			  struct snapshot *ret_snapshot, bool *ret_again, struct err *err);
int git_source_read_at(struct git_source *git, const char *rev, struct snapshot *ret_snapshot,
		       struct err *err);
int git_source_read_before(struct git_source *git, const char *commit, bool *ret_found,
			   bool *ret_whole, struct snapshot *ret_snapshot, struct err *err);
bool git_source_is_local(const struct git_source *git);
const char *git_source_local_dir(const struct git_source *git);
const char *git_source_name(const struct git_source *git);
bool git_source_take_damage(struct git_source *git, struct err *ret_why);

/* Opaque here so that only source_git*.c include libgit2. */
struct git_repository;
struct git_oid;

struct known_files;

/*
 * Reads the manifests below `path` (NULL: the top) of a commit into the snapshot; those that are
 * `known` (NULL: none) without text.
 */
int git_tree_read(struct git_repository *repository, const struct git_oid *commit_id,
		  const char *path, const struct known_files *known, struct snapshot *snapshot,
		  struct err *err);

/*
 * What stands at `path` (NULL: the top) of a commit: the id of a tree or a blob. *ret_found false:
 * the commit has nothing there.
 */
int git_tree_find(struct git_repository *repository, const struct git_oid *commit_id,
		  const char *path, bool *ret_found, struct git_oid *ret_id, struct err *err);

/* Fills *err from libgit2's last error; `code` is what the call returned. Returns -1. */
int git_fail(struct err *err, int code, const char *format, ...) PRINTF(3, 4);

/*
 * Opens what a user has in a folder; `flags` as of git_repository_open_ext(), `name` is what
 * messages call it, `absent` what they say where no repository is found. ERR_NOT_FOUND then, and
 * where the folder is closed to us or belongs to another user, which Git refuses (safe.directory in
 * git-config(1)).
 */
int git_open_folder(struct git_repository **ret, const char *folder, const char *name,
		    unsigned flags, const char *absent, struct err *err);

#endif

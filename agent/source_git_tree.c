#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <git2.h>

#include "agent/source_git_known.h"
#include "agent/source_private.h"
#include "diff/manifest.h"
#include "diff/yaml.h"

#define MAX_FOLDER_DEPTH 64

struct reader {
	git_repository *repository;
	git_odb *odb;
	const struct known_files *known; /* or NULL */
	size_t next_known;
	struct snapshot *snapshot;
};

static void tree_free_p(git_tree **tree)
{
	git_tree_free(*tree);
}

static void odb_free_p(git_odb **odb)
{
	git_odb_free(*odb);
}

static void blob_free_p(git_blob **blob)
{
	git_blob_free(*blob);
}

static void entry_free_p(git_tree_entry **entry)
{
	git_tree_entry_free(*entry);
}

/* An object that has to be there is not, or cannot be read: ERR_INVALID, the repository is damaged. */
static int damaged(struct err *err, int code, const char *what, const char *path)
{
	git_fail(err, code, "%s%s", what, path);
	if (err->class == ERR_NOT_FOUND)
		err->class = ERR_INVALID;
	return -1;
}

static int add_blob(struct reader *reader, const git_oid *id, const char *path, struct err *err)
{
	CLEANUP(blob_free_p) git_blob *blob = NULL;
	git_object_t type;
	size_t header_size;
	const struct known_file *same =
		reader->known ? known_files_find(reader->known, path, id->id, &reader->next_known)
			      : NULL;

	if (same)
		return snapshot_add_blob(reader->snapshot, path, id->id, NULL, same->length, err);
	/* Its size first: one that is too large is never read into memory. */
	int code = git_odb_read_header(&header_size, &type, reader->odb, id);
	if (code == 0 && header_size > YAML_MAX_BYTES)
		return source_too_large(path, err);
	if (code == 0)
		code = git_blob_lookup(&blob, reader->repository, id);
	if (code < 0)
		return damaged(err, code, "cannot read ", path);
	git_object_size_t size = git_blob_rawsize(blob);
	char *text = malloc((size_t)size + 1);
	if (!text)
		return err_no_memory(err);
	memcpy(text, git_blob_rawcontent(blob), (size_t)size);
	text[size] = '\0';
	return snapshot_add_blob(reader->snapshot, path, id->id, text, (size_t)size, err);
}

static int add_tree(struct reader *reader, const git_oid *id, const char *path, int depth,
		    struct err *err);

static int not_followed(struct reader *reader, const char *path, const char *what, struct err *err)
{
	return findings_add(&reader->snapshot->findings, FINDING_WARNING, path,
			    (struct yaml_mark){0, 0}, err, "%s is not followed", what);
}

static int add_entry(struct reader *reader, const git_tree_entry *entry, const char *path,
		     int depth, struct err *err)
{
	const char *name = git_tree_entry_name(entry);

	switch (git_tree_entry_filemode(entry)) {
	case GIT_FILEMODE_TREE:
		return add_tree(reader, git_tree_entry_id(entry), path, depth + 1, err);
	case GIT_FILEMODE_LINK: return not_followed(reader, path, "a symbolic link", err);
	case GIT_FILEMODE_COMMIT: return not_followed(reader, path, "a submodule", err);
	default:
		if (!manifest_is_file_name(name))
			return 0;
		return add_blob(reader, git_tree_entry_id(entry), path, err);
	}
}

/* The folder's entries; those whose names begin with a dot are not manifests (.github, .gitlab-ci.yml). */
static int add_tree(struct reader *reader, const git_oid *id, const char *path, int depth,
		    struct err *err)
{
	CLEANUP(tree_free_p) git_tree *tree = NULL;
	int code = git_tree_lookup(&tree, reader->repository, id);

	if (code < 0)
		return damaged(err, code, "cannot read folder /", path);
	if (depth > MAX_FOLDER_DEPTH)
		return err_set(err, ERR_LIMIT,
			       "%s: folders are nested more than %d deep; name one of them", path,
			       MAX_FOLDER_DEPTH);
	for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		CLEANUP(free_p) char *below = NULL;

		if (git_tree_entry_name(entry)[0] == '.')
			continue;
		if (asprintf(&below, "%s%s%s", path, *path ? "/" : "", git_tree_entry_name(entry)) <
		    0) {
			below = NULL;
			return err_no_memory(err);
		}
		if (add_entry(reader, entry, below, depth, err) < 0)
			return -1;
	}
	return 0;
}

/* "./deploy/prod/" as "deploy/prod"; "." and "/" as "". */
static char *clean_path(const char *path)
{
	while (*path == '/' || strncmp(path, "./", 2) == 0)
		path++;
	if (strcmp(path, ".") == 0)
		path = "";
	size_t length = strlen(path);
	while (length && path[length - 1] == '/')
		length--;
	return strndup(path, length);
}

static int read_path(struct reader *reader, git_tree *root, const char *path, struct err *err)
{
	CLEANUP(entry_free_p) git_tree_entry *entry = NULL;
	int code = git_tree_entry_bypath(&entry, root, path);

	if (code == GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "path \"%s\" does not exist", path);
	if (code < 0)
		return git_fail(err, code, "path \"%s\"", path);
	if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
		return add_tree(reader, git_tree_entry_id(entry), path, 0, err);
	if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
	    git_tree_entry_filemode(entry) != GIT_FILEMODE_LINK)
		return add_blob(reader, git_tree_entry_id(entry), path, err);
	return err_set(err, ERR_NOT_FOUND,
		       "path \"%s\" is a symbolic link or a submodule, which are not followed",
		       path);
}

static int root_of(git_repository *repository, const git_oid *commit_id, git_tree **ret_root,
		   struct err *err)
{
	git_commit *commit = NULL;
	int code = git_commit_lookup(&commit, repository, commit_id);

	if (code == 0)
		code = git_commit_tree(ret_root, commit);
	git_commit_free(commit);
	return code < 0 ? damaged(err, code, "cannot read the commit", "") : 0;
}

int git_tree_read(git_repository *repository, const git_oid *commit_id, const char *path,
		  const struct known_files *known, struct snapshot *snapshot, struct err *err)
{
	struct reader reader = {.repository = repository, .known = known, .snapshot = snapshot};
	CLEANUP(odb_free_p) git_odb *odb = NULL;
	CLEANUP(tree_free_p) git_tree *root = NULL;
	CLEANUP(free_p) char *clean = clean_path(path ? path : "");

	if (!clean)
		return err_no_memory(err);
	int code = git_repository_odb(&odb, repository);
	if (code < 0)
		return git_fail(err, code, "the objects of the repository");
	reader.odb = odb;
	if (root_of(repository, commit_id, &root, err) < 0)
		return -1;
	return *clean ? read_path(&reader, root, clean, err)
		      : add_tree(&reader, git_tree_id(root), "", 0, err);
}

int git_tree_find(git_repository *repository, const git_oid *commit_id, const char *path,
		  bool *ret_found, git_oid *ret_id, struct err *err)
{
	CLEANUP(tree_free_p) git_tree *root = NULL;
	CLEANUP(entry_free_p) git_tree_entry *entry = NULL;
	CLEANUP(free_p) char *clean = clean_path(path ? path : "");

	if (!clean)
		return err_no_memory(err);
	if (root_of(repository, commit_id, &root, err) < 0)
		return -1;
	*ret_found = true;
	if (!*clean) {
		git_oid_cpy(ret_id, git_tree_id(root));
		return 0;
	}
	int code = git_tree_entry_bypath(&entry, root, clean);
	if (code == GIT_ENOTFOUND) {
		*ret_found = false;
		return 0;
	}
	if (code < 0)
		return git_fail(err, code, "path \"%s\"", clean);
	git_oid_cpy(ret_id, git_tree_entry_id(entry));
	return 0;
}

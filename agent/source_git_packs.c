#include "agent/source_git_packs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2.h>
#include <git2/sys/odb_backend.h>

#include "apply/clock.h"
#include "diff/cleanup.h"

#define INDEX_SUFFIX ".idx"
#define MAX_PATH     4096

/* The small packs, by the names of their indexes. */
struct packs {
	char folder[MAX_PATH];
	struct dirent **indexes;
	int count;
	git_packbuilder *builder; /* of the one that they become */
	git_odb *odb;             /* of nothing but them */
	int64_t deadline_ms;      /* of clock_boot_ms() */
};

static void packs_release(struct packs *packs)
{
	for (int i = 0; i < packs->count; i++)
		free(packs->indexes[i]);
	free(packs->indexes);
	git_odb_free(packs->odb);
	git_packbuilder_free(packs->builder);
}

static int is_index(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), suffix = strlen(INDEX_SUFFIX);

	return strncmp(entry->d_name, "pack-", 5) == 0 && length > suffix &&
	       strcmp(entry->d_name + length - suffix, INDEX_SUFFIX) == 0;
}

/* The path of the index, or of the pack that it is of. */
static void print_path(const struct packs *packs, const char *index, const char *suffix,
		       char out[MAX_PATH])
{
	int stem = (int)(strlen(index) - strlen(INDEX_SUFFIX));

	if (snprintf(out, MAX_PATH, "%s%.*s%s", packs->folder, stem, index, suffix) >= MAX_PATH)
		out[0] = '\0';
}

static bool is_small(const struct packs *packs, const char *index)
{
	char path[MAX_PATH];
	struct stat status;

	print_path(packs, index, ".pack", path);
	return stat(path, &status) == 0 && status.st_size < PACKS_SMALL_BYTES;
}

static void find_small(struct packs *packs)
{
	int found = scandir(packs->folder, &packs->indexes, is_index, alphasort);

	for (int i = 0; i < found; i++) {
		struct dirent *index = packs->indexes[i];

		if (is_small(packs, index->d_name))
			packs->indexes[packs->count++] = index;
		else
			free(index);
	}
}

static int open_one(struct packs *packs, const char *index)
{
	git_odb_backend *backend = NULL;
	char path[MAX_PATH];

	print_path(packs, index, INDEX_SUFFIX, path);
	int code = git_odb_backend_one_pack(&backend, path);
	if (code < 0)
		return code;
	code = git_odb_add_backend(packs->odb, backend, 1);
	if (code < 0)
		backend->free(backend);
	return code;
}

static int insert(const git_oid *id, void *ctx)
{
	const struct packs *packs = ctx;

	return git_packbuilder_insert(packs->builder, id, NULL);
}

static int on_build(int stage, uint32_t current, uint32_t total, void *ctx)
{
	const struct packs *packs = ctx;

	(void)stage;
	(void)current;
	(void)total;
	return clock_boot_ms() < packs->deadline_ms ? 0 : -1;
}

static int on_write(const git_indexer_progress *progress, void *ctx)
{
	(void)progress;
	return on_build(0, 0, 0, ctx);
}

/* Writes the pack that has all of theirs. Returns 0 or libgit2's code. */
static int write_merged(struct packs *packs, git_repository *repository)
{
	int code = git_odb_new(&packs->odb);

	for (int i = 0; code == 0 && i < packs->count; i++)
		code = open_one(packs, packs->indexes[i]->d_name);
	if (code == 0)
		code = git_packbuilder_new(&packs->builder, repository);
	if (code == 0)
		code = git_packbuilder_set_callbacks(packs->builder, on_build, packs);
	if (code == 0)
		code = git_odb_foreach(packs->odb, insert, packs);
	if (code == 0) /* it is to be on disk before what it stands for is removed */
		code = git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	return code == 0 ? git_packbuilder_write(packs->builder, NULL, 0, on_write, packs) : code;
}

/* The new one may have the name of an old one, which had everything. */
static void remove_merged(const struct packs *packs)
{
	const char *merged = git_packbuilder_name(packs->builder);

	for (int i = 0; merged && i < packs->count; i++) {
		const char *index = packs->indexes[i]->d_name;
		char path[MAX_PATH];

		if (strncmp(index + strlen("pack-"), merged, strlen(merged)) == 0)
			continue;
		print_path(packs, index, INDEX_SUFFIX, path);
		unlink(path);
		print_path(packs, index, ".pack", path);
		unlink(path);
	}
}

void git_packs_merge(struct git_repository *repository, size_t many)
{
	CLEANUP(packs_release)
	struct packs packs = {
		.deadline_ms = clock_boot_ms() + PACKS_MERGE_MS,
	};
	int length = snprintf(packs.folder, sizeof(packs.folder), "%sobjects/pack/",
			      git_repository_path(repository));

	if ((size_t)length >= sizeof(packs.folder))
		return;
	find_small(&packs);
	if (packs.count == 0 || (size_t)packs.count % many != 0)
		return;
	if (write_merged(&packs, repository) == 0)
		remove_merged(&packs);
}

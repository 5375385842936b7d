/*
 * source_git_cache.h - the folder with the bare clone of a remote repository.
 */
#ifndef AGENT_SOURCE_GIT_CACHE_H
#define AGENT_SOURCE_GIT_CACHE_H

#include "agent/source_git.h"

#define CACHE_PACK_PART        "pack_git2_" /* how libgit2 calls a pack that is not whole yet */
#define CACHE_DISCARD_EVERY_MS (10 * 60 * 1000)

/* Makes the folder, and keeps other processes out while the descriptor is open. */
int git_cache_lock(struct git_source *git, int *ret_fd, struct err *err);

/* Opens the clone, or makes an empty one. ERR_INVALID where it is damaged. */
int git_cache_open(struct git_source *git, struct err *err);

/* Whether the clone was made here: --git-dir can name a repository of somebody else's. */
bool git_cache_is_ours(const char *folder);

/* Removes what an interrupted fetch has left behind: parts of packs, locks of refs. */
void git_cache_sweep(const char *folder);

/*
 * Throws the clone away, so that the next read makes another, and keeps *err as git->damage. Only
 * one that was made here goes: a repository of somebody else's that --git-dir names stays, and *err
 * (why it is thrown away) tells what to do. One that was thrown away for the very same reason
 * within CACHE_DISCARD_EVERY_MS stays, too: then it is the commit that is damaged, and to clone for
 * ever does not mend it.
 */
int git_cache_discard(struct git_source *git, struct err *err);

#endif

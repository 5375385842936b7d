/*
 * source_git_packs.h - keeps the packs of a clone few: each fetch brings one, however small.
 */
#ifndef AGENT_SOURCE_GIT_PACKS_H
#define AGENT_SOURCE_GIT_PACKS_H

#include <stddef.h>

#define PACKS_SMALL_BYTES (1024 * 1024)
#define PACKS_MERGE_MS    10000

struct git_repository;

/*
 * After a fetch: where the bare clone has `many` packs that are small (or twice as many and so on,
 * after that failed), it puts what is in them into one, and removes them once that is on disk.
 * Large packs stay as they are, so that it takes the same time however large a clone is; what takes
 * longer than PACKS_MERGE_MS is given up. Whoever reads the clone meanwhile finds everything: a
 * pack that is gone makes libgit2 look for others. What goes wrong leaves the packs as they are.
 */
void git_packs_merge(struct git_repository *repository, size_t many);

#endif

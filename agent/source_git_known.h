/*
 * source_git_known.h - which files a Git source has read last, so that those are not read again
 * whose blob is still the same.
 */
#ifndef AGENT_SOURCE_GIT_KNOWN_H
#define AGENT_SOURCE_GIT_KNOWN_H

#include "agent/source.h"

struct known_file {
	char *path;
	unsigned char id[SOURCE_ID_BYTES];
	size_t length;
};

struct known_files {
	char *commit; /* NULL: nothing is known */
	struct known_file *items;
	size_t count;
};

void known_files_release(struct known_files *known);

/* Whether they are in the order of their paths: Git sorts a tree, but it may be another's work. */
bool known_files_are_ordered(const struct snapshot *snapshot);

/* Remembers those of the snapshot instead; nothing if they are in no order or memory runs out. */
void known_files_take(struct known_files *known, const struct snapshot *snapshot);

/*
 * The file, if the blob is the one that was read; else NULL. `next` is where it is looked for
 * first, and becomes the place after it: whoever asks for one after the other finds each at once.
 * Begins as 0.
 */
const struct known_file *known_files_find(const struct known_files *known, const char *path,
					  const unsigned char *id, size_t *next);

#endif

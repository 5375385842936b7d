/*
 * source_clone_private.h - the inside of a clone, shared by source_clone*.c only.
 */
#ifndef AGENT_SOURCE_CLONE_PRIVATE_H
#define AGENT_SOURCE_CLONE_PRIVATE_H

#include <git2.h>

#include "agent/source_clone.h"

struct clone {
	git_repository *repository;
	char *top, *below, *branch;
};

struct clone_commit {
	git_repository *repository; /* borrowed */
	git_commit *commit;
	git_tree *tree;
	char id[CLONE_ID_SIZE];
};

#endif

/*
 * source_git_loose.h - objects that are files of their own, and were not written to their end.
 *
 * git writes each object of a commit to a file. A machine that lost its power may leave some of
 * them cut off, and libgit2 1.5 reads such a file for ever. So they are read here, once, and to
 * their end.
 */
#ifndef AGENT_SOURCE_GIT_LOOSE_H
#define AGENT_SOURCE_GIT_LOOSE_H

struct git_repository;

/*
 * From now on reading an object of the repository whose file is cut off or otherwise broken fails.
 * Objects in packs, and in repositories that this one borrows from (objects/info/alternates), are
 * not looked at. Returns 0 or libgit2's code.
 */
int git_loose_guard(struct git_repository *repository);

#endif

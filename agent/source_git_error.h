/*
 * source_git_error.h - by what those whom libgit2 calls tell it what is wrong: git_error_set_str(),
 * git_error_set_oom(). Up to 1.7 they are in git2.h.
 */
#ifndef AGENT_SOURCE_GIT_ERROR_H
#define AGENT_SOURCE_GIT_ERROR_H

#include <git2.h>
#if LIBGIT2_VER_MAJOR > 1 || LIBGIT2_VER_MINOR >= 8
#include <git2/sys/errors.h>
#endif

#endif

/*
 * locate.h - which StatefulSet of a commit a name means, and where its fields are set.
 *
 * Looked at are the files of a commit below a folder. If the folder holds a kustomization, only
 * what that one makes; else what each kustomization below it makes that no other of them names, and
 * the objects of all manifests that no kustomization names.
 */
#ifndef AGENT_LOCATE_H
#define AGENT_LOCATE_H

#include "agent/source_clone.h"
#include "diff/origin.h"

struct path_list {
	char **items;
	size_t count, capacity;
};

int path_list_add(struct path_list *list, const char *path, struct err *err);
void path_list_release(struct path_list *list);

/* One StatefulSet, and what it is made of. */
struct located {
	struct origins origins;
	size_t index;           /* in `origins` */
	char *root;             /* the kustomization's folder; NULL: a plain manifest */
	struct path_list files; /* that were read for it, or looked for */
};

void located_release(struct located *located);
const struct origin *located_origin(const struct located *located);

/* What a search came upon. */
struct locations {
	struct located *items;
	size_t count, capacity;
	char *meant;             /* where there are none: a name that is almost the one asked for */
	struct path_list faults; /* messages: files that hold the name and cannot be read */
};

void locations_release(struct locations *locations);

/*
 * Finds all StatefulSets of that name; with a namespace (may be NULL) those that are in it or name
 * none. Errors: ERR_INVALID and the like for the kustomization that the folder itself holds; those
 * of the clone.
 */
int locate(const struct clone_commit *commit, const char *folder, const char *name,
	   const char *namespace, struct locations *ret_locations, struct err *err);

/* The same object in another commit, found where it was; *ret_found false: it is not there. */
int locate_again(const struct clone_commit *commit, const struct located *known,
		 struct located *ret_located, bool *ret_found, struct err *err);

/*
 * Whether a kustomization that does not lead to `located` uses this file of it too: its folder,
 * which the caller frees, or NULL.
 */
int locate_other_user(const struct clone_commit *commit, const struct located *located,
		      const char *file, char **ret_folder, struct err *err);

#endif

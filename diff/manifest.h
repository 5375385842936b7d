/*
 * manifest.h - files to desired objects, each with its place, checked offline.
 *
 *	struct manifest_set set = {0};
 *	struct findings findings = {0};
 *	for each file in lexical order:
 *		manifest_set_add(&set, path, text, length, &findings, &err);
 *	manifest_set_check(&set, default_namespace, &findings, &err);
 *
 * What is wrong with the text of a file is a finding, so that one pass reports everything; the
 * functions fail only for memory and caps.
 */
#ifndef DIFF_MANIFEST_H
#define DIFF_MANIFEST_H

#include "diff/finding.h"
#include "diff/object.h"

#define MANIFEST_MAX_OBJECTS 100000 /* of one set */

struct manifest {
	struct ref ref;          /* namespace as written; "" where the file has none */
	cJSON *desired;          /* as written; never changed after loading */
	char *file;              /* as the user knows it */
	struct yaml_mark mark;   /* where the object begins */
	struct yaml_mark *marks; /* of each node of `desired`, in pre-order (see yaml.h) */
	size_t mark_count;
};

struct manifest_set {
	struct manifest *items; /* in the order of files and documents */
	size_t count, capacity;
};

/* Whether a file's name ends in .yaml, .yml or .json; others are passed over. */
bool manifest_is_file_name(const char *name);

/*
 * Reads one file, flattens any object with `items` (List), reads each ref and checks each object
 * by itself (check.h). An object with an error finding is not added.
 */
int manifest_set_add(struct manifest_set *set, const char *file, const char *text, size_t length,
		     struct findings *findings, struct err *err);

/*
 * What only the whole set shows: objects named twice, a StatefulSet's serviceName that no Service
 * of the set bears (a warning). `default_namespace` stands in for a namespace that is not written.
 */
int manifest_set_check(const struct manifest_set *set, const char *default_namespace,
		       struct findings *findings, struct err *err);

void manifest_set_release(struct manifest_set *set);

/*
 * Where a field stands in its file, by its path ("spec.template.spec.containers[0].image", also
 * with merge keys as compare.h prints them); the nearest parent's place if the field is not
 * written. For the server's answers, which name paths.
 */
struct yaml_mark manifest_mark_of(const struct manifest *manifest, const char *path);

#endif

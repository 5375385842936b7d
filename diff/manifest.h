/*
 * manifest.h - files to desired objects, each with its place, checked offline.
 *
 *	struct manifest_set set = {0};
 *	struct findings findings = {0};
 *	for each file in lexical order:
 *		manifest_set_add(&set, path, text, length, &findings, &err);
 *	manifest_set_check(&set, default_namespace, &findings, &err);
 *
 * What is wrong with a file or an object is a finding, so that one pass reports everything; the
 * functions fail only where memory runs out or the set passes MANIFEST_MAX_OBJECTS.
 */
#ifndef DIFF_MANIFEST_H
#define DIFF_MANIFEST_H

#include "diff/finding.h"
#include "diff/object.h"

#define MANIFEST_MAX_OBJECTS    100000 /* of one set */
#define MANIFEST_MAX_LIST_DEPTH 16     /* lists within lists */

/* Digests that were worked out, for as long as they hold; each is NULL where it was not. */
struct manifest_memo {
	char *desired;                /* of the manifest */
	char *live, *of_live_version; /* of the live object at that resourceVersion */
};

struct manifest {
	struct ref ref;          /* namespace as written; "" where the file has none */
	cJSON *desired;          /* as written; never changed after loading; NULL: packed */
	char *file;              /* as the user knows it */
	struct yaml_mark mark;   /* where the object begins */
	struct yaml_mark *marks; /* of each node of `desired`, in pre-order (see yaml.h) */
	size_t mark_count;
	struct manifest_memo *memo; /* NULL for one that stands in no file */
	struct manifest_packed *packed;
	bool cluster_scoped; /* the kind is known to belong to no namespace */
	/* Of a StatefulSet: what is asked for while it is packed, too. */
	char *service_name; /* NULL: none */
	int64_t partition;
};

struct manifest_set {
	struct manifest *items; /* in the order of files and documents */
	size_t count, capacity;
	uint32_t *table; /* of manifest_set_check: places, sorted; NULL: none that is still true */
};

/* Whether a file's name ends in .yaml, .yml or .json, as kubectl has it; others are passed over. */
bool manifest_is_file_name(const char *name);

/*
 * Reads one file, flattens lists, reads each ref and checks each object by itself (check.h). An
 * object with an error finding is not added.
 *
 * As in kubectl any object with `items` is a list; an item that has neither kind nor apiVersion
 * gets those of the list (`ConfigMapList` gives `ConfigMap`). Lists within lists, which kubectl
 * refuses, are flattened too.
 */
int manifest_set_add(struct manifest_set *set, const char *file, const char *text, size_t length,
		     struct findings *findings, struct err *err);

/*
 * The same for objects that a server has accepted, as `kubectl get -o yaml` or `-o json` prints
 * them: only what tells an object apart is checked. A text without any document is a finding, for a
 * server without objects has an empty List.
 */
int manifest_set_add_live(struct manifest_set *set, const char *file, const char *text,
			  size_t length, struct findings *findings, struct err *err);

/*
 * Adds an object that stands in no file. Takes *take_manifest, also where it fails: ERR_LIMIT,
 * ERR_NO_MEMORY.
 */
int manifest_set_append(struct manifest_set *set, struct manifest *take_manifest, struct err *err);

/*
 * What only the whole set shows: objects named twice, a StatefulSet's serviceName that no Service
 * of the set bears (a warning). `default_namespace` stands in for a namespace that is not written;
 * "" where it is not known.
 */
int manifest_set_check(struct manifest_set *set, const char *default_namespace,
		       struct findings *findings, struct err *err);

/*
 * The namespace of an object, as far as it is known without a cluster: the one that is written,
 * else the default; "" for a kind that is known to be cluster-scoped. Borrowed from either.
 */
const char *manifest_namespace(const struct ref *ref, const char *default_namespace);

/*
 * The manifest of the object; NULL: none. The set has been checked for this same default namespace,
 * or, since it grew last, not at all: then it is gone through from one end to the other.
 */
struct manifest *manifest_set_find(const struct manifest_set *set, const struct ref *ref,
				   const char *default_namespace);

/*
 * A tree takes some five times the memory of its text. Between two passes manifests are packed:
 * `desired` and `marks` become one text (JSON, and the places as differences), and are NULL;
 * whatever else stands above is still there, if at another address. Where there is no memory to
 * pack one it stays as it is.
 *
 * Unpacked the tree is what it was, the order of keys and the numbers included; of one that is not
 * packed nothing happens. ERR_NO_MEMORY only.
 */
void manifest_pack(struct manifest *manifest);
int manifest_unpack(struct manifest *manifest, struct err *err);
void manifest_set_pack(struct manifest_set *set);

/* Whether both say the same of the same object, wherever they stand; packed or not. */
bool manifest_says_the_same(const struct manifest *a, const struct manifest *b);

void manifest_release(struct manifest *manifest);
void manifest_set_release(struct manifest_set *set);

/* Where a value of `desired` stands in the file. */
struct yaml_mark manifest_mark_of_node(const struct manifest *manifest, const cJSON *node);

/*
 * Where a field stands in its file, by its path (path.h; the server's answers name such paths); the
 * nearest parent's place if the field is not written.
 */
struct yaml_mark manifest_mark_of(const struct manifest *manifest, const char *path);

/* The same of one that may be packed. ERR_NO_MEMORY only. */
int manifest_find_mark(const struct manifest *manifest, const char *path,
		       struct yaml_mark *ret_mark, struct err *err);

#endif

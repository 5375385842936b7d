/*
 * prune.h - what becomes of an object that left Git: deleted, kept, or no longer the app's.
 *
 * Deleting is what no later commit takes back, so everything has to speak for it. The first row
 * that holds decides:
 *
 *   the object in the cluster                                            verdict
 *   is not there                                                         gone
 *   is in Git under another group (an Ingress of extensions and of
 *   networking.k8s.io is one object)                                     gone
 *   is in the inventory of another app                                   released
 *   has another uid: it was deleted and created again                    released
 *   has a controller among its owners                                    released
 *   changed since it was applied, and bears another manager's mark that
 *   Git did not give it (marks.h), or was applied by another manager     released
 *   is being deleted                                                     kept
 *   stands in what another app of the same repository follows            kept
 *   has the annotation tranche.dev/prune: disabled, there or, where it
 *   has none, in Git when it was applied                                 kept
 *   is of a protected kind, or takes its claims along                    kept (*)
 *   is any, without --prune                                              kept
 *   is any                                                               deleted
 *
 * (*) unless --prune-kinds names the kind, or the annotation tranche.dev/prune: enabled stands on
 * the object. What else somebody changed of it does not keep it: the commit wins.
 *
 * Protected are the kinds with which data goes: Namespace, PersistentVolumeClaim, PersistentVolume,
 * CustomResourceDefinition, VolumeSnapshot, VolumeSnapshotContent.
 */
#ifndef DIFF_PRUNE_H
#define DIFF_PRUNE_H

#include "diff/object.h"

#define PRUNE_LIMIT_PERCENT 50
#define PRUNE_FEW           3 /* objects that may always go at once */

struct prune_policy {
	bool enabled;
	const char *kinds;     /* protected, and deleted: "Namespace,PersistentVolume"; or NULL */
	int64_t limit_percent; /* of the app's objects, and of its StatefulSets */
	bool allow_empty;      /* prune although the commit has no objects */
};

enum prune_verdict {
	PRUNE_GONE,    /* nothing to do, nothing to remember */
	PRUNE_RELEASE, /* stays in the cluster and is forgotten */
	PRUNE_KEEP,    /* stays, and is remembered: a later sync may delete it */
	PRUNE_DELETE,
};

struct prune_facts {
	const struct ref *ref;
	const cJSON *live;     /* NULL: it does not exist */
	bool in_git;           /* an object of the commit has its uid */
	const char *uid;       /* of the object that was applied */
	bool changed;          /* live is not as it was when it was applied */
	const cJSON *marks;    /* of the manifest that was applied; NULL: none, or not known */
	const char *other_app; /* whose inventory has it; NULL: none */
	const char *next_app;  /* that will have it with its next sync; NULL: none */
	const char *manager;   /* our own fieldManager */
};

/* Appends why, a phrase for people; nothing for PRUNE_GONE and PRUNE_DELETE. */
enum prune_verdict prune_decide(const struct prune_facts *facts, const struct prune_policy *policy,
				struct buf *why);

/* Whether the object says tranche.dev/prune: enabled, so that the limits do not count it. */
bool prune_is_ordered(const cJSON *live);

/* Appends what goes and what stays when the object is deleted; nothing if that is all. */
void prune_print_consequences(const struct ref *ref, const cJSON *live, struct buf *out);

/* What a pass is about to prune, as a whole. */
struct prune_set {
	size_t in_git;                /* objects of the commit */
	size_t failed;                /* objects that failed in this pass */
	size_t objects, statefulsets; /* that the app has: those in Git, and its own that left it */
	size_t deletes, statefulset_deletes; /* of those; without what prune_is_ordered */
};

/*
 * Whether nothing of the set may be deleted, because something failed or because so much at once
 * looks like a mistake: a commit without any object, or more than `limit_percent` of the objects
 * (if more than PRUNE_FEW) or of the StatefulSets. Appends why, and what allows it.
 */
bool prune_is_refused(const struct prune_set *set, const struct prune_policy *policy,
		      struct buf *why);

/* Checks --prune-kinds: ERR_INVALID where it names anything but protected kinds. */
int prune_check_kinds(const char *kinds, struct err *err);

#endif

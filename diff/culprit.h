/*
 * culprit.h - who set a field of a live object, as the API server's managedFields tell.
 *
 * metadata.managedFields (k8s.io/apimachinery/pkg/apis/meta/v1, ManagedFieldsEntry) has an entry
 * for each manager, operation, version and subresource, with the fields that are the manager's:
 * whoever gave a field its present value has it. So a field that was changed or added has a
 * culprit. One that was removed has none: removals leave no trace. Nor does a server before 1.21
 * note a write to /scale.
 */
#ifndef DIFF_CULPRIT_H
#define DIFF_CULPRIT_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/json.h"

/* Zero-initialised: nobody is known. */
struct culprit {
	char *manager;     /* as the server has it: "kubectl-edit"; NULL: nobody is known */
	char *operation;   /* "Update", "Apply" */
	char *subresource; /* "scale", ...; "" for the object itself, and from a server before 1.22 */
	char *time;       /* RFC 3339, to the second, of the manager's last change; "": not known */
	bool is_of_today; /* on the same day (UTC) as the look at it */
};

void culprit_release(struct culprit *culprit);

/*
 * The manager that the field at `path` (path.h) of the live object belongs to; of several the one
 * that wrote last. A subtree belongs to whoever has anything in it. `ourselves` is a manager that
 * is none. *ret_culprit stays empty where nobody is known. `now_ms` is Unix time. ERR_NO_MEMORY
 * only.
 */
int culprit_find(const cJSON *live, const char *path, const char *ourselves, int64_t now_ms,
		 struct culprit *ret_culprit, struct err *err);

int culprit_copy(const struct culprit *culprit, struct culprit *ret_copy, struct err *err);

/* Whether the two are one writer, whenever it wrote. */
bool culprit_equal(const struct culprit *a, const struct culprit *b);

/*
 * Appends who it was, as a person would say it: "kubectl (scale)" for a write to that subresource,
 * and for the manager "kubectl-scale"; "kubectl (apply)" for both ways of kubectl apply; "a browser
 * (Mozilla)"; every other manager by its name. Nothing for nobody.
 */
void culprit_print_name(const struct culprit *culprit, struct buf *out);

/*
 * Appends "by kubectl (scale) at 12:03:11", or "... on 2026-01-02 at 12:03:11" where that was
 * another day, in UTC. Nothing for nobody.
 */
void culprit_print(const struct culprit *culprit, struct buf *out);

#endif

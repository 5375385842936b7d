/*
 * table.h - objects as a meta.k8s.io/v1 Table, which is what `kubectl get` prints.
 *
 * Columns and cells follow pkg/printers/internalversion/printers.go of Kubernetes 1.36: names,
 * types, formats, priorities (1: only with -o wide) and texts. A kind without columns of its own
 * gets Name and Created At if it is one of Kubernetes' own, Name and Age if it is a custom
 * resource. Column descriptions are left empty: kubectl does not show them.
 */
#ifndef TESTS_KUBESIM_TABLE_H
#define TESTS_KUBESIM_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/json.h"

/* What a row carries beside its cells: the request's includeObject. */
enum table_include {
	TABLE_INCLUDE_METADATA, /* a PartialObjectMetadata: the default */
	TABLE_INCLUDE_OBJECT,   /* the whole object */
	TABLE_INCLUDE_NONE,
};

struct table_options {
	int64_t now_us; /* wall clock, microseconds since 1970, for ages */
	enum table_include include;
	bool no_headers; /* no columnDefinitions: every watch event after the first */
};

/*
 * An empty Table for objects of this kind; fill in its metadata (resourceVersion, continue) and
 * add rows. `options` is read now only. The caller frees it.
 */
cJSON *table_new(const char *group, const char *kind, const struct table_options *options);

/* Adds the row of an object, which bears apiVersion and kind and is copied where it is kept. */
void table_add(cJSON *table, const char *group, const char *kind, const cJSON *object,
	       const struct table_options *options);

#endif

/*
 * table.h - objects as a meta.k8s.io/v1 Table, which is what `kubectl get` prints.
 *
 * Columns and cells follow pkg/printers/internalversion/printers.go: names, types, formats,
 * priorities (1: only with -o wide) and texts. Kinds of Kubernetes that have no columns of their
 * own get Name and Created At; custom resources get Name and what their definition says, or Age.
 * Column descriptions are left empty: kubectl does not show them.
 */
#ifndef TESTS_KUBESIM_TABLE_H
#define TESTS_KUBESIM_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/json.h"
#include "tests/kubesim/kinds.h"

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
 * add rows. The caller frees it.
 */
cJSON *table_new(const struct kind *kind, const struct table_options *options);

/* Adds the row of an object, which is copied where it is kept. */
void table_add(cJSON *table, const struct kind *kind, const cJSON *object,
	       const struct table_options *options);

#endif

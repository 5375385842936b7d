/*
 * convert.h - objects in the version that a client asks for.
 *
 * The store keeps an object in the version in which it was written. Most of the versions served
 * side by side differ in nothing that clients of a test cluster use, so that only apiVersion is
 * rewritten; Events of events.k8s.io/v1 and of the core group are one thing under different field
 * names and are kept in the core group's form.
 */
#ifndef TESTS_KUBESIM_CONVERT_H
#define TESTS_KUBESIM_CONVERT_H

#include "diff/json.h"
#include "tests/kubesim/kinds.h"

/* The object as this kind has it; NULL where it is in that form already. The caller frees it. */
cJSON *convert_to(const struct kind *kind, const cJSON *object);

/* Brings an object that a client sent into the form that is stored. */
void convert_from_client(cJSON *object);

#endif

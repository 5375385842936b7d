/*
 * openapi_v2.h - /openapi/v2 as the protocol buffer that old clients take (gnostic's
 * openapi.v2.Document).
 */
#ifndef TESTS_KUBESIM_OPENAPI_V2_H
#define TESTS_KUBESIM_OPENAPI_V2_H

#include "diff/buf.h"
#include "tests/kubesim/kinds.h"

/* Clients ask for `v2@v1.0`; answered is a type without the `@`, which MIME does not allow. */
#define OPENAPI_V2_TYPE "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

/* Appends the encoded document: the PATCH operation of every kind, with the query parameters. */
void openapi_v2_print(const struct kinds *kinds, struct buf *out);

#endif

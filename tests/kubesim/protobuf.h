/*
 * protobuf.h - reading application/vnd.kubernetes.protobuf.
 *
 * Since 1.32 kubectl's own commands (create configmap, auth can-i, drain, ...) send what they make
 * themselves in this form; what comes from files is JSON as ever. Read are the kinds those commands
 * make and the fields they set; other kinds are refused with 415, as a server without protobuf
 * would. Answers are JSON, which every client takes.
 */
#ifndef TESTS_KUBESIM_PROTOBUF_H
#define TESTS_KUBESIM_PROTOBUF_H

#include <stddef.h>

#include "diff/json.h"

#define PROTOBUF_TYPE "application/vnd.kubernetes.protobuf"

/*
 * Reads the envelope and the object in it; the caller frees it. ERR_UNSUPPORTED if its kind is not
 * one of those, ERR_INVALID if the bytes are wrong.
 */
int protobuf_decode(const char *bytes, size_t length, cJSON **ret_object, struct err *err);

#endif

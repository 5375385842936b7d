/*
 * exec_credential.h - what is said to an exec credential plugin, and what it answers.
 *
 * Both are an ExecCredential of client.authentication.k8s.io, in JSON.
 */
#ifndef APPLY_EXEC_CREDENTIAL_H
#define APPLY_EXEC_CREDENTIAL_H

#include "apply/credential.h"
#include "apply/endpoint.h"
#include "diff/buf.h"

/* Linux has 128 KiB for a string of an environment. */
#define EXEC_INFO_MAX_BYTES (128u * 1024 - 64)

/*
 * Appends the value of KUBERNETES_EXEC_INFO. `endpoint` has an exec config. Reads the CA's file
 * where the plugin wants to know of the cluster. ERR_LIMIT, and file_read's errors.
 */
int exec_credential_print_info(const struct endpoint *endpoint, struct buf *out, struct err *err);

/*
 * Reads what the plugin printed. Errors, which never quote any of it: ERR_INVALID where it is none
 * of the API version that was agreed on, has neither token nor certificate, or one that is unfit.
 */
int exec_credential_parse(const struct exec_config *exec, const char *text, size_t length,
			  struct credential *ret_credential, struct err *err);

#endif

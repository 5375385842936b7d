/*
 * secret.h - the values of a Secret kept out of what others say about it.
 *
 * Servers and admission webhooks quote what they refuse. Whatever they say in answer to a Secret
 * goes through here before anybody sees it.
 */
#ifndef DIFF_SECRET_H
#define DIFF_SECRET_H

#include "diff/json.h"

#define SECRET_MIN_BYTES 4 /* shorter values would be found in every other word */

/* Whether the object is a Secret of the core group. */
bool secret_is(const cJSON *object);

/*
 * Puts "***" in place of each value of data and stringData that the text holds: plain, in base64,
 * as a quoted string has it, and line by line. In place, for it never grows. ERR_NO_MEMORY only.
 */
int secret_mask(const cJSON *secret, char *text, struct err *err);

/* The same for the words of a metav1.Status; anything else, NULL included, stays as it is. */
int secret_mask_status(const cJSON *secret, cJSON *status, struct err *err);

#endif

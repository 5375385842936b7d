/*
 * ignore.h - the fields of an object that Git does not decide: tranche.dev/ignore.
 *
 * The annotation of the manifest names them by JSON pointers (pointer.h), separated by commas;
 * white space around them does not matter. What they lead to is sent as it is in the cluster, there
 * or not, and so never differs; a create sends what Git says. Neither side's digest covers them.
 */
#ifndef DIFF_IGNORE_H
#define DIFF_IGNORE_H

#include "diff/pointer.h"

#define IGNORE_ANNOTATION   "tranche.dev/ignore"
#define IGNORE_MAX_POINTERS 100

struct ignored {
	char *text; /* as it is written */
	struct pointer pointer;
};

/* Zero-initialised is empty. */
struct ignore {
	struct ignored *items;
	size_t count;
};

/*
 * Reads the annotation of `object`; without one *ret_ignore is empty. ERR_INVALID, ERR_LIMIT: the
 * message names the annotation and what of it is wrong: no pointer; one to the whole object, or to
 * what tells it from others (apiVersion, kind, metadata.name, metadata.namespace); one through a
 * list of `object` that names no item of it.
 */
int ignore_read(const cJSON *object, struct ignore *ret_ignore, struct err *err);
void ignore_release(struct ignore *ignore);

/* Makes the ignored fields of `body`, which is to replace `live`, what they are in that. */
int ignore_carry(const struct ignore *ignore, cJSON *body, const cJSON *live, struct err *err);

/* Takes the ignored fields out (pointer_blank), for what is left to be compared by its digest. */
int ignore_blank(const struct ignore *ignore, cJSON *object, struct err *err);

/*
 * Appends "ignored: /spec/replicas (Git 3, live 5)", values as change_print_value has them and
 * never a Secret's. False, and nothing appended, where the two are equal.
 */
bool ignore_print(const struct ignored *ignored, const cJSON *desired, const cJSON *live,
		  struct buf *out);

#endif

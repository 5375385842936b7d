/*
 * finding.h - what the offline checks have to say about files, each with its place.
 */
#ifndef DIFF_FINDING_H
#define DIFF_FINDING_H

#include <stddef.h>

#include "diff/buf.h"
#include "diff/yaml.h"

enum finding_level {
	FINDING_WARNING, /* goes on, and is shown */
	FINDING_ERROR,   /* nothing is sent to the cluster while there is one */
};

struct finding {
	enum finding_level level;
	char *file;            /* "": none */
	struct yaml_mark mark; /* {0, 0}: the whole file */
	char *message; /* one line, names the object and the field's path; never a Secret's value */
};

/* "warning", "error" */
const char *finding_level_name(enum finding_level level);

/* A growing list; zero-initialised is empty. */
struct findings {
	struct finding *items;
	size_t count, capacity;
	size_t error_count;
};

/* Copies what it is given; control characters of the message become \xNN. ERR_NO_MEMORY only. */
int findings_add(struct findings *findings, enum finding_level level, const char *file,
		 struct yaml_mark mark, struct err *err, const char *format, ...) PRINTF(6, 7);

/*
 * Adds an error for a text that cannot be read: the place that the message of yaml.h and json.h
 * begins with ("LINE:COLUMN: ") becomes the finding's.
 */
int findings_add_fault(struct findings *findings, const char *file, const struct err *fault,
		       struct err *err);

void findings_release(struct findings *findings);

/* By file, then line, then column; errors before warnings of the same place. */
void findings_sort(struct findings *findings);

/*
 * Appends "web.yaml:12:3: error: MESSAGE" without a newline; a place that is not known is left out,
 * control characters of the file's name become \xNN.
 */
void finding_print(const struct finding *finding, struct buf *out);

/* All of them, a line each. */
void findings_print(const struct findings *findings, struct buf *out);

#endif

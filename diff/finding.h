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
	char *file;
	struct yaml_mark mark; /* {0, 0}: the whole file */
	char *message;         /* one line, names the object and the field's path */
};

/* A growing list; zero-initialised is empty. */
struct findings {
	struct finding *items;
	size_t count, capacity;
	size_t error_count;
};

int findings_add(struct findings *findings, enum finding_level level, const char *file,
		 struct yaml_mark mark, struct err *err, const char *format, ...) PRINTF(6, 7);
void findings_release(struct findings *findings);

/* By file, then line, then column. */
void findings_sort(struct findings *findings);

/* Appends "web.yaml:12:3: error: MESSAGE" without a newline. */
void finding_print(const struct finding *finding, struct buf *out);

#endif

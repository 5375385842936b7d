/*
 * findings.h - what is found in a file's text, as lines.
 */
#ifndef TESTS_SUPPORT_FINDINGS_H
#define TESTS_SUPPORT_FINDINGS_H

#include "diff/manifest.h"

/* Adds the text to the set, as the file "a.yaml"; fails where memory runs out and the like. */
void add_text(struct manifest_set *set, struct findings *findings, const char *text);

/* Fails unless the findings, sorted, are these lines (each ended by a newline). */
void assert_findings(struct findings *findings, const char *what, const char *expected);

#endif

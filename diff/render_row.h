/*
 * render_row.h - the Pods of a StatefulSet as a row of ordinals, and its update as a bar.
 *
 * The rooms of `status` share this; nobody else includes it.
 */
#ifndef DIFF_RENDER_ROW_H
#define DIFF_RENDER_ROW_H

#include "diff/render_style.h"

/* What a Pod looks like in the row. */
enum look { LOOK_PLAIN, LOOK_UPDATED, LOOK_MOVING, LOOK_TROUBLE, LOOK_LEAVING };
#define LOOK_COUNT (LOOK_LEAVING + 1)

struct look_words {
	const char *mark; /* behind the ordinal */
	enum style style;
	const char *meaning; /* for the legend; NULL: needs none */
};
extern const struct look_words look_words[LOOK_COUNT];

enum look row_look(const struct rollout *rollout, const struct rollout_pod *pod);

/* Whether some wanted Pod is not on the update revision. Else "updated" is said of none of them. */
bool row_has_two_revisions(const struct rollout *rollout);

/*
 * A line of `status` begins with a label in a column of its own. Ends where what it labels begins;
 * returns how many columns that took.
 */
size_t row_print_label(const char *label, const struct render_options *options, struct buf *out);

/*
 * The ordinals, with the partition between held and promoted ones, and below them the images of
 * both revisions; runs of ordinals that look the same are drawn as one:
 *
 *	pods             0..199 | 200+ 201~
 *	images     nginx:1.25.4 | nginx:1.26.1
 *
 * Where that does not fit the row is wrapped, and the images are written "OLD -> NEW".
 */
void row_print(const struct rollout *rollout, const struct render_options *options,
	       struct buf *out);

/* A bar of the Pods that are updated and available, and of those on their way: "[###=--]  3/6". */
void row_print_bar(const struct rollout *rollout, const struct render_options *options,
		   struct buf *out);

#endif

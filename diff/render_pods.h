/*
 * render_pods.h - the Pods of a StatefulSet, one a line.
 *
 * The rooms of `status` share this; nobody else includes it.
 */
#ifndef DIFF_RENDER_PODS_H
#define DIFF_RENDER_PODS_H

#include "diff/render_style.h"

/*
 * With revision, image, age, restarts, node and state; the partition is a line between two of them.
 */
void pods_print_table(const struct rollout *rollout, int64_t now_ms,
		      const struct render_options *options, struct buf *out);

/* Those that are in trouble, and which; a few of them, but not the one that `stuck_pod` names. */
void pods_print_troubles(const struct rollout *rollout, const struct render_options *options,
			 struct buf *out);

#endif

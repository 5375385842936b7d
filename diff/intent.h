/*
 * intent.h - what a commit says of a StatefulSet's rollout: which images, held back by which
 * partition. From its origin, so from its manifest and the patches over it; no server is asked.
 */
#ifndef DIFF_INTENT_H
#define DIFF_INTENT_H

#include "diff/origin.h"
#include "diff/policy.h"

struct intent_image {
	const char *list; /* "containers" or "initContainers" */
	char *container, *image;
	struct origin_place place;
};

/* Places and what they borrow live as long as the origins. */
struct intent {
	int64_t partition; /* 0 where none is written */
	int64_t start;     /* spec.ordinals.start */
	int64_t replicas;
	bool has_replicas; /* else they are somebody else's: an autoscaler's, or the live ones */
	bool on_delete;
	struct policy policy; /* only what matters to a promotion: hold, max-promotion */
	struct origin_place partition_place, hold_place;
	struct intent_image *images; /* of the containers, then of the init containers */
	size_t image_count;
	cJSON *template; /* origin_template: what else the Pods are made from */
};

/*
 * Reads it. Errors, with a file in front: ERR_INVALID for a field of the wrong type,
 * ERR_UNSUPPORTED where a field cannot be told (origin_find); ERR_NO_MEMORY.
 */
int intent_read(const struct origin *origin, struct intent *ret_intent, struct err *err);
void intent_release(struct intent *intent);

/* Whether the Pods of both are made from the same template; and whether all but the images is. */
bool intent_same_template(const struct intent *a, const struct intent *b);
bool intent_same_but_images(const struct intent *a, const struct intent *b);

/* The image of a container in another intent of the same object; NULL where it has none. */
const char *intent_image_of(const struct intent *intent, const struct intent_image *image);

/* Appends the containers' images: "nginx:1.26.1,sidecar:2". */
void intent_print_images(const struct intent *intent, struct buf *out);

/* Ordinals as their places in the set: from `first` to below `end`, so none where end <= first. */
struct intent_span {
	int64_t first, end;
};

/* What a partition that goes from `from` down to `to` promotes; `end` is at most replicas. */
struct intent_span intent_promoted(const struct intent *intent, int64_t from, int64_t to);

/* Appends "Pod web-2", "Pods web-2, web-3", "Pods web-2..web-9". */
void intent_print_pods(const struct intent *intent, const char *name, struct intent_span span,
		       struct buf *out);

#endif

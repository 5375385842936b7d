/*
 * origin.h - where the fields of an object are set: in its manifest, and in the patches that a
 * kustomization puts over it.
 *
 * An origin is a stack of layers. The manifest is the lowest; what kustomize applies to it lies
 * above, in kustomize's order (kustomize.h). The last layer that has a say in a field decides it,
 * and there it is edited (yaml_edit.h). Of plain manifests the manifest is the only layer.
 */
#ifndef DIFF_ORIGIN_H
#define DIFF_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/object.h"
#include "diff/yaml_step.h"

#define ORIGIN_MAX_STEPS  24
#define ORIGIN_MAX_LAYERS 64 /* of one object */

enum origin_kind {
	ORIGIN_MANIFEST,
	ORIGIN_MERGE_PATCH, /* a strategic merge patch */
	ORIGIN_JSON_PATCH,  /* RFC 6902 */
	ORIGIN_REPLICAS,    /* an entry of a kustomization's `replicas` */
	ORIGIN_IMAGE,       /* an entry of a kustomization's `images` */
	ORIGIN_ANNOTATIONS, /* a kustomization's `commonAnnotations` */
};

/* One text that has a say in objects. */
struct origin_layer {
	enum origin_kind kind;
	char *file;
	size_t document;
	struct yaml_step steps[ORIGIN_MAX_STEPS]; /* from the document's root to `value` */
	size_t step_count;
	cJSON *value;          /* the object, patch or entry */
	struct yaml_mark mark; /* where it begins; {0, 0}: not known */
	/* The patch chooses objects by labels or annotations, which are not looked at here. */
	bool conditional;
	size_t object_count; /* objects that it is applied to */
};

struct origin {
	struct ref ref; /* as it comes out */
	char **names; /* what it was called before name prefixes and suffixes, the first one first */
	size_t name_count;
	struct origin_layer *layers[ORIGIN_MAX_LAYERS]; /* borrowed; as they are applied */
	size_t layer_count;
};

/* The objects of files and kustomizations, and the layers that they share. Zeroed: none. */
struct origins {
	struct origin *items;
	size_t count, capacity;
	struct origin_layer **layers;
	size_t layer_count, layer_capacity;
	/*
	 * "overlays/prod/kustomization.yaml uses replacements": what is not understood here and may
	 * have a say in any field; NULL: nothing.
	 */
	char *obscured;
};

void origin_release(struct origin *origin);
void origins_release(struct origins *origins);

/*
 * Adds every object of a manifest file, those of lists too, each with the one layer. Errors as
 * yaml_load, with `path` in front; objects that have no kind or name are passed over.
 */
int origins_add_file(struct origins *origins, const char *path, const char *text, size_t length,
		     struct err *err);

/* --- for those that add layers --------------------------------------------------------------- */

/* Appends an object without layers; valid until the next one is added. */
int origins_add(struct origins *origins, const struct ref *ref, struct origin **ret_origin,
		struct err *err);

/* Adds a copy of `model`, owned by `origins`. The keys of its steps are borrowed for as long. */
int origins_add_layer(struct origins *origins, const struct origin_layer *model,
		      struct origin_layer **ret_layer, struct err *err);

/* Puts the layer on top of the object. ERR_LIMIT past ORIGIN_MAX_LAYERS. */
int origin_push(struct origin *origin, struct origin_layer *layer, struct err *err);

/* Gives the object another name; what it was called stays known. */
int origin_rename(struct origin *origin, const char *name, struct err *err);

/* Whether the object has or had this name. */
bool origin_was_called(const struct origin *origin, const char *name);

/* --- fields ---------------------------------------------------------------------------------- */

#define ORIGIN_MAX_KEYS 8

/*
 * A field: the keys that lead to it. Behind a list's key stands the name of the item, and `item` is
 * that name's index; 0: there is no list on the way.
 *
 *	{{"spec", "template", "spec", "containers", "nginx", "image"}, 6, 4}
 */
struct origin_field {
	const char *keys[ORIGIN_MAX_KEYS];
	size_t count, item;
};

/* Where a field is set, or would be. */
struct origin_place {
	const struct origin_layer *layer;
	struct yaml_step steps[ORIGIN_MAX_STEPS]; /* in the layer's document */
	size_t step_count;
	const cJSON *value; /* that is set; NULL: none. Borrowed from the layer */
};

/*
 * Finds the layer that decides the field; a later one wins over an earlier. Where none does, the
 * place is the one where the field would be inserted: the uppermost merge patch that is for this
 * object alone, else the manifest. A kustomization's `images` are passed over: see origin_image.
 * Errors: ERR_UNSUPPORTED, with the file in front, where what decides the field cannot be told.
 */
int origin_find(const struct origin *origin, const struct origin_field *field,
		struct origin_place *ret_place, struct err *err);

/*
 * Appends the image of a container ("containers" or "initContainers", its name) as it comes out,
 * nothing where it has none. *ret_place (may be NULL) is where it is decided; where that is an
 * entry of a kustomization's `images`, the place is the entry and its value an object. Errors as
 * origin_find.
 */
int origin_image(const struct origin *origin, const char *list, const char *container,
		 struct origin_place *ret_place, struct buf *out, struct err *err);

/*
 * The scalar to be written, and where, so that the container's image comes out as `image`; `place`
 * is origin_image's, and leads to newTag or digest afterwards where it was an entry of `images`.
 * *ret_text is a part of `image`. ERR_UNSUPPORTED where one value is not enough.
 */
int origin_image_edit(struct origin_place *place, const char *image, const char **ret_text,
		      struct err *err);

/*
 * Whether the place may be edited for one object: refuses, as ERR_UNSUPPORTED, what would change
 * other objects too, and what is not understood.
 */
int origin_check_edit(const struct origins *origins, const struct origin_place *place,
		      struct err *err);

/*
 * What the layers say of the Pod template, but for the images of its containers: equal for two
 * origins of one object if its template changes in nothing but images. Errors: ERR_NO_MEMORY.
 */
int origin_template(const struct origin *origin, cJSON **ret_template, struct err *err);

#endif

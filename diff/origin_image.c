/* Images, which a kustomization's `images` may change on the way, and the template around them. */
#include "diff/origin.h"

#include <string.h>

#define IMAGE_FIELD(list, container)                                                            \
	{                                                                                       \
		.keys = {"spec", "template", "spec", (list), (container), "image"}, .count = 6, \
		.item = 4                                                                       \
	}

/* "registry:5000/nginx:1.25@sha256:..." in its parts, as kustomize cuts it; "" where one is missing. */
struct image {
	const char *name, *tag, *digest;
	int name_length, tag_length;
};

static struct image split_image(const char *text)
{
	const char *at = strchr(text, '@'), *end = at ? at : text + strlen(text);
	const char *slash = memrchr(text, '/', (size_t)(end - text));
	const char *base = slash ? slash : text;
	const char *colon = memrchr(base, ':', (size_t)(end - base));
	const char *name_end = colon ? colon : end;

	return (struct image){
		.name = text,
		.name_length = (int)(name_end - text),
		.tag = colon ? colon + 1 : "",
		.tag_length = colon ? (int)(end - colon - 1) : 0,
		.digest = at ? at + 1 : "",
	};
}

static bool is_named(const struct image *image, const char *name)
{
	return (size_t)image->name_length == strlen(name) &&
	       memcmp(image->name, name, strlen(name)) == 0;
}

/* Rewrites the image as an entry of `images` does, if it is for it. */
static int apply_entry(const cJSON *entry, struct buf *text, bool *ret_applied, struct err *err)
{
	CLEANUP(free_p) char *old = strdup(buf_str(text));
	const char *name = json_str(entry, "name"), *new_name = json_str(entry, "newName");
	const char *tag = json_str(entry, "newTag"), *digest = json_str(entry, "digest");
	struct image image;

	if (!old)
		return err_no_memory(err);
	image = split_image(old);
	*ret_applied = name && is_named(&image, name);
	if (!*ret_applied)
		return 0;
	buf_clear(text);
	if (new_name)
		buf_puts(text, new_name);
	else
		buf_append(text, image.name, (size_t)image.name_length);
	/* Either of the two replaces both. */
	if (!tag && !digest) {
		buf_puts(text, old + image.name_length);
		return 0;
	}
	if (tag)
		buf_printf(text, ":%s", tag);
	if (digest)
		buf_printf(text, "@%s", digest);
	return 0;
}

static void place_entry(const struct origin_layer *layer, struct origin_place *ret_place)
{
	*ret_place = (struct origin_place){
		.layer = layer, .step_count = layer->step_count, .value = layer->value};
	memcpy(ret_place->steps, layer->steps, layer->step_count * sizeof(*layer->steps));
}

int origin_image(const struct origin *origin, const char *list, const char *container,
		 struct origin_place *ret_place, struct buf *out, struct err *err)
{
	const struct origin_field field = IMAGE_FIELD(list, container);
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);
	struct origin_place place;
	size_t i = 0;
	bool applied = false;

	if (origin_find(origin, &field, &place, err) < 0)
		return -1;
	if (cJSON_IsString(place.value)) {
		buf_puts(&text, place.value->valuestring);
		while (origin->layers[i] != place.layer)
			i++;
	} else {
		i = origin->layer_count;
	}
	for (; i < origin->layer_count; i++) {
		if (origin->layers[i]->kind != ORIGIN_IMAGE)
			continue;
		if (apply_entry(origin->layers[i]->value, &text, &applied, err) < 0)
			return -1;
		if (applied)
			place_entry(origin->layers[i], &place);
	}
	if (buf_check(&text, "an image", err) < 0)
		return -1;
	buf_puts(out, buf_str(&text));
	if (ret_place)
		*ret_place = place;
	return 0;
}

int origin_image_edit(struct origin_place *place, const char *image, const char **ret_text,
		      struct err *err)
{
	const struct origin_layer *layer = place->layer;
	const struct image wanted = split_image(image);
	const char *name = json_str(place->value, "newName");
	bool has_tag = wanted.tag_length, has_digest = *wanted.digest;

	if (layer->kind != ORIGIN_IMAGE) {
		*ret_text = image;
		return 0;
	}
	if (!name)
		name = json_str(place->value, "name");
	const char *key = has_digest ? "digest" : "newTag";
	const char *other = has_digest ? "newTag" : "digest";
	if (!is_named(&wanted, name) || has_tag == has_digest || json_get(place->value, other))
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s: %s takes more than another tag or digest in \"images\": edit it by "
			"hand",
			layer->file, image);
	place->steps[place->step_count++] = YAML_KEY(key);
	place->value = json_get(place->value, key);
	*ret_text = has_digest ? wanted.digest : wanted.tag;
	return 0;
}

/* --- the template ---------------------------------------------------------------------------- */

static void drop_images(cJSON *spec, const char *list)
{
	const cJSON *containers = json_get(spec, list);
	cJSON *container;

	json_each (container, cJSON_IsArray(containers) ? containers : NULL)
		json_remove_key(container, "image");
}

/* The template of an object or a merge patch, without images. */
static int add_template(const cJSON *object, cJSON *templates, struct err *err)
{
	const cJSON *template = json_at(object, "spec.template");
	cJSON *copy;

	if (!template)
		return 0;
	copy = json_copy(template);
	if (json_append(templates, copy, err) < 0)
		return -1;
	drop_images(json_get(copy, "spec"), "containers");
	drop_images(json_get(copy, "spec"), "initContainers");
	return 0;
}

/* Those operations of a JSON patch that are about the template, without the images of containers. */
static int add_operations(const cJSON *patch, cJSON *templates, struct err *err)
{
	static const char prefix[] = "/spec/template", image[] = "/image";
	const cJSON *operation;

	json_each (operation, cJSON_IsArray(patch) ? patch : NULL) {
		const char *path = json_str(operation, "path");
		size_t length = path ? strlen(path) : 0;
		cJSON *copy;

		if (!path || strncmp(path, prefix, sizeof(prefix) - 1) != 0)
			continue;
		copy = json_copy(operation);
		if (json_append(templates, copy, err) < 0)
			return -1;
		if (length >= sizeof(image) &&
		    strcmp(path + length - sizeof(image) + 1, image) == 0)
			json_remove_key(copy, "value");
	}
	return 0;
}

int origin_template(const struct origin *origin, cJSON **ret_template, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *templates = cJSON_CreateArray();

	if (!templates)
		return err_no_memory(err);
	for (size_t i = 0; i < origin->layer_count; i++) {
		const struct origin_layer *layer = origin->layers[i];
		int status = 0;

		if (layer->kind == ORIGIN_MANIFEST || layer->kind == ORIGIN_MERGE_PATCH)
			status = add_template(layer->value, templates, err);
		else if (layer->kind == ORIGIN_JSON_PATCH)
			status = add_operations(layer->value, templates, err);
		if (status < 0)
			return -1;
	}
	*ret_template = STEAL(templates);
	return 0;
}

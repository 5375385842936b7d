#include "diff/intent.h"

#include <inttypes.h>
#include <string.h>

#define LIST_PODS 3 /* more of them are printed as a range */

void intent_release(struct intent *intent)
{
	for (size_t i = 0; i < intent->image_count; i++) {
		free(intent->images[i].container);
		free(intent->images[i].image);
	}
	free(intent->images);
	cJSON_Delete(intent->template);
	*intent = (struct intent){0};
}

/* --- fields ---------------------------------------------------------------------------------- */

static int fail_field(const struct origin_place *place, const struct origin_field *field,
		      const char *wanted, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(ERR_MESSAGE_MAX);

	for (size_t i = 0; i < field->count; i++)
		buf_printf(&path, "%s%s", i ? "." : "", field->keys[i]);
	return err_set(err, ERR_INVALID, "%s: %s is not %s", place->layer->file, buf_str(&path),
		       wanted);
}

/* A number that is not negative; *ret_value stays where none is written. */
static int read_number(const struct origin *origin, const struct origin_field *field,
		       struct origin_place *ret_place, bool *ret_exists, int64_t *ret_value,
		       struct err *err)
{
	int64_t value;

	if (origin_find(origin, field, ret_place, err) < 0)
		return -1;
	*ret_exists = ret_place->value;
	if (!ret_place->value)
		return 0;
	if (!json_int_value(ret_place->value, &value) || value < 0)
		return fail_field(ret_place, field, "a whole number from 0 on", err);
	*ret_value = value;
	return 0;
}

static int read_numbers(const struct origin *origin, struct intent *intent, struct err *err)
{
	static const struct origin_field partition = {
		{"spec", "updateStrategy", "rollingUpdate", "partition"}, 4, 0};
	static const struct origin_field type = {{"spec", "updateStrategy", "type"}, 3, 0};
	static const struct origin_field replicas = {{"spec", "replicas"}, 2, 0};
	static const struct origin_field start = {{"spec", "ordinals", "start"}, 3, 0};
	struct origin_place place;
	bool exists;

	if (origin_find(origin, &type, &place, err) < 0)
		return -1;
	intent->on_delete =
		cJSON_IsString(place.value) && strcmp(place.value->valuestring, "OnDelete") == 0;
	if (read_number(origin, &partition, &intent->partition_place, &exists, &intent->partition,
			err) < 0 ||
	    read_number(origin, &start, &place, &exists, &intent->start, err) < 0)
		return -1;
	return read_number(origin, &replicas, &place, &intent->has_replicas, &intent->replicas,
			   err);
}

/* --- policy ---------------------------------------------------------------------------------- */

static int read_annotation(const struct origin *origin, const char *key, cJSON *object,
			   struct origin_place *ret_place, struct err *err)
{
	const struct origin_field field = {{"metadata", "annotations", key}, 3, 0};
	cJSON *annotations = json_at(object, "metadata.annotations");

	if (origin_find(origin, &field, ret_place, err) < 0)
		return -1;
	return ret_place->value ? json_set_key(annotations, key, json_copy(ret_place->value), err)
				: 0;
}

/* As policy_read has it, from an object with the annotations that come out. */
static int read_policy(const struct origin *origin, struct intent *intent, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();
	struct origin_place place;
	const char *key = NULL;

	if (!object)
		return err_no_memory(err);
	if (json_set_str(object, "apiVersion", "apps/v1", err) < 0 ||
	    json_set_str(object, "kind", "StatefulSet", err) < 0 ||
	    json_set(object, "metadata.annotations", cJSON_CreateObject(), err) < 0 ||
	    read_annotation(origin, POLICY_HOLD, object, &intent->hold_place, err) < 0 ||
	    read_annotation(origin, POLICY_MAX_PROMOTION, object, &place, err) < 0)
		return -1;
	if (policy_read(object, &intent->policy, &key, err) < 0)
		return err_prefix(err, "%s", origin->layers[0]->file);
	return 0;
}

/* --- images ---------------------------------------------------------------------------------- */

static bool has_container(const struct intent *intent, const char *list, const char *container)
{
	for (size_t i = 0; i < intent->image_count; i++)
		if (strcmp(intent->images[i].list, list) == 0 &&
		    strcmp(intent->images[i].container, container) == 0)
			return true;
	return false;
}

static int add_image(const struct origin *origin, const char *list, const char *container,
		     struct intent *intent, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);
	struct intent_image image = {.list = list};
	struct intent_image *images;

	if (origin_image(origin, list, container, &image.place, &text, err) < 0)
		return -1;
	images = reallocarray(intent->images, intent->image_count + 1, sizeof(*images));
	if (!images)
		return err_no_memory(err);
	intent->images = images;
	image.container = strdup(container);
	image.image = buf_steal(&text);
	images[intent->image_count++] = image;
	return image.container && image.image ? 0 : err_no_memory(err);
}

/* The containers of one list, which the manifest and merge patches name. */
static int add_images(const struct origin *origin, const char *list, struct intent *intent,
		      struct err *err)
{
	for (size_t i = 0; i < origin->layer_count; i++) {
		const struct origin_layer *layer = origin->layers[i];
		const cJSON *containers =
			layer->kind <= ORIGIN_MERGE_PATCH
				? json_get(json_at(layer->value, "spec.template.spec"), list)
				: NULL;
		const cJSON *container;

		json_each (container, cJSON_IsArray(containers) ? containers : NULL) {
			const char *name = json_str(container, "name");

			if (name && !has_container(intent, list, name) &&
			    add_image(origin, list, name, intent, err) < 0)
				return -1;
		}
	}
	return 0;
}

int intent_read(const struct origin *origin, struct intent *ret_intent, struct err *err)
{
	CLEANUP(intent_release) struct intent intent = {0};

	if (read_numbers(origin, &intent, err) < 0 || read_policy(origin, &intent, err) < 0 ||
	    add_images(origin, "containers", &intent, err) < 0 ||
	    add_images(origin, "initContainers", &intent, err) < 0 ||
	    origin_template(origin, &intent.template, err) < 0)
		return -1;
	*ret_intent = intent;
	intent = (struct intent){0};
	return 0;
}

/* --- comparing ------------------------------------------------------------------------------- */

const char *intent_image_of(const struct intent *intent, const struct intent_image *image)
{
	for (size_t i = 0; i < intent->image_count; i++)
		if (strcmp(intent->images[i].list, image->list) == 0 &&
		    strcmp(intent->images[i].container, image->container) == 0)
			return intent->images[i].image;
	return NULL;
}

bool intent_same_but_images(const struct intent *a, const struct intent *b)
{
	return a->image_count == b->image_count && json_equal(a->template, b->template);
}

bool intent_same_template(const struct intent *a, const struct intent *b)
{
	if (!intent_same_but_images(a, b))
		return false;
	for (size_t i = 0; i < a->image_count; i++) {
		const char *other = intent_image_of(b, &a->images[i]);

		if (!other || strcmp(a->images[i].image, other) != 0)
			return false;
	}
	return true;
}

/* --- words ----------------------------------------------------------------------------------- */

void intent_print_images(const struct intent *intent, struct buf *out)
{
	for (size_t i = 0, printed = 0; i < intent->image_count; i++)
		if (strcmp(intent->images[i].list, "containers") == 0)
			buf_printf(out, "%s%s", printed++ ? "," : "", intent->images[i].image);
}

struct intent_span intent_promoted(const struct intent *intent, int64_t from, int64_t to)
{
	int64_t end = intent->has_replicas && intent->replicas < from ? intent->replicas : from;

	return (struct intent_span){to, end < to ? to : end};
}

void intent_print_pods(const struct intent *intent, const char *name, struct intent_span span,
		       struct buf *out)
{
	int64_t count = span.end - span.first, first = intent->start + span.first;

	buf_puts(out, count == 1 ? "Pod " : "Pods ");
	if (count > LIST_PODS) {
		buf_printf(out, "%s-%" PRId64 "..%s-%" PRId64, name, first, name,
			   first + count - 1);
		return;
	}
	for (int64_t i = 0; i < count; i++)
		buf_printf(out, "%s%s-%" PRId64, i ? ", " : "", name, first + i);
}

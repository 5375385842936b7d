#include "diff/supposed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/prediction.h"
#include "diff/rollout_assume.h"
#include "diff/rollout_template.h"

#define PARTITION "spec.updateStrategy.rollingUpdate.partition"
#define UID       "supposed" /* that Pods and revisions are claimed by */
#define MAX_NAME  (ROLLOUT_NAME_SIZE + 32)

/* --- commits --------------------------------------------------------------------------------- */

static const char *namespace_of(const struct supposed_past *past, const struct ref *ref)
{
	return manifest_namespace(ref, past->default_namespace);
}

/* The StatefulSet in another commit, or NULL. */
static const struct manifest *find(const struct supposed_past *past, size_t commit,
				   const struct manifest *statefulset)
{
	const struct manifest_set *set = past->commits[commit];

	for (size_t i = 0; i < set->count; i++) {
		const struct ref *ref = &set->items[i].ref;

		if (ref_is(ref, "apps", "StatefulSet") &&
		    strcmp(ref->name, statefulset->ref.name) == 0 &&
		    strcmp(namespace_of(past, ref), namespace_of(past, &statefulset->ref)) == 0)
			return &set->items[i];
	}
	return NULL;
}

/* How many of the Pods a commit holds back. Under OnDelete nobody knows; as if it were none. */
static int64_t held_by(const struct manifest *statefulset)
{
	const char *type = json_str(statefulset->desired, "spec.updateStrategy.type");

	if (type && strcmp(type, "OnDelete") == 0)
		return 0;
	return json_int_or(statefulset->desired, PARTITION, 0);
}

static int64_t replicas_of(const struct manifest *statefulset)
{
	return json_int_or(statefulset->desired, "spec.replicas", 1);
}

/* So many Pods, from the `first` on, run a commit's template; NULL: nobody knows which. */
struct layer {
	int64_t first;
	const struct manifest *statefulset;
};

/*
 * The layers of a StatefulSet's Pods, the highest ordinals first; the last begins with Pod 0. There is at
 * most one a commit, and one that nobody knows.
 */
static size_t read_layers(const struct supposed_past *past, const struct manifest *newest,
			  struct layer *layers)
{
	int64_t below = held_by(newest), replicas = replicas_of(newest);
	const struct manifest *last = newest;
	size_t count = 0;

	below = below > replicas ? replicas : below;
	layers[count++] = (struct layer){below, newest};
	for (size_t i = 1; i < past->count && below > 0; i++) {
		const struct manifest *older = find(past, i, newest);

		/* The last one has created it: whatever its partition was, all took its template. */
		int64_t held = older ? held_by(older) : 0;
		if (held < below)
			layers[count++] = (struct layer){held, older ? older : last};
		below = held < below ? held : below;
		last = older;
	}
	if (below > 0)
		layers[count++] = (struct layer){0, NULL};
	return count;
}

bool supposed_wants_more(const struct supposed_past *past)
{
	const struct manifest_set *newest = past->commits[0];
	CLEANUP(free_p) struct layer *layers = calloc(past->count + 1, sizeof(*layers));
	bool wants = false;

	for (size_t i = 0; layers && i < newest->count && !wants; i++) {
		const struct manifest *manifest = &newest->items[i];

		if (ref_is(&manifest->ref, "apps", "StatefulSet"))
			wants = !layers[read_layers(past, manifest, layers) - 1].statefulset;
	}
	return wants;
}

/* --- objects --------------------------------------------------------------------------------- */

struct builder {
	const struct supposed_past *past;
	struct manifest_set *live;
};

static int predict(const struct supposed_past *past, const struct manifest *manifest,
		   cJSON **ret_object, struct err *err)
{
	const char *namespace = namespace_of(past, &manifest->ref);

	return prediction_build(manifest->desired, NULL, *namespace ? namespace : NULL, ret_object,
				err);
}

/* Adds an object beside the manifest that it is of. */
static int add(struct builder *builder, const struct manifest *beside, const struct ref *ref,
	       cJSON *take_object, struct err *err)
{
	struct manifest manifest = {
		.desired = take_object, .file = strdup(beside->file), .mark = beside->mark};

	if (!manifest.file || ref_copy(ref, &manifest.ref, err) < 0) {
		manifest_release(&manifest);
		return err_no_memory(err);
	}
	return manifest_set_append(builder->live, &manifest, err);
}

/* Adds what a StatefulSet has made, under its own namespace as it is written. */
static int add_made(struct builder *builder, const struct manifest *statefulset, const char *group,
		    const char *kind, cJSON *take_object, struct err *err)
{
	const char *name = json_str(take_object, "metadata.name");
	const struct ref ref = {.group = (char *)(uintptr_t)group,
				.version = (char *)(uintptr_t) "v1",
				.kind = (char *)(uintptr_t)kind,
				.namespace = statefulset->ref.namespace,
				.name = (char *)(uintptr_t)name};

	return add(builder, statefulset, &ref, take_object, err);
}

/* --- StatefulSets ---------------------------------------------------------------------------- */

/* A layer with what its Pods run. */
struct generation {
	int64_t first;
	cJSON *object; /* completed; NULL: nobody knows it */
	char revision[MAX_NAME];
};

struct generations {
	struct generation *items;
	size_t count;
};

static void generations_release(struct generations *generations)
{
	for (size_t i = 0; i < generations->count; i++)
		cJSON_Delete(generations->items[i].object);
	free(generations->items);
}

static const cJSON *template_of(const struct generation *generation)
{
	return generation->object ? json_at(generation->object, "spec.template") : NULL;
}

/* The name of the newest generation with the same template; a name of its own if there is none. */
static int name_revision(const struct generations *generations, size_t index, const char *name,
			 struct err *err)
{
	struct generation *generation = &generations->items[index];

	snprintf(generation->revision, MAX_NAME, "%s-%zu", name, generations->count - index);
	for (size_t i = 0; i < index && generation->object; i++) {
		bool equal;

		if (rollout_templates_equal(template_of(&generations->items[i]),
					    template_of(generation), &equal, err) < 0)
			return -1;
		if (!equal)
			continue;
		memcpy(generation->revision, generations->items[i].revision, MAX_NAME);
		break;
	}
	return 0;
}

static int read_generations(const struct supposed_past *past, const struct manifest *newest,
			    struct generations *ret, struct err *err)
{
	CLEANUP(free_p) struct layer *layers = calloc(past->count + 1, sizeof(*layers));

	ret->items = calloc(past->count + 1, sizeof(*ret->items));
	if (!layers || !ret->items)
		return err_no_memory(err);
	ret->count = read_layers(past, newest, layers);
	for (size_t i = 0; i < ret->count; i++) {
		ret->items[i].first = layers[i].first;
		if (layers[i].statefulset &&
		    predict(past, layers[i].statefulset, &ret->items[i].object, err) < 0)
			return -1;
		if (name_revision(ret, i, newest->ref.name, err) < 0)
			return -1;
	}
	return 0;
}

static int set_status(cJSON *object, const struct generations *generations, struct err *err)
{
	const char *update = generations->items[0].revision;
	const char *current = generations->items[generations->count - 1].revision;

	return json_set_str(object, "metadata.uid", UID, err) < 0 ||
			       json_set_int(object, "metadata.generation", 1, err) < 0 ||
			       json_set_int(object, "status.observedGeneration", 1, err) < 0 ||
			       json_set_str(object, "status.updateRevision", update, err) < 0 ||
			       json_set_str(object, "status.currentRevision", current, err) < 0
		       ? -1
		       : 0;
}

static int add_revisions(struct builder *builder, const struct manifest *newest,
			 const struct rollout_facts *facts, const struct generations *generations,
			 struct err *err)
{
	for (size_t i = 0; i < generations->count; i++) {
		const struct generation *generation = &generations->items[i];
		cJSON *revision;

		if (!generation->object)
			continue;
		if (rollout_assume_revision(facts, generation->revision,
					    (int64_t)(generations->count - i),
					    template_of(generation), &revision, err) < 0 ||
		    add_made(builder, newest, "apps", "ControllerRevision", revision, err) < 0)
			return -1;
	}
	return 0;
}

static int add_pods(struct builder *builder, const struct manifest *newest,
		    const struct rollout_facts *facts, const struct generations *generations,
		    struct err *err)
{
	const struct generation *generation = generations->items;

	for (int64_t i = facts->replicas; i-- > 0;) {
		cJSON *pod;

		while (i < generation->first)
			generation++;
		if (rollout_assume_pod(facts, facts->start + i, generation->revision,
				       template_of(generation), &pod, err) < 0 ||
		    add_made(builder, newest, "", "Pod", pod, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * The StatefulSet that `object` is, which stands in the set already, and what it has made. Nothing of it
 * where something about it is odd: that is told where it is compared.
 */
static int enliven(struct builder *builder, const struct manifest *newest, cJSON *object,
		   struct err *err)
{
	CLEANUP(generations_release) struct generations generations = {0};
	struct rollout_facts facts;
	struct err odd;

	if (read_generations(builder->past, newest, &generations, &odd) < 0 ||
	    set_status(object, &generations, &odd) < 0 ||
	    rollout_facts_read(object, &facts, &odd) < 0) {
		if (odd.class != ERR_NO_MEMORY)
			return 0;
		*err = odd;
		return -1;
	}
	if (add_revisions(builder, newest, &facts, &generations, err) < 0)
		return -1;
	return add_pods(builder, newest, &facts, &generations, err);
}

/* --- all of it ------------------------------------------------------------------------------- */

static int add_manifest(struct builder *builder, const struct manifest *manifest, struct err *err)
{
	cJSON *object = NULL;
	struct err odd;

	if (predict(builder->past, manifest, &object, &odd) < 0 &&
	    (odd.class == ERR_NO_MEMORY || !(object = json_copy(manifest->desired))))
		return err_no_memory(err);
	return add(builder, manifest, &manifest->ref, object, err);
}

int supposed_live(const struct supposed_past *past, struct manifest_set *ret_live, struct err *err)
{
	CLEANUP(manifest_set_release) struct manifest_set live = {0};
	const struct manifest_set *newest = past->commits[0];
	struct builder builder = {.past = past, .live = &live};

	for (size_t i = 0; i < newest->count; i++)
		if (add_manifest(&builder, &newest->items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < newest->count; i++) {
		const struct manifest *manifest = &newest->items[i];

		if (ref_is(&manifest->ref, "apps", "StatefulSet") &&
		    enliven(&builder, manifest, live.items[i].desired, err) < 0)
			return -1;
	}
	*ret_live = live;
	live = (struct manifest_set){0};
	return 0;
}

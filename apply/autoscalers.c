#include "apply/autoscalers.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/page.h"
#include "diff/autoscaler.h"

#define MAX_PATH_BYTES (64u * 1024) /* with a continue token */

static const struct resource resource_autoscalers = {
	AUTOSCALER_GROUP, "v1", AUTOSCALER_KIND, "horizontalpodautoscalers", true, RESOURCE_LIST};

/* A namespace whose autoscalers are asked for, because of those of the candidates that are in it. */
struct question {
	const char *namespace; /* borrowed of a target */
	char *continue_token;
};

struct search {
	struct fanout fanout;
	struct autoscalers *autoscalers;
	struct autoscaler_set brought; /* by the commit */
	struct target **candidates;    /* those that the cluster has to be asked for */
	size_t candidate_count;
	struct question *questions;
	size_t question_count;
	stage_done *done;
	void *ctx;
};

static void search_free(void *stage)
{
	struct search *search = stage;

	fanout_release(&search->fanout);
	for (size_t i = 0; i < search->question_count; i++)
		free(search->questions[i].continue_token);
	free(search->questions);
	free(search->candidates);
	autoscaler_set_release(&search->brought);
	free(search);
}

/* --- what is remembered ----------------------------------------------------------------------- */

static void autoscaled_release(struct autoscaled *autoscaled)
{
	ref_release(&autoscaled->ref);
	free(autoscaled->autoscaler);
}

void autoscalers_release(struct autoscalers *autoscalers)
{
	for (size_t i = 0; i < autoscalers->count; i++)
		autoscaled_release(&autoscalers->items[i]);
	free(autoscalers->items);
	*autoscalers = (struct autoscalers){0};
}

void autoscalers_doubt(struct autoscalers *autoscalers)
{
	for (size_t i = 0; i < autoscalers->count; i++)
		autoscalers->items[i].replicas = -1;
}

static struct autoscaled *recall(const struct autoscalers *autoscalers, const struct ref *ref)
{
	for (size_t i = 0; i < autoscalers->count; i++)
		if (ref_equal(&autoscalers->items[i].ref, ref))
			return &autoscalers->items[i];
	return NULL;
}

static void forget(struct autoscalers *autoscalers, const struct ref *ref)
{
	struct autoscaled *known = recall(autoscalers, ref);

	if (!known)
		return;
	autoscaled_release(known);
	*known = autoscalers->items[--autoscalers->count];
}

static int remember(struct autoscalers *autoscalers, const struct target *target, struct err *err)
{
	struct autoscaled known = {.autoscaler = strdup(target->autoscaler),
				   .replicas = json_int_or(target->live, "spec.replicas", -1)};

	forget(autoscalers, &target->ref);
	struct autoscaled *items =
		reallocarray(autoscalers->items, autoscalers->count + 1, sizeof(*items));
	if (items)
		autoscalers->items = items;
	if (!items || !known.autoscaler || ref_copy(&target->ref, &known.ref, err) < 0) {
		free(known.autoscaler);
		return err_no_memory(err);
	}
	autoscalers->items[autoscalers->count++] = known;
	return 0;
}

/* --- targets ---------------------------------------------------------------------------------- */

static bool is_number(const cJSON *object)
{
	int64_t ignored;

	return json_int(object, "spec.replicas", &ignored);
}

/* What can be told without asking; else the target is a candidate. */
static int look_at(struct search *search, struct target *target, struct err *err)
{
	const struct autoscaled *known;
	const char *brought;

	if (target->error || !is_number(target->live) || !is_number(target->manifest->desired))
		return 0;
	brought = autoscaler_set_find(&search->brought, &target->ref);
	if (brought)
		return target_yield_replicas(target, brought, err);
	bool matters = autoscaler_matters(target->manifest->desired, target->live);
	known = recall(search->autoscalers, &target->ref);
	if (known &&
	    (!matters || known->replicas == json_int_or(target->live, "spec.replicas", -1)))
		return target_yield_replicas(target, known->autoscaler, err);
	if (matters)
		search->candidates[search->candidate_count++] = target;
	return 0;
}

/* --- questions and answers -------------------------------------------------------------------- */

static void ask(struct search *search, const char *namespace)
{
	for (size_t i = 0; i < search->question_count; i++)
		if (strcmp(search->questions[i].namespace, namespace) == 0)
			return;
	search->questions[search->question_count++] = (struct question){.namespace = namespace};
}

static int prepare(struct search *search, struct targets *targets, struct err *err)
{
	search->candidates = calloc(targets->count + 1, sizeof(*search->candidates));
	search->questions = calloc(targets->count + 1, sizeof(*search->questions));
	if (!search->candidates || !search->questions)
		return err_no_memory(err);
	for (size_t i = 0; i < targets->count; i++)
		if (look_at(search, &targets->items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < search->candidate_count; i++)
		ask(search, search->candidates[i]->ref.namespace);
	return 0;
}

static int send_question(struct search *search, size_t index, struct fanout_slot *slot,
			 struct err *err)
{
	const struct question *question = &search->questions[index];
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	page_print_path(&resource_autoscalers, question->namespace, question->continue_token,
			&path);
	if (buf_check(&path, "the list's path", err) < 0)
		return -1;
	return fanout_send(slot, (struct cluster_request){.method = "GET", .path = buf_str(&path)},
			   err);
}

static int take_autoscaler(struct search *search, const struct question *question,
			   const cJSON *autoscaler, struct err *err)
{
	const char *name = json_str(autoscaler, "metadata.name");

	if (!name || autoscaler_set_has(&search->brought, question->namespace, name))
		return 0;
	for (size_t i = 0; i < search->candidate_count; i++) {
		struct target *target = search->candidates[i];

		if (!target->autoscaler &&
		    strcmp(target->ref.namespace, question->namespace) == 0 &&
		    autoscaler_scales(autoscaler, &target->ref) &&
		    (target_yield_replicas(target, name, err) < 0 ||
		     remember(search->autoscalers, target, err) < 0))
			return -1;
	}
	return 0;
}

/* The candidates of the namespace, all that there is known of: who has no autoscaler has none. */
static void settle(struct search *search, const struct question *question,
		   const struct err *failure)
{
	for (size_t i = 0; i < search->candidate_count; i++) {
		struct target *target = search->candidates[i];

		if (target->autoscaler || strcmp(target->ref.namespace, question->namespace) != 0)
			continue;
		if (failure)
			target_fail(target, failure);
		else
			forget(search->autoscalers, &target->ref);
	}
}

static void on_refused(struct search *search, const struct question *question,
		       const struct err *err)
{
	struct err own = *err;

	if (err->class != ERR_DENIED && err->class != ERR_NOT_FOUND) {
		err_prefix(&own, "its autoscalers cannot be listed");
		settle(search, question, &own);
		return;
	}
	if (err->class == ERR_DENIED) {
		err_prefix(&own, "autoscalers cannot be listed, so replicas are those of Git");
		search->autoscalers->denied = own;
	}
	settle(search, question, NULL);
}

static void on_page(struct search *search, size_t index, struct fanout_slot *slot, cJSON *page)
{
	struct question *question = &search->questions[index];
	const cJSON *item;
	struct err err;
	int more = 0;

	json_each (item, json_get(page, "items"))
		if (more == 0)
			more = take_autoscaler(search, question, item, &err);
	if (more == 0)
		more = page_take_token(page, &question->continue_token, &err);
	if (more < 0 || (more && send_question(search, index, slot, &err) < 0)) {
		settle(search, question, &err);
	} else if (!more) {
		search->autoscalers->denied = (struct err){0};
		settle(search, question, NULL);
	}
}

/* --- the stage -------------------------------------------------------------------------------- */

static void on_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct search *search = stage;
	struct err err;

	if (send_question(search, index, slot, &err) < 0)
		settle(search, &search->questions[index], &err);
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct search *search = stage;

	if (err)
		on_refused(search, &search->questions[index], err);
	else
		on_page(search, index, slot, answer->body);
}

static void on_finish(void *stage, const struct err *err)
{
	struct search *search = stage;
	struct err copy = err ? *err : (struct err){0};
	stage_done *done = search->done;
	void *ctx = search->ctx;

	search_free(search);
	done(ctx, err ? &copy : NULL);
}

uint64_t autoscalers_find(struct cluster *cluster, struct autoscalers *autoscalers,
			  const struct manifest_set *manifests, const char *default_namespace,
			  struct targets *targets, stage_done *done, void *ctx, struct err *err)
{
	static const struct fanout_ops ops = {on_start, on_proceed, on_finish, search_free};
	struct search *search = calloc(1, sizeof(*search));

	if (!search) {
		err_no_memory(err);
		return 0;
	}
	search->autoscalers = autoscalers;
	search->done = done;
	search->ctx = ctx;
	if (autoscaler_set_of(manifests, default_namespace, &search->brought, err) < 0 ||
	    prepare(search, targets, err) < 0 ||
	    !fanout_init(&search->fanout, cluster, &ops, search, err) ||
	    fanout_run(&search->fanout, search->question_count, err) < 0) {
		search_free(search);
		return 0;
	}
	return search->fanout.task;
}

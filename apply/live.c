#include "apply/live.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/page.h"
#include "apply/refusal.h"
#include "apply/wire.h"

#define MAX_PATH_BYTES (64u * 1024) /* with a continue token */

/* One question to the server: a run of the sorted targets, listed or, if it is one, got. */
struct question {
	size_t first, count;
	bool list;
	char *continue_token; /* of the list's next page */
};

struct live {
	struct fanout fanout;
	struct targets *targets;
	struct target **sorted; /* by resource, namespace, name */
	size_t sorted_count;
	struct question *questions;
	size_t question_count;
	bool unlistable; /* of the targets, those whose list was refused are to be got one by one */
	bool *got;       /* per sorted target: its live state is known */
	bool ahead;      /* whether it is wanted is not known yet */
	stage_done *done;
	void *ctx;
};

static void live_free(void *stage)
{
	struct live *live = stage;

	fanout_release(&live->fanout);
	for (size_t i = 0; i < live->question_count; i++)
		free(live->questions[i].continue_token);
	free(live->questions);
	free(live->sorted);
	free(live->got);
	free(live);
}

static void live_finish(struct live *live, const struct err *err)
{
	struct err copy = err ? *err : (struct err){0};
	stage_done *done = live->done;
	void *ctx = live->ctx;

	live_free(live);
	done(ctx, err ? &copy : NULL);
}

/* --- what to ask ------------------------------------------------------------------------------ */

static int compare_places(const struct target *a, const struct target *b)
{
	if (a->resource != b->resource)
		return a->resource < b->resource ? -1 : 1;
	return strcmp(a->ref.namespace, b->ref.namespace);
}

static int compare_targets(const void *a, const void *b)
{
	const struct target *left = *(struct target *const *)a;
	const struct target *right = *(struct target *const *)b;
	int order = compare_places(left, right);

	return order ? order : strcmp(left->ref.name, right->ref.name);
}

static void set_live(struct target *target, bool known, cJSON *take_object)
{
	cJSON_Delete(target->live);
	target->live = take_object;
	target->live_known = known;
}

/* The targets that have a resource, sorted, none of them read yet. */
static int sort_targets(struct live *live, struct err *err)
{
	size_t count = live->targets->count;

	live->sorted = calloc(count + 1, sizeof(struct target *));
	live->got = calloc(count + 1, sizeof(bool));
	live->questions = calloc(count + 1, sizeof(*live->questions));
	if (!live->sorted || !live->got || !live->questions)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct target *target = &live->targets->items[i];

		if (target->error || !target->resource || target->live_known)
			continue;
		set_live(target, false, NULL);
		live->sorted[live->sorted_count++] = target;
	}
	qsort(live->sorted, live->sorted_count, sizeof(struct target *), compare_targets);
	return 0;
}

static void ask(struct live *live, size_t first, size_t count, bool list)
{
	live->questions[live->question_count++] =
		(struct question){.first = first, .count = count, .list = list};
}

/* Lists for kinds of which many are wanted in one namespace, else one object at a time. */
static void plan_questions(struct live *live)
{
	size_t first = 0;

	while (first < live->sorted_count) {
		size_t end = first + 1;

		while (end < live->sorted_count &&
		       compare_places(live->sorted[first], live->sorted[end]) == 0)
			end++;
		if (end - first >= LIVE_LIST_FROM &&
		    live->sorted[first]->resource->verbs & RESOURCE_LIST)
			ask(live, first, end - first, true);
		else
			for (size_t i = first; i < end; i++)
				ask(live, i, 1, false);
		first = end;
	}
}

/* --- answers ---------------------------------------------------------------------------------- */

static int compare_name(const void *name, const void *item)
{
	const struct target *target = *(struct target *const *)item;

	return strcmp(name, target->ref.name);
}

/* Moves the objects that are wanted out of a page. Two targets can be the same object. */
static int take_page(struct live *live, const struct question *question, cJSON *page,
		     struct err *err)
{
	cJSON *items = json_get(page, "items");
	struct target **first = live->sorted + question->first;
	cJSON *next;

	for (cJSON *item = items ? items->child : NULL; item; item = next) {
		const char *name = json_str(item, "metadata.name");
		struct target **found = NULL;

		next = item->next;
		if (name)
			found = bsearch(name, first, question->count, sizeof(struct target *),
					compare_name);
		if (!found)
			continue;
		if (page_complete_item(item, (*found)->resource, err) < 0)
			return -1;
		set_live(*found, true, cJSON_DetachItemViaPointer(items, item));
	}
	return 0;
}

static void fail_all(struct live *live, const struct question *question, const struct err *err)
{
	for (size_t i = 0; i < question->count; i++)
		target_fail(live->sorted[question->first + i], err);
}

/* The list is complete: what was not in it does not exist. */
static void know_all(struct live *live, const struct question *question)
{
	for (size_t i = 0; i < question->count; i++)
		live->sorted[question->first + i]->live_known = true;
}

static int send_question(struct live *live, size_t index, struct fanout_slot *slot, struct err *err)
{
	const struct question *question = &live->questions[index];
	const struct target *target = live->sorted[question->first];
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);
	struct cluster_request request = {.method = "GET", .quiet = live->ahead};

	if (question->list)
		page_print_path(target->resource, target->ref.namespace, question->continue_token,
				&path);
	else if (resource_print_object(target->resource, target->ref.namespace, target->ref.name,
				       &path, err) < 0)
		return -1;
	if (buf_check(&path, question->list ? "the list's path" : "the object's path", err) < 0)
		return -1;
	request.path = buf_str(&path);
	return fanout_send(slot, request, err);
}

/* Warnings of what is read ahead, which nobody has passed on. */
static void keep_warnings(struct live *live, const struct question *question,
			  const struct cluster_answer *answer)
{
	for (size_t i = 0; live->ahead && i < question->count; i++)
		wire_keep_warnings(live->sorted[question->first + i], answer);
}

static void on_object(struct live *live, const struct question *question, const struct err *err,
		      struct cluster_answer *answer)
{
	struct target *target = live->sorted[question->first];

	if (!err || err->class == ERR_NOT_FOUND)
		set_live(target, true, err ? NULL : STEAL(answer->body));
	else
		target_fail(target, err);
	live->got[question->first] = true;
}

static void on_page(struct live *live, size_t index, struct fanout_slot *slot,
		    const struct err *err, struct cluster_answer *answer)
{
	struct question *question = &live->questions[index];
	struct err own;

	if (err && err->class == ERR_EXPIRED && question->continue_token) {
		free(STEAL(question->continue_token)); /* took too long: from the beginning */
		for (size_t i = 0; i < question->count; i++)
			set_live(live->sorted[question->first + i], false, NULL);
		if (send_question(live, index, slot, &own) < 0)
			fail_all(live, question, &own);
		return;
	}
	if (err && (err->class == ERR_UNSUPPORTED || refusal_is_unauthorized(answer->body))) {
		live->unlistable = true;
		return;
	}
	for (size_t i = 0; i < question->count; i++)
		live->got[question->first + i] = true;
	if (err) {
		fail_all(live, question, err);
		return;
	}
	int more = take_page(live, question, answer->body, &own);
	if (more == 0)
		more = page_take_token(answer->body, &question->continue_token, &own);
	if (more < 0 || (more && send_question(live, index, slot, &own) < 0))
		fail_all(live, question, &own);
	else if (!more)
		know_all(live, question);
}

/* --- the stage -------------------------------------------------------------------------------- */

static void on_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct live *live = stage;
	struct err err;

	if (send_question(live, index, slot, &err) < 0)
		fail_all(live, &live->questions[index], &err);
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct live *live = stage;

	if (err && cluster_is_lost(err, answer))
		fanout_fail(&live->fanout, err);
	else {
		keep_warnings(live, &live->questions[index], answer);
		if (live->questions[index].list)
			on_page(live, index, slot, err, answer);
		else
			on_object(live, &live->questions[index], err, answer);
	}
}

static void on_finish(void *stage, const struct err *err)
{
	struct live *live = stage;
	struct err own;

	if (!err && live->unlistable) {
		live->unlistable = false;
		live->question_count = 0;
		for (size_t i = 0; i < live->sorted_count; i++) {
			if (!live->got[i])
				ask(live, i, 1, false);
		}
		if (fanout_run(&live->fanout, live->question_count, &own) == 0)
			return;
		err = &own;
	}
	live_finish(live, err);
}

static uint64_t start(struct cluster *cluster, struct targets *targets, bool ahead,
		      stage_done *done, void *ctx, struct err *err)
{
	static const struct fanout_ops ops = {on_start, on_proceed, on_finish, live_free};
	struct live *live = calloc(1, sizeof(*live));

	if (!live) {
		err_no_memory(err);
		return 0;
	}
	live->targets = targets;
	live->ahead = ahead;
	live->done = done;
	live->ctx = ctx;
	if (sort_targets(live, err) < 0) {
		live_free(live);
		return 0;
	}
	plan_questions(live);
	if (!fanout_init(&live->fanout, cluster, &ops, live, err) ||
	    fanout_run(&live->fanout, live->question_count, err) < 0) {
		live_free(live);
		return 0;
	}
	return live->fanout.task;
}

uint64_t live_read(struct cluster *cluster, struct targets *targets, stage_done *done, void *ctx,
		   struct err *err)
{
	return start(cluster, targets, false, done, ctx, err);
}

uint64_t live_read_ahead(struct cluster *cluster, struct targets *targets, stage_done *done,
			 void *ctx, struct err *err)
{
	return start(cluster, targets, true, done, ctx, err);
}

/* --- what was read ahead ----------------------------------------------------------------------- */

static int compare_refs(const void *a, const void *b)
{
	return ref_compare(&((const struct target *)a)->ref, &((const struct target *)b)->ref);
}

void live_take_over(struct cluster *cluster, struct targets *targets, struct targets *ahead)
{
	if (ahead->count == 0)
		return;
	qsort(ahead->items, ahead->count, sizeof(*ahead->items), compare_refs);
	for (size_t i = 0; i < targets->count; i++) {
		struct target *target = &targets->items[i];
		struct target *known = bsearch(target, ahead->items, ahead->count,
					       sizeof(*ahead->items), compare_refs);

		/* In another version it is another object. */
		if (!known || target->error || !target->resource ||
		    target->resource != known->resource)
			continue;
		set_live(target, known->live_known, STEAL(known->live));
		if (known->error)
			target_fail(target, known->error);
		if (known->warnings)
			cluster_warn(cluster, known->warnings);
		known->resource = NULL; /* another target of the same object is read */
	}
}

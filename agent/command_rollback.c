#include "agent/commands.h"

#include <inttypes.h>
#include <string.h>

#include "agent/clone_edit.h"
#include "agent/last_complete.h"
#include "agent/session.h"
#include "agent/source.h"

#define PLAN_MAX (64u * 1024)

static int refuse(const struct clone_edit *edit, enum exit_code code, const char *format, ...)
	PRINTF(3, 4);

static int refuse(const struct clone_edit *edit, enum exit_code code, const char *format, ...)
{
	struct err err;
	va_list args;

	va_start(args, format);
	err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	err_prefix(&err, "%s", edit->name);
	tell_error(&err);
	return (int)code;
}

/* The state's partition, but low enough for every Pod that was given the present template. */
static int64_t partition_of(const struct last_complete *state)
{
	return state->intent.partition < state->lowest_partition ? state->intent.partition
								 : state->lowest_partition;
}

/* Puts back one container's image. */
static int set_image(struct clone_edit *edit, const struct intent_image *image, const char *old,
		     struct buf *plan)
{
	struct origin_place place = image->place;
	const char *value;
	struct err err;
	int code;

	if (origin_image_edit(&place, old, &value, &err) < 0)
		return clone_edit_fail(&err);
	code = clone_edit_set(edit, &place, cJSON_CreateString(value), plan);
	buf_printf(plan, ": %s: image of %s %s -> %s\n", edit->name, image->container, image->image,
		   old);
	return code;
}

static int set_images(struct clone_edit *edit, const struct last_complete *state, struct buf *plan)
{
	for (size_t i = 0; i < edit->intent.image_count; i++) {
		const struct intent_image *image = &edit->intent.images[i];
		const char *old = intent_image_of(&state->intent, image);
		int code = EXIT_OK;

		if (old && strcmp(old, image->image) != 0)
			code = set_image(edit, image, old, plan);
		if (code != EXIT_OK)
			return code;
	}
	return EXIT_OK;
}

static int set_partition(struct clone_edit *edit, int64_t partition, struct buf *plan)
{
	int code;

	if (partition == edit->intent.partition)
		return EXIT_OK;
	code = clone_edit_set(edit, &edit->intent.partition_place, json_new_int(partition), plan);
	buf_printf(plan, ": %s: partition %" PRId64 " -> %" PRId64 "\n", edit->name,
		   edit->intent.partition, partition);
	return code;
}

static void print_pods(const struct clone_edit *edit, const struct last_complete *state,
		       struct buf *plan)
{
	const struct intent *intent = &edit->intent;
	struct intent_span back = {state->lowest_partition, intent->replicas};
	struct intent_span kept = {0, state->lowest_partition};

	buf_printf(plan, "  as in %.*s, the last complete state\n", SOURCE_SHORT_ID, state->id);
	if (!intent->has_replicas)
		return;
	if (kept.end > intent->replicas)
		kept.end = intent->replicas;
	if (back.first < back.end) {
		buf_puts(plan, "  ");
		intent_print_pods(intent, edit->name, back, plan);
		buf_puts(plan, back.end - back.first == 1 ? " goes back to " : " go back to ");
		intent_print_images(&state->intent, plan);
		buf_putc(plan, '\n');
	}
	if (kept.end > 0) {
		buf_puts(plan, "  ");
		intent_print_pods(intent, edit->name, kept, plan);
		buf_puts(plan, kept.end == 1 ? " was never promoted\n" : " were never promoted\n");
	}
}

static int roll_back(struct clone_edit *edit, const struct last_complete *state)
{
	CLEANUP(buf_release) struct buf plan = BUF_INIT(PLAN_MAX), message = BUF_INIT(PLAN_MAX);
	struct err err;
	int code;

	if (!intent_same_but_images(&edit->intent, &state->intent))
		return refuse(
			edit, EXIT_MANIFEST,
			"its template differs in more than images from the last complete state "
			"(%.*s): git revert the commits since %.*s",
			SOURCE_SHORT_ID, state->id, SOURCE_SHORT_ID, state->since);
	code = set_images(edit, state, &plan);
	if (code == EXIT_OK)
		code = set_partition(edit, partition_of(state), &plan);
	if (code != EXIT_OK)
		return code;
	print_pods(edit, state, &plan);
	buf_printf(&message, "Roll %s back to ", edit->name);
	intent_print_images(&state->intent, &message);
	buf_printf(&message, " (from ");
	intent_print_images(&edit->intent, &message);
	buf_printf(&message, "; as in %.*s)", SOURCE_SHORT_ID, state->id);
	if (buf_check(&message, "the commit's message", &err) < 0)
		return clone_edit_fail(&err);
	return clone_edit_finish(edit, &plan, buf_str(&message));
}

int command_rollback(const struct options *options)
{
	CLEANUP(clone_edit_close) struct clone_edit edit = {0};
	CLEANUP(last_complete_release) struct last_complete state = {0};
	struct err err;
	bool found;
	int code = clone_edit_open(&edit, options);

	if (code != EXIT_OK)
		return code;
	if (last_complete_find(edit.clone, edit.head, edit.located, &edit.intent, &state, &found,
			       &err) < 0)
		return clone_edit_fail(&err);
	if (!found)
		return refuse(
			&edit, EXIT_DIFFERENT,
			"there is nothing to go back to: no earlier commit has another template "
			"that all Pods came to run");
	return roll_back(&edit, &state);
}

#include "agent/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/clone_edit.h"
#include "agent/session.h"

#define PLAN_MAX (64u * 1024)

static int refuse(enum exit_code code, const char *format, ...) PRINTF(2, 3);

static int refuse(enum exit_code code, const char *format, ...)
{
	struct err err;
	va_list args;

	va_start(args, format);
	err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	tell_error(&err);
	return (int)code;
}

/* --- promote --------------------------------------------------------------------------------- */

/* The partition that is asked for. One above replicas holds no more Pods than there are. */
static int64_t target_of(const struct intent *intent, const struct options *options)
{
	int64_t held = intent->partition, by = options->by.given ? options->by.value : 1;

	if (options->to.given)
		return options->to.value;
	if (options->all)
		return 0;
	if (intent->has_replicas && held > intent->replicas)
		held = intent->replicas;
	return held > by ? held - by : 0;
}

/* Whether the partition may become `target`; says why not. */
static int check_target(const struct clone_edit *edit, int64_t target)
{
	const struct intent *intent = &edit->intent;
	struct intent_span span = intent_promoted(intent, intent->partition, target);
	const char *name = edit->name;

	if (intent->on_delete)
		return refuse(EXIT_MANIFEST,
			      "%s: its updateStrategy is OnDelete: Pods are updated when somebody "
			      "deletes them, whatever the partition",
			      name);
	if (target == intent->partition)
		return refuse(EXIT_DIFFERENT,
			      "%s: there is nothing to promote: the partition is %" PRId64, name,
			      target);
	if (intent->has_replicas && target > intent->replicas)
		return refuse(EXIT_USAGE,
			      "%s: a partition of %" PRId64 " is above its %" PRId64 " replicas",
			      name, target, intent->replicas);
	if (target > intent->partition && !edit->options->force)
		return refuse(
			EXIT_USAGE,
			"%s: partition %" PRId64 " -> %" PRId64
			" promotes nothing, and brings no Pod back that runs the new version: "
			"\"tranche rollback %s\" does; --force raises it all the same",
			name, intent->partition, target, name);
	if (intent->policy.max_promotion >= 0 &&
	    span.end - span.first > intent->policy.max_promotion)
		return refuse(EXIT_USAGE,
			      "%s: partition %" PRId64 " -> %" PRId64 " promotes %" PRId64
			      " Pods at once, but " POLICY_MAX_PROMOTION " is %" PRId64,
			      name, intent->partition, target, span.end - span.first,
			      intent->policy.max_promotion);
	return EXIT_OK;
}

/* "Pod web-2 takes nginx:1.26.1" */
static void print_taken(const struct clone_edit *edit, struct intent_span span, struct buf *out)
{
	intent_print_pods(&edit->intent, edit->name, span, out);
	buf_puts(out, span.end - span.first == 1 ? " takes " : " take ");
	intent_print_images(&edit->intent, out);
}

/* The lines below the headline: who takes what, and what to know about it. */
static void print_promotion(const struct clone_edit *edit, int64_t target, struct buf *plan)
{
	const struct intent *intent = &edit->intent;
	struct intent_span taken = intent_promoted(intent, intent->partition, target);
	struct intent_span held = {0, target};

	if (target > intent->partition) {
		buf_puts(plan, "  no Pod changes: those that run the new version keep it\n");
	} else if (taken.first < taken.end) {
		buf_puts(plan, "  ");
		print_taken(edit, taken, plan);
		buf_putc(plan, '\n');
	} else {
		buf_puts(plan, "  no Pod changes: the partition is not below the replicas yet\n");
	}
	if (intent->has_replicas && intent->replicas < held.end)
		held.end = intent->replicas;
	if (held.end > 0 && target < intent->partition) {
		buf_puts(plan, "  ");
		intent_print_pods(intent, edit->name, held, plan);
		buf_puts(plan, held.end == 1 ? " stays as it is\n" : " stay as they are\n");
	}
	if (!intent->has_replicas)
		buf_puts(
			plan,
			"  replicas are not set in Git: Pods that there are not are passed over\n");
	if (intent->policy.holds)
		buf_printf(plan,
			   "  " POLICY_HOLD " is set: no Pod changes before \"tranche hold %s "
			   "--release\"\n",
			   edit->name);
}

static void print_message(const struct clone_edit *edit, int64_t target, struct buf *message)
{
	struct intent_span taken = intent_promoted(&edit->intent, edit->intent.partition, target);

	if (target > edit->intent.partition) {
		buf_printf(message, "Raise the partition of %s to %" PRId64, edit->name, target);
		return;
	}
	buf_printf(message, "Promote %s to partition %" PRId64, edit->name, target);
	if (taken.first == taken.end)
		return;
	buf_puts(message, " (");
	print_taken(edit, taken, message);
	buf_putc(message, ')');
}

int command_promote(const struct options *options)
{
	CLEANUP(clone_edit_close) struct clone_edit edit = {0};
	CLEANUP(buf_release) struct buf plan = BUF_INIT(PLAN_MAX), message = BUF_INIT(PLAN_MAX);
	struct err err;
	int64_t target;
	int code = clone_edit_open(&edit, options);

	if (code != EXIT_OK)
		return code;
	target = target_of(&edit.intent, options);
	code = check_target(&edit, target);
	if (code == EXIT_OK)
		code = clone_edit_set(&edit, &edit.intent.partition_place, json_new_int(target),
				      &plan);
	if (code != EXIT_OK)
		return code;
	buf_printf(&plan, ": %s: partition %" PRId64 " -> %" PRId64 "\n", edit.name,
		   edit.intent.partition, target);
	print_promotion(&edit, target, &plan);
	print_message(&edit, target, &message);
	if (buf_check(&message, "the commit's message", &err) < 0)
		return clone_edit_fail(&err);
	return clone_edit_finish(&edit, &plan, buf_str(&message));
}

/* --- hold ------------------------------------------------------------------------------------ */

int command_hold(const struct options *options)
{
	const char *value = options->release ? "false" : "true";
	CLEANUP(clone_edit_close) struct clone_edit edit = {0};
	CLEANUP(buf_release) struct buf plan = BUF_INIT(PLAN_MAX), message = BUF_INIT(PLAN_MAX);
	struct err err;
	int code = clone_edit_open(&edit, options);

	if (code != EXIT_OK)
		return code;
	if (edit.intent.policy.holds == !options->release)
		return refuse(EXIT_DIFFERENT, "%s: it is %s", edit.name,
			      options->release ? "not held" : "held already");
	code = clone_edit_set(&edit, &edit.intent.hold_place, cJSON_CreateString(value), &plan);
	if (code != EXIT_OK)
		return code;
	buf_printf(&plan, ": %s: " POLICY_HOLD " %s\n", edit.name, value);
	buf_puts(&plan,
		 options->release
			 ? "  the live partition goes on to Git's\n"
			 : "  the live partition stays where it is; everything else still syncs\n");
	buf_printf(&message, "%s %s", options->release ? "Release" : "Hold", edit.name);
	if (buf_check(&message, "the commit's message", &err) < 0)
		return clone_edit_fail(&err);
	return clone_edit_finish(&edit, &plan, buf_str(&message));
}

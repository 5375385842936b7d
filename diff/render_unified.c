#include "diff/render.h"

#include <string.h>

#include "diff/render_rollout.h"
#include "diff/render_style.h"
#include "diff/unified.h"
#include "diff/yaml.h"

#define MAX_YAML (64u * 1024 * 1024) /* bytes of one object */

/* The masks of `kubectl diff`. */
#define MASK        "***"
#define MASK_BEFORE "*** (before)"
#define MASK_AFTER  "*** (after)"

/* --- Secrets --------------------------------------------------------------------------------- */

static int mask_member(cJSON *map, const char *key, const char *mask, struct err *err)
{
	cJSON *text = cJSON_CreateString(mask);

	return json_set_key(map, key, text, err);
}

/* Masks the members of two maps; tells apart those that differ, as `kubectl diff` does. */
static int mask_maps(cJSON *from, cJSON *to, struct err *err)
{
	/* Setting a member may move it: the keys come from a copy. */
	CLEANUP(cJSON_Delete_p) cJSON *before = json_copy(from);
	CLEANUP(cJSON_Delete_p) cJSON *after = json_copy(to);
	const cJSON *member;

	if ((from && !before) || (to && !after))
		return err_no_memory(err);
	json_each (member, before) {
		const cJSON *other = json_get(after, member->string);
		bool differs = other && !json_equal(member, other);
		if (mask_member(from, member->string, differs ? MASK_BEFORE : MASK, err) < 0)
			return -1;
	}
	json_each (member, after) {
		const cJSON *other = json_get(before, member->string);
		bool differs = other && !json_equal(member, other);
		if (mask_member(to, member->string, differs ? MASK_AFTER : MASK, err) < 0)
			return -1;
	}
	return 0;
}

/* What stands in a Secret's data where a map should, is masked as a whole. */
static int mask_field(cJSON *from, cJSON *to, const char *field, struct err *err)
{
	cJSON *from_map = json_get(from, field), *to_map = json_get(to, field);

	if (from_map && !cJSON_IsObject(from_map))
		return mask_member(from, field, MASK, err) < 0 ? -1
							       : mask_field(NULL, to, field, err);
	if (to_map && !cJSON_IsObject(to_map))
		return mask_member(to, field, MASK, err) < 0 ? -1
							     : mask_field(from, NULL, field, err);
	return mask_maps(from_map, to_map, err);
}

static int mask_secret(cJSON *from, cJSON *to, struct err *err)
{
	if (mask_field(from, to, "data", err) < 0)
		return -1;
	return mask_field(from, to, "stringData", err);
}

/* --- texts ----------------------------------------------------------------------------------- */

static int print_yaml(const cJSON *object, struct buf *out, struct err *err)
{
	if (object && yaml_print(object, out, err) < 0)
		return -1;
	return buf_check(out, "an object", err);
}

static int print_both(const struct plan_item *item, struct buf *from_text, struct buf *to_text,
		      struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *from = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *to = NULL;

	if (!ref_is(&item->ref, "", "Secret"))
		return print_yaml(item->from, from_text, err) < 0 ||
				       print_yaml(item->to, to_text, err) < 0
			       ? -1
			       : 0;
	if ((item->from && !(from = json_copy(item->from))) ||
	    (item->to && !(to = json_copy(item->to))))
		return err_no_memory(err);
	if (mask_secret(from, to, err) < 0 || print_yaml(from, from_text, err) < 0 ||
	    print_yaml(to, to_text, err) < 0)
		return -1;
	return 0;
}

/* "--- live/shop/statefulset.apps/web"; /dev/null for the side that is not there. */
static void print_header(const struct plan_item *item, const char *sign, const char *side,
			 bool exists, const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(MAX_YAML);

	if (exists) {
		buf_printf(&line, "%s %s/", sign, side);
		if (item->ref.namespace && *item->ref.namespace)
			buf_printf(&line, "%s/", item->ref.namespace);
		ref_print(&item->ref, &line);
	} else {
		buf_printf(&line, "%s /dev/null", sign);
	}
	buf_break_with(out, &line);
	style_puts(options, STYLE_BOLD, buf_str(&line), out);
	buf_putc(out, '\n');
}

/* A line that patch(1) passes over. */
static void print_remark(const struct plan_item *item, const char *label, const char *text,
			 const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(MAX_YAML);

	buf_puts(&line, "# ");
	ref_print(&item->ref, &line);
	buf_printf(&line, ": %s: %s", label, text);
	buf_break_with(out, &line);
	style_puts(options, STYLE_WARN, buf_str(&line), out);
	buf_putc(out, '\n');
}

static void print_rollout(const struct plan_item *item, const struct render_options *options,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_YAML);

	rollout_print_plan(item, &text);
	buf_break_with(out, &text);
	if (text.length > 0)
		print_remark(item, "rollout", buf_str(&text), options, out);
	for (size_t i = 0; i < item->forecast.warning_count; i++)
		print_remark(item, "warning", item->forecast.warnings[i], options, out);
}

static int print_item(const struct plan_item *item, const struct render_options *options,
		      struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf from = BUF_INIT(MAX_YAML);
	CLEANUP(buf_release) struct buf to = BUF_INIT(MAX_YAML);
	CLEANUP(buf_release) struct buf hunks = BUF_INIT(4 * MAX_YAML);

	if (item->action == PLAN_FAILED) {
		print_remark(item, "error", item->error.message, options, out);
		return 0;
	}
	if (print_both(item, &from, &to, err) < 0 ||
	    unified_diff(buf_str(&from), from.length, buf_str(&to), to.length, options->colour,
			 &hunks, err) < 0 ||
	    buf_check(&hunks, "the difference of an object", err) < 0)
		return -1;
	for (size_t i = 0; i < item->note_count; i++)
		print_remark(item, "note", item->notes[i], options, out);
	print_rollout(item, options, out);
	if (hunks.length == 0)
		return 0;
	if (item->client_side)
		print_remark(item, "note", "compared without the server", options, out);
	print_header(item, "---", "live", item->from != NULL, options, out);
	print_header(item, "+++", "git", item->to != NULL, options, out);
	buf_append(out, hunks.data, hunks.length);
	return 0;
}

int render_plan_unified(const struct plan *plan, const struct render_options *options,
			struct buf *out, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->action == PLAN_IN_SYNC)
			continue;
		if (print_item(item, options, out, err) < 0) {
			CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_YAML);
			ref_print(&item->ref, &name);
			return err_prefix(err, "%s", buf_str(&name));
		}
	}
	return 0;
}

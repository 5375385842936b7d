#include "diff/render_hunks.h"

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

int hunks_print(const struct plan_item *item, bool colour, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf from = BUF_INIT(MAX_YAML);
	CLEANUP(buf_release) struct buf to = BUF_INIT(MAX_YAML);

	if (print_both(item, &from, &to, err) < 0 ||
	    unified_diff(buf_str(&from), from.length, buf_str(&to), to.length, colour, out, err) <
		    0)
		return -1;
	return buf_check(out, "the difference of an object", err);
}

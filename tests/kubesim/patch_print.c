#include "tests/kubesim/patch_print.h"

#include <string.h>

/* The member with the smallest key above `after` (NULL: of all). */
static const cJSON *next_key(const cJSON *object, const char *after)
{
	const cJSON *member, *best = NULL;

	json_each (member, object) {
		if (after && strcmp(member->string, after) <= 0)
			continue;
		if (!best || strcmp(member->string, best->string) < 0)
			best = member;
	}
	return best;
}

void patch_print_go(const cJSON *value, struct buf *out)
{
	const cJSON *item;
	bool first = true;

	if (cJSON_IsObject(value)) {
		buf_puts(out, "map[");
		for (item = next_key(value, NULL); item; item = next_key(value, item->string)) {
			buf_printf(out, "%s%s:", first ? "" : " ", item->string);
			patch_print_go(item, out);
			first = false;
		}
		buf_putc(out, ']');
	} else if (cJSON_IsArray(value)) {
		buf_putc(out, '[');
		json_each (item, value) {
			if (item != value->child)
				buf_putc(out, ' ');
			patch_print_go(item, out);
		}
		buf_putc(out, ']');
	} else if (cJSON_IsString(value)) {
		buf_puts(out, value->valuestring);
	} else if (!value || cJSON_IsNull(value)) {
		buf_puts(out, "<nil>");
	} else {
		json_print(value, out);
	}
}

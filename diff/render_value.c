#include "diff/render_value.h"

const char *render_mask(const struct change *change, const cJSON *value)
{
	if (!change->from || !change->to)
		return MASK;
	return value == change->from ? MASK_BEFORE : MASK_AFTER;
}

void render_value(const struct change *change, const cJSON *value, struct buf *out)
{
	if (change->secret)
		buf_puts(out, render_mask(change, value));
	else
		change_print_value(change, value, out);
}

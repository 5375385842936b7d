#include "diff/ordinals.h"

#include <inttypes.h>
#include <stdlib.h>

int ordinals_add(struct ordinals *ordinals, int64_t ordinal, struct err *err)
{
	if (ordinals->count == ordinals->capacity) {
		size_t capacity = ordinals->capacity ? ordinals->capacity * 2 : 8;
		int64_t *items = reallocarray(ordinals->items, capacity, sizeof(*items));
		if (!items)
			return err_no_memory(err);
		ordinals->items = items;
		ordinals->capacity = capacity;
	}
	ordinals->items[ordinals->count++] = ordinal;
	return 0;
}

void ordinals_release(struct ordinals *ordinals)
{
	free(ordinals->items);
	*ordinals = (struct ordinals){0};
}

/* How many of the first items go up, or down, by one from each to the next. */
static size_t run_length(const int64_t *items, size_t count)
{
	if (count < 2)
		return count;
	int64_t step = items[1] - items[0];
	size_t length = 1;
	if (step != 1 && step != -1)
		return 1;
	while (length < count && items[length] - items[length - 1] == step)
		length++;
	return length;
}

void ordinals_print_items(const int64_t *items, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count;) {
		size_t length = run_length(items + i, count - i);

		if (i)
			buf_puts(out, ", ");
		if (length >= 3) {
			buf_printf(out, "%" PRId64 "..%" PRId64, items[i], items[i + length - 1]);
			i += length;
		} else {
			buf_printf(out, "%" PRId64, items[i++]);
		}
	}
}

void ordinals_print(const struct ordinals *ordinals, struct buf *out)
{
	ordinals_print_items(ordinals->items, ordinals->count, out);
}

#include "diff/compare_list.h"

#include <stdlib.h>
#include <string.h>

#include "diff/path.h"

/* Beyond this many pairs of items to look at, items are paired by their index. */
#define MAX_CELLS (1024u * 1024)

/* --- items ----------------------------------------------------------------------------------- */

static int load_items(const cJSON *list, struct list_item **ret_items, size_t *ret_count,
		      struct err *err)
{
	const cJSON *value;
	size_t count = 0;

	json_each (value, list)
		count++;
	struct list_item *items = calloc(count ? count : 1, sizeof(*items));
	if (!items)
		return err_no_memory(err);
	count = 0;
	json_each (value, list)
		items[count++] = (struct list_item){.value = value, .twin = LIST_NO_TWIN};
	*ret_items = items;
	*ret_count = count;
	return 0;
}

static void drop_labels(struct list_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(items[i].label);
		items[i].label = NULL;
	}
}

void list_pairs_release(struct list_pairs *pairs)
{
	drop_labels(pairs->from, pairs->from_count);
	drop_labels(pairs->to, pairs->to_count);
	free(pairs->from);
	free(pairs->to);
	*pairs = (struct list_pairs){0};
}

static void make_twins(struct list_pairs *pairs, size_t from, size_t to)
{
	pairs->from[from].twin = to;
	pairs->to[to].twin = from;
}

/* --- by label -------------------------------------------------------------------------------- */

/* Gives each item its label. Returns 1 if all have one, 0 if not, -1 where memory runs out. */
static int label_items(const struct schema_field *type, struct list_item *items, size_t count,
		       struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buf_release) struct buf label = BUF_INIT(PATH_MAX_BYTES);

		if (!path_label(type, items[i].value, &label))
			return 0;
		if (buf_check(&label, "the key of a list item", err) < 0)
			return -1;
		items[i].label = buf_steal(&label);
		if (!items[i].label)
			return err_no_memory(err);
	}
	return 1;
}

static int by_label(const void *a, const void *b)
{
	const struct list_item *const *left = a, *const *right = b;

	return strcmp((*left)->label, (*right)->label);
}

/* The items ordered by label; NULL where memory runs out. */
static struct list_item **sorted(struct list_item *items, size_t count)
{
	struct list_item **order = calloc(count ? count : 1, sizeof(*order));

	for (size_t i = 0; order && i < count; i++)
		order[i] = &items[i];
	if (order)
		qsort(order, count, sizeof(*order), by_label);
	return order;
}

static bool has_repeats(struct list_item *const *order, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (!strcmp(order[i - 1]->label, order[i]->label))
			return true;
	return false;
}

/* Returns 1 if the items could be paired by label, 0 if not, -1 where memory runs out. */
static int pair_by_label(const struct schema_field *type, struct list_pairs *pairs, struct err *err)
{
	int result = label_items(type, pairs->from, pairs->from_count, err);

	if (result == 1)
		result = label_items(type, pairs->to, pairs->to_count, err);
	if (result != 1)
		return result;
	CLEANUP(free_p) struct list_item **from = sorted(pairs->from, pairs->from_count);
	CLEANUP(free_p) struct list_item **to = sorted(pairs->to, pairs->to_count);
	if (!from || !to)
		return err_no_memory(err);
	if (has_repeats(from, pairs->from_count) || has_repeats(to, pairs->to_count))
		return 0;
	for (size_t i = 0, j = 0; i < pairs->from_count && j < pairs->to_count;) {
		int order = strcmp(from[i]->label, to[j]->label);

		if (!order)
			make_twins(pairs, (size_t)(from[i] - pairs->from),
				   (size_t)(to[j] - pairs->to));
		i += order <= 0;
		j += order >= 0;
	}
	return 1;
}

/* --- by alignment ---------------------------------------------------------------------------- */

/* The part of both lists that is left to pair: [from, from_end) and [to, to_end). */
struct window {
	size_t from, from_end, to, to_end;
};

static bool equal_at(const struct list_pairs *pairs, const struct list_equality *equality,
		     size_t from, size_t to)
{
	return equality->equal(pairs->from[from].value, pairs->to[to].value, equality->ctx);
}

/* Pairs what both lists begin and end with. */
static struct window pair_ends(struct list_pairs *pairs, const struct list_equality *equality)
{
	struct window rest = {0, pairs->from_count, 0, pairs->to_count};

	while (rest.from < rest.from_end && rest.to < rest.to_end &&
	       equal_at(pairs, equality, rest.from, rest.to))
		make_twins(pairs, rest.from++, rest.to++);
	while (rest.from < rest.from_end && rest.to < rest.to_end &&
	       equal_at(pairs, equality, rest.from_end - 1, rest.to_end - 1))
		make_twins(pairs, --rest.from_end, --rest.to_end);
	return rest;
}

/*
 * Pairs a longest common subsequence of the window, and then equal items that are not in it: those
 * moved. `lengths` holds for each pair of positions how much the tails from there have in common,
 * `same` whether the two items are equal.
 */
static int pair_equals(struct list_pairs *pairs, const struct list_equality *equality,
		       struct window at, struct err *err)
{
	size_t rows = at.from_end - at.from, columns = at.to_end - at.to, width = columns + 1;
	CLEANUP(free_p) uint32_t *lengths = calloc((rows + 1) * width, sizeof(*lengths));
	CLEANUP(free_p) bool *same = calloc(rows * columns + 1, sizeof(*same));

	if (!lengths || !same)
		return err_no_memory(err);
	for (size_t i = rows; i-- > 0;)
		for (size_t j = columns; j-- > 0;) {
			uint32_t *length = &lengths[i * width + j];

			same[i * columns + j] = equal_at(pairs, equality, at.from + i, at.to + j);
			if (same[i * columns + j])
				*length = length[width + 1] + 1;
			else
				*length = length[width] > length[1] ? length[width] : length[1];
		}
	for (size_t i = 0, j = 0; i < rows && j < columns;) {
		const uint32_t *length = &lengths[i * width + j];

		if (same[i * columns + j])
			make_twins(pairs, at.from + i++, at.to + j++);
		else if (length[width] >= length[1])
			i++;
		else
			j++;
	}
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++) {
			struct list_item *from = &pairs->from[at.from + i];
			struct list_item *to = &pairs->to[at.to + j];

			if (!same[i * columns + j] || from->twin != LIST_NO_TWIN ||
			    to->twin != LIST_NO_TWIN)
				continue;
			make_twins(pairs, at.from + i, at.to + j);
			from->moved = to->moved = true;
		}
	return 0;
}

/* Pairs what has no twin yet, in order, within each run between items that stayed in place. */
static void pair_leftovers(struct list_pairs *pairs, struct window at)
{
	size_t i = at.from, j = at.to;

	while (i < at.from_end && j < at.to_end) {
		const struct list_item *from = &pairs->from[i], *to = &pairs->to[j];
		bool from_stays = from->twin != LIST_NO_TWIN, to_stays = to->twin != LIST_NO_TWIN;

		if (from->moved || (to_stays && !to->moved && !from_stays)) {
			i++;
		} else if (to->moved || (from_stays && !to_stays)) {
			j++;
		} else {
			/* Two that are left over, or each other's twins already. */
			make_twins(pairs, i++, j++);
		}
	}
}

static int align(struct list_pairs *pairs, const struct list_equality *equality, struct err *err)
{
	drop_labels(pairs->from, pairs->from_count);
	drop_labels(pairs->to, pairs->to_count);

	struct window rest = pair_ends(pairs, equality);
	size_t rows = rest.from_end - rest.from, columns = rest.to_end - rest.to;

	if (rows && columns && rows <= MAX_CELLS / columns &&
	    pair_equals(pairs, equality, rest, err) < 0)
		return -1;
	pair_leftovers(pairs, rest);
	return 0;
}

/* --- what moved ------------------------------------------------------------------------------ */

/*
 * Marks every item of `to` that is not in a longest run of twins whose order stayed (a longest
 * increasing subsequence, by patience sorting).
 */
static int mark_moved(struct list_pairs *pairs, struct err *err)
{
	size_t count = pairs->to_count, length = 0;
	/* tails[n]: the item that ends the best run of n + 1 items; before[i]: the one before i. */
	CLEANUP(free_p) size_t *tails = calloc(count + 1, sizeof(*tails));
	CLEANUP(free_p) size_t *before = calloc(count + 1, sizeof(*before));

	if (!tails || !before)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = length;

		if (pairs->to[i].twin == LIST_NO_TWIN)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (pairs->to[tails[middle]].twin < pairs->to[i].twin)
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low ? tails[low - 1] : LIST_NO_TWIN;
		tails[low] = i;
		length += low == length;
	}
	for (size_t i = 0; i < count; i++)
		pairs->to[i].moved = pairs->to[i].twin != LIST_NO_TWIN;
	for (size_t i = length ? tails[length - 1] : LIST_NO_TWIN; i != LIST_NO_TWIN; i = before[i])
		pairs->to[i].moved = false;
	return 0;
}

int list_pairs_make(const struct schema_field *type, const cJSON *from, const cJSON *to,
		    const struct list_equality *equality, struct list_pairs *ret_pairs,
		    struct err *err)
{
	CLEANUP(list_pairs_release) struct list_pairs pairs = {0};

	if (load_items(from, &pairs.from, &pairs.from_count, err) < 0 ||
	    load_items(to, &pairs.to, &pairs.to_count, err) < 0)
		return -1;
	int paired = pair_by_label(type, &pairs, err);
	if (paired < 0 || (!paired && align(&pairs, equality, err) < 0))
		return -1;
	if ((type->shape != SCHEMA_LIST || type->list != SCHEMA_SET) && mark_moved(&pairs, err) < 0)
		return -1;
	*ret_pairs = pairs;
	pairs = (struct list_pairs){0};
	return 0;
}

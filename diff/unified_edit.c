#include "diff/unified_edit.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"

/*
 * A search for the middle of an edit script that takes more steps than this ends at the furthest
 * point it reached, because its time grows with the square of the steps.
 */
#define MAX_STEPS 1024

/* --- setting lines aside --------------------------------------------------------------------- */

enum fate { FATE_COMPARE, FATE_CHANGED, FATE_MAYBE /* changed, if its neighbours are */ };

/* A line that occurs this often in the other text says little about what it corresponds to. */
static size_t too_many(size_t line_count)
{
	size_t many = 5;

	for (size_t rest = line_count / 64 / 4; rest > 0; rest /= 4)
		many *= 2;
	return many;
}

static void decide_alone(const struct edit_text *text, const uint32_t *others, uint8_t *fates)
{
	size_t many = too_many(text->count);

	for (size_t i = 0; i < text->count; i++) {
		uint32_t matches = others[text->lines[i]];
		fates[i] = matches == 0 ? FATE_CHANGED : matches > many ? FATE_MAYBE : FATE_COMPARE;
	}
}

static void spare(uint8_t *fates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fates[i] == FATE_MAYBE)
			fates[i] = FATE_COMPARE;
	}
}

/* Spares each unbroken row of so many MAYBEs that they look like text of their own. */
static void spare_rows(uint8_t *fates, size_t count)
{
	size_t enough = 1;

	for (size_t rest = count / 4 / 4; rest > 0; rest /= 4)
		enough *= 2;
	enough++;
	for (size_t i = 0, row = 0; i <= count; i++) {
		if (i < count && fates[i] == FATE_MAYBE) {
			row++;
			continue;
		}
		if (row >= enough)
			spare(fates + i - row, row);
		row = 0;
	}
}

/*
 * Spares the MAYBEs near one end of a run: up to three CHANGED in a row, or the first CHANGED that
 * is eight lines in. `step` is 1 from the first line on, -1 from the last one back.
 */
static void spare_edge(uint8_t *fate, ptrdiff_t step, size_t count)
{
	size_t changed = 0;

	for (size_t i = 0; i < count && changed < 3; i++, fate += step) {
		if (i >= 8 && *fate == FATE_CHANGED)
			return;
		changed = *fate == FATE_CHANGED ? changed + 1 : 0;
		if (*fate == FATE_MAYBE)
			*fate = FATE_COMPARE;
	}
}

/* Decides the MAYBEs of a run that begins and ends with CHANGED. */
static void decide_run(uint8_t *fates, size_t count)
{
	size_t maybes = 0;

	for (size_t i = 0; i < count; i++)
		maybes += fates[i] == FATE_MAYBE;
	if (maybes * 4 > count) {
		spare(fates, count);
		return;
	}
	spare_rows(fates, count);
	spare_edge(fates, 1, count);
	spare_edge(fates + count - 1, -1, count);
}

/* MAYBEs stand only within a run of lines that are not compared, between CHANGED ones. */
static void decide_together(uint8_t *fates, size_t count)
{
	for (size_t i = 0; i < count;) {
		size_t end = i;

		if (fates[i] != FATE_CHANGED) {
			fates[i++] = FATE_COMPARE;
			continue;
		}
		while (end < count && fates[end] != FATE_COMPARE)
			end++;
		size_t after = end;
		while (fates[end - 1] == FATE_MAYBE)
			end--;
		spare(fates + end, after - end);
		decide_run(fates + i, end - i);
		i = after;
	}
}

/* --- comparing ------------------------------------------------------------------------------- */

/* The lines of a text that are compared, and which they are in it. */
struct sequence {
	uint32_t *lines;
	size_t *places;
	size_t count;
	bool *changed; /* of the text */
};

static void sequence_release(struct sequence *sequence)
{
	free(sequence->lines);
	free(sequence->places);
}

static int sequence_init(struct sequence *sequence, const struct edit_text *text,
			 const uint32_t *others, struct err *err)
{
	CLEANUP(free_p) uint8_t *fates = malloc(text->count + 1);

	sequence->lines = calloc(text->count + 1, sizeof(*sequence->lines));
	sequence->places = calloc(text->count + 1, sizeof(*sequence->places));
	if (!fates || !sequence->lines || !sequence->places)
		return err_no_memory(err);
	sequence->changed = text->changed;
	decide_alone(text, others, fates);
	decide_together(fates, text->count);
	for (size_t i = 0; i < text->count; i++) {
		if (fates[i] != FATE_COMPARE) {
			text->changed[i] = true;
			continue;
		}
		sequence->lines[sequence->count] = text->lines[i];
		sequence->places[sequence->count++] = i;
	}
	return 0;
}

/*
 * The edit graph: x counts lines of `a`, y those of `b`; a diagonal d is x - y. `ahead[d]` is the
 * largest x that the search from the top left has reached on d, `back[d]` the smallest one from
 * the bottom right.
 */
struct graph {
	struct sequence a, b;
	ptrdiff_t *memory, *ahead, *back;
};

struct box {
	ptrdiff_t left, top, right, bottom;
};

static void graph_release(struct graph *graph)
{
	sequence_release(&graph->a);
	sequence_release(&graph->b);
	free(graph->memory);
}

/* The diagonals that a search has open. */
struct span {
	ptrdiff_t low, high;
};

/* Opens the next diagonals on both sides, or turns back at the box's edge. */
static void widen(struct span *span, ptrdiff_t *reached, ptrdiff_t unreached, struct span limit)
{
	if (span->low > limit.low)
		reached[--span->low - 1] = unreached;
	else
		span->low++;
	if (span->high < limit.high)
		reached[++span->high + 1] = unreached;
	else
		span->high--;
}

struct point {
	ptrdiff_t x, y;
};

/* One more edit ahead; true when it meets the search back, at *ret_meet. */
static bool step_ahead(struct graph *graph, const struct box *box, const struct span *ahead,
		       const struct span *back, bool odd, struct point *ret_meet)
{
	for (ptrdiff_t d = ahead->high; d >= ahead->low; d -= 2) {
		ptrdiff_t below = graph->ahead[d - 1], above = graph->ahead[d + 1];
		ptrdiff_t x = below < above ? above : below + 1;

		while (x < box->right && x - d < box->bottom &&
		       graph->a.lines[x] == graph->b.lines[x - d])
			x++;
		graph->ahead[d] = x;
		if (odd && back->low <= d && d <= back->high && graph->back[d] <= x) {
			*ret_meet = (struct point){x, x - d};
			return true;
		}
	}
	return false;
}

static bool step_back(struct graph *graph, const struct box *box, const struct span *ahead,
		      const struct span *back, bool odd, struct point *ret_meet)
{
	for (ptrdiff_t d = back->high; d >= back->low; d -= 2) {
		ptrdiff_t below = graph->back[d - 1], above = graph->back[d + 1];
		ptrdiff_t x = below < above ? below : above - 1;

		while (x > box->left && x - d > box->top &&
		       graph->a.lines[x - 1] == graph->b.lines[x - d - 1])
			x--;
		graph->back[d] = x;
		if (!odd && ahead->low <= d && d <= ahead->high && x <= graph->ahead[d]) {
			*ret_meet = (struct point){x, x - d};
			return true;
		}
	}
	return false;
}

/* The point of either search that is furthest from where the search began. */
static struct point furthest(const struct graph *graph, const struct box *box,
			     const struct span *ahead, const struct span *back)
{
	struct point far = {box->left, box->top}, near = {box->right, box->bottom};

	for (ptrdiff_t d = ahead->low; d <= ahead->high; d += 2) {
		ptrdiff_t x = graph->ahead[d] < box->right ? graph->ahead[d] : box->right;
		if (x - d > box->bottom)
			x = box->bottom + d;
		if (x + x - d > far.x + far.y)
			far = (struct point){x, x - d};
	}
	for (ptrdiff_t d = back->low; d <= back->high; d += 2) {
		ptrdiff_t x = graph->back[d] > box->left ? graph->back[d] : box->left;
		if (x - d < box->top)
			x = box->top + d;
		if (x + x - d < near.x + near.y)
			near = (struct point){x, x - d};
	}
	ptrdiff_t gone_ahead = far.x + far.y - box->left - box->top;
	ptrdiff_t gone_back = box->right + box->bottom - near.x - near.y;
	return gone_ahead >= gone_back ? far : near;
}

/* A point in the middle of a shortest path through the box, whose first and last lines differ. */
static struct point find_middle(struct graph *graph, const struct box *box)
{
	struct span limit = {box->left - box->bottom, box->right - box->top};
	ptrdiff_t start = box->left - box->top, end = box->right - box->bottom;
	struct span ahead = {start, start}, back = {end, end};
	bool odd = ((start - end) & 1) != 0;
	struct point meet;

	graph->ahead[start] = box->left;
	graph->back[end] = box->right;
	for (size_t steps = 1;; steps++) {
		widen(&ahead, graph->ahead, -1, limit);
		if (step_ahead(graph, box, &ahead, &back, odd, &meet))
			return meet;
		widen(&back, graph->back, PTRDIFF_MAX, limit);
		if (step_back(graph, box, &ahead, &back, odd, &meet))
			return meet;
		if (steps >= MAX_STEPS)
			return furthest(graph, box, &ahead, &back);
	}
}

static void compare(struct graph *graph, struct box box)
{
	for (;;) {
		while (box.left < box.right && box.top < box.bottom &&
		       graph->a.lines[box.left] == graph->b.lines[box.top])
			box.left++, box.top++;
		while (box.left < box.right && box.top < box.bottom &&
		       graph->a.lines[box.right - 1] == graph->b.lines[box.bottom - 1])
			box.right--, box.bottom--;
		if (box.left == box.right || box.top == box.bottom)
			break;
		/* The first half is a call, the second the next turn: both shrink. */
		struct point middle = find_middle(graph, &box);
		compare(graph, (struct box){box.left, box.top, middle.x, middle.y});
		box.left = middle.x;
		box.top = middle.y;
	}
	for (; box.left < box.right; box.left++)
		graph->a.changed[graph->a.places[box.left]] = true;
	for (; box.top < box.bottom; box.top++)
		graph->b.changed[graph->b.places[box.top]] = true;
}

/* --- moving runs of changes ------------------------------------------------------------------ */

/* A run of changed lines [start, end) of a text, and the place in the other that end stands for. */
struct run {
	size_t start, end, other_end;
};

/* Moves the run up by a line, joins it with a run that it meets there. */
static void move_up(const struct edit_text *text, const struct edit_text *other, struct run *run)
{
	text->changed[--run->start] = true;
	text->changed[--run->end] = false;
	while (run->start > 0 && text->changed[run->start - 1])
		run->start--;
	do {
		run->other_end--;
	} while (other->changed[run->other_end]);
}

static void move_down(const struct edit_text *text, struct run *run)
{
	text->changed[run->start++] = false;
	text->changed[run->end++] = true;
	while (text->changed[run->end])
		run->end++;
}

/*
 * Moves the run as far down as equal lines allow, joining runs on the way, then back up to where it
 * ends beside a run of the other text, if there is such a place.
 */
static void settle_run(const struct edit_text *text, const struct edit_text *other, struct run *run)
{
	const uint32_t *lines = text->lines;
	size_t length, beside;

	do {
		length = run->end - run->start;
		while (run->start > 0 && lines[run->start - 1] == lines[run->end - 1])
			move_up(text, other, run);
		beside = run->other_end > 0 && other->changed[run->other_end - 1] ? run->end
										  : text->count;
		while (run->end < text->count && lines[run->start] == lines[run->end]) {
			move_down(text, run);
			while (other->changed[++run->other_end])
				beside = run->end;
		}
	} while (length != run->end - run->start);
	while (beside < run->end)
		move_up(text, other, run);
}

static void settle_runs(const struct edit_text *text, const struct edit_text *other)
{
	struct run run = {0};

	for (size_t i = 0;;) {
		/* Walks both texts over what they have in common, to the next changed line. */
		while (i < text->count && !text->changed[i]) {
			while (other->changed[run.other_end])
				run.other_end++;
			run.other_end++;
			i++;
		}
		if (i == text->count)
			return;
		run.start = i;
		run.end = i;
		while (text->changed[run.end])
			run.end++;
		while (other->changed[run.other_end])
			run.other_end++;
		settle_run(text, other, &run);
		i = run.end;
	}
}

/* --- all together ---------------------------------------------------------------------------- */

static void count_lines(const struct edit_text *text, uint32_t *counts)
{
	for (size_t i = 0; i < text->count; i++)
		counts[text->lines[i]]++;
}

int edit_find(struct edit_text *from, struct edit_text *to, uint32_t class_count, struct err *err)
{
	CLEANUP(graph_release) struct graph graph = {0};
	CLEANUP(free_p) uint32_t *from_counts = calloc((size_t)class_count + 1, sizeof(uint32_t));
	CLEANUP(free_p) uint32_t *to_counts = calloc((size_t)class_count + 1, sizeof(uint32_t));

	if (!from_counts || !to_counts)
		return err_no_memory(err);
	count_lines(from, from_counts);
	count_lines(to, to_counts);
	if (sequence_init(&graph.a, from, to_counts, err) < 0 ||
	    sequence_init(&graph.b, to, from_counts, err) < 0)
		return -1;

	/* Diagonals run from -b.count to a.count, and the searches look one beyond on each side. */
	size_t diagonals = graph.a.count + graph.b.count + 3;
	graph.memory = calloc(diagonals * 2, sizeof(*graph.memory));
	if (!graph.memory)
		return err_no_memory(err);
	graph.ahead = graph.memory + graph.b.count + 1;
	graph.back = graph.ahead + diagonals;
	compare(&graph, (struct box){0, 0, (ptrdiff_t)graph.a.count, (ptrdiff_t)graph.b.count});
	settle_runs(from, to);
	settle_runs(to, from);
	return 0;
}

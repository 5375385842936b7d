#include "agent/notice_board.h"

#include <stdlib.h>
#include <string.h>

#include "diff/rfc3339.h"

#define MAX_KEPT_TEXT 200 /* bytes of a text that is kept */

static void item_release(struct notice_board_item *item)
{
	notice_drop(item->notice);
	free(item->mark);
}

static void drop_batch(struct notice_board *board)
{
	for (size_t i = 0; i < board->batch_count; i++)
		notice_drop(board->batch[i]);
	board->batch_count = 0;
}

void notice_board_clear(struct notice_board *board)
{
	for (size_t i = 0; i < board->count; i++)
		item_release(&board->items[i]);
	board->count = 0;
	drop_batch(board);
}

void notice_board_release(struct notice_board *board)
{
	notice_board_clear(board);
	free(board->items);
	free(board->batch);
	*board = (struct notice_board){0};
}

/* Makes room for another one. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
	size_t longer = *capacity ? 2 * *capacity : 8;

	if (count < *capacity)
		return items;
	void *grown = reallocarray(items, longer, size);
	if (grown)
		*capacity = longer;
	return grown;
}

static struct notice_board_item *add(struct notice_board *board, struct notice *take_notice)
{
	struct notice_board_item *items =
		board->count < NOTICE_BOARD_MAX
			? grow(board->items, board->count, &board->capacity, sizeof(*items))
			: NULL;

	if (!items) {
		notice_drop(take_notice);
		return NULL;
	}
	board->items = items;
	items[board->count] = (struct notice_board_item){.notice = take_notice};
	return &items[board->count++];
}

/* What cannot be remembered for lack of memory is not told. */
static void add_to_batch(struct notice_board *board, struct notice *take_notice)
{
	struct notice **batch = take_notice ? grow(board->batch, board->batch_count,
						   &board->batch_capacity, sizeof(struct notice *))
					    : NULL;

	if (!batch) {
		notice_drop(take_notice);
		return;
	}
	board->batch = batch;
	batch[board->batch_count++] = take_notice;
}

struct notice_board_item *notice_board_find(const struct notice_board *board, const char *key)
{
	for (size_t i = 0; i < board->count; i++)
		if (strcmp(board->items[i].notice->key, key) == 0)
			return &board->items[i];
	return NULL;
}

/* --- rounds ----------------------------------------------------------------------------------- */

void notice_board_begin(struct notice_board *board)
{
	for (size_t i = 0; i < board->count; i++)
		board->items[i].doubted = true;
}

void notice_board_keep(struct notice_board *board,
		       bool (*is_unknown)(void *context, const struct notice *notice),
		       void *context)
{
	for (size_t i = 0; i < board->count; i++)
		if (is_unknown(context, board->items[i].notice))
			board->items[i].doubted = false;
}

void notice_board_put(struct notice_board *board, struct notice *take_notice, bool may_pass)
{
	if (!take_notice)
		return;
	struct notice_board_item *item = notice_board_find(board, take_notice->key);
	if (item) {
		/* It is the same condition, whatever its words are now. */
		take_notice->since_ms = item->notice->since_ms;
		notice_drop(item->notice);
		item->notice = take_notice;
	} else {
		item = add(board, take_notice);
	}
	if (!item)
		return;
	item->doubted = false;
	if (item->told ||
	    (may_pass && take_notice->time_ms - take_notice->since_ms < NOTICE_PATIENCE_MS))
		return;
	item->told = true;
	add_to_batch(board, notice_hold(item->notice));
}

void notice_board_once(struct notice_board *board, struct notice *take_notice)
{
	add_to_batch(board, take_notice);
}

static void end_item(struct notice_board *board, size_t index, int64_t now_ms)
{
	struct notice_board_item *item = &board->items[index];

	if (item->told)
		add_to_batch(board, notice_again(item->notice, NOTICE_ENDS, now_ms));
	item_release(item);
	*item = board->items[--board->count];
}

void notice_board_end(struct notice_board *board, int64_t now_ms)
{
	for (size_t i = board->count; i-- > 0;)
		if (board->items[i].doubted)
			end_item(board, i, now_ms);
}

void notice_board_lift(struct notice_board *board, const char *key, int64_t now_ms)
{
	const struct notice_board_item *item = notice_board_find(board, key);

	if (item)
		end_item(board, (size_t)(item - board->items), now_ms);
}

void notice_board_tell(struct notice_board *board)
{
	notices_tell(board->notices, board->batch, board->batch_count);
	drop_batch(board);
}

/* --- over a restart --------------------------------------------------------------------------- */

/* Which sinks have still to tell of it; nothing where all have. */
static int print_untold(const struct notices *notices, const struct notice *notice,
			enum notice_state state, cJSON *entry, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *sinks = cJSON_CreateArray();

	if (!sinks)
		return err_no_memory(err);
	if (notices_print_owing(notices, notice->key, state, sinks, err) < 0)
		return -1;
	return sinks->child ? json_set(entry, "untold", STEAL(sinks), err) : 0;
}

/* What holds, or is over but was not told to all yet. */
static int print_item(const struct notices *notices, const struct notice *notice, cJSON *list,
		      struct err *err)
{
	bool over = notice->state == NOTICE_ENDS;
	CLEANUP(cJSON_Delete_p) cJSON *entry = cJSON_CreateObject();
	CLEANUP(buf_release)
	struct buf since = BUF_INIT(64), api_version = BUF_INIT(1024), ended = BUF_INIT(64);
	CLEANUP(free_p) char *text = notice_cut(notice->text, MAX_KEPT_TEXT);

	if (!entry || !text)
		return err_no_memory(err);
	rfc3339_print(notice->since_ms, &since);
	rfc3339_print(notice->time_ms, &ended);
	if (json_set_str(entry, "kind", notice_kinds[notice->kind].name, err) < 0 ||
	    json_set_str(entry, "since", buf_str(&since), err) < 0 ||
	    json_set_str(entry, "text", text, err) < 0 ||
	    (over && json_set_str(entry, "ended", buf_str(&ended), err) < 0) ||
	    print_untold(notices, notice, over ? NOTICE_ENDS : NOTICE_BEGINS, entry, err) < 0)
		return -1;
	if (notice->has_object) {
		ref_print_api_version(&notice->ref, &api_version);
		if (json_set_str(entry, "object.apiVersion", buf_str(&api_version), err) < 0 ||
		    json_set_str(entry, "object.kind", notice->ref.kind, err) < 0 ||
		    json_set_str(entry, "object.metadata.name", notice->ref.name, err) < 0 ||
		    (*notice->ref.namespace && json_set_str(entry, "object.metadata.namespace",
							    notice->ref.namespace, err) < 0))
			return -1;
	}
	return json_append(list, STEAL(entry), err);
}

int notice_board_to_json(const struct notice_board *board, const char *app, cJSON **ret_json,
			 struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *list = cJSON_CreateArray();
	const struct notice *end;
	size_t kept = 0;

	if (!list)
		return err_no_memory(err);
	for (; kept < NOTICE_BOARD_MAX_KEPT && (end = notices_owed_end(board->notices, app, kept));
	     kept++)
		if (print_item(board->notices, end, list, err) < 0)
			return -1;
	for (size_t i = 0; i < board->count && kept < NOTICE_BOARD_MAX_KEPT; i++) {
		if (!board->items[i].told)
			continue;
		if (print_item(board->notices, board->items[i].notice, list, err) < 0)
			return -1;
		kept++;
	}
	*ret_json = kept ? STEAL(list) : NULL;
	return 0;
}

static void ref_p(struct ref *ref)
{
	ref_release(ref);
}

static struct notice *read_item(const char *app, const cJSON *entry)
{
	CLEANUP(ref_p) struct ref ref = {0};
	const char *kind_name = json_str(entry, "kind"), *since = json_str(entry, "since");
	const char *text = json_str(entry, "text");
	const char *ended = json_str(entry, "ended");
	const cJSON *object = json_get(entry, "object");
	enum notice_kind kind;
	int64_t since_ms, ended_ms = 0;
	struct err err;

	if (!kind_name || !notice_kind_find(kind_name, &kind) || !notice_kinds[kind].lasts ||
	    !since || !rfc3339_read(since, &since_ms) || !text ||
	    (ended && !rfc3339_read(ended, &ended_ms)) ||
	    (object && ref_of(object, &ref, &err) < 0))
		return NULL;
	struct notice *notice = notice_new(kind, ended ? NOTICE_ENDS : NOTICE_HOLDS, app,
					   object ? &ref : NULL, text, since_ms);
	if (notice && ended)
		notice->time_ms = ended_ms;
	return notice;
}

static void tell_begin_again(const struct notice_board *board, const struct notice *notice,
			     const cJSON *sinks)
{
	CLEANUP(notice_drop_p)
	struct notice *begins =
		sinks ? notice_again(notice, NOTICE_BEGINS, notice->since_ms) : NULL;

	if (begins)
		notices_tell_again(board->notices, begins, sinks);
}

void notice_board_restore(struct notice_board *board, const char *app, const cJSON *json)
{
	const cJSON *entry;

	json_each (entry, json) {
		const cJSON *untold = json_get(entry, "untold");
		struct notice *notice = read_item(app, entry);

		if (notice && notice->state == NOTICE_ENDS)
			notices_tell_again(board->notices, notice, untold);
		if (!notice || notice->state == NOTICE_ENDS ||
		    notice_board_find(board, notice->key)) {
			notice_drop(notice);
			continue;
		}
		struct notice_board_item *item = add(board, notice);
		if (!item)
			return;
		item->told = true;
		tell_begin_again(board, notice, untold);
		add_to_batch(board, notice_hold(notice));
	}
}

/*
 * A watch of a server that answers anything. However the stream's bytes are cut into pieces, the same is
 * told; what is told makes sense (nothing is added twice, changed or deleted without being there, and a
 * list leaves exactly its own objects); nothing is told after the end.
 *
 * The input is a byte of options, one that chooses when the watch is given up, and the server's answers
 * with RS (0x1E) between them: a page's JSON or a stream's lines, whichever is asked for; "!410 ..." is a
 * refusal with that status and body.
 *
 * The functions of cluster.h are wrapped (see the Makefile): the cluster is a struct world.
 */
#include "apply/watch.h"

#include <string.h>

#include "apply/lines.h"
#include "apply/refusal.h"
#include "diff/cleanup.h"

#include "tests/fuzz/fuzz.h"

#define SEPARATOR  0x1E
#define MAX_LOG    (64u * 1024 * 1024)
#define MAX_STEPS  1000
#define SMALL_LINE 40

enum option {
	OPTION_ONCE = 1,
	OPTION_WANTS = 2,
	OPTION_GIVE_UP = 4,
	OPTION_PATIENT = 8, /* streams last as long as they were meant to */
};

enum work { WORK_NONE, WORK_REQUEST, WORK_STREAM, WORK_PAUSE };

struct thing {
	char *namespace, *name, *version;
};

struct things {
	struct thing *items;
	size_t count;
};

struct world {
	const char *answers, *end; /* NULL: there are no more */
	unsigned options;
	size_t piece;          /* of a stream: bytes at once; 0: all, 1000: ever other ones */
	size_t calls_left;     /* until the watch is given up */
	uint64_t ids, task_id; /* task_id 0: the watch is gone */
	void (*cancel)(void *task);
	void *task;
	enum work work;
	uint64_t work_id;
	bool is_list; /* the request */
	struct cluster_request request;
	struct cluster_stream stream;
	void (*on_pause_over)(void *ctx);
	void *pause_ctx;
	struct buf log;
	bool doubts;          /* the server's state was another one */
	struct things seen;   /* what the one who watches believes to be there */
	struct things listed; /* what the pages of this list had */
};

/* --- things ----------------------------------------------------------------------------------- */

static struct thing *find(const struct things *things, const char *namespace, const char *name)
{
	for (size_t i = 0; i < things->count; i++)
		if (strcmp(things->items[i].namespace, namespace) == 0 &&
		    strcmp(things->items[i].name, name) == 0)
			return &things->items[i];
	return NULL;
}

static void forget(struct things *things, struct thing *thing)
{
	free(thing->namespace);
	free(thing->name);
	free(thing->version);
	*thing = things->items[--things->count];
}

static void put(struct things *things, const char *namespace, const char *name, const char *version)
{
	struct thing *thing = find(things, namespace, name);

	if (thing)
		forget(things, thing);
	things->items = realloc(things->items, (things->count + 1) * sizeof(*things->items));
	must(things->items);
	things->items[things->count++] =
		(struct thing){strdup(namespace), strdup(name), strdup(version)};
}

static void forget_all(struct things *things)
{
	while (things->count)
		forget(things, &things->items[0]);
	free(STEAL(things->items));
}

/* --- the cluster ------------------------------------------------------------------------------ */

uint64_t __wrap_cluster_send(struct cluster *cluster, const struct cluster_request *request,
			     struct err *err);
uint64_t __wrap_cluster_open_stream(struct cluster *cluster, const struct cluster_stream *stream,
				    struct err *err);
uint64_t __wrap_cluster_after(struct cluster *cluster, int64_t delay_ms,
			      void (*callback)(void *ctx), void *ctx, struct err *err);
void __wrap_cluster_cancel(struct cluster *cluster, uint64_t id);
uint64_t __wrap_cluster_task_begin(struct cluster *cluster, void (*cancel)(void *task), void *task,
				   struct err *err);
void __wrap_cluster_task_end(struct cluster *cluster, uint64_t id);
int64_t __wrap_cluster_backoff_ms(struct cluster *cluster, unsigned attempt);
uint64_t __wrap_uv_hrtime(void);

static uint64_t step_ns; /* that pass each time somebody looks at the clock */

static struct world *world_of(struct cluster *cluster)
{
	return (struct world *)cluster;
}

static uint64_t begin(struct cluster *cluster, enum work work)
{
	struct world *world = world_of(cluster);

	must(world->work == WORK_NONE); /* a watch waits for one thing at a time */
	world->work = work;
	world->work_id = ++world->ids;
	return world->work_id;
}

uint64_t __wrap_cluster_send(struct cluster *cluster, const struct cluster_request *request,
			     struct err *err)
{
	bool is_list;

	(void)err;
	must(strcmp(request->method, "GET") == 0 && !request->body);
	is_list = strncmp(request->path, "/api/v1/configmaps?limit=", 25) == 0;
	must(is_list ||
	     strncmp(request->path, "/api/v1/configmaps?resourceVersionMatch=", 40) == 0);
	if (is_list && !strstr(request->path, "&continue="))
		forget_all(&world_of(cluster)->listed);
	world_of(cluster)->is_list = is_list;
	world_of(cluster)->request = *request;
	return begin(cluster, WORK_REQUEST);
}

uint64_t __wrap_cluster_open_stream(struct cluster *cluster, const struct cluster_stream *stream,
				    struct err *err)
{
	(void)err;
	must(strncmp(stream->path, "/api/v1/configmaps?watch=1&", 27) == 0);
	for (const char *c = stream->path; *c; c++)
		must(*c > ' ' && *c < 0x7F);
	world_of(cluster)->stream = *stream;
	return begin(cluster, WORK_STREAM);
}

uint64_t __wrap_cluster_after(struct cluster *cluster, int64_t delay_ms,
			      void (*callback)(void *ctx), void *ctx, struct err *err)
{
	(void)err;
	must(delay_ms >= 0);
	world_of(cluster)->on_pause_over = callback;
	world_of(cluster)->pause_ctx = ctx;
	return begin(cluster, WORK_PAUSE);
}

void __wrap_cluster_cancel(struct cluster *cluster, uint64_t id)
{
	struct world *world = world_of(cluster);

	if (id && id == world->work_id)
		world->work = WORK_NONE;
	if (id && id == world->task_id)
		world->cancel(world->task);
}

uint64_t __wrap_cluster_task_begin(struct cluster *cluster, void (*cancel)(void *task), void *task,
				   struct err *err)
{
	struct world *world = world_of(cluster);

	(void)err;
	must(!world->task_id);
	world->cancel = cancel;
	world->task = task;
	world->task_id = ++world->ids;
	return world->task_id;
}

void __wrap_cluster_task_end(struct cluster *cluster, uint64_t id)
{
	must(id == world_of(cluster)->task_id);
	world_of(cluster)->task_id = 0;
}

int64_t __wrap_cluster_backoff_ms(struct cluster *cluster, unsigned attempt)
{
	(void)cluster;
	return attempt + 1;
}

uint64_t __wrap_uv_hrtime(void)
{
	static uint64_t now_ns;

	now_ns += step_ns;
	return now_ns;
}

/* --- who watches ------------------------------------------------------------------------------ */

static bool wants(void *ctx, const char *namespace, const char *name)
{
	(void)ctx;
	(void)namespace;
	return name[0] != 'x';
}

static void see(struct world *world, enum watch_event event, const char *namespace,
		const char *name, const char *version)
{
	struct thing *thing = find(&world->seen, namespace, name);

	must((event == WATCH_ADDED) == !thing ||
	     (event == WATCH_DELETED && world->options & OPTION_WANTS));
	must(event != WATCH_MODIFIED || world->doubts || strcmp(thing->version, version) != 0);
	if (event != WATCH_DELETED)
		put(&world->seen, namespace, name, version);
	else if (thing)
		forget(&world->seen, thing);
}

/* Each word may be the last one. */
static void note(struct world *world)
{
	buf_putc(&world->log, '\n');
	if (world->options & OPTION_GIVE_UP && world->calls_left-- == 0)
		__wrap_cluster_cancel((struct cluster *)world, world->task_id);
}

static void on_event(void *ctx, enum watch_event event, cJSON **object)
{
	struct world *world = ctx;
	const char *namespace = json_str(*object, "metadata.namespace");
	const char *name = json_str(*object, "metadata.name");
	const char *version = json_str(*object, "metadata.resourceVersion");

	must(world->task_id);
	must(name && version && json_str(*object, "apiVersion") && json_str(*object, "kind"));
	must(!(world->options & OPTION_WANTS) || wants(NULL, "", name));
	see(world, event, namespace ? namespace : "", name, version);
	buf_printf(&world->log, "%d ", event);
	json_print(*object, &world->log);
	if (event == WATCH_MODIFIED)
		cJSON_Delete(STEAL(*object));
	note(world);
}

static void on_synced(void *ctx)
{
	struct world *world = ctx;

	must(world->task_id);
	must(world->seen.count == world->listed.count);
	for (size_t i = 0; i < world->listed.count; i++) {
		const struct thing *listed = &world->listed.items[i];
		const struct thing *seen = find(&world->seen, listed->namespace, listed->name);

		must(seen && strcmp(seen->version, listed->version) == 0);
	}
	buf_puts(&world->log, "synced");
	note(world);
}

static void on_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct world *world = ctx;

	must(world->task_id && err->class && err->message[0]);
	must((retry_in_ms < 0) == ((world->options & OPTION_ONCE) != 0));
	buf_printf(&world->log, "%d %s", (int)retry_in_ms, err->message);
	note(world);
}

/* --- the server ------------------------------------------------------------------------------- */

static const char *next_answer(struct world *world, size_t *ret_length)
{
	const char *answer = world->answers;
	const char *end = memchr(answer, SEPARATOR, (size_t)(world->end - answer));

	*ret_length = (size_t)((end ? end : world->end) - answer);
	world->answers = end ? end + 1 : NULL;
	return answer;
}

/* "!410 body": fills *err and the body; returns -1. */
static int read_refusal(const char *answer, size_t length, cJSON **ret_body, struct err *err)
{
	CLEANUP(free_p) char *text = strndup(answer, length);
	struct err ignored;
	char *body;
	int status = (int)strtoul(text + 1, &body, 10) % 1000;

	(void)json_parse(body, strlen(body), ret_body, &ignored);
	return refusal_err(status, *ret_body, body, err);
}

/* The items of a page as far as they are any. */
static void list(struct world *world, const cJSON *page)
{
	const cJSON *item;

	json_each (item, json_get(page, "items")) {
		const char *namespace = json_str(item, "metadata.namespace");
		const char *name = json_str(item, "metadata.name");
		const char *version = json_str(item, "metadata.resourceVersion");

		if (!name || !version)
			break;
		if (!(world->options & OPTION_WANTS) || wants(NULL, "", name))
			put(&world->listed, namespace ? namespace : "", name, version);
	}
}

static void answer_request(struct world *world, const char *text, size_t length)
{
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	struct cluster_request request = world->request;
	struct err err;
	int status = length && text[0] == '!' ? read_refusal(text, length, &body, &err)
					      : json_parse(text, length, &body, &err);

	if (status == 0 && !cJSON_IsObject(body))
		status = err_set(&err, ERR_TRANSIENT, "no object");
	if (status == 0 && world->is_list)
		list(world, body);
	world->doubts |= refusal_is_of_future(body);
	struct cluster_answer answer = {
		.body = body, .status = 200, .retry_after_ms = -1, .warnings = ""};
	request.on_done(request.ctx, status < 0 ? &err : NULL, &answer);
	body = answer.body;
}

/* Hands the bytes over in pieces, as long as somebody takes them. */
static bool send_pieces(struct world *world, uint64_t id, const char *text, size_t length)
{
	size_t piece = world->piece ? world->piece : length;

	for (size_t at = 0; at < length; at += piece) {
		if (world->piece == 1000)
			piece = 1 + (size_t)(unsigned char)text[at] * 7 % 61;
		if (piece > length - at)
			piece = length - at;
		/* A copy of its own, so that reading past its end is seen. */
		CLEANUP(free_p) char *copy = malloc(piece);
		memcpy(copy, text + at, piece);
		world->stream.on_data(world->stream.ctx, copy, piece);
		if (world->work != WORK_STREAM || world->work_id != id)
			return false;
	}
	return true;
}

static void answer_stream(struct world *world, const char *text, size_t length)
{
	struct cluster_stream stream = world->stream;
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	uint64_t id = world->work_id;
	struct err err;
	int status = 0;

	if (length && text[0] == '!')
		status = read_refusal(text, length, &body, &err);
	else if (!send_pieces(world, id, text, length))
		return;
	world->work = WORK_NONE;
	stream.on_done(stream.ctx, status < 0 ? &err : NULL, -1);
}

/* Does what the watch waits for; false when the server has no answer any more. */
static bool step(struct world *world)
{
	size_t length;
	const char *answer;

	if (world->work == WORK_PAUSE) {
		world->work = WORK_NONE;
		world->on_pause_over(world->pause_ctx);
		return true;
	}
	if (!world->answers)
		return false;
	answer = next_answer(world, &length);
	if (world->work == WORK_STREAM) {
		answer_stream(world, answer, length);
	} else {
		world->work = WORK_NONE;
		answer_request(world, answer, length);
	}
	return true;
}

static void run_world(struct world *world)
{
	const struct watch_options options = {
		.resource = &resource_config_maps,
		.once = world->options & OPTION_ONCE,
		.wants = world->options & OPTION_WANTS ? wants : NULL,
		.on_event = on_event,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = world,
	};
	struct err err;

	step_ns = world->options & OPTION_PATIENT ? 1000000000000 : 0;
	uint64_t id = watch_start((struct cluster *)world, &options, &err);

	must(id && id == world->task_id);
	for (size_t i = 0; i < MAX_STEPS && world->task_id; i++) {
		must(world->work != WORK_NONE); /* or it would never go on */
		if (!step(world))
			break;
	}
	__wrap_cluster_cancel((struct cluster *)world, id);
	must(world->work == WORK_NONE && !world->task_id);
	forget_all(&world->seen);
	forget_all(&world->listed);
}

/* --- lines alone, for their cap ------------------------------------------------------------------ */

static bool note_line(void *ctx, const char *line, size_t length)
{
	must(length > 0 && length <= SMALL_LINE && !memchr(line, '\n', length));
	buf_append(ctx, line, length);
	buf_putc(ctx, '\n');
	return true;
}

static void feed_lines(const char *text, size_t length, size_t piece, struct buf *log)
{
	struct lines lines = LINES_INIT(SMALL_LINE);
	struct err err;
	int status = 0;

	for (size_t at = 0; at < length && status == 0; at += piece)
		status = lines_feed(&lines, text + at, length - at < piece ? length - at : piece,
				    note_line, log, &err);
	buf_printf(log, "%d", status);
	must(status == 0 || err.class == ERR_LIMIT);
	lines_release(&lines);
}

static void check_lines(const char *text, size_t length)
{
	CLEANUP(buf_release) struct buf whole = BUF_INIT(MAX_LOG);

	feed_lines(text, length, length, &whole);
	for (size_t piece = 1; piece <= 7; piece += 3) {
		CLEANUP(buf_release) struct buf pieces = BUF_INIT(MAX_LOG);

		feed_lines(text, length, piece, &pieces);
		must(whole.length == pieces.length);
		must(memcmp(buf_str(&whole), buf_str(&pieces), whole.length) == 0);
	}
}

int fuzz_watch(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {0, 1, 1000};
	CLEANUP(buf_release) struct buf first = BUF_INIT(MAX_LOG);

	if (size < 2)
		return 0;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct world world = {
			.answers = (const char *)data + 2,
			.end = (const char *)data + size,
			.options = data[0],
			.calls_left = data[1] % 16,
			.piece = pieces[i],
			.log = BUF_INIT(MAX_LOG),
		};

		run_world(&world);
		if (i == 0)
			buf_append(&first, buf_str(&world.log), world.log.length);
		must(strcmp(buf_str(&first), buf_str(&world.log)) == 0);
		buf_release(&world.log);
	}
	check_lines((const char *)data + 2, size - 2);
	return 0;
}

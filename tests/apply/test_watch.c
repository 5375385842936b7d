/* Watches of a server that plays every trick, then of a cluster. */

#include "apply/watch.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/server.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"

#define LIST   "GET /api/v1/namespaces/x/configmaps?limit="
#define WATCH  "GET /api/v1/namespaces/x/configmaps?watch=1"
#define RESUME "GET /api/v1/namespaces/x/configmaps?resourceVersionMatch=NotOlderThan&limit=1&"
#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"

#define OBJECT(name, version)                                                                     \
	"{\"metadata\":{\"namespace\":\"x\",\"name\":\"" name "\",\"resourceVersion\":\"" version \
	"\"}}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define STATUS(code, message)                                                                   \
	"{\"kind\":\"Status\",\"code\":" #code ",\"reason\":\"Expired\",\"message\":\"" message \
	"\"}"
#define AHEAD                                                                                   \
	"{\"kind\":\"Status\",\"code\":504,\"reason\":\"Timeout\",\"message\":\"Too large "     \
	"resource "                                                                             \
	"version: 11, current: 7\",\"details\":{\"causes\":[{\"message\":\"Too large resource " \
	"version\"}]}}"
#define PAGE(version, items) \
	"{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"

struct bench {
	struct server *server;
	struct client client;
	uint64_t id;
	struct buf log;
	size_t until;          /* the length of the log that is waited for */
	const char *cancel_at; /* give up when the log ends so */
	bool free_all;
	bool reached;
};

static bool ends_with(const struct buf *log, const char *end)
{
	size_t length = strlen(end);

	return log->length >= length && strcmp(buf_str(log) + log->length - length, end) == 0;
}

static void note(struct bench *bench)
{
	bench->reached = bench->reached || bench->log.length >= bench->until;
	if (!bench->cancel_at || !ends_with(&bench->log, bench->cancel_at))
		return;
	bench->reached = true;
	if (bench->free_all) {
		cluster_free(bench->client.cluster);
		bench->client.cluster = NULL;
	} else {
		cluster_cancel(bench->client.cluster, bench->id);
	}
}

static void on_event(void *ctx, enum watch_event event, cJSON **object)
{
	static const char *const names[] = {"added", "modified", "deleted"};
	struct bench *bench = ctx;

	assert_string_equal(json_str(*object, "apiVersion"), "v1");
	assert_string_equal(json_str(*object, "kind"), "ConfigMap");
	buf_printf(&bench->log, "%s %s@%s\n", names[event], json_str(*object, "metadata.name"),
		   json_str(*object, "metadata.resourceVersion"));
	note(bench);
}

static void on_synced(void *ctx)
{
	struct bench *bench = ctx;

	buf_puts(&bench->log, "synced\n");
	note(bench);
}

static void on_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct bench *bench = ctx;

	buf_printf(&bench->log, "%s: %s\n", retry_in_ms < 0 ? "failed" : "trouble", err->message);
	note(bench);
}

static void start(struct bench *bench, bool once)
{
	const struct watch_options options = {
		.resource = &resource_config_maps,
		.namespace = "x",
		.label_selector = "app=a b",
		.once = once,
		.on_event = on_event,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = bench,
	};
	struct err err;

	client_open(&bench->client, NULL, server_url(bench->server));
	bench->id = watch_start(bench->client.cluster, &options, &err);
	assert_true(bench->id != 0);
}

static void expect(struct bench *bench, const char *log)
{
	bench->until = strlen(log);
	bench->reached = bench->log.length >= bench->until;
	turn_until(&bench->client.loop, &bench->reached);
	assert_string_equal(buf_str(&bench->log), log);
}

static void finish(struct bench *bench)
{
	client_close(&bench->client);
	server_stop(bench->server);
	buf_release(&bench->log);
}

static struct bench new_bench(void)
{
	return (struct bench){.server = server_start(), .log = BUF_INIT(65536), .until = SIZE_MAX};
}

/* It has what watches are resumed from. */
static void add_resumes(struct server *server)
{
	server_answer(server, RESUME, 0, 200, "", PAGE("99", ""));
}

/* A stream that ends cleanly after these events. */
static void add_stream(struct server *server, const char *events, size_t piece)
{
	char raw[8192];

	snprintf(raw, sizeof(raw), STREAM "%s", events);
	server_add(server,
		   (struct server_rule){
			   .match = WATCH, .raw = raw, .piece = piece, .times = 1, .close = true});
}

/* From then on the stream stays open and says nothing. */
static void add_silence(struct server *server)
{
	server_add(server, (struct server_rule){.match = WATCH, .raw = STREAM, .hang = true});
}

static void assert_asked(struct server *server, const char *match, size_t index, const char *part)
{
	const char *request = server_request(server, match, index);

	if (!strstr(request, part))
		fail_msg("%s is not in %.200s", part, request);
}

static void test_follows(void **state)
{
	(void)state;
	for (size_t piece = 0; piece <= 3; piece++) {
		struct bench bench = new_bench();

		server_answer(bench.server, LIST "500&labelSelector", 1, 200, "",
			      "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"to/ken\"},"
			      "\"items\":[" OBJECT("a", "1") "]}");
		server_answer(bench.server, LIST "500&continue=to%2Fken&labelSelector=app%3Da%20b ",
			      1, 200, "", PAGE("10", OBJECT("b", "2")));
		add_stream(bench.server,
			   EVENT("ADDED", OBJECT("c", "11")) EVENT("MODIFIED", OBJECT("a", "12"))
				   EVENT("DELETED", OBJECT("b", "13"))
					   EVENT("BOOKMARK", OBJECT("", "20")),
			   piece);
		add_resumes(bench.server);
		add_silence(bench.server);
		start(&bench, false);
		expect(&bench, "added a@1\nadded b@2\nsynced\nadded c@11\nmodified a@12\n"
			       "deleted b@13\n");
		turn_until_count(&bench.client.loop, bench.server, WATCH, 2);
		assert_asked(bench.server, WATCH, 0, "&resourceVersion=10&timeoutSeconds=");
		assert_asked(bench.server, WATCH, 0, "&labelSelector=app%3Da%20b");
		assert_asked(bench.server, WATCH, 0, "&allowWatchBookmarks=true");
		assert_asked(bench.server, RESUME, 0,
			     "&resourceVersion=20&labelSelector=app%3Da%20b ");
		assert_asked(bench.server, WATCH, 1, "&resourceVersion=20&timeoutSeconds=");
		finish(&bench);
	}
}

/* A watch that is too old begins again with a list, and tells what happened meanwhile. */
static void test_expired(void **state)
{
	(void)state;
	for (int as_status = 0; as_status <= 1; as_status++) {
		struct bench bench = new_bench();

		server_answer(
			bench.server, LIST, 1, 200, "",
			PAGE("10", OBJECT("a", "1") "," OBJECT("b", "2") "," OBJECT("c", "3")));
		if (as_status)
			server_answer(bench.server, WATCH, 1, 410, "", STATUS(410, "too old"));
		else
			add_stream(bench.server, EVENT("ERROR", STATUS(410, "too old")), 0);
		server_answer(
			bench.server, LIST, 1, 200, "",
			PAGE("20", OBJECT("b", "2") "," OBJECT("c", "13") "," OBJECT("d", "14")));
		add_resumes(bench.server);
		add_silence(bench.server);
		start(&bench, false);
		expect(&bench, "added a@1\nadded b@2\nadded c@3\nsynced\n"
			       "modified c@13\nadded d@14\ndeleted a@1\nsynced\n");
		turn_until_count(&bench.client.loop, bench.server, WATCH, 2);
		assert_asked(bench.server, WATCH, 1, "&resourceVersion=20&timeoutSeconds=");
		finish(&bench);
	}
}

/* A token that expired between two pages: nothing is told twice. */
static void test_expired_list(void **state)
{
	(void)state;
	struct bench bench = new_bench();

	server_answer(bench.server, LIST "500&continue=t", 1, 410, "", STATUS(410, "too old"));
	server_answer(bench.server, LIST "500&labelSelector", 1, 200, "",
		      "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"t\"},"
		      "\"items\":[" OBJECT("a", "1") "]}");
	server_answer(bench.server, LIST, 1, 200, "",
		      PAGE("10", OBJECT("a", "1") "," OBJECT("b", "2")));
	add_silence(bench.server);
	start(&bench, false);
	expect(&bench, "added a@1\nadded b@2\nsynced\n");
	finish(&bench);
}

/* A token that nobody could ask with: the list begins again, and what has no apiVersion gets one. */
static void test_absurd_token(void **state)
{
	(void)state;
	struct bench bench = new_bench();
	char page[8192];

	snprintf(
		page, sizeof(page),
		"{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"%05000d\"},\"items\":[{"
		"\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\"}}]}",
		0);
	server_answer(bench.server, LIST, 1, 200, "", page);
	server_answer(bench.server, LIST "500&labelSelector", 1, 200, "", PAGE("10", ""));
	add_silence(bench.server);
	start(&bench, false);
	expect(&bench, "added a@1\n"
		       "trouble: the server's list goes on with a token of more than 4096 bytes\n"
		       "deleted a@1\nsynced\n");
	finish(&bench);
}

/* What goes wrong with a stream is mended by resuming where it was. */
static void test_resumes(void **state)
{
	(void)state;
	static const char *const streams[] = {
		EVENT("ADDED", OBJECT("b", "11")) EVENT("ERROR", STATUS(500, "etcd is slow")),
		EVENT("ADDED", OBJECT("b", "11")) "{\"type\":\"ADDED\",\n",
		EVENT("ADDED", OBJECT("b", "11")) "[]\n",
		EVENT("ADDED", OBJECT("b", "11")) "{\"type\":\"MODIFI",
	};

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct bench bench = new_bench();

		server_answer(bench.server, LIST, 1, 200, "", PAGE("10", OBJECT("a", "1")));
		add_stream(bench.server, streams[i], 0);
		add_resumes(bench.server);
		add_stream(bench.server, EVENT("MODIFIED", OBJECT("a", "12")), 0);
		add_silence(bench.server);
		start(&bench, false);
		expect(&bench, "added a@1\nsynced\nadded b@11\nmodified a@12\n");
		assert_asked(bench.server, WATCH, 1, "&resourceVersion=11&timeoutSeconds=");
		assert_int_equal(server_count(bench.server, LIST), 1);
		finish(&bench);
	}
}

/* --- cut at every byte -------------------------------------------------------------------------- */

#define FIRST  EVENT("ADDED", OBJECT("b", "11"))
#define SECOND EVENT("MODIFIED", OBJECT("b", "12"))
#define THIRD  EVENT("DELETED", OBJECT("a", "13"))

/* One watch of its own namespace, whose first stream ends after `cut` bytes. */
struct cut {
	struct buf log;
	bool done;
};

static void note_cut_event(void *ctx, enum watch_event event, cJSON **object)
{
	struct cut *cut = ctx;

	buf_printf(&cut->log, "%d %s@%s ", event, json_str(*object, "metadata.name"),
		   json_str(*object, "metadata.resourceVersion"));
	cut->done = event == WATCH_DELETED;
}

static void answer_cut(struct server *server, size_t cut, bool chunked)
{
	static const struct {
		const char *holds, *events; /* what a watch from there is told */
	} parts[] = {{"&resourceVersion=10&", FIRST SECOND THIRD},
		     {"&resourceVersion=11&", SECOND THIRD},
		     {"&resourceVersion=12&", THIRD},
		     {"&resourceVersion=13&", ""}};
	char path[100], raw[4096];

	snprintf(path, sizeof(path), "GET /api/v1/namespaces/x%zu/configmaps?limit=", cut);
	server_answer(server, path, 1, 200, "", PAGE("10", OBJECT("a", "1")));
	snprintf(path, sizeof(path), "GET /api/v1/namespaces/x%zu/configmaps?resourceVersion", cut);
	server_answer(server, path, 0, 200, "", PAGE("99", ""));
	snprintf(path, sizeof(path), "GET /api/v1/namespaces/x%zu/configmaps?watch", cut);
	if (chunked)
		snprintf(raw, sizeof(raw),
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%.*s",
			 strlen(FIRST SECOND THIRD), (int)cut, FIRST SECOND THIRD);
	else
		snprintf(raw, sizeof(raw), STREAM "%.*s", (int)cut, FIRST SECOND THIRD);
	server_add(server,
		   (struct server_rule){.match = path, .raw = raw, .times = 1, .close = true});
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(raw, sizeof(raw), STREAM "%s", parts[i].events);
		server_add(server, (struct server_rule){.match = path,
							.holds = parts[i].holds,
							.raw = raw,
							.hang = true});
	}
}

/* Wherever a stream ends, well or badly: each event is told once, in order. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	enum { BYTES = sizeof(FIRST SECOND THIRD), BATCH = 48 };
	static struct cut cuts[BYTES];

	for (size_t begin = 0; begin < BYTES; begin += BATCH) {
		size_t end = begin + BATCH < BYTES ? begin + BATCH : BYTES;
		struct server *server = server_start();
		struct client client;

		client_open(&client, NULL, server_url(server));
		for (size_t i = begin; i < end; i++) {
			char namespace[16];
			const struct watch_options options = {
				.resource = &resource_config_maps,
				.namespace = namespace,
				.on_event = note_cut_event,
				.ctx = &cuts[i],
			};
			struct err err;

			snprintf(namespace, sizeof(namespace), "x%zu", i);
			buf_init(&cuts[i].log, 4096);
			answer_cut(server, i, i % 2);
			assert_true(watch_start(client.cluster, &options, &err) != 0);
		}
		for (size_t i = begin; i < end; i++) {
			turn_until(&client.loop, &cuts[i].done);
			assert_string_equal(buf_str(&cuts[i].log), "0 a@1 0 b@11 1 b@12 2 a@13 ");
			buf_release(&cuts[i].log);
		}
		client_close(&client);
		server_stop(server);
	}
}

/* --- a server whose state was set back ---------------------------------------------------------- */

/* It has not come to the version yet: everything is listed, and told though versions may be alike. */
static void test_restored(void **state)
{
	(void)state;
	struct bench bench = new_bench();

	server_answer(bench.server, LIST, 1, 200, "",
		      PAGE("10", OBJECT("a", "1") "," OBJECT("b", "2") "," OBJECT("c", "9")));
	add_stream(bench.server, EVENT("MODIFIED", OBJECT("a", "11")), 0);
	server_answer(bench.server, RESUME, 1, 504, "Retry-After: 1\r\n", AHEAD);
	server_answer(bench.server, LIST, 1, 200, "",
		      PAGE("7", OBJECT("a", "1") "," OBJECT("b", "2")));
	add_silence(bench.server);
	start(&bench, false);
	expect(&bench, "added a@1\nadded b@2\nadded c@9\nsynced\nmodified a@11\n"
		       "modified a@1\nmodified b@2\ndeleted c@9\nsynced\n");
	turn_until_count(&bench.client.loop, bench.server, WATCH, 2);
	assert_asked(bench.server, WATCH, 1, "&resourceVersion=7&timeoutSeconds=");
	finish(&bench);
}

/* What else it may answer to the question whether it has. */
static void test_resume_fails(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		size_t lists;
		const char *log; /* behind the beginning */
	} cases[] = {
		{410, STATUS(410, "compacted"), 2, "deleted a@11\nsynced\n"},
		{503, "{\"code\":503,\"message\":\"starting\"}", 1,
		 "modified a@12\n"}, /* servers come and go */
		{504, "{\"code\":504,\"message\":\"slow\"}", 1, "modified a@12\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench = new_bench();
		char log[256];

		server_answer(bench.server, LIST, 1, 200, "", PAGE("10", OBJECT("a", "1")));
		add_stream(bench.server, EVENT("MODIFIED", OBJECT("a", "11")), 0);
		server_answer(bench.server, RESUME, 1, cases[i].status, "", cases[i].body);
		add_resumes(bench.server);
		server_answer(bench.server, LIST, 1, 200, "", PAGE("12", ""));
		if (cases[i].lists == 1)
			add_stream(bench.server, EVENT("MODIFIED", OBJECT("a", "12")), 0);
		add_silence(bench.server);
		start(&bench, false);
		snprintf(log, sizeof(log), "added a@1\nsynced\nmodified a@11\n%s", cases[i].log);
		expect(&bench, log);
		assert_int_equal(server_count(bench.server, LIST), cases[i].lists);
		finish(&bench);
	}
}

/* A server that says when to come again is not asked sooner, neither for lists nor for streams. */
static void on_throttled(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct bench *bench = ctx;

	assert_string_equal(err->message, "busy");
	buf_printf(&bench->log, "%lld ms\n", (long long)retry_in_ms);
	note(bench);
}

static void test_throttled(void **state)
{
	(void)state;
	static const char body[] = "{\"code\":429,\"message\":\"busy\"}";
	struct bench bench = new_bench();
	const struct watch_options options = {
		.resource = &resource_config_maps,
		.namespace = "x",
		.on_event = on_event,
		.on_error = on_throttled,
		.ctx = &bench,
	};
	struct err err;

	server_answer(bench.server, LIST, 1, 429, "Retry-After: 1\r\n", body);
	server_answer(bench.server, LIST, 1, 200, "", PAGE("10", OBJECT("a", "1")));
	server_answer(bench.server, WATCH, 1, 429, "Retry-After: 1\r\n", body);
	server_answer(bench.server, RESUME, 1, 429, "Retry-After: 3600\r\n", body);
	client_open(&bench.client, NULL, server_url(bench.server));
	assert_true(watch_start(bench.client.cluster, &options, &err) != 0);
	expect(&bench, "1000 ms\nadded a@1\n600000 ms\n");
	finish(&bench);
}

static void test_trouble_is_told(void **state)
{
	(void)state;
	struct bench bench = new_bench();

	server_answer(bench.server, LIST, 1, 403, "",
		      "{\"code\":403,\"message\":\"configmaps is forbidden: User \\\"u\\\" cannot "
		      "list resource \\\"configmaps\\\"\"}");
	server_answer(bench.server, LIST, 1, 200, "", PAGE("10", OBJECT("a", "1")));
	/* The first failure of a stream is nothing, as servers come and go; the second is. */
	add_resumes(bench.server);
	server_answer(bench.server, WATCH, 2, 500, "", "{\"code\":500,\"message\":\"no etcd\"}");
	add_stream(bench.server, EVENT("DELETED", OBJECT("a", "11")), 0);
	add_silence(bench.server);
	start(&bench, false);
	expect(&bench, "trouble: configmaps is forbidden: User \"u\" cannot list resource "
		       "\"configmaps\"\nadded a@1\nsynced\ntrouble: no etcd\ndeleted a@11\n");
	finish(&bench);
}

static void test_once(void **state)
{
	(void)state;
	struct bench bench = new_bench();

	server_answer(bench.server, LIST, 1, 200, "", PAGE("10", OBJECT("a", "1")));
	start(&bench, true);
	expect(&bench, "added a@1\nsynced\n");
	turn_for(&bench.client.loop, 20);
	assert_int_equal(server_count(bench.server, ""), 1);
	finish(&bench);

	bench = new_bench();
	server_answer(bench.server, LIST, 0, 403, "", "{\"code\":403,\"message\":\"no\"}");
	start(&bench, true);
	expect(&bench, "failed: no\n");
	turn_for(&bench.client.loop, 20);
	assert_int_equal(server_count(bench.server, ""), 1);
	finish(&bench);
}

/* Given up in each of its callbacks, alone or with the whole connection. */
static void test_cancel_in_callbacks(void **state)
{
	(void)state;
	static const char *const places[] = {"added a@1\n",     "added b@2\n",  "synced\n",
					     "modified a@11\n", "added c@12\n", "deleted b@2\n",
					     "trouble: no\n"};

	for (size_t i = 0; i < 2 * sizeof(places) / sizeof(places[0]); i++) {
		struct bench bench = new_bench();

		server_answer(bench.server, LIST, 1, 403, "", "{\"code\":403,\"message\":\"no\"}");
		if (strcmp(places[i / 2], "trouble: no\n") != 0) {
			server_stop(bench.server);
			bench.server = server_start();
		}
		server_answer(bench.server, LIST, 1, 200, "",
			      PAGE("10", OBJECT("a", "1") "," OBJECT("b", "2")));
		add_stream(bench.server,
			   EVENT("MODIFIED", OBJECT("a", "11")) EVENT("ADDED", OBJECT("c", "12"))
				   EVENT("ERROR", STATUS(410, "too old")),
			   i % 3);
		server_answer(bench.server, LIST, 1, 200, "",
			      PAGE("10", OBJECT("a", "11") "," OBJECT("c", "12")));
		add_silence(bench.server);
		bench.cancel_at = places[i / 2];
		bench.free_all = i % 2;
		start(&bench, false);
		turn_until(&bench.client.loop, &bench.reached);
		size_t told = bench.log.length;
		turn_for(&bench.client.loop, 10);
		assert_int_equal(bench.log.length, told);
		finish(&bench);
	}
}

/* --- on a cluster ----------------------------------------------------------------------------- */

static void test_on_a_cluster(void **state)
{
	(void)state;
	struct sim sim;
	struct bench bench = {.log = BUF_INIT(65536), .until = SIZE_MAX};
	const struct watch_options options = {
		.resource = &resource_config_maps,
		.namespace = "default",
		.field_selector = "metadata.name=watched",
		.on_event = on_event,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = &bench,
	};
	struct err err;

	sim_start(&sim, NULL);
	client_open(&bench.client, sim.kubeconfig, NULL);
	assert_true(watch_start(bench.client.cluster, &options, &err) != 0);
	expect(&bench, "synced\n");
	buf_clear(&bench.log);
	sim_shell(&sim, "kubectl -n default create cm other --from-literal=a=b >/dev/null; "
			"kubectl -n default create cm watched --from-literal=a=b >/dev/null; "
			"kubectl -n default label cm watched a=b >/dev/null; "
			"kubectl -n default delete cm watched other >/dev/null");
	while (!strstr(buf_str(&bench.log), "deleted"))
		turn_for(&bench.client.loop, 10);
	CLEANUP(buf_release) struct buf verbs = BUF_INIT(1024);
	for (const char *line = buf_str(&bench.log); *line; line = strchr(line, '\n') + 1)
		buf_printf(&verbs, "%.*s ", (int)strcspn(line, "@"), line);
	assert_string_equal(buf_str(&verbs), "added watched modified watched deleted watched ");
	client_close(&bench.client);
	buf_release(&bench.log);
	sim_stop(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows),      cmocka_unit_test(test_expired),
		cmocka_unit_test(test_expired_list), cmocka_unit_test(test_absurd_token),
		cmocka_unit_test(test_resumes),      cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_restored),     cmocka_unit_test(test_resume_fails),
		cmocka_unit_test(test_throttled),    cmocka_unit_test(test_trouble_is_told),
		cmocka_unit_test(test_once),         cmocka_unit_test(test_cancel_in_callbacks),
		cmocka_unit_test(test_on_a_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

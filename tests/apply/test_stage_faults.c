/* The stages of a sync against a server that answers as a test wants it to. */

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/server.h"
#include "tests/support/stages.h"
#include "tests/support/turn.h"

#define VERBS "\"verbs\":[\"get\",\"list\",\"create\",\"update\"]"
#define CORE                                                                              \
	"{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"configmaps\",\"kind\":" \
	"\"ConfigMap\",\"namespaced\":true," VERBS "},{\"name\":\"namespaces\",\"kind\":" \
	"\"Namespace\"," VERBS "}]}"
#define MAPS      "/api/v1/namespaces/x/configmaps"
#define MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name ", namespace: x}\n---\n"
#define LIVE(version)                                                                 \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"," \
	"\"resourceVersion\":\"" version "\"}}"
#define STATUS(code, reason, message)                                                              \
	"{\"kind\":\"Status\",\"code\":" #code ",\"reason\":\"" reason "\",\"message\":\"" message \
	"\"}"
#define CONFLICT STATUS(409, "Conflict", "the object has been modified")
#define EXISTS   STATUS(409, "AlreadyExists", "it exists")
#define MISSING  STATUS(404, "NotFound", "it is not found")
#define WRITE    "?fieldManager=tranche&fieldValidation=Strict"
#define DRY_RUN  WRITE "&dryRun=All HTTP/1.1"

static struct server *open_bench(struct bench *bench)
{
	struct server *server = server_start();

	server_answer(server, "GET /api/v1 ", 0, 200, "", CORE);
	bench_open(bench, NULL, server_url(server));
	cluster_set_retry(bench->cluster, 0);
	return server;
}

static void close_bench(struct bench *bench, struct server *server)
{
	bench_close(bench);
	server_stop(server);
}

/* --- discovery --------------------------------------------------------------------------------- */

#define GROUP_LIST(kind, plural)                                                                 \
	"{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"" plural "\",\"kind\":\"" kind \
	"\",\"namespaced\":true," VERBS "}]}"
#define AGGREGATED(group, kind, plural)                                             \
	"{\"metadata\":{\"name\":\"" group "\"},\"versions\":[{\"version\":\"v1\"," \
	"\"freshness\":\"Current\",\"resources\":[{\"resource\":\"" plural          \
	"\",\"responseKind\":{\"kind\":\"" kind "\"},\"scope\":\"Namespaced\"," VERBS "}]}]}"
#define OBJECT(group, kind) "apiVersion: " group "/v1\nkind: " kind "\nmetadata: {name: o}\n---\n"
#define FOUR_GROUPS \
	MAP("a") OBJECT("one.io", "One") OBJECT("two.io", "Two") OBJECT("three.io", "Three")

/* Many group versions take two requests where the server can, one each where it cannot. */
static void test_aggregated_discovery(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(
		server, "GET /apis ", 0, 200, "",
		"{\"kind\":\"APIGroupDiscoveryList\",\"items\":[" AGGREGATED(
			"one.io", "One", "ones") "," AGGREGATED("two.io", "Two", "twos") "]}");
	server_answer(server, "GET /api ", 0, 200, "",
		      "{\"kind\":\"APIGroupDiscoveryList\",\"items\":[" AGGREGATED(
			      "", "ConfigMap", "configmaps") "]}");
	bench_load(&bench, FOUR_GROUPS);
	bench_resolve(&bench);
	assert_string_equal(bench.targets.items[1].resource->plural, "ones");
	assert_string_equal(bench.targets.items[1].ref.namespace, "default");
	assert_null(bench.targets.items[2].error);
	assert_string_equal(bench.targets.items[3].error->message,
			    "no matches for kind \"Three\" in version \"three.io/v1\"");
	/* What was not in there was asked for by itself, and nothing else. */
	assert_int_equal(server_count(server, ""), 3);
	assert_int_equal(server_count(server, "GET /apis/three.io/v1 "), 1);
	assert_non_null(strstr(server_request(server, "GET /apis ", 0),
			       "Accept: application/json;g=apidiscovery.k8s.io;v=v2;"));

	/* Everything is known now, but for what was not found: that may have come. */
	server_answer(server, "GET /apis/three.io/v1 ", 0, 200, "", GROUP_LIST("Three", "threes"));
	bench_load(&bench, FOUR_GROUPS);
	bench_resolve(&bench);
	assert_int_equal(server_count(server, ""), 4);
	assert_string_equal(bench.targets.items[3].resource->plural, "threes");
	close_bench(&bench, server);
}

static void test_old_discovery(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, "GET /apis ", 0, 200, "",
		      "{\"kind\":\"APIGroupList\",\"groups\":[]}");
	server_answer(server, "GET /api ", 0, 406, "", "{}");
	server_answer(server, "GET /apis/one.io/v1 ", 0, 200, "", GROUP_LIST("One", "ones"));
	server_answer(server, "GET /apis/two.io/v1 ", 0, 503, "", "service unavailable");
	server_answer(server, "GET /apis/three.io/v1 ", 0, 200, "",
		      "{\"resources\":[{\"name\":\"threes\",\"kind\":\"Three\",\"verbs\":["
		      "\"create\"]}]}");
	bench_load(&bench, FOUR_GROUPS);
	bench_resolve(&bench);
	assert_string_equal(bench.targets.items[0].resource->plural, "configmaps");
	assert_string_equal(bench.targets.items[1].resource->plural, "ones");
	assert_string_equal(bench.targets.items[2].error->message,
			    "cannot read what two.io/v1 offers: service unavailable");
	assert_int_equal(bench.targets.items[2].error->class, ERR_TRANSIENT);
	assert_string_equal(bench.targets.items[3].error->message,
			    "objects of kind \"Three\" cannot be kept in the cluster: it does not "
			    "offer get, create and update for them");
	assert_int_equal(server_count(server, ""), 6);
	close_bench(&bench, server);
}

static void test_credentials_refused(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);
	struct err err;

	server_answer(server, "GET /apis/one.io/v1 ", 0, 401, "", STATUS(401, "", "Unauthorized"));
	bench_load(&bench, OBJECT("one.io", "One"));
	assert_true(discovery_resolve(bench.discovery, &bench.targets, "default", bench_on_done,
				      &bench, &err) != 0);
	turn_until(&bench.loop, &bench.done);
	assert_string_equal(bench.err.message, "the server refused the credentials (Unauthorized): "
					       "check the token or certificate of the "
					       "kubeconfig's user, or of the service account");
	assert_int_equal(bench.err.class, ERR_DENIED);
	close_bench(&bench, server);
}

/* --- live -------------------------------------------------------------------------------------- */

#define EIGHT MAP("a") MAP("b") MAP("c") MAP("d") MAP("e") MAP("f") MAP("g") MAP("h")

/* A list that took too long begins again; what was on its first page may be gone by then. */
static void test_expired_list(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, "GET " MAPS "?limit=500&continue=t", 0, 410, "",
		      STATUS(410, "Expired", "too old"));
	server_answer(
		server, "GET " MAPS "?limit=500 ", 1, 200, "",
		"{\"metadata\":{\"continue\":\"t\"},\"items\":[{\"metadata\":{\"name\":\"a\"}}]}");
	server_answer(server, "GET " MAPS "?limit=500 ", 0, 200, "",
		      "{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"b\"}},{},"
		      "{\"metadata\":{\"name\":\"stranger\"}}]}");
	bench_load(&bench, EIGHT);
	bench_resolve(&bench);
	bench_read_live(&bench);
	assert_null(bench.targets.items[0].live);
	assert_string_equal(json_str(bench.targets.items[1].live, "kind"), "ConfigMap");
	assert_null(bench.targets.items[7].live);
	close_bench(&bench, server);
}

static void test_failed_list(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, "GET " MAPS "?", 0, 500, "", STATUS(500, "", "etcd is gone"));
	server_answer(server, "GET " MAPS "/a", 0, 403, "", STATUS(403, "", "no"));
	bench_load(&bench, EIGHT);
	bench_resolve(&bench);
	bench_read_live(&bench);
	for (size_t i = 0; i < bench.targets.count; i++)
		assert_string_equal(bench.targets.items[i].error->message, "etcd is gone");
	bench_load(&bench, MAP("a"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	assert_string_equal(bench_error_of(&bench, "a"), "no");
	close_bench(&bench, server);
}

/* That nobody answers any more is said once, and not of each object. */
static void test_lost_while_reading(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);
	struct err err;

	bench_load(&bench, MAP("a") MAP("b"));
	bench_resolve(&bench);
	server_add(server, (struct server_rule){.match = ""});
	bench.done = false;
	assert_true(live_read(bench.cluster, &bench.targets, bench_on_done, &bench, &err) != 0);
	turn_until(&bench.loop, &bench.done);
	assert_int_equal(bench.err.class, ERR_TRANSIENT);
	assert_words(&bench.err, "URL closed the connection without an answer", server_url(server));
	assert_null(bench.targets.items[0].error);
	assert_null(bench.targets.items[1].error);
	close_bench(&bench, server);
}

/* --- preview ----------------------------------------------------------------------------------- */

/* Changed, deleted, created since it was read: it is read again, and the dry run is of that. */
static void test_preview_of_what_changes(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, "GET " MAPS "/a", 1, 200, "", LIVE("1"));
	server_answer(server, "PUT " MAPS "/a" DRY_RUN, 1, 409, "", CONFLICT);
	server_answer(server, "GET " MAPS "/a", 1, 200, "", LIVE("2"));
	server_answer(server, "PUT " MAPS "/a" DRY_RUN, 1, 404, "", MISSING);
	server_answer(server, "GET " MAPS "/a", 1, 404, "", MISSING);
	server_answer(server, "POST " MAPS DRY_RUN, 1, 409, "", EXISTS);
	server_answer(server, "GET " MAPS "/a", 1, 200, "", LIVE("3"));
	server_answer(server, "PUT " MAPS "/a" DRY_RUN, 1, 200,
		      "Warning: 299 - \"old\"\r\nWarning: 299 - \"odd\"\r\n", LIVE("3"));
	bench_load(&bench, MAP("a"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_preview(&bench);
	const struct target *target = &bench.targets.items[0];
	assert_null(target->error);
	assert_string_equal(json_str(target->live, "metadata.resourceVersion"), "3");
	assert_non_null(target->predicted);
	assert_string_equal(target->warnings, "old\nodd");
	assert_non_null(strstr(server_request(server, "PUT ", 0), "\"resourceVersion\":\"1\""));
	assert_non_null(strstr(server_request(server, "PUT ", 1), "\"resourceVersion\":\"2\""));
	assert_null(strstr(server_request(server, "POST ", 0), "resourceVersion"));
	assert_non_null(strstr(server_request(server, "PUT ", 2), "\"resourceVersion\":\"3\""));

	/* It changes for ever. */
	server_answer(server, "GET " MAPS "/a", 0, 200, "", LIVE("4"));
	server_answer(server, "PUT " MAPS "/a" DRY_RUN, 0, 409, "", CONFLICT);
	bench_preview(&bench);
	assert_string_equal(bench_error_of(&bench, "a"), "the object has been modified");
	assert_int_equal(target->error->class, ERR_CONFLICT);
	close_bench(&bench, server);
}

static void test_preview_that_is_not_possible(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		bool client_side;
	} cases[] = {
		{403,
		 STATUS(403, "Forbidden",
			"configmaps is forbidden: User x cannot create resource configmaps"),
		 true},
		{403, STATUS(403, "Forbidden", "configmaps a is forbidden: exceeded quota"), false},
		{400,
		 STATUS(400, "BadRequest", "admission webhook w does not support dry run requests"),
		 true},
		{400, STATUS(400, "BadRequest", "strict decoding error"), false},
		{404, MISSING, false},
		{405, "no", false},
	};
	struct err err;

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		bool allowed = i % 2;
		struct bench bench;
		struct server *server = open_bench(&bench);

		server_answer(server, "GET " MAPS "/a", 0, 404, "", MISSING);
		server_answer(server, "POST " MAPS, 0, cases[i / 2].status, "", cases[i / 2].body);
		bench_load(&bench, MAP("a"));
		bench_resolve(&bench);
		bench_read_live(&bench);
		bench_finish(&bench, preview(bench.cluster, &bench.targets, allowed, bench_on_done,
					     &bench, &err));
		bool client_side = allowed && cases[i / 2].client_side;
		assert_int_equal(bench.targets.items[0].client_side, client_side);
		assert_int_equal(bench.targets.items[0].error != NULL, !client_side);
		close_bench(&bench, server);
	}
}

/* --- replace ----------------------------------------------------------------------------------- */

static void test_replace_refused(void **state)
{
	(void)state;
	static const struct {
		const char *live; /* NULL: none */
		int status;       /* of the write; 0: the answer is lost */
		const char *body;
		enum err_class class;
		enum target_result result;
	} cases[] = {
		{LIVE("1"), 200, LIVE("1"), ERR_NONE, TARGET_UNCHANGED},
		{LIVE("1"), 200, LIVE("2"), ERR_NONE, TARGET_REPLACED},
		{NULL, 201, LIVE("2"), ERR_NONE, TARGET_CREATED},
		{LIVE("1"), 409, CONFLICT, ERR_CONFLICT, TARGET_NONE},
		{LIVE("1"), 404, MISSING, ERR_CONFLICT, TARGET_NONE},
		{NULL, 409, EXISTS, ERR_EXISTS, TARGET_NONE},
		{NULL, 404, MISSING, ERR_NOT_FOUND, TARGET_NONE},
		{LIVE("1"), 422, STATUS(422, "Invalid", "immutable"), ERR_INVALID, TARGET_NONE},
		{LIVE("1"), 0, NULL, ERR_TRANSIENT, TARGET_NONE},
		{LIVE("1"), 500, "oh", ERR_TRANSIENT, TARGET_NONE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench;
		struct server *server = open_bench(&bench);
		const char *write = cases[i].live ? "PUT " MAPS "/a" WRITE " HTTP/1.1"
						  : "POST " MAPS WRITE " HTTP/1.1";

		server_answer(server, "GET " MAPS "/a", 0, cases[i].live ? 200 : 404, "",
			      cases[i].live ? cases[i].live : MISSING);
		if (cases[i].status)
			server_answer(server, write, 0, cases[i].status, "", cases[i].body);
		else
			server_add(server, (struct server_rule){.match = write});
		bench_load(&bench, MAP("a"));
		bench_resolve(&bench);
		bench_read_live(&bench);
		bench_replace(&bench);
		const struct target *target = &bench.targets.items[0];
		assert_int_equal(target->error ? target->error->class : ERR_NONE, cases[i].class);
		assert_int_equal(target->result, cases[i].result);
		assert_int_equal(target->written != NULL, cases[i].class == ERR_NONE);
		if (cases[i].live)
			assert_non_null(strstr(server_request(server, "PUT ", 0),
					       "\"resourceVersion\":\"1\""));
		assert_true(server_count(server, write) >= 1);
		close_bench(&bench, server);
	}
}

/* Ranks go one after another, whatever their order in the file, and a failure holds up nothing. */
static void test_order(void **state)
{
	(void)state;
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, "GET /api/v1/namespaces/shop ", 0, 404, "", MISSING);
	server_answer(server, "GET " MAPS, 0, 404, "", MISSING);
	server_answer(server, "POST " MAPS, 1, 422, "", STATUS(422, "Invalid", "bad"));
	server_answer(server, "POST " MAPS, 0, 201, "", LIVE("1"));
	server_answer(server, "POST /api/v1/namespaces?", 0, 201, "",
		      "{\"metadata\":{\"name\":\"shop\",\"resourceVersion\":\"1\"},"
		      "\"status\":{\"phase\":\"Active\"}}");
	bench_load(&bench,
		   MAP("a") MAP("b") "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_replace(&bench);
	assert_ptr_equal(strstr(buf_str(&bench.log), "namespace/shop created\n"),
			 buf_str(&bench.log));
	assert_non_null(strstr(buf_str(&bench.log), ": bad\n"));
	assert_non_null(strstr(buf_str(&bench.log), " created\n"));
	close_bench(&bench, server);
}

static void cancel_from_target(void *ctx, struct target *target)
{
	struct bench *bench = ctx;

	(void)target;
	assert_false(bench->done);
	bench->done = true;
	cluster_free(bench->cluster);
	bench->cluster = NULL;
}

/* Everything is given up in the middle of a stage's own callback. */
static void test_freed_in_a_callback(void **state)
{
	(void)state;
	for (int failing = 0; failing <= 1; failing++) {
		struct bench bench;
		struct server *server = open_bench(&bench);
		const struct err refused = {ERR_DENIED, "no"};
		struct err err;

		server_answer(server, "GET " MAPS, 0, 404, "", MISSING);
		server_answer(server, "GET /api/v1/namespaces/x ", 0, 404, "", MISSING);
		server_answer(server, "POST " MAPS, 0, 201, "", LIVE("1"));
		bench_load(&bench,
			   MAP("a") MAP("b") MAP(
				   "c") "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n");
		bench_resolve(&bench);
		bench_read_live(&bench);
		if (failing) /* then targets fail before they are sent */
			target_fail(bench_target(&bench, "x"), &refused);
		for (size_t i = 0; i < 3; i++)
			bench.targets.items[i].write = true;
		bench.done = false;
		assert_true(replace(bench.cluster, bench.discovery, &bench.targets,
				    cancel_from_target, bench_on_done, &bench, &err) != 0);
		turn_until(&bench.loop, &bench.done);
		turn_for(&bench.loop, 10);
		close_bench(&bench, server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aggregated_discovery),
		cmocka_unit_test(test_old_discovery),
		cmocka_unit_test(test_credentials_refused),
		cmocka_unit_test(test_expired_list),
		cmocka_unit_test(test_failed_list),
		cmocka_unit_test(test_lost_while_reading),
		cmocka_unit_test(test_preview_of_what_changes),
		cmocka_unit_test(test_preview_that_is_not_possible),
		cmocka_unit_test(test_replace_refused),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_freed_in_a_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "apply/inventory.h"

#include <stdio.h>
#include <string.h>

#include "diff/digest.h"
#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/server.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

static struct ref ref_from(const char *text)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of(text);
	struct ref ref;
	struct err err;

	assert_ok(ref_of(object, &ref, &err), err);
	return ref;
}

static void put(struct inventory *inventory, const char *desired, const char *written)
{
	CLEANUP(cJSON_Delete_p) cJSON *desired_object = value_of(desired);
	CLEANUP(cJSON_Delete_p) cJSON *written_object = value_of(written);
	CLEANUP(ref_release) struct ref ref = ref_from(desired);
	struct err err;

	assert_ok(inventory_put(inventory, &ref, desired_object, desired_object, written_object,
				&err),
		  err);
}

static struct inventory_entry *find(struct inventory *inventory, const char *object)
{
	CLEANUP(ref_release) struct ref ref = ref_from(object);

	return inventory_edit(inventory, &ref);
}

#define MAP    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'x'}"
#define SET    "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web','namespace':'x'}"
#define SECRET "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s','namespace':'x'"

static void test_entries(void **state)
{
	(void)state;
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	CLEANUP(buf_release) struct buf again = BUF_INIT(INVENTORY_MAX_BYTES);
	CLEANUP(inventory_release) struct inventory copy = {0};
	struct err err;

	assert_ok(inventory_init(&inventory, "shop", &err), err);
	assert_ok(inventory_set_revision(&inventory, "3f2c1ab", "repo main", &err), err);
	put(&inventory, SET "}", SET ",'status':{'replicas':1},'spec':{'replicas':1}}");
	put(&inventory, MAP "}", MAP "}");
	put(&inventory, "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'x'}}",
	    "{'metadata':{'uid':'123'}}");
	assert_int_equal(inventory.count, 3);
	assert_string_equal(find(&inventory, MAP "}")->uid, "");
	/* In any version of the group. */
	assert_non_null(find(&inventory, "{'apiVersion':'apps/v1beta2','kind':'StatefulSet',"
					 "'metadata':{'name':'web','namespace':'x'}}"));
	assert_null(find(&inventory, "{'apiVersion':'example.com/v1','kind':'StatefulSet',"
				     "'metadata':{'name':'web','namespace':'x'}}"));

	/* What the server owns does not count. */
	CLEANUP(free_p) char *before = strdup(find(&inventory, SET "}")->live);
	put(&inventory, SET "}", SET ",'status':{'replicas':5},'spec':{'replicas':1}}");
	assert_string_equal(find(&inventory, SET "}")->live, before);
	put(&inventory, SET "}", SET ",'spec':{'replicas':1,'serviceName':'b'}}");
	assert_string_not_equal(find(&inventory, SET "}")->live, before);
	assert_int_equal(inventory.count, 3);

	assert_ok(inventory_print(&inventory, &text, &err), err);
	assert_ok(inventory_parse(text.data, text.length, &copy, &err), err);
	assert_ok(inventory_print(&copy, &again, &err), err);
	assert_string_equal(buf_str(&text), buf_str(&again));
	assert_string_equal(copy.revision, "3f2c1ab");
	assert_string_equal(copy.source, "repo main");
	assert_null(copy.ref); /* as earlier versions wrote it */
	assert_null(copy.path);
	assert_ok(inventory_set_place(&copy, "main", NULL, &err), err);
	buf_clear(&again);
	assert_ok(inventory_print(&copy, &again, &err), err);
	inventory_release(&copy);
	assert_ok(inventory_parse(again.data, again.length, &copy, &err), err);
	assert_string_equal(copy.ref, "main");
	assert_string_equal(copy.path, "");
	assert_null(copy.extra);
	CLEANUP(ref_release) struct ref ref = ref_from(SET "}");
	inventory_remove(&inventory, &ref);
	inventory_remove(&inventory, &ref);
	assert_null(find(&inventory, SET "}"));
	assert_int_equal(inventory.count, 2);
}

static char *digest_of(const char *wanted, const char *live)
{
	CLEANUP(cJSON_Delete_p) cJSON *git = value_of(wanted);
	CLEANUP(cJSON_Delete_p) cJSON *own = value_of(live);
	CLEANUP(ref_release) struct ref ref = ref_from(wanted);
	char *digest = NULL;
	struct err err;

	assert_ok(inventory_digest_live(&ref, git, own, &digest, &err), err);
	return digest;
}

#define IGNORING(rest)                                                                          \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web','annotations':{" \
	"'tranche.dev/ignore':'/spec/x,/metadata/annotations/a,/spec/l/0'}},'spec':" rest "}"

/* Which live objects of the same manifest have the same digest. */
static void test_what_git_does_not_decide(void **state)
{
	(void)state;
	static const struct {
		const char *name, *wanted, *live, *other;
		bool same;
	} cases[] = {
		{"replicas that Git leaves out", SET ",'spec':{}}", SET ",'spec':{'replicas':1}}",
		 SET ",'spec':{'replicas':2}}", true},
		{"replicas, as in Git and not", SET ",'spec':{'replicas':1}}",
		 SET ",'spec':{'replicas':1}}", SET ",'spec':{'replicas':2}}", false},
		{"replicas, twice not as in Git", SET ",'spec':{'replicas':1}}",
		 SET ",'spec':{'replicas':3}}", SET ",'spec':{'replicas':2}}", false},
		{"another field", SET ",'spec':{}}", SET ",'spec':{'x':1}}", SET ",'spec':{'x':2}}",
		 false},
		{"ignored fields", IGNORING("{'l':[1]}"), IGNORING("{'x':1,'l':[1,2]}"),
		 IGNORING("{'l':[7,2]}"), true},
		{"an ignored annotation, the only one", IGNORING("{}"), SET ",'spec':{}}",
		 "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web',"
		 "'namespace':'x','annotations':{'a':'1'}},'spec':{}}",
		 true},
		{"beside ignored fields", IGNORING("{'l':[1]}"), IGNORING("{'l':[1,2]}"),
		 IGNORING("{'l':[1,3]}"), false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(free_p) char *digest = digest_of(cases[i].wanted, cases[i].live);
		CLEANUP(free_p) char *other = digest_of(cases[i].wanted, cases[i].other);

		print_message("%s\n", cases[i].name);
		assert_int_equal(strcmp(digest, other) == 0, cases[i].same);
	}

	/* Git's own numbers for what it does not decide do not count either. */
	CLEANUP(inventory_release) struct inventory inventory = {0};
	struct err err;
	assert_ok(inventory_init(&inventory, "shop", &err), err);
	put(&inventory, IGNORING("{'x':1}"), IGNORING("{}"));
	CLEANUP(free_p) char *before = strdup(find(&inventory, IGNORING("{}"))->desired);
	put(&inventory, IGNORING("{'x':2}"), IGNORING("{}"));
	assert_string_equal(find(&inventory, IGNORING("{}"))->desired, before);
	put(&inventory, IGNORING("{'y':2}"), IGNORING("{}"));
	assert_string_not_equal(find(&inventory, IGNORING("{}"))->desired, before);
}

static void test_secrets_leave_no_trace(void **state)
{
	(void)state;
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	struct err err;

	assert_ok(inventory_init(&inventory, "shop", &err), err);
	put(&inventory, SECRET "},'data':{'k':'aHVudGVyMg=='},'stringData':{'l':'hunter2'}}",
	    SECRET ",'resourceVersion':'17'},'data':{'k':'aHVudGVyMg=='}}");
	assert_string_equal(find(&inventory, SECRET "}}")->live, "17");
	CLEANUP(free_p) char *digest = strdup(find(&inventory, SECRET "}}")->desired);
	/* Another value gives the same digest, another key another one. */
	put(&inventory, SECRET "},'data':{'k':'b3RoZXI='},'stringData':{'l':'x'}}",
	    SECRET ",'resourceVersion':'18'}}");
	assert_string_equal(find(&inventory, SECRET "}}")->desired, digest);
	put(&inventory, SECRET "},'data':{'other':'b3RoZXI='}}", SECRET "}}");
	assert_string_not_equal(find(&inventory, SECRET "}}")->desired, digest);
	assert_ok(inventory_print(&inventory, &text, &err), err);
	assert_null(strstr(buf_str(&text), "hunter2"));
	assert_null(strstr(buf_str(&text), "aHVudGVyMg"));
}

/* The manifest's marks are kept, not those that the object got in the cluster. */
static void test_marks_and_orphans(void **state)
{
	(void)state;
	static const char manifest[] =
		"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'x',"
		"'labels':{'app.kubernetes.io/managed-by':'Helm'},"
		"'annotations':{'tranche.dev/prune':'disabled'}}}";
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(inventory_release) struct inventory copy = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	struct err err;

	assert_ok(inventory_init(&inventory, "shop", &err), err);
	put(&inventory, SET "}", "{'metadata':{'labels':{'app.kubernetes.io/managed-by':'Helm'}}}");
	assert_null(find(&inventory, SET "}")->marks);
	put(&inventory, MAP "}", MAP "}");
	put(&inventory, manifest, MAP "}");
	find(&inventory, MAP "}")->orphan = true;
	assert_ok(inventory_print(&inventory, &text, &err), err);
	assert_ok(inventory_parse(text.data, text.length, &copy, &err), err);
	assert_value(find(&copy, MAP "}")->marks,
		     "{'app.kubernetes.io/managed-by':'Helm','tranche.dev/prune':'disabled'}");
	assert_true(find(&copy, MAP "}")->orphan);
	assert_null(find(&copy, SET "}")->marks);
	assert_false(find(&copy, SET "}")->orphan);
	assert_null(find(&copy, MAP "}")->extra);

	/* Written again: it came back. */
	put(&copy, MAP "}", MAP "}");
	assert_null(find(&copy, MAP "}")->marks);
	assert_false(find(&copy, MAP "}")->orphan);
}

/* A later version's members survive a round through this one, also when the entry is updated. */
static void test_unknown_members_stay(void **state)
{
	(void)state;
	static const char text[] =
		"{\"version\":1,\"app\":\"shop\",\"revision\":\"r\",\"source\":\"s\",\"objects\":["
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"namespace\":\"x\",\"name\":\"a\","
		"\"uid\":\"u\",\"desired\":\"d\",\"live\":\"l\",\"later\":{\"a\":[1]}}],"
		"\"history\":[\"c\"]}";
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(INVENTORY_MAX_BYTES);
	struct err err;

	assert_ok(inventory_parse(text, strlen(text), &inventory, &err), err);
	assert_ok(inventory_print(&inventory, &out, &err), err);
	assert_string_equal(buf_str(&out), text);
	put(&inventory, MAP "}", MAP "}");
	buf_clear(&out);
	assert_ok(inventory_print(&inventory, &out, &err), err);
	assert_non_null(strstr(buf_str(&out), "\"later\":{\"a\":[1]}"));
}

/* What a rollout has to remember outlives the writes of its object. */
static void test_rollout_is_kept(void **state)
{
	(void)state;
	static const char expected[] = "\"rollout\":{\"replicas\":3,\"stepSince\":"
				       "\"1970-01-01T00:00:01.000Z\"}";
	CLEANUP(inventory_release) struct inventory inventory = {0}, copy = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	struct err err;

	assert_ok(inventory_init(&inventory, "shop", &err), err);
	put(&inventory, SET "}", SET "}");
	assert_ok(inventory_print(&inventory, &text, &err), err);
	assert_null(strstr(buf_str(&text), "rollout"));
	find(&inventory, SET "}")->rollout = (struct promotion_record){
		.has_replicas = true, .replicas = 3, .step_since_ms = 1000};
	put(&inventory, SET ",'spec':{}}", SET "}");
	buf_clear(&text);
	assert_ok(inventory_print(&inventory, &text, &err), err);
	assert_non_null(strstr(buf_str(&text), expected));
	assert_ok(inventory_parse(text.data, text.length, &copy, &err), err);
	assert_int_equal(find(&copy, SET "}")->rollout.step_since_ms, 1000);
	assert_null(find(&copy, SET "}")->extra);
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum err_class class;
		const char *message;
	} cases[] = {
		{"{", ERR_INVALID, NULL},
		{"{}", ERR_INVALID, "it is no inventory"},
		{"[]", ERR_INVALID, "it is no inventory"},
		{"{\"version\":1}", ERR_INVALID, "it is no inventory"},
		{"{\"version\":3,\"app\":\"a\"}", ERR_UNSUPPORTED,
		 "a newer tranche wrote it (format 3, this one knows 2)"},
		{"{\"version\":1,\"app\":\"a\",\"objects\":[{\"kind\":\"Pod\"}]}", ERR_INVALID,
		 "an entry has no apiVersion, kind or name"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inventory inventory;

		assert_int_equal(
			inventory_parse(cases[i].text, strlen(cases[i].text), &inventory, &err),
			-1);
		assert_int_equal(err.class, cases[i].class);
		if (cases[i].message)
			assert_string_equal(err.message, cases[i].message);
	}
}

static void test_too_large(void **state)
{
	(void)state;
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	char object[256];
	struct err err;

	assert_ok(inventory_init(&inventory, "shop", &err), err);
	for (int i = 0; i < 6000; i++) {
		snprintf(object, sizeof(object),
			 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a-%d',"
			 "'namespace':'somewhere'}}",
			 i);
		put(&inventory, object, object);
	}
	assert_error(inventory_print(&inventory, &text, &err), err, ERR_LIMIT,
		     "the inventory of 6000 objects does not fit a ConfigMap: it is larger than "
		     "921600 bytes");
}

/* --- in a cluster ----------------------------------------------------------------------------- */

struct transfer {
	bool done;
	struct err err;
	struct inventory inventory;
};

static void on_loaded(void *ctx, const struct err *err, struct inventory *inventory)
{
	struct transfer *transfer = ctx;

	transfer->done = true;
	transfer->err = err ? *err : (struct err){0};
	transfer->inventory = *inventory;
	*inventory = (struct inventory){0};
}

static void on_saved(void *ctx, const struct err *err)
{
	struct transfer *transfer = ctx;

	transfer->done = true;
	transfer->err = err ? *err : (struct err){0};
}

static struct transfer load(struct client *client, const char *app)
{
	struct transfer transfer = {0};
	struct err err;

	assert_true(inventory_load(client->cluster, "default", app, on_loaded, &transfer, &err) !=
		    0);
	turn_until(&client->loop, &transfer.done);
	return transfer;
}

static struct transfer save(struct client *client, struct inventory *inventory)
{
	struct transfer transfer = {0};
	struct err err;

	if (!inventory_save(client->cluster, "default", inventory, on_saved, &transfer, &err))
		fail_msg("%s", err.message);
	turn_until(&client->loop, &transfer.done);
	return transfer;
}

static void test_on_a_cluster(void **state)
{
	(void)state;
	struct sim sim;
	struct client client;
	struct err err;

	sim_start(&sim, NULL);
	client_open(&client, sim.kubeconfig, NULL);

	struct transfer first = load(&client, "shop");
	assert_int_equal(first.err.class, ERR_NONE);
	assert_null(first.inventory.resource_version);
	put(&first.inventory, MAP "}", MAP "}");
	struct transfer saved = save(&client, &first.inventory);
	assert_int_equal(saved.err.class, ERR_NONE);

	/* Whoever else has nothing in the cluster yet meets the one that is there. */
	CLEANUP(free_p) char *version = STEAL(first.inventory.resource_version);
	put(&first.inventory, SET "}", SET "}");
	struct transfer second = save(&client, &first.inventory);
	assert_int_equal(second.err.class, ERR_EXISTS);
	assert_string_equal(second.err.message,
			    "configmap/tranche-shop: configmaps \"tranche-shop\" already exists");

	struct transfer loaded = load(&client, "shop");
	assert_int_equal(loaded.err.class, ERR_NONE);
	assert_string_equal(loaded.inventory.resource_version, version);
	assert_int_equal(loaded.inventory.count, 1);
	put(&loaded.inventory, SET "}", SET "}");
	saved = save(&client, &loaded.inventory);
	assert_int_equal(saved.err.class, ERR_NONE);
	assert_string_not_equal(loaded.inventory.resource_version, version);
	free(loaded.inventory.resource_version);
	loaded.inventory.resource_version = STEAL(version); /* the old one */
	assert_ok(inventory_set_revision(&loaded.inventory, "ours", "repo", &err), err);
	saved = save(&client, &loaded.inventory);
	assert_int_equal(saved.err.class, ERR_CONFLICT);

	sim_shell(&sim,
		  "kubectl -n default get cm -l app.kubernetes.io/managed-by=tranche,"
		  "app.kubernetes.io/instance=shop -o name | grep -qx configmap/tranche-shop");
	sim_shell(&sim, "kubectl -n default create cm tranche-other --from-literal=a=b >/dev/null");
	struct transfer stranger = load(&client, "other");
	assert_int_equal(stranger.err.class, ERR_EXISTS);
	assert_string_equal(stranger.err.message,
			    "configmap/tranche-other: it is there already but is not an inventory");

	/* Given up: no callback. */
	struct transfer given_up = {0};
	cluster_cancel(client.cluster, inventory_load(client.cluster, "default", "shop", on_loaded,
						      &given_up, &err));
	inventory_save(client.cluster, "default", &loaded.inventory, on_saved, &given_up, &err);
	inventory_release(&first.inventory);
	inventory_release(&loaded.inventory);
	client_close(&client);
	assert_false(given_up.done);
	sim_stop(&sim);
}

/* A save without an answer is looked after: whether it has happened, or has to be done once more. */
static void test_no_answer(void **state)
{
	(void)state;
	static const struct {
		const char *faults;
		enum err_class create, update;
	} cases[] = {
		{"lose@create:configmaps*1\nlose@update:configmaps*1", ERR_NONE, ERR_NONE},
		{"refuse@create:configmaps*2\nrefuse@update:configmaps*2", ERR_NONE, ERR_NONE},
		{"503@create:configmaps*1\n503@update:configmaps*1", ERR_NONE, ERR_NONE},
		{"503@create:configmaps*2\n503@update:configmaps*2", ERR_TRANSIENT, ERR_TRANSIENT},
		{"lose@create:configmaps*1\n500@get:configmaps*1\nlose@update:configmaps*1",
		 ERR_NONE, ERR_NONE},
		{"409@create:configmaps*1\n409@update:configmaps*1", ERR_CONFLICT, ERR_CONFLICT},
	};
	struct sim sim;

	sim_start(&sim, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;
		struct err err;

		sim_shell(
			&sim,
			"kubectl -n default delete cm tranche-shop --ignore-not-found >/dev/null");
		client_open(&client, sim.kubeconfig, NULL);
		struct transfer first = load(&client, "shop");
		sim_shell(&sim,
			  "printf '%s' | kubectl replace --raw /kubesim/faults -f - >/dev/null",
			  cases[i].faults);
		put(&first.inventory, MAP "}", MAP "}");
		assert_int_equal(save(&client, &first.inventory).err.class, cases[i].create);
		if (cases[i].create != ERR_NONE) { /* as after any error */
			inventory_release(&first.inventory);
			first = load(&client, "shop");
			if (!first.inventory.resource_version)
				assert_int_equal(save(&client, &first.inventory).err.class,
						 ERR_NONE);
		}
		assert_ok(inventory_set_revision(&first.inventory, "next", "repo", &err), err);
		assert_int_equal(save(&client, &first.inventory).err.class, cases[i].update);

		struct transfer loaded = load(&client, "shop");
		assert_string_equal(loaded.inventory.revision,
				    cases[i].update == ERR_NONE ? "next" : "");
		if (cases[i].update == ERR_NONE)
			assert_string_equal(loaded.inventory.resource_version,
					    first.inventory.resource_version);
		inventory_release(&first.inventory);
		inventory_release(&loaded.inventory);
		client_close(&client);
	}
	sim_stop(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_what_git_does_not_decide),
		cmocka_unit_test(test_secrets_leave_no_trace),
		cmocka_unit_test(test_marks_and_orphans),
		cmocka_unit_test(test_unknown_members_stay),
		cmocka_unit_test(test_rollout_is_kept),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_on_a_cluster),
		cmocka_unit_test(test_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

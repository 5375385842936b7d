#include "tests/kubesim/store.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

#define HISTORY 4

static const struct key pod_a = {"", "pods", "default", "a"};

struct world {
	struct loop *loop;
	struct store *store;
	struct status status;
};

static int set_up(void **state)
{
	struct world *world = test_calloc(1, sizeof(*world));

	world->loop = loop_new(LOOP_VIRTUAL);
	world->store = store_new(world->loop, HISTORY);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	status_release(&world->status);
	store_free(world->store);
	loop_free(world->loop);
	test_free(world);
	return 0;
}

static struct record *create(struct world *world, const struct key *key, const char *object)
{
	struct record *record = NULL;

	assert_int_equal(
		store_create(world->store, key, value_of(object), 0, &record, &world->status), 0);
	return record;
}

static void create_quietly(struct world *world, const struct key *key, const char *object)
{
	record_drop(create(world, key, object));
}

static void assert_status(const struct world *world, int code, const char *message)
{
	assert_string_equal(world->status.message, message);
	assert_int_equal(world->status.code, code);
}

static void test_create(void **state)
{
	struct world *world = *state;
	CLEANUP(record_drop_p) struct record *record = create(world, &pod_a, "{'kind':'Pod'}");

	assert_string_equal(obj_name(record->object), "a");
	assert_string_equal(obj_namespace(record->object), "default");
	assert_string_equal(obj_version(record->object), "2");
	assert_string_equal(obj_text(record->object, "metadata.creationTimestamp"),
			    "2026-01-01T00:00:00Z");
	assert_int_equal(strlen(obj_uid(record->object)), 36);
	assert_int_equal(
		store_create(world->store, &pod_a, value_of("{}"), 0, NULL, &world->status), -1);
	assert_status(world, 409, "pods \"a\" already exists");
	assert_value(world->status.details, "{'name':'a','kind':'pods'}");
}

static void test_dry_run_keeps_nothing(void **state)
{
	struct world *world = *state;
	CLEANUP(record_drop_p) struct record *record = NULL;

	assert_int_equal(store_create(world->store, &pod_a, value_of("{}"), STORE_DRY_RUN, &record,
				      &world->status),
			 0);
	assert_string_equal(obj_version(record->object), "");
	assert_int_equal(record->version, 0);
	assert_null(store_get(world->store, &pod_a));
	assert_int_equal(store_version(world->store), 1);
}

static void test_update(void **state)
{
	struct world *world = *state;
	CLEANUP(record_drop_p) struct record *first = create(world, &pod_a, "{'x':1}");
	CLEANUP(record_drop_p) struct record *same = NULL;
	CLEANUP(record_drop_p) struct record *second = NULL;

	/* Equal to what is there: nothing is written. */
	assert_int_equal(
		store_update(world->store, &pod_a, value_of("{'x':1}"), 0, &same, &world->status),
		0);
	assert_ptr_equal(same, first);
	assert_int_equal(
		store_update(world->store, &pod_a, value_of("{'x':2}"), 0, &second, &world->status),
		0);
	assert_string_equal(obj_version(second->object), "3");
	assert_string_equal(obj_uid(second->object), obj_uid(first->object));

	assert_int_equal(store_update(world->store, &pod_a,
				      value_of("{'metadata':{'resourceVersion':'2'},'x':3}"), 0,
				      NULL, &world->status),
			 -1);
	assert_status(world, 409,
		      "Operation cannot be fulfilled on pods \"a\": the object has been modified; "
		      "please apply your changes to the latest version and try again");
	assert_int_equal(store_update(world->store,
				      &(struct key){"apps", "statefulsets", "ns", "b"},
				      value_of("{}"), 0, NULL, &world->status),
			 -1);
	assert_status(world, 404, "statefulsets.apps \"b\" not found");
	assert_value(world->status.details, "{'name':'b','group':'apps','kind':'statefulsets'}");
}

static void test_list_is_sorted_and_by_namespace(void **state)
{
	struct world *world = *state;
	static const char *const places[][2] = {
		{"b", "2"}, {"a", "9"}, {"b", "1"}, {"a-a", "0"}, {"a", "10"},
	};
	CLEANUP(records_release) struct records all = {0};
	CLEANUP(records_release) struct records one = {0};
	CLEANUP(buf_release) struct buf order = BUF_INIT(256);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		create_quietly(world, &(struct key){"", "pods", places[i][0], places[i][1]}, "{}");
	store_list(world->store, "", "pods", NULL, &all);
	for (size_t i = 0; i < all.count; i++)
		buf_printf(&order, "%s/%s ", all.items[i]->key.namespace, all.items[i]->key.name);
	assert_string_equal(buf_str(&order), "a/10 a/9 a-a/0 b/1 b/2 ");
	store_list(world->store, "", "pods", "a", &one);
	assert_int_equal(one.count, 2);
	assert_int_equal(store_count(world->store, "", "pods", "b"), 2);
	assert_int_equal(store_count(world->store, "apps", "pods", NULL), 0);
}

/* What a deletion leaves: "gone", or the object with these marks. */
static void test_delete(void **state)
{
	static const struct {
		const char *resource, *object;
		struct delete_options options;
		const char *left; /* deletionTimestamp and grace, or NULL if it is gone */
		const char *finalizer;
	} cases[] = {
		{"configmaps", "{}", {0}, NULL, NULL},
		{"configmaps",
		 "{'metadata':{'finalizers':['x']}}",
		 {0},
		 "2026-01-01T00:00:00Z 0",
		 "x"},
		/* A Pod that is not on a node, or has ended, has nothing to wait for. */
		{"pods", "{'spec':{'terminationGracePeriodSeconds':30}}", {0}, NULL, NULL},
		{"pods", "{'spec':{'nodeName':'n'},'status':{'phase':'Failed'}}", {0}, NULL, NULL},
		{"pods",
		 "{'spec':{'nodeName':'n','terminationGracePeriodSeconds':30}}",
		 {0},
		 "2026-01-01T00:00:30Z 30",
		 NULL},
		{"pods",
		 "{'spec':{'nodeName':'n','terminationGracePeriodSeconds':30}}",
		 {.has_grace = true, .grace_seconds = 5},
		 "2026-01-01T00:00:05Z 5",
		 NULL},
		{"pods", "{'spec':{'nodeName':'n'}}", {.has_grace = true}, NULL, NULL},
		{"configmaps",
		 "{}",
		 {.propagation = PROPAGATE_FOREGROUND},
		 "2026-01-01T00:00:00Z 0",
		 "foregroundDeletion"},
		{"configmaps",
		 "{}",
		 {.propagation = PROPAGATE_ORPHAN},
		 "2026-01-01T00:00:00Z 0",
		 "orphan"},
		{"namespaces",
		 "{'spec':{'finalizers':['kubernetes']}}",
		 {0},
		 "2026-01-01T00:00:00Z 0",
		 NULL},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[16], left[64];
		const struct key key = {"", cases[i].resource, "ns", name};
		CLEANUP(record_drop_p) struct record *record = NULL;
		bool gone;

		snprintf(name, sizeof(name), "case-%zu", i);
		create_quietly(world, &key, cases[i].object);
		assert_int_equal(store_delete(world->store, &key, &cases[i].options, 0, &record,
					      &gone, &world->status),
				 0);
		assert_int_equal(gone, cases[i].left == NULL);
		if (gone) {
			assert_false(obj_is_deleting(record->object));
			continue;
		}
		snprintf(left, sizeof(left), "%s %d",
			 obj_text(record->object, "metadata.deletionTimestamp"),
			 (int)json_int_or(record->object, "metadata.deletionGracePeriodSeconds",
					  -1));
		assert_string_equal(left, cases[i].left);
		if (cases[i].finalizer)
			assert_true(obj_has_finalizer(record->object, cases[i].finalizer));
	}
}

static void test_last_finalizer_takes_the_object_along(void **state)
{
	struct world *world = *state;
	const struct key key = {"", "configmaps", "ns", "x"};
	CLEANUP(record_drop_p) struct record *last = NULL;
	bool gone;

	create_quietly(world, &key, "{'metadata':{'finalizers':['a','b']}}");
	assert_int_equal(store_delete(world->store, &key, NULL, 0, NULL, &gone, &world->status), 0);
	assert_int_equal(store_update(world->store, &key,
				      value_of("{'metadata':{'finalizers':['b']}}"), 0, NULL,
				      &world->status),
			 0);
	assert_int_equal(store_count(world->store, "", "configmaps", NULL), 1);
	assert_int_equal(store_update(world->store, &key, value_of("{}"), 0, &last, &world->status),
			 0);
	assert_int_equal(store_count(world->store, "", "configmaps", NULL), 0);
	assert_true(obj_is_deleting(last->object));
}

static void test_delete_preconditions(void **state)
{
	struct world *world = *state;
	const struct delete_options other_uid = {.uid = "u"}, other_version = {.version = "9"};
	CLEANUP(record_drop_p) struct record *record = create(world, &pod_a, "{'kind':'Pod'}");
	char message[256];

	assert_int_equal(
		store_delete(world->store, &pod_a, &other_uid, 0, NULL, NULL, &world->status), -1);
	snprintf(message, sizeof(message),
		 "Operation cannot be fulfilled on Pod \"a\": the UID in the precondition (u) does "
		 "not match the UID in record (%s). The object might have been deleted and then "
		 "recreated",
		 obj_uid(record->object));
	assert_status(world, 409, message);
	assert_int_equal(
		store_delete(world->store, &pod_a, &other_version, 0, NULL, NULL, &world->status),
		-1);
	assert_status(
		world, 409,
		"Operation cannot be fulfilled on Pod \"a\": the ResourceVersion in the "
		"precondition (9) does not match the ResourceVersion in record (2). The object "
		"might have been modified");
}

static void note_change(void *context, const struct change *change)
{
	struct buf *log = context;

	buf_printf(log, "%c%s@%d ", "+~-"[change->type], change -> new->key.name,
		   (int)change->version);
}

static void test_feed(void **state)
{
	struct world *world = *state;
	CLEANUP(buf_release) struct buf pods = BUF_INIT(1024);
	CLEANUP(buf_release) struct buf all = BUF_INIT(1024);
	const struct key map = {"", "configmaps", "default", "m"};

	store_subscribe(world->store, "", "pods", note_change, &pods);
	store_subscribe(world->store, NULL, NULL, note_change, &all);
	create_quietly(world, &pod_a, "{}");
	create_quietly(world, &map, "{}");
	assert_int_equal(
		store_update(world->store, &pod_a, value_of("{'x':1}"), 0, NULL, &world->status),
		0);
	assert_int_equal(store_delete(world->store, &pod_a, NULL, 0, NULL, NULL, &world->status),
			 0);
	store_unsubscribe(world->store, note_change, &pods);
	create_quietly(world, &pod_a, "{}");
	assert_string_equal(buf_str(&pods), "+a@2 ~a@4 -a@5 ");
	assert_string_equal(buf_str(&all), "+a@2 +m@3 ~a@4 -a@5 +a@6 ");
}

static void test_history_forgets(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < HISTORY + 2; i++) {
		char name[8];

		snprintf(name, sizeof(name), "p%d", i);
		create_quietly(world, &(struct key){"", "pods", "ns", name}, "{}");
	}
	/* Versions 2 to 7 were written; the ring holds 4 to 7. */
	assert_false(store_remembers(world->store, 2));
	assert_true(store_remembers(world->store, 3));
	assert_int_equal(store_change_after(world->store, 3)->version, 4);
	assert_int_equal(store_change_after(world->store, 6)->version, 7);
	assert_null(store_change_after(world->store, 7));
}

/* "c rs-a" of the dependents of this uid. */
static void assert_dependents(const struct world *world, const char *uid, const char *names)
{
	CLEANUP(records_release) struct records records = {0};
	CLEANUP(buf_release) struct buf seen = BUF_INIT(1000);

	store_list_dependents(world->store, uid, &records);
	for (size_t i = 0; i < records.count; i++)
		buf_printf(&seen, "%s%s", i ? " " : "", records.items[i]->key.name);
	assert_string_equal(buf_str(&seen), names);
}

static void assert_there(const struct world *world, const char *uid, const char *name)
{
	CLEANUP(record_drop_p) struct record *record = store_find_uid(world->store, uid);

	assert_string_equal(record ? record->key.name : "", name);
}

#define OWNED_BY(uid, owner)                                                                       \
	"{'metadata':{'uid':'" uid "','ownerReferences':[{'uid':'" owner "'},{'uid':'" owner "'}]" \
	"}}"

/* They are found by uid as they come, change and go, many of them too. */
static void test_owners_and_dependents(void **state)
{
	struct world *world = *state;
	const struct key set = {"apps", "replicasets", "default", "set"};
	const struct key pods[] = {{"", "pods", "default", "b"}, {"", "pods", "default", "a"}};

	create_quietly(world, &pods[0], OWNED_BY("1", "9"));
	create_quietly(world, &pods[1], OWNED_BY("2", "9"));
	assert_dependents(world, "9", "a b"); /* of an owner that is not there */
	assert_there(world, "9", "");
	create_quietly(world, &set, OWNED_BY("9", "8"));
	assert_there(world, "9", "set");
	assert_dependents(world, "8", "set");
	assert_int_equal(store_update(world->store, &pods[0], value_of(OWNED_BY("1", "8")), 0, NULL,
				      &world->status),
			 0);
	assert_dependents(world, "9", "a");
	assert_dependents(world, "8", "b set");
	assert_int_equal(store_update(world->store, &pods[1], value_of("{'metadata':{'uid':'2'}}"),
				      STORE_DRY_RUN, NULL, &world->status),
			 0);
	assert_dependents(world, "9", "a");
	assert_int_equal(store_delete(world->store, &pods[1], NULL, 0, NULL, NULL, &world->status),
			 0);
	assert_dependents(world, "9", "");
	assert_there(world, "2", "");
	assert_there(world, "9", "set");
	for (int i = 0; i < 300; i++) {
		char name[16], object[128];

		snprintf(name, sizeof(name), "p%03d", i);
		snprintf(object, sizeof(object),
			 "{'metadata':{'uid':'u%d','ownerReferences':[{'uid':'o%d'}]}}", i, i);
		create_quietly(world, &(struct key){"", "pods", "default", name}, object);
	}
	assert_there(world, "u217", "p217");
	assert_dependents(world, "o217", "p217");
	assert_dependents(world, "8", "b set");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dry_run_keeps_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_update, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_list_is_sorted_and_by_namespace, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_delete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_last_finalizer_takes_the_object_along, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_delete_preconditions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_feed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_history_forgets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owners_and_dependents, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

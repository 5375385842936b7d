/* Inventories that are split: what of them is written, in which order, and what a crash leaves. */
#include <stdio.h>
#include <string.h>

#include "apply/inventory_list.h"
#include "apply/inventory_private.h"

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

#define UID_BYTES 8000 /* an entry that is as large as forty others */
#define MANY      150  /* of these do not fit one ConfigMap, FEW do again */
#define FEW       40
#define MORE      520 /* and these not the parts of MANY */

static struct sim sim;

/* --- values ----------------------------------------------------------------------------------- */

static struct ref nth_ref(int n, char name[32])
{
	snprintf(name, 32, "cm-%d", n);
	return ref_view("", "v1", "ConfigMap", "default", name);
}

/* The object as of that generation: 0 has one content, 1 another. */
static void put(struct inventory *inventory, int n, int generation)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();
	char name[32], uid[UID_BYTES + 1];
	const struct ref ref = nth_ref(n, name);
	struct err err;

	memset(uid, 'u', UID_BYTES);
	uid[UID_BYTES] = '\0';
	assert_ok(json_set_str(object, "apiVersion", "v1", &err), err);
	assert_ok(json_set_str(object, "metadata.uid", uid, &err), err);
	assert_ok(json_set_int(object, "generation", generation, &err), err);
	assert_ok(inventory_put(inventory, &ref, object, object, object, &err), err);
}

static const struct inventory_entry *find(const struct inventory *inventory, int n)
{
	char name[32];
	const struct ref ref = nth_ref(n, name);

	return inventory_find(inventory, &ref);
}

static void take_out(struct inventory *inventory, int n)
{
	char name[32];
	const struct ref ref = nth_ref(n, name);

	inventory_remove(inventory, &ref);
}

static void fill(struct inventory *inventory, const char *app, int count)
{
	struct err err;

	assert_ok(inventory_init(inventory, app, &err), err);
	assert_ok(inventory_set_revision(inventory, "old", "repo", &err), err);
	for (int n = 0; n < count; n++)
		put(inventory, n, 0);
}

static void test_where_entries_are(void **state)
{
	(void)state;
	CLEANUP(inventory_release) struct inventory inventory = {0};
	static const size_t counts[] = {1, 2, 1024, 8, 64, 1};
	const struct ref web = ref_view("apps", "v1", "StatefulSet", "shop", "web");
	const struct ref beta = ref_view("apps", "v1beta2", "StatefulSet", "shop", "web");
	struct err err;

	/* What is in clusters by now has to be found there. */
	assert_int_equal(inventory_part_of(&web, 1), 0);
	assert_int_equal(inventory_part_of(&web, 1024), 507);
	assert_int_equal(inventory_part_of(&web, 16), 507 % 16);
	assert_int_equal(inventory_part_of(&beta, 1024), 507);

	fill(&inventory, "shop", 100);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct inventory_cursor cursor = {0};
		size_t seen = 0;

		assert_ok(inventory_split(&inventory, counts[i], &err), err);
		for (int n = 0; n < 100; n++)
			assert_non_null(find(&inventory, n));
		assert_null(find(&inventory, 100));
		while (inventory_next(&inventory, &cursor))
			seen++;
		assert_int_equal(seen, 100);
		assert_int_equal(inventory.count, 100);
		take_out(&inventory, 7);
		assert_null(find(&inventory, 7));
		put(&inventory, 7, 0);
	}
	for (struct inventory_cursor cursor = {0}; inventory_next(&inventory, &cursor);)
		inventory_remove_at(&inventory, &cursor);
	assert_int_equal(inventory.count, 0);
}

/* Many more than one ConfigMap would hold are put in without moving all of them each time. */
static void test_many_are_put_in(void **state)
{
	(void)state;
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of("{'a':1}");
	struct err err;

	assert_ok(inventory_init(&inventory, "shop", &err), err);
	for (int n = 0; n < 20000; n++) {
		char name[32];
		const struct ref ref = nth_ref(n, name);

		assert_ok(inventory_put(&inventory, &ref, object, object, object, &err), err);
	}
	assert_int_equal(inventory.count, 20000);
	assert_int_equal(inventory.part_count, 8);
	assert_ok(inventory_balance(&inventory, &err), err);
	assert_int_equal(inventory.part_count, 32);
	for (int n = 0; n < 20000; n++)
		assert_non_null(find(&inventory, n));
}

/* Only what changes a lot changes the number of parts. */
static void test_balance(void **state)
{
	(void)state;
	static const struct {
		int objects;
		size_t parts;
	} steps[] = {{MANY, 16}, {400, 16}, {MORE, 64}, {300, 64}, {250, 16}, {60, 4},
		     {50, 1},    {100, 1},  {110, 1},   {116, 8},  {114, 8}};
	CLEANUP(inventory_release) struct inventory inventory = {0};
	int have = 0;
	struct err err;

	fill(&inventory, "shop", 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		while (have < steps[i].objects)
			put(&inventory, have++, 0);
		while (have > steps[i].objects)
			take_out(&inventory, --have);
		assert_ok(inventory_balance(&inventory, &err), err);
		print_message("%d objects\n", have);
		assert_int_equal(inventory.part_count, steps[i].parts);
	}
}

/* --- a cluster -------------------------------------------------------------------------------- */

struct outcome_of {
	bool done;
	struct err err;
	struct inventory inventory;
};

static void on_loaded(void *ctx, const struct err *err, struct inventory *inventory)
{
	struct outcome_of *outcome = ctx;

	outcome->done = true;
	outcome->err = err ? *err : (struct err){0};
	outcome->inventory = *inventory;
	*inventory = (struct inventory){0};
}

static void on_saved(void *ctx, const struct err *err)
{
	struct outcome_of *outcome = ctx;

	outcome->done = true;
	outcome->err = err ? *err : (struct err){0};
}

static struct err load(struct client *client, const char *app, struct inventory *ret_inventory)
{
	struct outcome_of outcome = {0};
	struct err err;

	assert_true(inventory_load(client->cluster, "default", app, on_loaded, &outcome, &err) !=
		    0);
	turn_until(&client->loop, &outcome.done);
	*ret_inventory = outcome.inventory;
	return outcome.err;
}

static struct err refresh(struct client *client, struct inventory *known,
			  struct inventory *ret_inventory)
{
	struct outcome_of outcome = {0};
	struct err err;

	assert_true(inventory_refresh(client->cluster, "default", known->app, known, on_loaded,
				      &outcome, &err) != 0);
	turn_until(&client->loop, &outcome.done);
	*ret_inventory = outcome.inventory;
	return outcome.err;
}

static struct err save(struct client *client, struct inventory *inventory)
{
	struct outcome_of outcome = {0};
	struct err err;

	assert_true(inventory_save(client->cluster, "default", inventory, on_saved, &outcome,
				   &err) != 0);
	turn_until(&client->loop, &outcome.done);
	return outcome.err;
}

/* Counts requests, by method, and lets so many writes leave. */
struct gate {
	int asks_left; /* -1: all */
	int asks, writes, reads;
};

#define ASKS 2 /* for each write: its headers, the end of its body */

static int may_write(void *ctx, struct err *err)
{
	struct gate *gate = ctx;

	if (gate->asks_left == 0)
		return err_set(err, ERR_CANCELLED, "killed");
	gate->asks_left -= gate->asks_left > 0;
	gate->asks++;
	return 0;
}

static void observe(void *ctx, const char *method, int status, double seconds)
{
	struct gate *gate = ctx;

	(void)status;
	(void)seconds;
	if (strcmp(method, "GET") == 0)
		gate->reads++;
	else
		gate->writes++;
}

static void set_gate(struct client *client, struct gate *gate, int writes_left)
{
	*gate = (struct gate){.asks_left = writes_left < 0 ? -1 : ASKS * writes_left};
	cluster_set_fence(client->cluster, may_write, gate);
	cluster_observe(client->cluster, observe, gate);
}

static void count_parts(struct client *client, const char *app, int expected)
{
	CLEANUP(outcome_release) struct outcome outcome = {0};
	char path[256];

	snprintf(path, sizeof(path),
		 "/api/v1/namespaces/default/configmaps?labelSelector="
		 "app.kubernetes.io/component=inventory-part,app.kubernetes.io/instance=%s",
		 app);
	client_send(client, "GET", path, NULL, &outcome);
	assert_int_equal(outcome.err.class, ERR_NONE);
	assert_int_equal(cJSON_GetArraySize(json_get(outcome.body, "items")), expected);
}

static void assert_same(const struct inventory *a, const struct inventory *b)
{
	struct inventory_cursor cursor = {0};
	const struct inventory_entry *entry, *other;

	assert_int_equal(a->count, b->count);
	assert_string_equal(a->revision, b->revision);
	while ((entry = inventory_next(a, &cursor))) {
		other = inventory_find(b, &entry->ref);
		assert_non_null(other);
		assert_string_equal(entry->desired, other->desired);
		assert_string_equal(entry->uid, other->uid);
		assert_int_equal(entry->orphan, other->orphan);
	}
}

/* --- what is written -------------------------------------------------------------------------- */

static void test_only_what_changed_is_written(void **state)
{
	(void)state;
	CLEANUP(inventory_release) struct inventory inventory = {0}, loaded = {0}, other = {0};
	CLEANUP(inventory_release) struct inventory news = {0};
	struct client client;
	struct gate gate;

	client_open(&client, sim.kubeconfig, NULL);
	fill(&inventory, "shop", MANY);
	set_gate(&client, &gate, -1);
	assert_int_equal(save(&client, &inventory).class, ERR_NONE);
	assert_int_equal(gate.writes, 16 + 1);
	count_parts(&client, "shop", 16);
	assert_int_equal(load(&client, "shop", &loaded).class, ERR_NONE);
	assert_same(&loaded, &inventory);

	/* One object: its part and the head. */
	put(&loaded, 3, 1);
	put(&loaded, 4, 0);
	set_gate(&client, &gate, -1);
	assert_int_equal(save(&client, &loaded).class, ERR_NONE);
	assert_int_equal(gate.writes, 2);
	assert_int_equal(gate.reads, 1); /* whether there is anything to sweep */
	inventory_edit(&loaded, &find(&loaded, 5)->ref)->orphan = true;
	set_gate(&client, &gate, -1);
	assert_int_equal(save(&client, &loaded).class, ERR_NONE);
	assert_int_equal(gate.writes, 2);
	assert_int_equal(gate.reads, 0);

	/* Whoever knew it before reads what is new, and meets a conflict before that. */
	put(&inventory, 3, 0);
	inventory_edit(&inventory, &find(&inventory, 3)->ref)->orphan = true;
	assert_int_equal(load(&client, "shop", &other).class, ERR_NONE);
	assert_int_equal(save(&client, &inventory).class, ERR_CONFLICT);
	put(&loaded, 6, 1);
	assert_int_equal(save(&client, &loaded).class, ERR_NONE);
	set_gate(&client, &gate, -1);
	assert_int_equal(refresh(&client, &other, &news).class, ERR_NONE);
	assert_int_equal(gate.reads, 2 + 1);
	assert_same(&news, &loaded);
	inventory_release(&other);
	set_gate(&client, &gate, -1);
	assert_int_equal(refresh(&client, &news, &other).class, ERR_NONE);
	assert_int_equal(gate.reads, 1);
	assert_null(other.app);

	/* It shrinks: one ConfigMap is enough again, which says so once more. */
	for (int n = FEW; n < MANY; n++)
		take_out(&news, n);
	assert_int_equal(save(&client, &news).class, ERR_NONE);
	count_parts(&client, "shop", 0);
	sim_shell(&sim, "kubectl -n default get cm tranche-shop -o yaml | grep -q '\"split\"'");
	assert_int_equal(save(&client, &news).class, ERR_NONE);
	sim_shell(&sim, "! kubectl -n default get cm tranche-shop -o yaml | grep '\"split\"'");
	inventory_release(&loaded);
	assert_int_equal(load(&client, "shop", &loaded).class, ERR_NONE);
	assert_same(&loaded, &news);
	client_close(&client);
}

/* --- what a crash leaves ---------------------------------------------------------------------- */

static const struct turnover {
	const char *name;
	int before, after; /* objects; those that are there both times change, every fifth */
	int parts;         /* afterwards */
} changes[] = {
	{"splits", FEW, MANY, 16},
	{"changes", MANY, MANY + 2, 16},
	{"grows", MANY, MORE, 64},
	{"rejoins", MANY, FEW, 0},
};

static void make_change(struct inventory *inventory, const struct turnover *change)
{
	struct err err;

	assert_ok(inventory_set_revision(inventory, "new", "repo", &err), err);
	for (int n = 0; n < change->after; n++)
		put(inventory, n, n >= change->before || n % 5 == 0);
	for (int n = change->after; n < change->before; n++)
		take_out(inventory, n);
}

/* Each entry is as before or as after, and none is missing that was there and stays. */
static void check_between(const struct inventory *seen, const struct inventory *old,
			  const struct inventory *new)
{
	struct inventory_cursor cursor = {0};
	const struct inventory_entry *entry;

	while ((entry = inventory_next(seen, &cursor))) {
		const struct inventory_entry *before = inventory_find(old, &entry->ref);
		const struct inventory_entry *after = inventory_find(new, &entry->ref);

		assert_true((before && strcmp(before->desired, entry->desired) == 0) ||
			    (after && strcmp(after->desired, entry->desired) == 0));
	}
	cursor = (struct inventory_cursor){0};
	while ((entry = inventory_next(old, &cursor)))
		assert_true(inventory_find(seen, &entry->ref) || !inventory_find(new, &entry->ref));
}

/* The change is killed after so many writes. Whether it came to its end. */
static bool crash_once(const struct turnover *change, const char *app, int writes)
{
	CLEANUP(inventory_release) struct inventory old = {0}, new = {0}, left = {0}, end = {0};
	struct client client;
	struct gate gate;

	client_open(&client, sim.kubeconfig, NULL);
	fill(&old, app, change->before);
	assert_int_equal(save(&client, &old).class, ERR_NONE);
	assert_int_equal(load(&client, app, &new).class, ERR_NONE);
	make_change(&new, change);
	set_gate(&client, &gate, writes);
	struct err killed = save(&client, &new);
	bool whole = gate.asks < ASKS * writes;
	set_gate(&client, &gate, -1);

	assert_int_equal(load(&client, app, &left).class, ERR_NONE);
	if (killed.class == ERR_NONE)
		assert_same(&left, &new);
	else
		check_between(&left, &old, &new);
	assert_string_equal(left.revision, killed.class == ERR_NONE ? "new" : "old");

	/* The next process finds out the rest, and leaves nothing behind. */
	make_change(&left, change);
	assert_int_equal(save(&client, &left).class, ERR_NONE);
	assert_int_equal(load(&client, app, &end).class, ERR_NONE);
	assert_same(&end, &new);
	count_parts(&client, app, change->parts);
	client_close(&client);
	return whole;
}

/* Each moment around the head is another; those among the parts, and among what is swept, are alike. */
static int next_moment(const struct turnover *change, int writes)
{
	bool near_head = writes >= change->parts - 1 && writes <= change->parts + 1;

	int next = writes + (writes == 0 || near_head ? 1 : 5 + change->parts / 4);

	return writes < change->parts - 1 && next > change->parts - 1 ? change->parts - 1 : next;
}

static void test_killed_at_any_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		char app[64];
		int writes = 0;

		do
			snprintf(app, sizeof(app), "%s-%d", changes[i].name, writes);
		while (!crash_once(&changes[i], app, writes) &&
		       (writes = next_moment(&changes[i], writes)));
		print_message("%s: killed after up to %d writes\n", changes[i].name, writes);
	}
}

/* --- what is refused -------------------------------------------------------------------------- */

static void test_missing_and_strange_parts(void **state)
{
	(void)state;
	CLEANUP(inventory_release) struct inventory inventory = {0}, loaded = {0};
	struct client client;

	client_open(&client, sim.kubeconfig, NULL);
	fill(&inventory, "shop2", MANY);
	assert_int_equal(save(&client, &inventory).class, ERR_NONE);
	sim_shell(&sim, "kubectl -n default delete cm tranche-shop2.%s-5 >/dev/null",
		  inventory.set);
	struct err err = load(&client, "shop2", &loaded);
	assert_int_equal(err.class, ERR_INVALID);
	assert_string_equal(err.message,
			    "configmap/tranche-shop2: not all of its parts are there; put them "
			    "back, or delete it, too, and the next sync takes everything for new");
	sim_shell(&sim,
		  "kubectl -n default create cm tranche-shop2.%s-5 --from-literal=a=b >/dev/null",
		  inventory.set);
	err = load(&client, "shop2", &loaded);
	assert_int_equal(err.class, ERR_INVALID);
	assert_non_null(strstr(err.message, "-5: it is not part 5 of this inventory"));
	client_close(&client);
}

static void test_texts_that_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{'version':2,'app':'a'}", "it does not say which parts it has"},
		{"{'version':2,'app':'a','split':{'set':'01'}}",
		 "it does not say which parts it has"},
		{"{'version':2,'app':'a','split':{'set':'01a20602f33e','versions':['1']}}",
		 "it does not say which parts it has"},
		{"{'version':2,'app':'a','split':{'set':'01a20602f33e','versions':['1','2','3']}}",
		 "it does not say which parts it has"},
		{"{'version':2,'app':'a','split':{'set':'01a20602f33e','versions':['1',2]}}",
		 "it does not say which parts it has"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = value_of(cases[i].text);
		CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
		struct inventory inventory;

		json_print(value, &text);
		assert_error(inventory_parse(text.data, text.length, &inventory, &err), err,
			     ERR_INVALID, cases[i].message);
	}
}

static int start_sim(void **state)
{
	(void)state;
	sim_start(&sim, NULL);
	return 0;
}

static int stop_sim(void **state)
{
	(void)state;
	sim_stop(&sim);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_entries_are),
		cmocka_unit_test(test_many_are_put_in),
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_only_what_changed_is_written),
		cmocka_unit_test(test_killed_at_any_write),
		cmocka_unit_test(test_missing_and_strange_parts),
		cmocka_unit_test(test_texts_that_are_refused),
	};

	return cmocka_run_group_tests(tests, start_sim, stop_sim);
}

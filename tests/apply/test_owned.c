/* The watches that several followers share, on a cluster. */

#include "apply/owned.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"

#define CREATE_ALL                                                                    \
	"for n in a b; do kubectl -n default create cm $n --from-literal=x=1; done; " \
	"kubectl create ns other; kubectl -n other create cm a --from-literal=x=1; "  \
	"kubectl -n default create secret generic s --from-literal=word=hidden >/dev/null"

static const struct resource secrets = {
	.group = "",
	.version = "v1",
	.kind = "Secret",
	.plural = "secrets",
	.namespaced = true,
	.verbs = RESOURCE_LIST | RESOURCE_WATCH,
};

/* One follower, and what it was told. */
struct fan {
	const char *names; /* " a b " */
	struct buf log;
	struct owned_follower *follower;
};

static bool wants(void *ctx, const struct resource *resource, const char *namespace,
		  const char *name)
{
	const struct fan *fan = ctx;
	CLEANUP(buf_release) struct buf word = BUF_INIT(256);

	(void)resource;
	(void)namespace;
	buf_printf(&word, " %s ", name);
	return strstr(fan->names, buf_str(&word));
}

static void on_change(void *ctx, const struct resource *resource, const char *namespace,
		      const char *name, const cJSON *object)
{
	struct fan *fan = ctx;

	buf_printf(&fan->log, "%s %s/%s %s%s\n", resource->plural, namespace, name,
		   object ? "is" : "gone",
		   json_get(object, "data") && !strcmp(resource->kind, "Secret") ? " shown" : "");
	if (object)
		assert_non_null(json_at(object, "metadata.managedFields"));
}

static void on_listed(void *ctx, const struct resource *resource, const char *namespace,
		      bool begins)
{
	struct fan *fan = ctx;

	buf_printf(&fan->log, "%s %s %s\n", resource->plural, namespace,
		   begins ? "begins" : "listed");
}

static void on_forbidden(void *ctx, const struct resource *resource, const char *namespace,
			 const struct err *err)
{
	struct fan *fan = ctx;

	assert_non_null(strstr(err->message, "forbidden"));
	buf_printf(&fan->log, "%s %s forbidden\n", resource->plural, namespace);
}

static void follow(struct owned *owned, struct fan *fan)
{
	const struct owned_options options = {.wants = wants,
					      .on_change = on_change,
					      .on_listed = on_listed,
					      .on_forbidden = on_forbidden,
					      .ctx = fan};
	struct err err;

	fan->log = (struct buf)BUF_INIT(65536);
	fan->follower = owned_follow(owned, &options, &err);
	assert_non_null(fan->follower);
}

static void set_areas(struct fan *fan, const struct owned_area *areas, size_t count)
{
	struct err err;

	assert_ok(owned_set_areas(fan->follower, areas, count, &err), err);
}

/* Turns the loop until the log has the text. */
static void await(struct client *client, const struct fan *fan, const char *text)
{
	for (int turns = 0; turns < 3000 && !strstr(buf_str(&fan->log), text); turns++)
		turn_for(&client->loop, 10);
	assert_non_null(strstr(buf_str(&fan->log), text));
}

static void test_shares(void **state)
{
	(void)state;
	const struct resource *maps = &resource_config_maps;
	const struct owned_area one = {maps, "default", 1, "a"}, two = {maps, "default", 2, NULL};
	const struct owned_area secret = {&secrets, "default", 1, "s"};
	struct fan first = {.names = " a s "}, second = {.names = " a b "};
	struct client client;
	struct sim sim;
	struct err err;

	sim_start(&sim, NULL);
	sim_shell(&sim, CREATE_ALL);
	client_open(&client, sim.kubeconfig, NULL);
	struct owned *owned = owned_new(client.cluster, &err);
	assert_non_null(owned);
	follow(owned, &first);
	follow(owned, &second);
	assert_int_equal(owned_watch_count(owned), 0);

	/* Of a single object only that one is watched. */
	set_areas(&first, &one, 1);
	assert_int_equal(owned_watch_count(owned), 1);
	await(&client, &first, "configmaps default listed\n");
	assert_string_equal(buf_str(&first.log), "configmaps default begins\n"
						 "configmaps default/a is\n"
						 "configmaps default listed\n");
	/* Whoever wants an object is told of it, also before it is one of its areas. */
	assert_string_equal(buf_str(&second.log), "configmaps default/a is\n");

	/* Then all of them, once for both. */
	buf_clear(&first.log);
	set_areas(&second, &two, 1);
	assert_int_equal(owned_watch_count(owned), 1);
	await(&client, &second, "configmaps default listed\n");
	assert_non_null(strstr(buf_str(&second.log), "configmaps default/b is\n"));
	assert_string_equal(buf_str(&first.log), "configmaps default begins\n"
						 "configmaps default/a is\n"
						 "configmaps default listed\n");
	buf_clear(&first.log);
	buf_clear(&second.log);
	sim_shell(&sim, "kubectl -n default create cm c >/dev/null;"
			"kubectl -n other label cm a x=y >/dev/null;"
			"kubectl -n default label cm b x=y >/dev/null;"
			"kubectl -n default delete cm a >/dev/null");
	await(&client, &second, "configmaps default/a gone\n");
	assert_string_equal(buf_str(&first.log), "configmaps default/a gone\n");
	assert_string_equal(buf_str(&second.log),
			    "configmaps default/b is\nconfigmaps default/a gone\n");

	/* The values of a Secret are told nobody. */
	buf_clear(&first.log);
	const struct owned_area both[] = {one, secret};
	set_areas(&first, both, 2);
	assert_int_equal(owned_watch_count(owned), 2);
	await(&client, &first, "secrets default listed\n");
	assert_non_null(strstr(buf_str(&first.log), "secrets default/s is\n"));

	owned_leave(second.follower);
	assert_int_equal(owned_watch_count(owned), 2);
	set_areas(&first, NULL, 0);
	assert_int_equal(owned_watch_count(owned), 0);
	owned_leave(first.follower);
	owned_free(owned);
	client_close(&client);
	buf_release(&first.log);
	buf_release(&second.log);
	sim_stop(&sim);
}

/* Many namespaces are watched together; where that is forbidden, one by one. */
static void test_many_namespaces(void **state)
{
	(void)state;
	enum { COUNT = OWNED_MAX_NAMESPACES + 1 };
	char names[COUNT][16];
	struct owned_area areas[COUNT];
	struct fan fan = {.names = " a "};
	struct client client;
	struct sim sim;
	struct err err;

	for (int i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		areas[i] = (struct owned_area){&resource_config_maps, names[i], 1, "a"};
	}
	sim_start(&sim, NULL);
	sim_shell(&sim,
		  "kubectl create ns n3; kubectl -n n3 create cm a --from-literal=x=1 >/dev/null");
	client_open(&client, sim.kubeconfig, NULL);
	struct owned *owned = owned_new(client.cluster, &err);
	follow(owned, &fan);
	set_areas(&fan, areas, COUNT);
	assert_int_equal(owned_watch_count(owned), 1);
	await(&client, &fan, "configmaps  listed\n");
	assert_string_equal(buf_str(&fan.log), "configmaps  begins\n"
					       "configmaps n3/a is\n"
					       "configmaps  listed\n");
	set_areas(&fan, areas, COUNT - 1);
	assert_int_equal(owned_watch_count(owned), COUNT - 1);
	owned_leave(fan.follower);
	owned_free(owned);
	client_close(&client);
	buf_release(&fan.log);
	sim_stop(&sim);
}

static void test_forbidden(void **state)
{
	(void)state;
	static const char *const deny[] = {"--deny", "list:configmaps", NULL};
	const struct owned_area area = {&resource_config_maps, "default", 2, NULL};
	struct resource unwatched = resource_config_maps;
	struct fan fan = {.names = " a "};
	struct client client;
	struct sim sim;
	struct err err;

	unwatched.verbs = RESOURCE_GET;
	sim_start(&sim, deny);
	client_open(&client, sim.kubeconfig, NULL);
	struct owned *owned = owned_new(client.cluster, &err);
	follow(owned, &fan);
	set_areas(&fan, &area, 1);
	await(&client, &fan, "forbidden\n");
	assert_string_equal(buf_str(&fan.log), "configmaps default begins\n"
					       "configmaps default forbidden\n");
	assert_int_equal(owned_watch_count(owned), 0);
	set_areas(&fan, &(const struct owned_area){&unwatched, "default", 2, NULL}, 1);
	assert_int_equal(owned_watch_count(owned), 0);
	owned_leave(fan.follower);
	owned_free(owned);
	client_close(&client);
	buf_release(&fan.log);
	sim_stop(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_many_namespaces),
		cmocka_unit_test(test_forbidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

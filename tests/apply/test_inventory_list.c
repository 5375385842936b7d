#include "apply/inventory_list.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

struct listing {
	bool done;
	struct err err;
	struct inventories found;
};

static void on_listed(void *ctx, const struct err *err, struct inventories *inventories)
{
	struct listing *listing = ctx;

	listing->done = true;
	listing->err = err ? *err : (struct err){0};
	listing->found = *inventories;
	*inventories = (struct inventories){0};
}

static struct listing list(struct client *client, const char *namespace)
{
	struct listing listing = {0};
	struct err err;

	assert_true(inventory_list(client->cluster, namespace, on_listed, &listing, &err) != 0);
	turn_until(&client->loop, &listing.done);
	return listing;
}

static void on_saved(void *ctx, const struct err *err)
{
	assert_null(err);
	*(bool *)ctx = true;
}

/* An app that owns the StatefulSet `web` of a namespace of the app's name. */
static void save(struct client *client, const char *app, const char *reason)
{
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(cJSON_Delete_p)
	cJSON *web =
		value_of("{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web'}}");
	CLEANUP(ref_release) struct ref ref = {0};
	bool done = false;
	struct err err;

	assert_ok(json_set_str(web, "metadata.namespace", app, &err), err);
	assert_ok(json_set_str(web, "metadata.uid", strcmp(app, "bank") == 0 ? "1-1" : "2-2", &err),
		  err);
	assert_ok(ref_of(web, &ref, &err), err);
	assert_ok(inventory_init(&inventory, app, &err), err);
	assert_ok(inventory_put(&inventory, &ref, web, web, web, &err), err);
	assert_ok(promotion_record_set_rejected(&inventory_edit(&inventory, &ref)->rollout, "d",
						"c", reason, "web-1", &err),
		  err);
	assert_true(inventory_save(client->cluster, "default", &inventory, on_saved, &done, &err) !=
		    0);
	turn_until(&client->loop, &done);
}

static const char *reason_of(const struct inventories *inventories, const char *namespace)
{
	struct ref ref = {.group = (char[]){"apps"},
			  .version = (char[]){"v1"},
			  .kind = (char[]){"StatefulSet"},
			  .namespace = strdup(namespace),
			  .name = (char[]){"web"}};
	const struct promotion_record *record = inventories_find(inventories, &ref);

	free(ref.namespace);
	return record ? record->rejected_reason : NULL;
}

static const char *owner_of(const struct inventories *inventories, const char *namespace,
			    const char *uid, const char *app, const char *app_namespace)
{
	struct ref ref = {.group = (char[]){"apps"},
			  .version = (char[]){"v1"},
			  .kind = (char[]){"StatefulSet"},
			  .namespace = strdup(namespace),
			  .name = (char[]){"web"}};
	const struct inventory *owner =
		inventories_find_owner(inventories, &ref, uid, app, app_namespace);

	free(ref.namespace);
	return owner ? owner->app : "nobody";
}

static void test_lists(void **state)
{
	(void)state;
	struct sim sim;
	struct client client;

	sim_start(&sim, NULL);
	client_open(&client, sim.kubeconfig, NULL);
	struct listing none = list(&client, "default");
	assert_int_equal(none.err.class, ERR_NONE);
	assert_int_equal(none.found.count, 0);

	save(&client, "shop", "of the shop");
	save(&client, "bank", "of the bank");
	sim_shell(&sim, "kubectl -n default create cm stranger >/dev/null && "
			"kubectl -n default label cm stranger app.kubernetes.io/name=tranche "
			"app.kubernetes.io/managed-by=tranche >/dev/null");
	struct listing both = list(&client, "default");
	assert_int_equal(both.err.class, ERR_NONE);
	assert_int_equal(both.found.count, 2);
	assert_string_equal(both.found.items[0].app, "bank");
	assert_string_equal(reason_of(&both.found, "shop"), "of the shop");
	assert_string_equal(reason_of(&both.found, "bank"), "of the bank");
	assert_null(reason_of(&both.found, "default"));

	/* Whose it is, asked by one of them and by others. */
	assert_string_equal(owner_of(&both.found, "shop", "", "bank", "default"), "shop");
	assert_string_equal(owner_of(&both.found, "shop", "", "shop", "default"), "nobody");
	assert_string_equal(owner_of(&both.found, "shop", "", "shop", "elsewhere"), "shop");
	assert_string_equal(owner_of(&both.found, "pub", "1-1", "bank", "default"), "nobody");
	assert_string_equal(owner_of(&both.found, "pub", "1-1", "shop", "default"), "bank");
	for (size_t i = 0; i < both.found.count; i++)
		both.found.items[i].parts[0].entries[0].orphan = true;
	assert_string_equal(owner_of(&both.found, "shop", "", "bank", "default"), "nobody");
	assert_int_equal(both.found.unreadable.class, ERR_NONE);
	inventories_release(&both.found);
	struct listing elsewhere = list(&client, "kube-system");
	assert_int_equal(elsewhere.found.count, 0);
	struct listing everywhere = list(&client, "");
	assert_int_equal(everywhere.found.count, 2);
	inventories_release(&everywhere.found);

	sim_shell(&sim, "kubectl -n default patch cm tranche-shop -p "
			"'{\"data\":{\"inventory.json\":\"{}\"}}' >/dev/null");
	struct listing broken = list(&client, "default");
	assert_int_equal(broken.err.class, ERR_NONE);
	assert_int_equal(broken.found.count, 1);
	assert_string_equal(broken.found.unreadable.message,
			    "configmap/tranche-shop: it is no inventory");
	inventories_release(&broken.found);

	/* Given up: no callback. */
	struct listing given_up = {0};
	struct err err;
	cluster_cancel(client.cluster,
		       inventory_list(client.cluster, "default", on_listed, &given_up, &err));
	inventory_list(client.cluster, "default", on_listed, &given_up, &err);
	client_close(&client);
	assert_false(given_up.done);
	sim_stop(&sim);
}

static void test_refused(void **state)
{
	(void)state;
	struct sim sim;
	struct client client;

	sim_start(&sim, (const char *const[]){"--deny", "list:configmaps", NULL});
	client_open(&client, sim.kubeconfig, NULL);
	struct listing listing = list(&client, "default");
	assert_int_equal(listing.err.class, ERR_DENIED);
	client_close(&client);
	sim_stop(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

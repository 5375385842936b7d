#include "agent/remembered.h"

#include <stdlib.h>
#include <string.h>

#include "apply/inventory_list.h"

#define MAX_NAMES 4096 /* bytes of the names in a message */

struct question {
	struct inventories all;
	struct inventory one;
	struct err err;
	bool failed;
};

static void question_release(struct question *question)
{
	inventories_release(&question->all);
	inventory_release(&question->one);
}

static int tell(const struct err *err)
{
	tell_error(err);
	return err->class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_CLUSTER;
}

static void take_error(struct question *question, const struct err *err)
{
	question->failed = true;
	question->err = *err;
}

/* --- which ------------------------------------------------------------------------------------ */

static void on_listed(void *ctx, const struct err *err, struct inventories *inventories)
{
	struct question *question = ctx;

	if (err) {
		take_error(question, err);
		return;
	}
	question->all = *inventories;
	*inventories = (struct inventories){0};
}

static int choose(const struct inventories *all, const char *namespace, char **ret_name,
		  struct err *err)
{
	CLEANUP(buf_release) struct buf names = BUF_INIT(MAX_NAMES);

	if (all->count == 0)
		return err_set(err, ERR_NOT_FOUND,
			       "no app was synced to the namespace \"%s\"; -n names another",
			       namespace);
	if (all->count == 1) {
		*ret_name = strdup(all->items[0].app);
		return *ret_name ? 0 : err_no_memory(err);
	}
	for (size_t i = 0; i < all->count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", all->items[i].app);
	return err_set(err, ERR_INVALID, "there are %zu apps in the namespace \"%s\", name one: %s",
		       all->count, namespace, buf_str(&names));
}

int remembered_name(struct session *session, const char *name, char **ret_name)
{
	CLEANUP(question_release) struct question question = {0};
	const char *namespace = session->kubeconfig.namespace;
	struct err err;

	if (name) {
		*ret_name = strdup(name);
		if (*ret_name)
			return EXIT_OK;
		err_no_memory(&err);
		return tell(&err);
	}
	if (!inventory_list(session->cluster, namespace, on_listed, &question, &err))
		return tell(&err);
	session_run(session);
	if (question.failed)
		return tell(&question.err);
	if (choose(&question.all, namespace, ret_name, &err) == 0)
		return EXIT_OK;
	tell(&err);
	return err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_USAGE;
}

/* --- what ------------------------------------------------------------------------------------- */

static void on_loaded(void *ctx, const struct err *err, struct inventory *inventory)
{
	struct question *question = ctx;

	if (err) {
		take_error(question, err);
		return;
	}
	question->one = *inventory;
	*inventory = (struct inventory){0};
}

int remembered_load(struct session *session, const char *name, struct inventory *ret_inventory)
{
	CLEANUP(question_release) struct question question = {0};
	const char *namespace = session->kubeconfig.namespace;
	struct err err;

	if (!inventory_load(session->cluster, namespace, name, on_loaded, &question, &err))
		return tell(&err);
	session_run(session);
	if (question.failed)
		return tell(&question.err);
	if (!question.one.resource_version) {
		err_set(&err, ERR_NOT_FOUND, "no app \"%s\" was synced to the namespace \"%s\"",
			name, namespace);
		tell(&err);
		return EXIT_USAGE;
	}
	*ret_inventory = question.one;
	question.one = (struct inventory){0};
	return EXIT_OK;
}

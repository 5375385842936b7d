#include "tests/kubesim/cluster.h"

#include <stdlib.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controllers.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"

/* What a cluster that was just installed has. */
static const char *const first_objects[] = {
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"default\"}}",
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kube-node-lease\"}"
	"}",
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kube-public\"}}",
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kube-system\"}}",
};

static void create_first_objects(struct cluster *cluster)
{
	const struct write by = {.manager = "kube-apiserver"};

	for (size_t i = 0; i < sizeof(first_objects) / sizeof(first_objects[0]); i++) {
		CLEANUP(status_release) struct status status = {0};
		struct err err = {0};

		if (registry_create(cluster, obj_parse(first_objects[i]), &by, NULL, &status) < 0)
			err_set(&err, ERR_INTERNAL, "%s", status.message);
		must_do(status.code ? -1 : 0, &err);
	}
}

struct cluster *cluster_new(struct loop *loop, const struct cluster_options *options)
{
	struct cluster *cluster = alloc_zero(sizeof(*cluster));

	cluster->loop = loop;
	cluster->options = *options;
	cluster->store =
		store_new(loop, options->history ? options->history : STORE_DEFAULT_HISTORY);
	cluster->kinds = kinds_new();
	create_first_objects(cluster);
	if (!options->no_controllers)
		cluster->controllers = controllers_new(cluster);
	return cluster;
}

void cluster_free(struct cluster *cluster)
{
	if (!cluster)
		return;
	controllers_free(cluster->controllers);
	store_free(cluster->store);
	kinds_free(cluster->kinds);
	free(cluster);
}

#include "tests/kubesim/cluster.h"

#include <stdlib.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controllers.h"
#include "tests/kubesim/crds.h"
#include "tests/kubesim/gc.h"
#include "tests/kubesim/namespaces.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"

/* What a cluster that was just installed has. */
static const char *const first_objects[] = {
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"default\"}}",
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kube-node-lease\"}"
	"}",
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kube-public\"}}",
	"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kube-system\"}}",
	"{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kubernetes\","
	"\"namespace\":\"default\",\"labels\":{\"component\":\"apiserver\",\"provider\":"
	"\"kubernetes\"}},\"spec\":{\"clusterIP\":\"10.96.0.1\",\"ports\":[{\"name\":\"https\","
	"\"port\":443,\"targetPort\":6443}]}}",
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
	cluster->gc = gc_new(cluster);
	cluster->namespaces = namespaces_new(cluster);
	cluster->crds = crds_new(cluster);
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
	crds_free(cluster->crds);
	namespaces_free(cluster->namespaces);
	gc_free(cluster->gc);
	store_free(cluster->store);
	kinds_free(cluster->kinds);
	free(cluster);
}

#include "tests/kubesim/controllers.h"

#include <stdlib.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_budget.h"
#include "tests/kubesim/controller_statefulset.h"
#include "tests/kubesim/controller_volume.h"
#include "tests/kubesim/events.h"
#include "tests/kubesim/kubelet.h"

struct controllers {
	struct events *events;
	struct statefulsets *statefulsets;
	struct volumes *volumes;
	struct budgets *budgets;
	struct kubelet *kubelet;
};

struct controllers *controllers_new(struct cluster *cluster)
{
	struct controllers *controllers = alloc_zero(sizeof *controllers);

	controllers->events = events_new(cluster);
	controllers->statefulsets = statefulsets_new(cluster, controllers->events);
	controllers->volumes = volumes_new(cluster);
	controllers->budgets = budgets_new(cluster);
	controllers->kubelet = kubelet_new(cluster, controllers->events);
	return controllers;
}

void controllers_free(struct controllers *controllers)
{
	if (!controllers)
		return;
	kubelet_free(controllers->kubelet);
	budgets_free(controllers->budgets);
	volumes_free(controllers->volumes);
	statefulsets_free(controllers->statefulsets);
	events_free(controllers->events);
	free(controllers);
}

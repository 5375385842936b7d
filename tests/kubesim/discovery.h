/*
 * discovery.h - which groups, versions and resources there are: /api, /apis and below.
 *
 * Both forms: one document for each group and version, and the aggregated one that clients since
 * 1.26 ask for (Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList).
 */
#ifndef TESTS_KUBESIM_DISCOVERY_H
#define TESTS_KUBESIM_DISCOVERY_H

#include "tests/kubesim/api.h"

int discovery_handle(struct api *api, const struct request *request, struct response *response,
		     struct status *status);

#endif

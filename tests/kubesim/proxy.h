/*
 * proxy.h - services/NAME/proxy/PATH and pods/NAME/proxy/PATH: a request passed on to whoever listens
 * where the Endpoints or the Pod say.
 *
 * Follows pkg/registry/core/{service,pod} (ResourceLocation) and k8s.io/apimachinery/pkg/util/proxy: NAME may
 * be SCHEME:NAME:PORT, a Service's port is named or numbered as the Service has it, Authorization is
 * not passed on. Of schemes only http is known. kubesim waits for the answer meanwhile: PROXY_MS at
 * most, so whoever is asked should not ask kubesim before it answers.
 */
#ifndef TESTS_KUBESIM_PROXY_H
#define TESTS_KUBESIM_PROXY_H

#include "tests/kubesim/api.h"

#define PROXY_MS 5000

int proxy_handle(struct api *api, const struct request *request, struct response *response,
		 struct status *status);

#endif

/*
 * review.h - questions that clients ask the server about access: SelfSubjectAccessReview and its
 * kin, which `kubectl auth can-i` and `kubectl auth whoami` send. Answered from the rules of --deny.
 */
#ifndef TESTS_KUBESIM_REVIEW_H
#define TESTS_KUBESIM_REVIEW_H

#include "tests/kubesim/api.h"

int review_handle(struct api *api, const struct request *request, struct response *response,
		  struct status *status);

#endif

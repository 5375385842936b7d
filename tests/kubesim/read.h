/*
 * read.h - GET: one object, a list, a watch.
 */
#ifndef TESTS_KUBESIM_READ_H
#define TESTS_KUBESIM_READ_H

#include "tests/kubesim/api.h"

int read_get(struct api *api, const struct request *request, struct response *response,
	     struct status *status);

/*
 * With limit and continue: a token names the version of the first page and the object to go on
 * from. 410 where the token's version has been forgotten; 504 where resourceVersion is not reached.
 */
int read_list(struct api *api, const struct request *request, struct response *response,
	      struct status *status);

int read_watch(struct api *api, const struct request *request, struct response *response,
	       struct status *status);

/* The key of the object that the request's path names; borrowed from the request. */
struct key read_key(const struct request *request);

/* Writes one record as the client wants it. */
int read_respond(struct api *api, const struct request *request, int code, struct record *record,
		 struct response *response, struct status *status);

/* The whole numbers of a query parameter; `fallback` where it is missing; 400 if it is no number. */
int read_number(const struct request *request, const char *name, int64_t fallback,
		int64_t *ret_number, struct status *status);

#endif

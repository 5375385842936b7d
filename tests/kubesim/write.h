/*
 * write.h - POST, PUT, PATCH and DELETE of objects and their status.
 */
#ifndef TESTS_KUBESIM_WRITE_H
#define TESTS_KUBESIM_WRITE_H

#include "tests/kubesim/api.h"
#include "tests/kubesim/registry.h"

int write_create(struct api *api, const struct request *request, struct response *response,
		 struct status *status);
int write_update(struct api *api, const struct request *request, struct response *response,
		 struct status *status);

/* JSON patch, merge patch, strategic merge patch, and server-side apply, by Content-Type. */
int write_patch(struct api *api, const struct request *request, struct response *response,
		struct status *status);

/* DeleteOptions come from the body and from the query. */
int write_delete(struct api *api, const struct request *request, struct response *response,
		 struct status *status);
int write_delete_collection(struct api *api, const struct request *request,
			    struct response *response, struct status *status);

/* Who writes: ?fieldManager=, else the program's name in the User-Agent. `text` keeps the name. */
#define WRITE_MAX_MANAGER 129
int write_by(const struct request *request, char text[WRITE_MAX_MANAGER], struct write *ret_write,
	     struct status *status);

#endif

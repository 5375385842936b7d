/*
 * api.h - one request in, one response out: the API server without the HTTP.
 */
#ifndef TESTS_KUBESIM_API_H
#define TESTS_KUBESIM_API_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/kubesim/cluster.h"
#include "tests/kubesim/fault.h"
#include "tests/kubesim/route.h"
#include "tests/kubesim/rule.h"
#include "tests/kubesim/status.h"

#define API_MAX_BODY (3u * 1024 * 1024)

/* What the server says it is. The minor version is that of the kubectl the tests run with. */
#define API_MAJOR   "1"
#define API_MINOR   "32"
#define API_VERSION "v" API_MAJOR "." API_MINOR ".0+kubesim"

/* As whom everybody who has the token acts. */
#define API_USER "kubesim-admin"

struct api {
	struct cluster *cluster;
	const struct rule *denials; /* of --deny: these requests get 403 */
	size_t denial_count;
	struct faults *faults;
};

struct param {
	const char *name, *value;
};

/* Strings are borrowed for the time of api_handle; "" where the client sent none. */
struct request {
	const char *method;
	const char *path; /* decoded, without the query */
	const struct param *params;
	size_t param_count;
	const struct param *headers; /* all of them */
	size_t header_count;
	const char *accept, *content_type, *user_agent;
	const char *body;
	size_t body_length;

	struct route route;      /* api_handle fills in this and what follows */
	const struct kind *kind; /* of a ROUTE_RESOURCE, else NULL */
};

/* The query parameter, or "" where it is missing. */
const char *request_param(const struct request *request, const char *name);
bool request_has_param(const struct request *request, const char *name);
bool request_param_true(const struct request *request, const char *name);

struct watch;

#define RESPONSE_MAX_WARNINGS 16

struct response {
	int code;
	const char *content_type; /* static */
	char *body;               /* on the heap; NULL for a watch */
	size_t body_length;
	struct watch *watch; /* a stream instead of a body */
	int retry_after_s;   /* 0: none */
	char *warnings[RESPONSE_MAX_WARNINGS];
	size_t warning_count;
};

/* Releases what nobody took (STEAL) from the response. */
void response_release(struct response *response);

/* The value, or a Status, as the whole body. */
void response_json(struct response *response, int code, const cJSON *value);
void response_status(struct response *response, const struct status *status);
void response_text(struct response *response, int code, const char *content_type, const char *text);

/* Adds a `Warning: 299 - "TEXT"` header; those beyond the limit are dropped. */
void response_warn(struct response *response, const char *text);

/* Whether a rule denies the verb on what the route names. */
bool api_is_denied(const struct api *api, const struct route *route, const char *verb);

/* The fault that befalls the request; see fault.h. */
struct fault api_take_fault(struct api *api, const struct request *request);

/* Answers the request with an HTTP status of a fault. */
void api_fail(int code, struct response *response);

/* Answers the request. Never fails: what goes wrong is a response too. */
void api_handle(struct api *api, struct request *request, struct response *ret_response);

#endif

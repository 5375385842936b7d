#include "tests/kubesim/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/output.h"
#include "tests/kubesim/selector.h"
#include "tests/kubesim/watch.h"

#define MAX_RESPONSE_BYTES  (512u * 1024 * 1024)
#define DEFAULT_WATCH_MS    (INT64_C(30) * 60 * 1000)
#define MAX_CONTINUE_LENGTH 1024

struct key read_key(const struct request *request)
{
	return (struct key){kind_storage_group(request->kind), request->kind->plural,
			    request->route.namespace, request->route.name};
}

int read_number(const struct request *request, const char *name, int64_t fallback,
		int64_t *ret_number, struct status *status)
{
	const char *text = request_param(request, name);
	char *end;

	*ret_number = fallback;
	if (!text[0])
		return 0;
	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	if (*end || errno || *ret_number < 0)
		return status_bad_request(
			status, "strconv.ParseUint: parsing \"%s\": invalid syntax", text);
	return 0;
}

static int choose_output(struct api *api, const struct request *request, struct output *ret_output,
			 struct status *status)
{
	return output_choose(request->accept, request_param(request, "includeObject"),
			     request->kind, api->cluster->loop, ret_output, status);
}

/* Hands the buffer's content to the response. */
static void respond_buf(struct response *response, int code, struct buf *body)
{
	response->code = code;
	response->content_type = "application/json";
	response->body_length = body->length;
	response->body = must(buf_steal(body));
}

int read_respond(struct api *api, const struct request *request, int code, struct record *record,
		 struct response *response, struct status *status)
{
	CLEANUP(buf_release) struct buf body = BUF_INIT(MAX_RESPONSE_BYTES);
	struct output output;

	if (choose_output(api, request, &output, status) < 0)
		return -1;
	output_object(&output, record, true, &body);
	respond_buf(response, code, &body);
	return 0;
}

/* A resourceVersion that this server has not come to: it was another one's, or before a restart. */
static int check_not_ahead(const struct api *api, uint64_t version, struct status *status)
{
	uint64_t current = store_version(api->cluster->store);

	if (version <= current)
		return 0;
	status_set(status, 504, "Timeout",
		   "Too large resource version: %" PRIu64 ", current: %" PRIu64, version, current);
	status->details =
		obj_parse("{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":"
			  "\"Too large resource version\"}],\"retryAfterSeconds\":1}");
	return -1;
}

int read_get(struct api *api, const struct request *request, struct response *response,
	     struct status *status)
{
	struct key key = read_key(request);
	CLEANUP(record_drop_p) struct record *record = store_get(api->cluster->store, &key);
	int64_t version;

	if (read_number(request, "resourceVersion", 0, &version, status) < 0 ||
	    check_not_ahead(api, (uint64_t)version, status) < 0)
		return -1;
	if (!record)
		return status_not_found(status, &key);
	return read_respond(api, request, 200, record, response, status);
}

/* --- lists ----------------------------------------------------------------------------------- */

/* Where a page begins: after this object, as of this version. */
struct place {
	uint64_t version;
	char namespace[256], name[256];
};

static void print_continue(const struct place *place, char text[MAX_CONTINUE_LENGTH])
{
	snprintf(text, MAX_CONTINUE_LENGTH, "%" PRIu64 ".%s.%s", place->version, place->namespace,
		 place->name);
}

static int read_continue(const struct api *api, const char *token, struct place *ret_place,
			 struct status *status)
{
	int used = 0;

	*ret_place = (struct place){0};
	if (sscanf(token, "%" SCNu64 ".%255[^.]%n", &ret_place->version, ret_place->namespace,
		   &used) != 2 &&
	    sscanf(token, "%" SCNu64 ".%n", &ret_place->version, &used) != 1)
		return status_bad_request(status, "continue key is not valid: %s", token);
	snprintf(ret_place->name, sizeof(ret_place->name), "%s", token + used + 1);
	if (!store_remembers(api->cluster->store, ret_place->version))
		return status_expired(status,
				      "The provided continue parameter is too old to display a "
				      "consistent list result. You can start a new list without "
				      "the continue parameter.");
	return 0;
}

static bool is_past(const struct record *record, const struct place *place)
{
	int order = strcmp(record->key.namespace, place->namespace);

	return order > 0 || (order == 0 && strcmp(record->key.name, place->name) > 0);
}

/* Keeps what the selector selects and the page still has room for; how many more there are. */
static size_t cut_page(struct records *records, const struct selector *selector,
		       const struct place *from, size_t limit)
{
	size_t kept = 0, more = 0;

	for (size_t i = 0; i < records->count; i++) {
		struct record *record = records->items[i];
		bool wanted = (!from || is_past(record, from)) &&
			      selector_matches(selector, record->object);

		if (wanted && kept < limit) {
			records->items[kept++] = record;
			continue;
		}
		more += wanted;
		record_drop(record);
	}
	records->count = kept;
	return more;
}

int read_list(struct api *api, const struct request *request, struct response *response,
	      struct status *status)
{
	CLEANUP(selector_release) struct selector selector = {0};
	CLEANUP(records_release) struct records records = {0};
	CLEANUP(buf_release) struct buf body = BUF_INIT(MAX_RESPONSE_BYTES);
	const char *token = request_param(request, "continue");
	struct place from = {.version = store_version(api->cluster->store)};
	char next[MAX_CONTINUE_LENGTH];
	struct output output;
	int64_t limit, version;
	size_t more;

	if (choose_output(api, request, &output, status) < 0 ||
	    selector_parse(request_param(request, "labelSelector"),
			   request_param(request, "fieldSelector"), request->kind, &selector,
			   status) < 0 ||
	    read_number(request, "limit", 0, &limit, status) < 0 ||
	    read_number(request, "resourceVersion", 0, &version, status) < 0 ||
	    check_not_ahead(api, (uint64_t)version, status) < 0 ||
	    (token[0] && read_continue(api, token, &from, status) < 0))
		return -1;
	store_list(api->cluster->store, kind_storage_group(request->kind), request->kind->plural,
		   request->route.namespace[0] ? request->route.namespace : NULL, &records);
	more = cut_page(&records, &selector, token[0] ? &from : NULL,
			limit > 0 ? (size_t)limit : SIZE_MAX);
	if (more > 0) {
		const struct key *last = &records.items[records.count - 1]->key;

		snprintf(from.namespace, sizeof(from.namespace), "%s", last->namespace);
		snprintf(from.name, sizeof(from.name), "%s", last->name);
		print_continue(&from, next);
	}
	output_list(&output, &records, from.version, more > 0 ? next : NULL, more, &body);
	respond_buf(response, 200, &body);
	return 0;
}

/* --- watches --------------------------------------------------------------------------------- */

int read_watch(struct api *api, const struct request *request, struct response *response,
	       struct status *status)
{
	CLEANUP(selector_release) struct selector selector = {0};
	bool initial = request_param_true(request, "sendInitialEvents");
	struct watch_options options = {
		.kind = request->kind,
		.namespace = request->route.namespace,
		.name = request->route.name,
		.bookmarks = request_param_true(request, "allowWatchBookmarks"),
	};
	struct output output;
	int64_t version, timeout_s;

	if (choose_output(api, request, &output, status) < 0 ||
	    selector_parse(request_param(request, "labelSelector"),
			   request_param(request, "fieldSelector"), request->kind, &selector,
			   status) < 0 ||
	    read_number(request, "resourceVersion", 0, &version, status) < 0 ||
	    read_number(request, "timeoutSeconds", DEFAULT_WATCH_MS / 1000, &timeout_s, status) < 0)
		return -1;
	if (initial && strcmp(request_param(request, "resourceVersionMatch"), "NotOlderThan") != 0)
		return status_set(status, 422, "Invalid",
				  "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: "
				  "Forbidden: sendInitialEvents requires setting "
				  "resourceVersionMatch to NotOlderThan");
	options.send_initial = initial || version == 0;
	options.mark_initial_end = initial && options.bookmarks;
	options.version = (uint64_t)version;
	options.timeout_ms = timeout_s * 1000;
	response->code = 200;
	response->content_type = "application/json";
	response->watch = watch_new(api->cluster, &options, &selector, &output);
	return 0;
}

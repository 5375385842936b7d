#include "tests/kubesim/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/body.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/read.h"
#include "tests/kubesim/selector.h"

int write_by(const struct request *request, char text[WRITE_MAX_MANAGER], struct write *ret_write,
	     struct status *status)
{
	const char *manager = request_param(request, "fieldManager");

	if (strlen(manager) >= WRITE_MAX_MANAGER)
		return status_set(status, 422, "Invalid",
				  "fieldManager: Invalid value: \"%s\": must be no more than 128 "
				  "characters",
				  manager);
	if (manager[0])
		strcpy(text, manager);
	else
		snprintf(text, WRITE_MAX_MANAGER, "%.*s", (int)strcspn(request->user_agent, "/"),
			 request->user_agent);
	if (!text[0])
		strcpy(text, "unknown");
	*ret_write = (struct write){.manager = text, .subresource = request->route.subresource};
	return body_dry_run(request, &ret_write->dry_run, status);
}

int write_create(struct api *api, const struct request *request, struct response *response,
		 struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	CLEANUP(record_drop_p) struct record *record = NULL;
	char manager[WRITE_MAX_MANAGER];
	struct write by;

	if (write_by(request, manager, &by, status) < 0 ||
	    body_decode(request, response, &object, status) < 0)
		return -1;
	if (request->kind->namespaced && !request->route.namespace[0])
		return status_bad_request(status,
					  "an empty namespace may not be set during creation");
	if (registry_create(api->cluster, STEAL(object), &by, &record, status) < 0)
		return -1;
	return read_respond(api, request, 201, record, response, status);
}

int write_update(struct api *api, const struct request *request, struct response *response,
		 struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	CLEANUP(record_drop_p) struct record *record = NULL;
	char manager[WRITE_MAX_MANAGER];
	struct write by;
	bool created = false;

	if (write_by(request, manager, &by, status) < 0 ||
	    body_decode(request, response, &object, status) < 0 ||
	    registry_put(api->cluster, STEAL(object), &by, &record, &created, status) < 0)
		return -1;
	return read_respond(api, request, created ? 201 : 200, record, response, status);
}

/* --- deleting -------------------------------------------------------------------------------- */

static int read_propagation(const char *text, enum propagation *ret_propagation,
			    struct status *status)
{
	static const struct {
		const char *text;
		enum propagation propagation;
	} policies[] = {
		{"", PROPAGATE_DEFAULT},
		{"Background", PROPAGATE_BACKGROUND},
		{"Foreground", PROPAGATE_FOREGROUND},
		{"Orphan", PROPAGATE_ORPHAN},
	};

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strcmp(policies[i].text, text) != 0)
			continue;
		*ret_propagation = policies[i].propagation;
		return 0;
	}
	return status_set(status, 422, "Invalid",
			  "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: "
			  "Unsupported value: \"%s\": supported values: \"Background\", "
			  "\"Foreground\", \"Orphan\"",
			  text);
}

/*
 * The DeleteOptions of a request; *ret_body keeps the strings. Options in the body win over those in
 * the query, as in the real server. `orphanDependents` is propagationPolicy's predecessor.
 */
static int read_options(const struct request *request, struct write *by, cJSON **ret_body,
			struct delete_options *ret_options, struct status *status)
{
	const char *policy = request_param(request, "propagationPolicy");
	const cJSON *orphan, *dry_run;
	int64_t grace;

	*ret_options = (struct delete_options){0};
	if (request->body_length > 0) {
		if (body_decode_any(request, ret_body, status) < 0)
			return -1;
		policy = obj_text(*ret_body, "propagationPolicy");
	}
	orphan = json_get(*ret_body, "orphanDependents");
	if (orphan)
		policy = cJSON_IsTrue(orphan) ? "Orphan" : "Background";
	if (read_propagation(policy, &ret_options->propagation, status) < 0 ||
	    read_number(request, "gracePeriodSeconds", -1, &grace, status) < 0)
		return -1;
	grace = json_int_or(*ret_body, "gracePeriodSeconds", grace);
	ret_options->has_grace = grace >= 0;
	ret_options->grace_seconds = grace;
	ret_options->uid = json_str(*ret_body, "preconditions.uid");
	ret_options->version = json_str(*ret_body, "preconditions.resourceVersion");
	json_each (dry_run, json_get(*ret_body, "dryRun")) {
		if (cJSON_IsString(dry_run) && strcmp(dry_run->valuestring, "All") == 0)
			by->dry_run = true;
	}
	return 0;
}

/* A Status of success that names what is gone. */
static void respond_gone(const struct record *record, struct response *response)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *json = obj_parse("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
				"\"status\":\"Success\"}");

	obj_set_text(json, "details.name", record->key.name);
	if (record->key.group[0])
		obj_set_text(json, "details.group", record->key.group);
	obj_set_text(json, "details.kind", record->key.resource);
	obj_set_text(json, "details.uid", obj_uid(record->object));
	response_json(response, 200, json);
}

int write_delete(struct api *api, const struct request *request, struct response *response,
		 struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	CLEANUP(record_drop_p) struct record *record = NULL;
	struct key key = read_key(request);
	char manager[WRITE_MAX_MANAGER];
	struct delete_options options;
	struct write by;
	bool gone, is_pod;

	if (write_by(request, manager, &by, status) < 0 ||
	    read_options(request, &by, &body, &options, status) < 0 ||
	    registry_delete(api->cluster, &key, &options, &by, &record, &gone, status) < 0)
		return -1;
	/* Pods answer with themselves even when they are gone (ReturnDeletedObject). */
	is_pod = strcmp(key.resource, "pods") == 0;
	if (gone && !is_pod) {
		respond_gone(record, response);
		return 0;
	}
	return read_respond(api, request, 200, record, response, status);
}

int write_delete_collection(struct api *api, const struct request *request,
			    struct response *response, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	CLEANUP(selector_release) struct selector selector = {0};
	CLEANUP(records_release) struct records records = {0};
	const char *namespace = request->route.namespace;
	char manager[WRITE_MAX_MANAGER];
	struct delete_options options;
	struct write by;

	if (write_by(request, manager, &by, status) < 0 ||
	    read_options(request, &by, &body, &options, status) < 0 ||
	    selector_parse(request_param(request, "labelSelector"),
			   request_param(request, "fieldSelector"), request->kind, &selector,
			   status) < 0)
		return -1;
	store_list(api->cluster->store, kind_storage_group(request->kind), request->kind->plural,
		   namespace[0] ? namespace : NULL, &records);
	for (size_t i = 0; i < records.count; i++) {
		CLEANUP(status_release) struct status one = {0};

		if (!selector_matches(&selector, records.items[i]->object))
			continue;
		/* What went meanwhile needs no deleting. */
		registry_delete(api->cluster, &records.items[i]->key, &options, &by, NULL, NULL,
				&one);
	}
	return read_list(api, request, response, status);
}

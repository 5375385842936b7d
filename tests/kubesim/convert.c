#include "tests/kubesim/convert.h"

#include <string.h>

#include "tests/kubesim/obj.h"

#define EVENTS_VERSION "events.k8s.io/v1"

/* The names that events.k8s.io/v1 (first) and the core group have for the same field. */
static const char *const event_fields[][2] = {
	{"regarding", "involvedObject"},
	{"note", "message"},
	{"reportingController", "reportingComponent"},
	{"deprecatedSource", "source"},
	{"deprecatedFirstTimestamp", "firstTimestamp"},
	{"deprecatedLastTimestamp", "lastTimestamp"},
	{"deprecatedCount", "count"},
};

/* Moves each field from the name in column `from` to that in column `to`. */
static void rename_event_fields(cJSON *event, int from, int to)
{
	for (size_t i = 0; i < sizeof(event_fields) / sizeof(event_fields[0]); i++) {
		cJSON *value = json_get(event, event_fields[i][from]);

		if (!value)
			continue;
		obj_set(event, event_fields[i][to], cJSON_DetachItemViaPointer(event, value));
	}
}

cJSON *convert_to(const struct kind *kind, const cJSON *object)
{
	char api_version[128];
	cJSON *converted;

	kind_api_version(kind, api_version, sizeof(api_version));
	if (strcmp(obj_text(object, "apiVersion"), api_version) == 0)
		return NULL;
	converted = obj_copy(object);
	obj_set_text(converted, "apiVersion", api_version);
	if (strcmp(api_version, EVENTS_VERSION) == 0)
		rename_event_fields(converted, 1, 0);
	return converted;
}

void convert_from_client(cJSON *object)
{
	if (strcmp(obj_text(object, "apiVersion"), EVENTS_VERSION) != 0 ||
	    strcmp(obj_text(object, "kind"), "Event") != 0)
		return;
	rename_event_fields(object, 0, 1);
	obj_set_text(object, "apiVersion", "v1");
}

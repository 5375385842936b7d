#include "tests/kubesim/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/timestamp.h"

/* How many Events are remembered so that a repetition is seen. */
#define EVENTS_REMEMBERED 512
#define MESSAGE_MAX_BYTES 1024

/* An Event that was recorded: what makes another one the same, and what it is called. */
struct memory {
	char *identity, *namespace, *name;
};

struct events {
	struct cluster *cluster;
	struct memory memory[EVENTS_REMEMBERED]; /* a ring, oldest overwritten */
	size_t next;
	uint64_t recorded; /* keeps names of the same moment apart */
};

static void memory_release(struct memory *memory)
{
	free(memory->identity);
	free(memory->namespace);
	free(memory->name);
	*memory = (struct memory){0};
}

struct events *events_new(struct cluster *cluster)
{
	struct events *events = alloc_zero(sizeof *events);

	events->cluster = cluster;
	return events;
}

void events_free(struct events *events)
{
	if (!events)
		return;
	for (size_t i = 0; i < EVENTS_REMEMBERED; i++)
		memory_release(&events->memory[i]);
	free(events);
}

static const struct memory *recall(const struct events *events, const char *identity)
{
	for (size_t i = 0; i < EVENTS_REMEMBERED; i++) {
		if (events->memory[i].identity && strcmp(events->memory[i].identity, identity) == 0)
			return &events->memory[i];
	}
	return NULL;
}

/* Raises the count of an Event; false if it is gone. */
static bool repeat(const struct events *events, const struct memory *memory,
		   const struct write *write, const char *now)
{
	const struct key key = {"", "events", memory->namespace, memory->name};
	CLEANUP(record_drop_p) struct record *record = store_get(events->cluster->store, &key);
	CLEANUP(status_release) struct status status = {0};
	cJSON *event;

	if (!record)
		return false;
	event = obj_copy(record->object);
	obj_set_int(event, "count", json_int_or(event, "count", 1) + 1);
	obj_set_text(event, "lastTimestamp", now);
	return registry_update(events->cluster, event, write, NULL, &status) == 0;
}

static cJSON *new_event(struct events *events, const struct event *event, const char *message,
			const char *now)
{
	const char *namespace = obj_namespace(event->object);
	uint64_t nanoseconds = (uint64_t)loop_wall_us(events->cluster->loop) * 1000;
	CLEANUP(free_p)
	char *name = alloc_printf("%s.%llx", obj_name(event->object),
				  (unsigned long long)nanoseconds + events->recorded++ % 1000);
	cJSON *object = obj_new();

	obj_set_text(object, "apiVersion", "v1");
	obj_set_text(object, "kind", "Event");
	obj_set_text(object, "metadata.name", name);
	obj_set_text(object, "metadata.namespace", *namespace ? namespace : "default");
	obj_set_text(object, "involvedObject.kind", obj_text(event->object, "kind"));
	if (*namespace)
		obj_set_text(object, "involvedObject.namespace", namespace);
	obj_set_text(object, "involvedObject.name", obj_name(event->object));
	obj_set_text(object, "involvedObject.uid", obj_uid(event->object));
	obj_set_text(object, "involvedObject.apiVersion", obj_text(event->object, "apiVersion"));
	obj_set_text(object, "involvedObject.resourceVersion", obj_version(event->object));
	if (event->field)
		obj_set_text(object, "involvedObject.fieldPath", event->field);
	obj_set_text(object, "reason", event->reason);
	obj_set_text(object, "message", message);
	obj_set_text(object, "source.component", event->component);
	if (event->host)
		obj_set_text(object, "source.host", event->host);
	obj_set_text(object, "firstTimestamp", now);
	obj_set_text(object, "lastTimestamp", now);
	obj_set_int(object, "count", 1);
	obj_set_text(object, "type", event->type);
	obj_set(object, "eventTime", must(cJSON_CreateNull()));
	obj_set_text(object, "reportingComponent", event->component);
	obj_set_text(object, "reportingInstance", event->host ? event->host : "");
	return object;
}

static void remember(struct events *events, char *take_identity, const cJSON *object)
{
	struct memory *memory = &events->memory[events->next];

	events->next = (events->next + 1) % EVENTS_REMEMBERED;
	memory_release(memory);
	memory->identity = take_identity;
	memory->namespace = alloc_copy(obj_namespace(object));
	memory->name = alloc_copy(obj_name(object));
}

void events_record(struct events *events, const struct event *event, const char *format, ...)
{
	const struct write write = {.manager = event->component};
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(record_drop_p) struct record *record = NULL;
	CLEANUP(free_p) char *identity = NULL;
	char message[MESSAGE_MAX_BYTES], now[TIMESTAMP_SIZE];
	const struct memory *known;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	timestamp_print(loop_wall_us(events->cluster->loop), now);
	identity = alloc_printf("%s/%s/%s/%s/%s/%s", obj_uid(event->object),
				event->field ? event->field : "", event->component, event->type,
				event->reason, message);
	known = recall(events, identity);
	if (known && repeat(events, known, &write, now))
		return;
	if (registry_create(events->cluster, new_event(events, event, message, now), &write,
			    &record, &status) == 0)
		remember(events, STEAL(identity), record->object);
}

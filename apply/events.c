#include "apply/events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "apply/resource.h"
#include "apply/wire.h"
#include "diff/rfc3339.h"

#define CONTROLLER        "tranche.dev/agent"
#define DEFAULT_NAMESPACE "default"
#define MAX_PATH_BYTES    4096
#define MAX_NAME_BYTES    253

static const struct resource resource_events = {
	"events.k8s.io", "v1", "Event", "events", true, RESOURCE_CREATE | RESOURCE_UPDATE};

void events_release(struct events *events)
{
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		cJSON_Delete(events->kept[i].event);
	*events = (struct events){0};
}

/* --- an Event --------------------------------------------------------------------------------- */

/* As Go's MicroTime wants it: with six digits of a second. */
static int set_time(cJSON *object, const char *path, int64_t ms, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	rfc3339_print(ms, &text);
	buf_truncate(&text, text.length ? text.length - 1 : 0);
	buf_puts(&text, "000Z");
	return json_set_str(object, path, buf_str(&text), err);
}

static const char *namespace_of(const struct event *event)
{
	return *event->ref->namespace ? event->ref->namespace : DEFAULT_NAMESPACE;
}

/* "web.17d1c2a8e4f3b901": the object's name, as client-go's recorders do it, and something unique. */
static int set_name(cJSON *json, const struct event *event, struct err *err)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(2 * MAX_NAME_BYTES);
	uint32_t random = (uint32_t)(uintptr_t)json;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	buf_printf(&name, "%.*s.%llx%08x", MAX_NAME_BYTES - 32, event->ref->name,
		   (unsigned long long)event->now_ms, random);
	if (buf_check(&name, "the Event's name", err) < 0)
		return -1;
	return json_set_str(json, "metadata.name", buf_str(&name), err);
}

static int set_regarding(cJSON *json, const struct event *event, struct err *err)
{
	const struct ref *ref = event->ref;
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(MAX_PATH_BYTES);

	ref_print_api_version(ref, &api_version);
	if (json_set_str(json, "regarding.apiVersion", buf_str(&api_version), err) < 0 ||
	    json_set_str(json, "regarding.kind", ref->kind, err) < 0 ||
	    json_set_str(json, "regarding.name", ref->name, err) < 0 ||
	    (*ref->namespace && json_set_str(json, "regarding.namespace", ref->namespace, err) < 0))
		return -1;
	return *event->uid ? json_set_str(json, "regarding.uid", event->uid, err) : 0;
}

static int set_note(cJSON *json, const char *note, struct err *err)
{
	CLEANUP(free_p) char *cut = NULL;
	size_t length = strlen(note);

	if (length > EVENTS_MAX_NOTE_BYTES) {
		length = EVENTS_MAX_NOTE_BYTES;
		while (length && ((unsigned char)note[length] & 0xC0) == 0x80)
			length--;
	}
	cut = strndup(note, length);
	return cut ? json_set_str(json, "note", cut, err) : err_no_memory(err);
}

int event_to_json(const struct event *event, cJSON **ret_json, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *json = cJSON_CreateObject();

	if (!json)
		return err_no_memory(err);
	if (json_set_str(json, "apiVersion", "events.k8s.io/v1", err) < 0 ||
	    json_set_str(json, "kind", "Event", err) < 0 || set_name(json, event, err) < 0 ||
	    json_set_str(json, "metadata.namespace", namespace_of(event), err) < 0 ||
	    set_time(json, "eventTime", event->now_ms, err) < 0 ||
	    json_set_str(json, "reportingController", CONTROLLER, err) < 0 ||
	    json_set_str(json, "reportingInstance", event->instance, err) < 0 ||
	    json_set_str(json, "type", event->warning ? "Warning" : "Normal", err) < 0 ||
	    json_set_str(json, "reason", event->reason, err) < 0 ||
	    json_set_str(json, "action", event->action, err) < 0 ||
	    set_regarding(json, event, err) < 0 || set_note(json, event->note, err) < 0)
		return -1;
	*ret_json = STEAL(json);
	return 0;
}

/* --- what was said before --------------------------------------------------------------------- */

static int make_digest(const struct cluster *cluster, const cJSON *event,
		       char ret_digest[DIGEST_HEX_SIZE], struct err *err)
{
	static const char *const members[] = {"type", "reason", "regarding", "note"};
	CLEANUP(cJSON_Delete_p) cJSON *parts = cJSON_CreateArray();

	if (!parts)
		return err_no_memory(err);
	if (json_append(parts, cJSON_CreateString(cluster_server(cluster)), err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_append(parts, json_copy(json_get(event, members[i])), err) < 0)
			return -1;
	return digest_json(parts, ret_digest, err);
}

static struct events_kept *find(struct events *events, const char *digest)
{
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		if (events->kept[i].event && strcmp(events->kept[i].digest, digest) == 0)
			return &events->kept[i];
	return NULL;
}

static void keep(struct events *events, const char *digest, cJSON *take_event)
{
	struct events_kept *kept = find(events, digest);

	if (!kept) {
		kept = &events->kept[events->next];
		events->next = (events->next + 1) % EVENTS_KEPT;
	}
	cJSON_Delete(kept->event);
	kept->event = take_event;
	memcpy(kept->digest, digest, DIGEST_HEX_SIZE);
}

/* --- sending ---------------------------------------------------------------------------------- */

struct sending {
	struct events *events;
	struct cluster *cluster;
	uint64_t id, request_id;
	cJSON *event;  /* a new one */
	cJSON *series; /* the one before, with one more in its series; NULL: there was none */
	char digest[DIGEST_HEX_SIZE];
	void (*on_done)(void *ctx, const struct err *err);
	void *ctx;
};

static void sending_free(struct sending *sending)
{
	cJSON_Delete(sending->event);
	cJSON_Delete(sending->series);
	free(sending);
}

static void sending_cancel(void *task)
{
	struct sending *sending = task;

	cluster_cancel(sending->cluster, sending->request_id);
	sending_free(sending);
}

static void on_answer(void *ctx, const struct err *err, struct cluster_answer *answer);

static int submit(struct sending *sending, struct err *err)
{
	const cJSON *body = sending->series ? sending->series : sending->event;
	const char *namespace = json_str(body, "metadata.namespace");
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (!sending->series)
		resource_print_collection(&resource_events, namespace, &path);
	else if (resource_print_object(&resource_events, namespace, json_str(body, "metadata.name"),
				       &path, err) < 0)
		return -1;
	buf_puts(&path, "?fieldManager=" WIRE_FIELD_MANAGER);
	if (buf_check(&path, "the Event's path", err) < 0)
		return -1;
	const struct cluster_request request = {
		.method = sending->series ? "PUT" : "POST",
		.path = buf_str(&path),
		.body = body,
		.once = true,
		.on_done = on_answer,
		.ctx = sending,
	};
	sending->request_id = cluster_send(sending->cluster, &request, err);
	return sending->request_id ? 0 : -1;
}

static void finish(struct sending *sending, const struct err *err)
{
	void (*on_done)(void *ctx, const struct err *err) = sending->on_done;
	void *ctx = sending->ctx;

	cluster_task_end(sending->cluster, sending->id);
	sending_free(sending);
	on_done(ctx, err);
}

static void on_answer(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct sending *sending = ctx;
	struct err own;

	sending->request_id = 0;
	/* Events are kept for an hour or so: one that is gone is made anew. So is one that the server
	 * does not want changed. */
	if (err && sending->series && (answer->status == 404 || answer->status == 422)) {
		cJSON_Delete(STEAL(sending->series));
		if (submit(sending, &own) == 0)
			return;
		err = &own;
	}
	if (!err && answer->body)
		keep(sending->events, sending->digest, STEAL(answer->body));
	finish(sending, err);
}

/* The Event that says the same, once more. */
static int make_series(struct sending *sending, int64_t now_ms, struct err *err)
{
	const struct events_kept *kept = find(sending->events, sending->digest);

	if (!kept)
		return 0;
	sending->series = json_copy(kept->event);
	if (!sending->series)
		return err_no_memory(err);
	json_remove(sending->series, "metadata.resourceVersion");
	json_remove(sending->series, "metadata.managedFields");
	if (json_set_int(sending->series, "series.count",
			 json_int_or(kept->event, "series.count", 1) + 1, err) < 0)
		return -1;
	return set_time(sending->series, "series.lastObservedTime", now_ms, err);
}

uint64_t events_send(struct events *events, struct cluster *cluster, const struct event *event,
		     void (*on_done)(void *ctx, const struct err *err), void *ctx, struct err *err)
{
	struct sending *sending = calloc(1, sizeof(*sending));

	if (!sending) {
		err_no_memory(err);
		return 0;
	}
	*sending = (struct sending){
		.events = events, .cluster = cluster, .on_done = on_done, .ctx = ctx};
	if (event_to_json(event, &sending->event, err) < 0 ||
	    make_digest(cluster, sending->event, sending->digest, err) < 0 ||
	    make_series(sending, event->now_ms, err) < 0 ||
	    !(sending->id = cluster_task_begin(cluster, sending_cancel, sending, err))) {
		sending_free(sending);
		return 0;
	}
	uint64_t id = sending->id;
	if (submit(sending, err) < 0) {
		cluster_cancel(cluster, id);
		return 0;
	}
	return id;
}

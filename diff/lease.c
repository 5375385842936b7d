#include "diff/lease.h"

#include <string.h>

#include "diff/rfc3339.h"

struct lease_timing lease_timing_of(int64_t duration_ms)
{
	return (struct lease_timing){
		.duration_ms = duration_ms,
		.deadline_ms = duration_ms * 2 / 3,
		.retry_ms = duration_ms * 2 / 15,
	};
}

void lease_release(struct lease *lease)
{
	cJSON_Delete(lease->object);
	*lease = (struct lease){0};
}

const char *lease_holder(const struct lease *lease)
{
	const char *holder = json_str(lease->object, "spec.holderIdentity");

	return holder ? holder : "";
}

const char *lease_address(const struct lease *lease)
{
	const cJSON *address =
		json_get(json_at(lease->object, "metadata.annotations"), LEASE_ADDRESS);

	return cJSON_IsString(address) ? address->valuestring : NULL;
}

int64_t lease_transitions(const struct lease *lease)
{
	return json_int_or(lease->object, "spec.leaseTransitions", 0);
}

static bool is_ours(const struct lease *lease)
{
	return strcmp(lease_holder(lease), lease->identity) == 0;
}

static bool is_others(const struct lease *lease)
{
	return *lease_holder(lease) && !is_ours(lease);
}

/* When others may take it. What the holder wrote counts, not what we would write. */
static int64_t expires_ms(const struct lease *lease)
{
	int64_t seconds = json_int_or(lease->object, "spec.leaseDurationSeconds", 0);

	return lease->changed_ms +
	       (seconds > 0 && seconds < INT32_MAX ? seconds * 1000 : lease->timing.duration_ms);
}

/* Up to a fifth more than the pause, so that replicas that began together do not stay together. */
static int64_t with_jitter(struct lease *lease, int64_t pause_ms)
{
	lease->random = lease->random * 6364136223846793005u + 1442695040888963407u;
	return pause_ms + (int64_t)((lease->random >> 33) % (uint64_t)(pause_ms / 5 + 1));
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool lease_holds(const struct lease *lease, int64_t now_ms)
{
	return lease->held && now_ms - lease->renewed_ms < lease->timing.deadline_ms;
}

enum lease_step lease_decide(const struct lease *lease, int64_t now_ms, int64_t *ret_wait_ms)
{
	if (now_ms < lease->next_ms) {
		*ret_wait_ms = lease->next_ms - now_ms;
		return LEASE_WAIT;
	}
	if (!lease->current)
		return LEASE_READ;
	return lease->object ? LEASE_UPDATE : LEASE_CREATE;
}

/* Takes the object in, and notes when its spec changed: nobody's labels prolong a lease. */
static void take_in(struct lease *lease, cJSON *take_object, int64_t now_ms)
{
	if (!lease->object ||
	    !json_equal(json_get(lease->object, "spec"), json_get(take_object, "spec")))
		lease->changed_ms = now_ms;
	cJSON_Delete(lease->object);
	lease->object = take_object;
	lease->current = true;
}

void lease_saw(struct lease *lease, cJSON *take_object, int64_t now_ms)
{
	/* Somebody deleted it: its holder may not know yet, and is waited for as if it were there. */
	if (take_object || !is_others(lease) || now_ms >= expires_ms(lease))
		take_in(lease, take_object, now_ms);
	lease->next_ms = now_ms;
	lease->held = lease->held && is_ours(lease);
	if (!is_others(lease) || now_ms >= expires_ms(lease))
		return;
	lease->contested = false;
	lease->current = false;
	lease->next_ms =
		earlier(now_ms + with_jitter(lease, lease->timing.retry_ms), expires_ms(lease));
}

void lease_wrote(struct lease *lease, cJSON *take_object, int64_t started_ms, int64_t now_ms)
{
	take_in(lease, take_object, now_ms);
	lease->contested = false;
	lease->held = true;
	lease->renewed_ms = started_ms;
	lease->next_ms = started_ms + with_jitter(lease, lease->timing.retry_ms);
}

void lease_failed(struct lease *lease, enum err_class class, int64_t started_ms, int64_t now_ms)
{
	bool met_another = class == ERR_CONFLICT || class == ERR_EXISTS;

	/* To read it again need not wait, but once: what refuses every write must not be asked for ever. */
	lease->next_ms = met_another && !lease->contested
				 ? now_ms
				 : started_ms + with_jitter(lease, lease->timing.retry_ms);
	lease->contested = met_another;
	lease->current = false;
	if (class == ERR_NOT_FOUND)
		lease->held = false; /* deleted: whoever has not seen it may make it anew at once */
}

/* --- what is written -------------------------------------------------------------------------- */

static int set_time(cJSON *object, const char *path, int64_t unix_ms, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	rfc3339_print_micro(unix_ms, &text);
	return json_set_str(object, path, buf_str(&text), err);
}

static int set_address(cJSON *object, const char *address, struct err *err)
{
	if (!address) {
		json_remove_key(json_at(object, "metadata.annotations"), LEASE_ADDRESS);
		return 0;
	}
	if (!json_at(object, "metadata.annotations") &&
	    json_set(object, "metadata.annotations", cJSON_CreateObject(), err) < 0)
		return -1;
	return json_set_key(json_at(object, "metadata.annotations"), LEASE_ADDRESS,
			    cJSON_CreateString(address), err);
}

static int fill(const struct lease *lease, cJSON *object, const char *address, int64_t unix_ms,
		struct err *err)
{
	if (!is_ours(lease) &&
	    (set_time(object, "spec.acquireTime", unix_ms, err) < 0 ||
	     json_set_int(object, "spec.leaseTransitions",
			  lease->object ? lease_transitions(lease) + 1 : 0, err) < 0))
		return -1;
	if (json_set_str(object, "spec.holderIdentity", lease->identity, err) < 0 ||
	    json_set_int(object, "spec.leaseDurationSeconds",
			 (lease->timing.duration_ms + 999) / 1000, err) < 0 ||
	    set_time(object, "spec.renewTime", unix_ms, err) < 0)
		return -1;
	return set_address(object, address, err);
}

static cJSON *new_object(const char *namespace, const char *name, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();

	if (!object) {
		err_no_memory(err);
		return NULL;
	}
	if (json_set_str(object, "apiVersion", "coordination.k8s.io/v1", err) < 0 ||
	    json_set_str(object, "kind", "Lease", err) < 0 ||
	    json_set_str(object, "metadata.name", name, err) < 0 ||
	    json_set_str(object, "metadata.namespace", namespace, err) < 0)
		return NULL;
	return STEAL(object);
}

/* What was seen, to be written back: with its resourceVersion, and without what the server keeps itself. */
static cJSON *same_object(const struct lease *lease, struct err *err)
{
	cJSON *object = json_copy(lease->object);

	if (!object) {
		err_no_memory(err);
		return NULL;
	}
	json_remove(object, "metadata.managedFields");
	return object;
}

int lease_next(const struct lease *lease, const char *namespace, const char *name,
	       const char *address, int64_t unix_ms, cJSON **ret_object, struct err *err)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *object = lease->object ? same_object(lease, err) : new_object(namespace, name, err);

	if (!object || fill(lease, object, address, unix_ms, err) < 0)
		return -1;
	*ret_object = STEAL(object);
	return 0;
}

int lease_give_up(const struct lease *lease, int64_t unix_ms, cJSON **ret_object, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = same_object(lease, err);

	if (!object || json_set_str(object, "spec.holderIdentity", "", err) < 0 ||
	    json_set_int(object, "spec.leaseDurationSeconds", 1, err) < 0 ||
	    set_time(object, "spec.acquireTime", unix_ms, err) < 0 ||
	    set_time(object, "spec.renewTime", unix_ms, err) < 0 ||
	    set_address(object, NULL, err) < 0)
		return -1;
	*ret_object = STEAL(object);
	return 0;
}

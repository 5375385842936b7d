#include "apply/unstick.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/resource.h"
#include "apply/wire.h"

#define MAX_PATH_BYTES 4096

struct unstick {
	struct fanout fanout;
	struct unstick_order *orders;
	bool *old_version; /* per order: the server knows v1beta1 only */
	stage_done *done;
	void *ctx;
};

static void unstick_free(void *stage)
{
	struct unstick *unstick = stage;

	fanout_release(&unstick->fanout);
	free(unstick->old_version);
	free(unstick);
}

static int make_eviction(const struct unstick_order *order, bool old_version, cJSON **ret_eviction,
			 struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *eviction = cJSON_CreateObject();

	if (!eviction)
		return err_no_memory(err);
	if (json_set_str(eviction, "apiVersion", old_version ? "policy/v1beta1" : "policy/v1",
			 err) < 0 ||
	    json_set_str(eviction, "kind", "Eviction", err) < 0 ||
	    json_set_str(eviction, "metadata.name", order->pod, err) < 0 ||
	    json_set_str(eviction, "metadata.namespace", order->namespace, err) < 0 ||
	    json_set_str(eviction, "deleteOptions.preconditions.uid", order->uid, err) < 0 ||
	    json_set_str(eviction, "deleteOptions.preconditions.resourceVersion",
			 order->resource_version, err) < 0)
		return -1;
	*ret_eviction = STEAL(eviction);
	return 0;
}

static void send_eviction(struct unstick *unstick, size_t index, struct fanout_slot *slot)
{
	struct unstick_order *order = &unstick->orders[index];
	CLEANUP(cJSON_Delete_p) cJSON *eviction = NULL;
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (make_eviction(order, unstick->old_version[index], &eviction, &order->err) < 0 ||
	    resource_print_object(&resource_pods, order->namespace, order->pod, &path,
				  &order->err) < 0)
		return;
	buf_puts(&path, "/eviction?fieldManager=" WIRE_FIELD_MANAGER);
	if (buf_check(&path, "the Pod's path", &order->err) < 0)
		return;
	fanout_send(
		slot,
		(struct cluster_request){
			.method = "POST", .path = buf_str(&path), .body = eviction, .once = true},
		&order->err);
}

static void on_start(void *stage, size_t index, struct fanout_slot *slot)
{
	send_eviction(stage, index, slot);
}

/* k8s.io/apimachinery/pkg/runtime/error.go, notRegisteredErr */
static bool is_unknown_version(const struct cluster_answer *answer, const struct err *err)
{
	return answer->status == 400 && strstr(err->message, "no kind \"Eviction\" is registered");
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct unstick *unstick = stage;
	struct unstick_order *order = &unstick->orders[index];

	if (!err) {
		order->result = UNSTICK_EVICTED;
		return;
	}
	if (!unstick->old_version[index] && is_unknown_version(answer, err)) {
		unstick->old_version[index] = true;
		send_eviction(unstick, index, slot);
		return;
	}
	order->err = *err;
	if (err->class == ERR_CONFLICT || err->class == ERR_NOT_FOUND)
		order->result = UNSTICK_CHANGED;
	else if (answer->status == 429)
		order->result = UNSTICK_GUARDED;
}

static void on_finish(void *stage, const struct err *err)
{
	struct unstick *unstick = stage;
	stage_done *done = unstick->done;
	void *ctx = unstick->ctx;

	(void)err; /* it never fails as a whole */
	unstick_free(unstick);
	done(ctx, NULL);
}

uint64_t unstick(struct cluster *cluster, struct unstick_order *orders, size_t count,
		 stage_done *done, void *ctx, struct err *err)
{
	static const struct fanout_ops ops = {on_start, on_proceed, on_finish, unstick_free};
	struct unstick *unstick = calloc(1, sizeof(*unstick));

	if (!unstick) {
		err_no_memory(err);
		return 0;
	}
	unstick->orders = orders;
	unstick->done = done;
	unstick->ctx = ctx;
	unstick->old_version = calloc(count + 1, sizeof(bool));
	if (!unstick->old_version) {
		err_no_memory(err);
	} else {
		for (size_t i = 0; i < count; i++)
			orders[i].result = UNSTICK_FAILED;
		if (fanout_init(&unstick->fanout, cluster, &ops, unstick, err) &&
		    fanout_run(&unstick->fanout, count, err) == 0)
			return unstick->fanout.task;
	}
	unstick_free(unstick);
	return 0;
}

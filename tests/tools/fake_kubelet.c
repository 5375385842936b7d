/*
 * fake_kubelet - makes Pods ready on a control plane that has no nodes.
 *
 *	fake_kubelet -n NAMESPACE [--kubeconfig FILE] [--ready-after DURATION]
 *	             [--fail-image PATTERN=REASON]...
 *
 * Does for the Pods of one namespace what scheduler and kubelet do: binds them to a node (which
 * need not exist), writes their status, Ready after a delay or failing where an image matches, and
 * lets them go once they are deleted. A Pod must be bound: one that is not is deleted by the API
 * server at once, and never seen terminating.
 *
 * It keeps no state: each event says what the Pod needs next. A write that came too late is refused
 * as a conflict, and the event of the change that overtook it is on its way.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <uv.h>

#include "apply/cluster.h"
#include "apply/kubeconfig.h"
#include "apply/watch.h"
#include "diff/duration.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/pod_status.h"

#define NODE            "fake-node"
#define MAX_FAIL_IMAGES 16

static struct {
	const char *namespace, *kubeconfig;
	int64_t ready_after_ms;
	struct fail_image fail_images[MAX_FAIL_IMAGES];
	size_t fail_image_count;
} options = {.ready_after_ms = 100};

static struct cluster *cluster;

static int64_t wall_us(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return now.tv_sec * INT64_C(1000000) + now.tv_usec;
}

static void complain(const cJSON *pod, const char *doing, const struct err *err)
{
	fprintf(stderr, "fake_kubelet: %s pod/%s: %s\n", doing, obj_name(pod), err->message);
}

/* --- writes ----------------------------------------------------------------------------------- */

struct write {
	cJSON *pod;
	const char *doing; /* for messages */
};

static void write_free(struct write *write)
{
	cJSON_Delete(write->pod);
	free(write);
}

static void write_done(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct write *write = ctx;

	(void)answer;
	if (err && err->class != ERR_CONFLICT && err->class != ERR_NOT_FOUND)
		complain(write->pod, write->doing, err);
	write_free(write);
}

/* Sends `body` to the Pod, or to that subresource of it. */
static void send_write(const cJSON *pod, const char *doing, const char *method,
		       const char *subresource, const cJSON *body)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);
	struct write *write = must(calloc(1, sizeof(*write)));
	struct cluster_request request = {
		.method = method, .body = body, .on_done = write_done, .ctx = write};
	struct err err = {0};

	write->pod = obj_copy(pod);
	write->doing = doing;
	must_do(resource_print_object(&resource_pods, options.namespace, obj_name(pod), &path,
				      &err),
		&err);
	buf_puts(&path, subresource);
	request.path = buf_str(&path);
	if (!cluster_send(cluster, &request, &err)) {
		complain(pod, doing, &err);
		write_free(write);
	}
}

static void bind_to_node(const cJSON *pod)
{
	CLEANUP(cJSON_Delete_p) cJSON *binding = obj_new();

	obj_set_text(binding, "apiVersion", "v1");
	obj_set_text(binding, "kind", "Binding");
	obj_set_text(binding, "metadata.name", obj_name(pod));
	obj_set_text(binding, "target.apiVersion", "v1");
	obj_set_text(binding, "target.kind", "Node");
	obj_set_text(binding, "target.name", NODE);
	send_write(pod, "binding", "POST", "/binding", binding);
}

static void let_go(const cJSON *pod)
{
	CLEANUP(cJSON_Delete_p) cJSON *delete_options = obj_new();

	obj_set_text(delete_options, "apiVersion", "v1");
	obj_set_text(delete_options, "kind", "DeleteOptions");
	obj_set_int(delete_options, "gracePeriodSeconds", 0);
	obj_set_text(delete_options, "preconditions.uid", obj_uid(pod));
	send_write(pod, "removing", "DELETE", "", delete_options);
}

static void send_status(const cJSON *pod)
{
	send_write(pod, "writing the status of", "PUT", "/status", pod);
}

static void write_status(cJSON *pod, enum pod_stage stage, const char *reason)
{
	pod_status_set(pod, stage, reason, wall_us());
	send_status(pod);
}

/* --- what a Pod needs next ---------------------------------------------------------------------- */

static const char *failure_of(const cJSON *pod)
{
	return pod_status_failure(pod, options.fail_images, options.fail_image_count);
}

static bool is(const char *failure, const char *reason)
{
	return failure && strcmp(failure, reason) == 0;
}

/* Its containers are there. */
static void started(void *ctx)
{
	CLEANUP(cJSON_Delete_p) cJSON *pod = ctx;

	write_status(pod, failure_of(pod) ? POD_RUNNING : POD_READY, NULL);
}

static void crashed_again(void *ctx)
{
	CLEANUP(cJSON_Delete_p) cJSON *pod = ctx;

	write_status(pod, POD_FAILING, failure_of(pod));
}

static void later(cJSON *take_pod, int64_t delay_ms, void (*callback)(void *ctx))
{
	struct err err = {0};

	if (!cluster_after(cluster, delay_ms, callback, take_pod, &err))
		must_do(-1, &err);
}

static void schedule(cJSON *pod)
{
	if (!is(failure_of(pod), "Unschedulable")) {
		bind_to_node(pod);
	} else if (!json_at(pod, "status.conditions")) {
		pod_status_set_unschedulable(pod, POD_STATUS_NO_NODE, wall_us());
		send_status(pod);
	}
}

static void start(cJSON *pod)
{
	const char *failure = failure_of(pod);
	bool fails = failure && !is(failure, "NotReady");

	write_status(pod, fails ? POD_FAILING : POD_CREATING, failure);
}

static void on_pod(void *ctx, enum watch_event event, cJSON **pod)
{
	const cJSON *containers = json_at(*pod, "status.containerStatuses");
	const cJSON *container = containers ? containers->child : NULL;
	const char *waiting = obj_text(container, "state.waiting.reason");
	int64_t restarts = json_int_or(container, "restartCount", 0);

	(void)ctx;
	if (event == WATCH_DELETED)
		return;
	if (!obj_text(*pod, "spec.nodeName")[0])
		schedule(*pod);
	else if (obj_is_deleting(*pod))
		let_go(*pod);
	else if (!container)
		start(*pod);
	else if (is(waiting, "ContainerCreating"))
		later(STEAL(*pod), options.ready_after_ms, started);
	else if (is(waiting, "CrashLoopBackOff"))
		later(STEAL(*pod), pod_status_backoff_ms(restarts), crashed_again);
}

static void on_watch_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	(void)ctx;
	(void)retry_in_ms;
	fprintf(stderr, "fake_kubelet: watching pods: %s\n", err->message);
}

/* --- starting ----------------------------------------------------------------------------------- */

static int usage(void)
{
	fputs("usage: fake_kubelet -n NAMESPACE [--kubeconfig FILE] [--ready-after DURATION]\n"
	      "                    [--fail-image PATTERN=REASON]...\n",
	      stderr);
	return 2;
}

static int parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"namespace", required_argument, NULL, 'n'},
		{"kubeconfig", required_argument, NULL, 'k'},
		{"ready-after", required_argument, NULL, 'r'},
		{"fail-image", required_argument, NULL, 'f'},
		{0},
	};
	struct err err = {0};
	int option;

	while ((option = getopt_long(argc, argv, "n:", longs, NULL)) != -1) {
		switch (option) {
		case 'n': options.namespace = optarg; break;
		case 'k': options.kubeconfig = optarg; break;
		case 'r':
			if (duration_parse(optarg, &options.ready_after_ms, &err) < 0) {
				fprintf(stderr, "fake_kubelet: --ready-after: %s\n", err.message);
				return -1;
			}
			break;
		case 'f':
			if (options.fail_image_count == MAX_FAIL_IMAGES ||
			    !fail_image_parse(optarg,
					      &options.fail_images[options.fail_image_count]))
				return -1;
			options.fail_image_count++;
			break;
		default: return -1;
		}
	}
	return options.namespace && optind == argc ? 0 : -1;
}

static int run(struct err *err)
{
	const struct kubeconfig_options where = {.file = options.kubeconfig};
	const struct watch_options watch = {.resource = &resource_pods,
					    .namespace = options.namespace,
					    .on_event = on_pod,
					    .on_error = on_watch_error};
	struct kubeconfig config;
	uv_loop_t loop;

	if (kubeconfig_load(&where, &config, err) < 0)
		return -1;
	uv_loop_init(&loop);
	cluster = cluster_new(&loop, &config, err);
	kubeconfig_release(&config);
	if (!cluster || !watch_start(cluster, &watch, err))
		return -1;
	uv_run(&loop, UV_RUN_DEFAULT); /* until a signal ends the process */
	return 0;
}

int main(int argc, char **argv)
{
	struct err err = {0};

	if (parse_options(argc, argv) < 0)
		return usage();
	if (run(&err) < 0) {
		fprintf(stderr, "fake_kubelet: %s\n", err.message);
		return 1;
	}
	return 0;
}

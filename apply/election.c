#include "apply/election.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "apply/clock.h"
#include "apply/resource.h"
#include "apply/wire.h"
#include "diff/cleanup.h"

#define MAX_PATH_BYTES 4096

enum { ROUND_TIMER, DEADLINE_TIMER, RELEASE_TIMER, TIMERS };

struct election {
	uv_timer_t timers[TIMERS];
	int open_timers;
	struct election_options options; /* its strings are owned */
	char *address;                   /* NULL: none */
	struct lease lease;
	bool told_leading; /* what on_change was told last */

	uint64_t request; /* under way; 0: none */
	bool writing;     /* it may make us the holder */
	int64_t started_ms;
	bool unanswered; /* the last one: its connection may be dead */

	bool releasing;
	void (*on_released)(void *ctx);
	void *release_ctx;
};

static void advance(struct election *election);

/* --- who leads -------------------------------------------------------------------------------- */

bool election_is_leading(const struct election *election)
{
	return !election->releasing && lease_holds(&election->lease, clock_boot_ms());
}

static void start_timer(struct election *election, int timer, uv_timer_cb callback,
			int64_t delay_ms)
{
	uv_update_time(election->options.loop); /* the delay counts from now */
	uv_timer_start(&election->timers[timer], callback, delay_ms > 0 ? (uint64_t)delay_ms : 0,
		       0);
}

static void on_deadline(uv_timer_t *timer);

int election_fence(void *ctx, struct err *err)
{
	struct election *election = ctx;

	if (election_is_leading(election))
		return 0;
	/* The loop's own clock stands still while the machine sleeps: its timer would come late. */
	if (election->told_leading)
		start_timer(election, DEADLINE_TIMER, on_deadline, 0);
	return err_set(err, ERR_DENIED, "this agent does not hold the lease \"%s\" any more",
		       election->options.name);
}

/* Tells who leads if that has changed, and comes again when the time since the last renewal is over. */
static void tell(struct election *election)
{
	const struct lease *lease = &election->lease;
	bool leading = election_is_leading(election);

	if (leading)
		start_timer(election, DEADLINE_TIMER, on_deadline,
			    lease->renewed_ms + lease->timing.deadline_ms - clock_boot_ms());
	else
		uv_timer_stop(&election->timers[DEADLINE_TIMER]);
	if (leading == election->told_leading || election->releasing)
		return;
	election->told_leading = leading;
	election->options.on_change(election->options.ctx, leading);
}

static void on_deadline(uv_timer_t *timer)
{
	tell(timer->data);
}

/* --- requests --------------------------------------------------------------------------------- */

static void finish_release(struct election *election)
{
	if (election->request)
		cluster_cancel(election->options.cluster, election->request);
	election->request = 0;
	for (int i = 0; i < TIMERS; i++)
		uv_timer_stop(&election->timers[i]);
	lease_release(&election->lease);
	election->on_released(election->release_ctx);
}

static void on_answer(void *ctx, const struct err *err, struct cluster_answer *answer, bool wrote)
{
	struct election *election = ctx;
	struct lease *lease = &election->lease;
	int64_t now = clock_boot_ms();
	bool gone = err && !wrote && answer->status == 404;
	/* That somebody else was faster is nothing to be told, once. */
	bool met_another = err && wrote && !lease->contested &&
			   (err->class == ERR_CONFLICT || err->class == ERR_EXISTS);

	election->request = 0;
	election->unanswered = err && answer->status == 0;
	if (gone)
		lease_saw(lease, NULL, now);
	else if (err)
		lease_failed(lease, err->class, election->started_ms, now);
	else if (wrote)
		lease_wrote(lease, STEAL(answer->body), election->started_ms, now);
	else
		lease_saw(lease, STEAL(answer->body), now);
	if (election->options.on_round && !met_another)
		election->options.on_round(election->options.ctx, gone ? NULL : err);
	tell(election);
	advance(election);
}

static void on_read(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	on_answer(ctx, err, answer, false);
}

static void on_written(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	on_answer(ctx, err, answer, true);
}

static void on_given_up(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct election *election = ctx;

	(void)err, (void)answer; /* then the others wait the lease out */
	election->request = 0;
	finish_release(election);
}

/* Sends one request about the Lease itself. */
static int send_request(struct election *election, const char *method, const cJSON *body,
			void (*on_done)(void *ctx, const struct err *err,
					struct cluster_answer *answer),
			struct err *err)
{
	const struct election_options *options = &election->options;
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (strcmp(method, "POST") == 0)
		resource_print_collection(&resource_leases, options->namespace, &path);
	else if (resource_print_object(&resource_leases, options->namespace, options->name, &path,
				       err) < 0)
		return -1;
	if (body)
		buf_puts(&path, "?fieldManager=" WIRE_FIELD_MANAGER);
	if (buf_check(&path, "the lease's path", err) < 0)
		return -1;
	const struct cluster_request request = {
		.method = method,
		.path = buf_str(&path),
		.body = body,
		.once = true,
		.unfenced = true,
		.urgent = true,
		.afresh = election->unanswered,
		/* Two may stay without an answer before the time is over. */
		.timeout_ms = options->timing.deadline_ms / 3,
		.on_done = on_done,
		.ctx = election,
	};
	election->started_ms = clock_boot_ms();
	election->writing = body;
	election->request = cluster_send(options->cluster, &request, err);
	return election->request ? 0 : -1;
}

static int send_lease(struct election *election, const char *method, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	if (lease_next(&election->lease, election->options.namespace, election->options.name,
		       election->address, clock_unix_ms(), &object, err) < 0)
		return -1;
	return send_request(election, method, object, on_written, err);
}

static int send_give_up(struct election *election, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	if (lease_give_up(&election->lease, clock_unix_ms(), &object, err) < 0)
		return -1;
	return send_request(election, "PUT", object, on_given_up, err);
}

/* --- rounds ----------------------------------------------------------------------------------- */

static void on_round_timer(uv_timer_t *timer)
{
	advance(timer->data);
}

static void advance(struct election *election)
{
	struct lease *lease = &election->lease;
	int64_t now = clock_boot_ms(), wait = 0;
	struct err err;
	int failed = 0;

	if (election->request)
		return;
	if (election->releasing) {
		/* What we do not hold for sure is not ours to let go of. */
		if (!lease->held || !lease->current || send_give_up(election, &err) < 0)
			finish_release(election);
		return;
	}
	switch (lease_decide(lease, now, &wait)) {
	case LEASE_WAIT: start_timer(election, ROUND_TIMER, on_round_timer, wait); return;
	case LEASE_READ: failed = send_request(election, "GET", NULL, on_read, &err); break;
	case LEASE_CREATE: failed = send_lease(election, "POST", &err); break;
	case LEASE_UPDATE: failed = send_lease(election, "PUT", &err); break;
	}
	if (!failed)
		return;
	lease_failed(lease, err.class, now, now);
	if (election->options.on_round)
		election->options.on_round(election->options.ctx, &err);
	start_timer(election, ROUND_TIMER, on_round_timer, lease->timing.retry_ms);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void destroy(struct election *election)
{
	lease_release(&election->lease);
	free((char *)(uintptr_t)election->options.namespace);
	free((char *)(uintptr_t)election->options.name);
	free((char *)(uintptr_t)election->options.identity);
	free(election->address);
	free(election);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct election *election = handle->data;

	if (--election->open_timers == 0)
		destroy(election);
}

int election_start(const struct election_options *options, struct election **ret_election,
		   struct err *err)
{
	struct election *election = calloc(1, sizeof(*election));

	if (!election)
		return err_no_memory(err);
	election->options = *options;
	election->options.namespace = strdup(options->namespace);
	election->options.name = strdup(options->name);
	election->options.identity = strdup(options->identity);
	if (!election->options.namespace || !election->options.name ||
	    !election->options.identity) {
		destroy(election);
		return err_no_memory(err);
	}
	election->lease = (struct lease){
		.identity = election->options.identity,
		.timing = options->timing,
		.random = uv_hrtime(),
	};
	for (int i = 0; i < TIMERS; i++) {
		uv_timer_init(options->loop, &election->timers[i]);
		election->timers[i].data = election;
	}
	election->open_timers = TIMERS;
	start_timer(election, ROUND_TIMER, on_round_timer, 0);
	*ret_election = election;
	return 0;
}

void election_free(struct election *election)
{
	if (!election)
		return;
	if (election->request)
		cluster_cancel(election->options.cluster, election->request);
	for (int i = 0; i < TIMERS; i++)
		uv_close((uv_handle_t *)&election->timers[i], on_timer_closed);
}

static void on_release_late(uv_timer_t *timer)
{
	finish_release(timer->data);
}

void election_release(struct election *election, void (*on_released)(void *ctx), void *ctx)
{
	election->releasing = true;
	election->on_released = on_released;
	election->release_ctx = ctx;
	/* Nothing is waited for where there is nothing to let go of. */
	bool ours = election->lease.held || (election->request && election->writing);
	start_timer(election, RELEASE_TIMER, on_release_late, ours ? ELECTION_RELEASE_MS : 0);
	start_timer(election, ROUND_TIMER, on_round_timer, 0);
}

/* --- looking ---------------------------------------------------------------------------------- */

int election_set_address(struct election *election, const char *address, struct err *err)
{
	char *copy = address ? strdup(address) : NULL;

	if (address && !copy)
		return err_no_memory(err);
	free(election->address);
	election->address = copy;
	return 0;
}

const char *election_holder(const struct election *election)
{
	return lease_holder(&election->lease);
}

const char *election_address(const struct election *election)
{
	return lease_address(&election->lease);
}

int64_t election_transitions(const struct election *election)
{
	return lease_transitions(&election->lease);
}

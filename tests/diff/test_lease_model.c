/*
 * Several replicas, each with diff/lease and a clock of its own, and a server, on a network that loses and
 * delays requests and answers, while replicas are stopped, killed and ended; from seeds that are fixed. At no moment may
 * two believe to hold the Lease; when the trouble is over one has to, soon.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/lease.h"

#include "tests/support/check.h"

#define RUNS       150
#define REPLICAS   4
#define TICK_MS    20
#define TROUBLE_MS (6 * 60 * 1000)
#define CALM_MS    (60 * 1000)
#define MAX_WIRES  64
#define UNIX_MS    1767225600000

static uint64_t seed;

static uint64_t dice(uint64_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % sides;
}

/* --- the server and the wires to it ----------------------------------------------------------- */

enum method { GET, POST, PUT };

/* A request on its way there, or its answer on its way back. */
struct wire {
	bool used, answered;
	int replica;
	unsigned life; /* of the replica: a new process gets no answers of the old one */
	unsigned number;
	enum method method;
	int64_t arrives_ms; /* -1: never */
	int64_t back_ms;    /* how long the answer takes; -1: it is lost */
	cJSON *object;
	enum err_class class;
};

struct replica {
	struct lease lease;
	char identity[32];
	unsigned life;
	int64_t clock_ms;     /* its clock's start, */
	double rate;          /* and speed */
	int64_t frozen_until; /* stopped */
	int64_t born_ms;      /* of true time: it does not run before */
	unsigned request;     /* number of the one it waits for; 0: none */
	int64_t started_ms;   /* by its clock */
	bool ending;          /* it lets go of the Lease and is gone then */
};

struct world {
	int64_t now_ms;
	bool calm;
	cJSON *object; /* in the server */
	int64_t version;
	unsigned requests;
	struct wire wires[MAX_WIRES];
	struct replica replicas[REPLICAS];
	int takeovers;
};

static int64_t local_ms(const struct world *world, const struct replica *replica)
{
	return replica->clock_ms + (int64_t)((double)world->now_ms * replica->rate);
}

static cJSON *stored(struct world *world)
{
	cJSON *copy = json_copy(world->object);

	assert_non_null(copy);
	return copy;
}

static void store(struct world *world, struct wire *wire)
{
	char version[24];
	struct err err;

	snprintf(version, sizeof(version), "%" PRId64, ++world->version);
	cJSON_Delete(world->object);
	world->object = STEAL(wire->object);
	assert_ok(json_set_str(world->object, "metadata.resourceVersion", version, &err), err);
	wire->object = stored(world);
}

static bool is_newest(const struct world *world, const cJSON *object)
{
	const char *version = json_str(object, "metadata.resourceVersion");

	return version && strcmp(version, json_str(world->object, "metadata.resourceVersion")) == 0;
}

static void serve(struct world *world, struct wire *wire)
{
	wire->class = ERR_NONE;
	if (wire->method == GET && world->object)
		wire->object = stored(world);
	else if (wire->method == GET)
		wire->class = ERR_NOT_FOUND;
	else if (wire->method == POST && world->object)
		wire->class = ERR_EXISTS;
	else if (wire->method == PUT && !is_newest(world, wire->object))
		wire->class = ERR_CONFLICT;
	else
		store(world, wire);
}

/* How long something is on its way; -1: it never arrives. */
static int64_t travel_ms(const struct world *world)
{
	if (world->calm || dice(10) < 7)
		return (int64_t)dice(100);
	switch (dice(3)) {
	case 0: return -1;
	case 1: return (int64_t)dice(3000);
	default: return (int64_t)dice(40000);
	}
}

static void send_wire(struct world *world, int index, enum method method, cJSON *take_object)
{
	struct replica *replica = &world->replicas[index];
	int64_t way = travel_ms(world);
	struct wire *wire = world->wires;

	while (wire->used)
		if (++wire == world->wires + MAX_WIRES)
			fail_msg("too many requests under way");
	*wire = (struct wire){
		.used = true,
		.replica = index,
		.life = replica->life,
		.number = ++world->requests,
		.method = method,
		.arrives_ms = way < 0 ? -1 : world->now_ms + way,
		.back_ms = travel_ms(world),
		.object = take_object,
	};
	replica->request = wire->number;
	replica->started_ms = local_ms(world, replica);
}

/* --- a replica -------------------------------------------------------------------------------- */

static void be_born(struct world *world, int index)
{
	struct replica *replica = &world->replicas[index];
	unsigned life = replica->life + 1;

	lease_release(&replica->lease);
	*replica = (struct replica){
		.life = life,
		.clock_ms = (int64_t)dice(1000000000),
		.rate = 0.9 + (double)dice(200) / 1000,
		.born_ms = world->now_ms + (int64_t)dice(20000),
	};
	snprintf(replica->identity, sizeof(replica->identity), "agent-%d_%u", index, life);
	replica->lease.identity = replica->identity;
	replica->lease.timing = lease_timing_of(15000);
	replica->lease.random = dice(UINT32_MAX);
}

static void take_answer(struct world *world, struct replica *replica, struct wire *wire)
{
	struct lease *lease = &replica->lease;
	int64_t now = local_ms(world, replica);
	bool held = lease_holds(lease, now);

	replica->request = 0;
	if (wire->class == ERR_NOT_FOUND && wire->method == GET)
		lease_saw(lease, NULL, now);
	else if (wire->class)
		lease_failed(lease, wire->class, replica->started_ms, now);
	else if (wire->method == GET)
		lease_saw(lease, STEAL(wire->object), now);
	else
		lease_wrote(lease, STEAL(wire->object), replica->started_ms, now);
	world->takeovers += !held && lease_holds(lease, now);
}

static void act(struct world *world, int index)
{
	struct replica *replica = &world->replicas[index];
	struct lease *lease = &replica->lease;
	int64_t now = local_ms(world, replica), wait;
	cJSON *object = NULL;
	struct err err;

	if (replica->request && now - replica->started_ms > lease->timing.deadline_ms / 3) {
		replica->request = 0; /* it may arrive all the same */
		lease_failed(lease, ERR_TRANSIENT, replica->started_ms, now);
	}
	if (replica->request)
		return;
	if (replica->ending) {
		if (lease->held && lease->current) {
			assert_ok(lease_give_up(lease, UNIX_MS + now, &object, &err), err);
			send_wire(world, index, PUT, object);
		}
		be_born(world, index);
		return;
	}
	switch (lease_decide(lease, now, &wait)) {
	case LEASE_WAIT: assert_true(wait > 0); return;
	case LEASE_READ: send_wire(world, index, GET, NULL); return;
	case LEASE_CREATE:
	case LEASE_UPDATE: break;
	}
	enum method method = lease->object ? PUT : POST;
	assert_ok(lease_next(lease, "ns", "tranche", NULL, UNIX_MS + now, &object, &err), err);
	send_wire(world, index, method, object);
}

/* --- time passes ------------------------------------------------------------------------------ */

static void move_wires(struct world *world)
{
	for (struct wire *wire = world->wires; wire < world->wires + MAX_WIRES; wire++) {
		struct replica *replica = &world->replicas[wire->replica];

		if (!wire->used || wire->arrives_ms > world->now_ms)
			continue;
		if (wire->arrives_ms >= 0 && !wire->answered) {
			serve(world, wire);
			wire->answered = true;
			wire->arrives_ms = wire->back_ms < 0 ? -1 : world->now_ms + wire->back_ms;
			if (wire->arrives_ms > world->now_ms)
				continue;
		}
		if (wire->arrives_ms >= 0 && replica->life == wire->life &&
		    replica->frozen_until > world->now_ms)
			continue; /* in its socket */
		if (wire->arrives_ms >= 0 && replica->life == wire->life &&
		    replica->request == wire->number)
			take_answer(world, replica, wire);
		cJSON_Delete(wire->object);
		*wire = (struct wire){0};
	}
}

static void make_trouble(struct world *world)
{
	struct replica *replica = &world->replicas[dice(REPLICAS)];

	if (dice(400) == 0)
		replica->frozen_until = world->now_ms + (int64_t)dice(40000);
	if (dice(2000) == 0)
		be_born(world, (int)(replica - world->replicas)); /* killed */
	if (dice(2000) == 0)
		replica->ending = true;
}

static int count_holders(const struct world *world)
{
	int holders = 0;

	for (int i = 0; i < REPLICAS; i++) {
		const struct replica *replica = &world->replicas[i];

		/* Who lets go writes nothing any more (election_release). */
		holders +=
			!replica->ending && lease_holds(&replica->lease, local_ms(world, replica));
	}
	return holders;
}

static void tick(struct world *world, uint64_t first_seed)
{
	world->now_ms += TICK_MS;
	if (!world->calm)
		make_trouble(world);
	move_wires(world);
	for (int i = 0; i < REPLICAS; i++)
		if (world->replicas[i].frozen_until <= world->now_ms &&
		    world->replicas[i].born_ms <= world->now_ms)
			act(world, i);
	if (count_holders(world) > 1)
		fail_msg("seed %" PRIu64 ": two hold it at %" PRId64 " ms", first_seed,
			 world->now_ms);
}

static int run_world(uint64_t first_seed)
{
	struct world world = {0};
	int held = 0;

	seed = first_seed * 7919 + 1;
	for (int i = 0; i < REPLICAS; i++)
		be_born(&world, i);
	while (world.now_ms < TROUBLE_MS)
		tick(&world, first_seed);
	world.calm = true;
	for (int i = 0; i < REPLICAS; i++)
		world.replicas[i].frozen_until = 0;
	while (world.now_ms < TROUBLE_MS + CALM_MS)
		tick(&world, first_seed);
	/* From then on the one that has it keeps it. */
	for (; held < 1000; held++) {
		tick(&world, first_seed);
		if (count_holders(&world) != 1)
			fail_msg("seed %" PRIu64 ": nobody holds it at %" PRId64 " ms", first_seed,
				 world.now_ms);
	}
	for (int i = 0; i < REPLICAS; i++)
		lease_release(&world.replicas[i].lease);
	for (int i = 0; i < MAX_WIRES; i++)
		cJSON_Delete(world.wires[i].object);
	cJSON_Delete(world.object);
	return world.takeovers;
}

static void test_never_two(void **state)
{
	int takeovers = 0;

	(void)state;
	for (uint64_t run = 1; run <= RUNS; run++)
		takeovers += run_world(run);
	print_message("%d worlds, %d takeovers\n", RUNS, takeovers);
	assert_true(takeovers > RUNS * 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

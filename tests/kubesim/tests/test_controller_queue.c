#include "tests/kubesim/controller_queue.h"

#include "diff/buf.h"
#include "diff/cleanup.h"
#include "tests/support/check.h"

struct world {
	struct loop *loop;
	struct queue queue;
	struct buf log;
	int again; /* how often the object is added while it is looked at */
};

static void look(void *context, const char *namespace, const char *name)
{
	struct world *world = context;

	buf_printf(&world->log, " %s/%s", namespace, name);
	if (world->again-- > 0)
		queue_add(&world->queue, namespace, name, 0);
}

static void world_init(struct world *world)
{
	*world = (struct world){.loop = loop_new(LOOP_VIRTUAL)};
	buf_init(&world->log, 1000);
	queue_init(&world->queue, world->loop, look, world);
}

static void world_release(struct world *world)
{
	queue_release(&world->queue);
	loop_free(world->loop);
	buf_release(&world->log);
}

static void assert_log(struct world *world, int64_t ms, const char *expected)
{
	loop_advance(world->loop, ms);
	assert_string_equal(buf_str(&world->log), expected);
	buf_clear(&world->log);
}

static void test_each_object_once_in_the_order_they_are_due(void **state)
{
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	queue_add(&world.queue, "n", "late", 100);
	queue_add(&world.queue, "n", "a", 0);
	queue_add(&world.queue, "n", "b", 0);
	queue_add(&world.queue, "m", "a", 0);
	queue_add(&world.queue, "n", "a", 0);
	assert_log(&world, 0, " n/a n/b m/a");
	assert_log(&world, 99, "");
	assert_log(&world, 1, " n/late");
	assert_log(&world, 1000, "");
}

static void test_the_earlier_time_counts(void **state)
{
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	queue_add(&world.queue, "n", "a", 100);
	queue_add(&world.queue, "n", "a", 10);
	queue_add(&world.queue, "n", "a", 50);
	assert_log(&world, 10, " n/a");
	assert_log(&world, 1000, "");
}

static void test_added_while_it_is_looked_at(void **state)
{
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	world.again = 2;
	queue_add(&world.queue, "n", "a", 0);
	assert_log(&world, 1, " n/a n/a n/a");
}

static void test_what_is_left_goes_with_it(void **state)
{
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	queue_add(&world.queue, "n", "a", 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_object_once_in_the_order_they_are_due),
		cmocka_unit_test(test_the_earlier_time_counts),
		cmocka_unit_test(test_added_while_it_is_looked_at),
		cmocka_unit_test(test_what_is_left_goes_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/kubesim/loop.h"

#include <string.h>
#include <unistd.h>

#include "diff/buf.h"
#include "tests/support/check.h"

struct note {
	struct timer timer;
	struct buf *log;
	char letter;
	int again; /* how often it still starts itself anew */
};

static void run(void *context)
{
	struct note *note = context;

	buf_printf(note->log, "%c%d ", note->letter, (int)loop_now_ms(note->timer.loop));
	if (note->again-- > 0)
		timer_start(&note->timer, 10);
}

static void test_timers_run_in_order(void **state)
{
	struct loop *loop = loop_new(LOOP_VIRTUAL);
	CLEANUP(buf_release) struct buf log = BUF_INIT(1024);
	struct note a = {.log = &log, .letter = 'a'}, b = {.log = &log, .letter = 'b'};
	struct note c = {.log = &log, .letter = 'c', .again = 2};

	(void)state;
	timer_init(&a.timer, loop, run, &a);
	timer_init(&b.timer, loop, run, &b);
	timer_init(&c.timer, loop, run, &c);
	timer_start(&a.timer, 30);
	timer_start(&b.timer, 20);
	timer_start(&c.timer, 20);
	loop_advance(loop, 35);
	assert_string_equal(buf_str(&log), "b20 c20 a30 c30 ");
	assert_int_equal(loop_now_ms(loop), 35);

	/* Moved, moved only if later, stopped. */
	buf_clear(&log);
	timer_start(&a.timer, 5);
	timer_start(&a.timer, 50);
	timer_start_by(&b.timer, 20);
	timer_start_by(&b.timer, 30);
	timer_stop(&c.timer);
	loop_advance(loop, 100);
	assert_string_equal(buf_str(&log), "b55 a85 ");
	loop_free(loop);
}

static void test_virtual_clock(void **state)
{
	struct loop *loop = loop_new(LOOP_VIRTUAL);
	int64_t start_us = loop_wall_us(loop);

	(void)state;
	loop_advance(loop, 1500);
	assert_int_equal(loop_wall_us(loop) - start_us, 1500000);
	loop_free(loop);
}

struct reader {
	struct loop *loop;
	int fd;
	char got[8];
};

static void read_byte(void *context)
{
	struct reader *reader = context;

	assert_int_equal(read(reader->fd, reader->got, 1), 1);
	loop_stop(reader->loop);
}

static void write_byte(void *context)
{
	assert_int_equal(write(*(int *)context, "x", 1), 1);
}

/* A timer writes, the descriptor's turn comes, the loop ends. */
static void test_descriptors(void **state)
{
	struct loop *loop = loop_new(LOOP_REAL);
	struct reader reader = {.loop = loop};
	struct timer timer;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	reader.fd = ends[0];
	assert_int_equal(loop_add_fd(loop, ends[0], read_byte, &reader), 0);
	timer_init(&timer, loop, write_byte, &ends[1]);
	timer_start(&timer, 1);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(reader.got, "x");
	loop_remove_fd(loop, ends[0]);
	loop_free(loop);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_run_in_order),
		cmocka_unit_test(test_virtual_clock),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "diff/buf.h"

#include "tests/support/check.h"

static void test_appends_grow(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf buf = BUF_INIT(1000);
	struct err err;

	assert_string_equal(buf_str(&buf), "");
	buf_puts(&buf, "a");
	buf_printf(&buf, "%d-%s", 42, "x");
	buf_fill(&buf, ' ', 3);
	buf_putc(&buf, '.');
	assert_string_equal(buf_str(&buf), "a42-x   .");
	assert_int_equal(buf_check(&buf, "text", &err), 0);
	buf_truncate(&buf, 3);
	assert_string_equal(buf_str(&buf), "a42");
	buf_clear(&buf);
	buf_put_int(&buf, 0);
	buf_put_int(&buf, -70);
	buf_put_int(&buf, INT64_MIN);
	buf_put_int(&buf, INT64_MAX);
	assert_string_equal(buf_str(&buf), "0-70-92233720368547758089223372036854775807");
}

static void test_cap_breaks_once_and_stays(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf buf = BUF_INIT(4);
	struct err err;

	buf_puts(&buf, "1234");
	assert_ok(buf_check(&buf, "text", &err), err);
	buf_putc(&buf, '5');
	buf_puts(&buf, "");
	assert_string_equal(buf_str(&buf), "1234");
	assert_error(buf_check(&buf, "text", &err), err, ERR_LIMIT, "text is larger than 4 bytes");
	assert_null(buf_steal(&buf));
	buf_clear(&buf);
	buf_puts(&buf, "ok");
	assert_ok(buf_check(&buf, "text", &err), err);
}

static void test_steal_hands_over(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf buf = BUF_INIT(4);
	CLEANUP(free_p) char *text = NULL;

	text = buf_steal(&buf);
	assert_string_equal(text, "");
	assert_null(buf.data);
}

static void test_breaks_with_a_part(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf buf = BUF_INIT(100);
	CLEANUP(buf_release) struct buf part = BUF_INIT(1);
	struct err err;

	buf_break_with(&buf, &part);
	assert_ok(buf_check(&buf, "text", &err), err);
	buf_puts(&part, "12");
	buf_break_with(&buf, &part);
	assert_error(buf_check(&buf, "text", &err), err, ERR_LIMIT,
		     "text is larger than 100 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appends_grow),
		cmocka_unit_test(test_cap_breaks_once_and_stays),
		cmocka_unit_test(test_steal_hands_over),
		cmocka_unit_test(test_breaks_with_a_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * check.h - cmocka, and assertions in the project's own terms.
 */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

/* cmocka.h wants these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "diff/cleanup.h"
#include "diff/err.h"

/* The call returned 0; otherwise shows the error it gave. */
#define assert_ok(call, err)                                                 \
	do {                                                                 \
		if ((call) != 0)                                             \
			fail_msg("%s failed: %s (%s)", #call, (err).message, \
				 err_class_name((err).class));               \
	} while (0)

/* The call returned -1 with this class and this whole message. */
#define assert_error(call, err, expected_class, expected_message)                                 \
	do {                                                                                      \
		assert_int_equal((call), -1);                                                     \
		assert_string_equal((err).message, (expected_message));                           \
		assert_string_equal(err_class_name((err).class), err_class_name(expected_class)); \
	} while (0)

#endif

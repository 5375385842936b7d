#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diff/unified.h"

#include "tests/support/check.h"

static void assert_difference(const char *from, const char *to, bool colour, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	assert_ok(unified_diff(from, strlen(from), to, strlen(to), colour, &out, &err), err);
	assert_string_equal(buf_str(&out), expected);
}

static void test_hunks(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *expected;
	} cases[] = {
		{"", "", ""},
		{"a\n", "a\n", ""},
		{"", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n"},
		{"1\n2\n3\n4\n5\n", "1\n2\n3\nx\n4\n5\n",
		 "@@ -1,5 +1,6 @@\n 1\n 2\n 3\n+x\n 4\n 5\n"},
		/* Six equal lines between two changes keep them in one hunk, seven do not. */
		{"a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
		 "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n"},
		{"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
		 "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n"},
		{"a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"a\nb\n", "a\nb", "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n"},
		{"a\nb", "x\nb", "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n"},
		{"\n", "\n\n", "@@ -1 +1,2 @@\n \n+\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_difference(cases[i].from, cases[i].to, false, cases[i].expected);
}

static void test_colours(void **state)
{
	(void)state;

	assert_difference("a\nb", "a\nc\n", true,
			  "\033[36m@@ -1,2 +1,2 @@\033[m\n a\n\033[31m-b\033[m\n"
			  "\\ No newline at end of file\n\033[32m+c\033[m\n");
}

static void test_limits(void **state)
{
	(void)state;
	size_t length = (size_t)UNIFIED_MAX_LINES + 1;
	CLEANUP(free_p) char *lines = malloc(length);
	CLEANUP(buf_release) struct buf out = BUF_INIT(100);
	struct err err;

	assert_non_null(lines);
	memset(lines, '\n', length);
	assert_error(unified_diff("a", 1, lines, length, false, &out, &err), err, ERR_LIMIT,
		     "a text to compare has more than 1048576 lines");
}

/* --- against diff(1) and patch(1) ------------------------------------------------------------ */

static char folder[] = "/tmp/test_unified.XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"from", "to", "patch", "patched"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void write_file(const char *name, const struct buf *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(buf_str(text), 1, text->length, file), text->length);
	assert_int_equal(fclose(file), 0);
}

static void read_stream(FILE *file, struct buf *out)
{
	char bytes[4096];
	size_t length;

	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(out, bytes, length);
}

/* What `diff -u` prints after its two header lines. */
static void run_diff(struct buf *out)
{
	CLEANUP(buf_release) struct buf whole = BUF_INIT(1u << 24);
	FILE *file = popen("diff -u from to", "r");

	assert_non_null(file);
	read_stream(file, &whole);
	int status = pclose(file);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	const char *hunks = strstr(buf_str(&whole), "\n@@ ");
	buf_puts(out, hunks ? hunks + 1 : "");
}

/* The hunks, given to patch(1), make the one file into the other. */
static void assert_patches(const struct buf *from, const struct buf *hunks, const struct buf *to)
{
	CLEANUP(buf_release) struct buf patch = BUF_INIT(1u << 24);
	CLEANUP(buf_release) struct buf patched = BUF_INIT(1u << 24);

	if (hunks->length == 0) {
		assert_string_equal(buf_str(from), buf_str(to));
		return;
	}
	buf_printf(&patch, "--- from\n+++ from\n%s", buf_str(hunks));
	write_file("patch", &patch);
	assert_int_equal(system("patch -s -f -o patched from patch"), 0);
	FILE *file = fopen("patched", "r");
	assert_non_null(file);
	read_stream(file, &patched);
	fclose(file);
	assert_string_equal(buf_str(&patched), buf_str(to));
}

static unsigned int seed = 7;

static unsigned int draw(unsigned int below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

/* Lines as manifests have them: many that occur again and again, some that do not. */
static void print_line(unsigned int vocabulary, struct buf *out)
{
	static const char *const usual[] = {"- name: x\n", "  protocol: TCP\n", "spec:\n",
					    "metadata:\n", "  labels:\n"};

	if (draw(3) == 0)
		buf_puts(out, usual[draw(5)]);
	else
		buf_printf(out, "  key%u: value\n", draw(vocabulary));
}

/* Copies `from`, with lines dropped, inserted, changed and repeated about every `distance` lines. */
static void edit(const struct buf *from, unsigned int distance, unsigned int vocabulary,
		 struct buf *to)
{
	for (const char *line = buf_str(from); *line;) {
		const char *end = strchrnul(line, '\n');
		size_t length = (size_t)(end - line) + (*end != '\0');
		unsigned int what = draw(distance * 4);

		if (what == 1)
			print_line(vocabulary, to);
		if (what != 0)
			buf_append(to, line, length);
		if (what == 2)
			buf_append(to, line, length);
		if (what == 3)
			buf_printf(to, "  new%u: value\n", draw(5));
		line += length;
	}
}

static void test_as_gnu_diff_and_for_patch(void **state)
{
	(void)state;
	static const unsigned int sizes[] = {0, 1, 4, 12, 40, 150, 600, 1500};
	static const unsigned int vocabularies[] = {1, 3, 20, 300};

	for (unsigned int i = 0; i < 400; i++) {
		CLEANUP(buf_release) struct buf from = BUF_INIT(1u << 24);
		CLEANUP(buf_release) struct buf to = BUF_INIT(1u << 24);
		CLEANUP(buf_release) struct buf expected = BUF_INIT(1u << 24);
		CLEANUP(buf_release) struct buf seen = BUF_INIT(1u << 24);
		unsigned int vocabulary = vocabularies[draw(4)], size = sizes[draw(8)];
		struct err err;

		for (unsigned int k = 0; k < size; k++)
			print_line(vocabulary, &from);
		edit(&from, 1 + draw(20), vocabulary, &to);
		if (draw(8) == 0 && from.length > 0)
			buf_truncate(&from, from.length - 1);
		if (draw(8) == 0 && to.length > 0)
			buf_truncate(&to, to.length - 1);
		write_file("from", &from);
		write_file("to", &to);
		run_diff(&expected);
		assert_ok(unified_diff(buf_str(&from), from.length, buf_str(&to), to.length, false,
				       &seen, &err),
			  err);
		assert_string_equal(buf_str(&seen), buf_str(&expected));
		assert_patches(&from, &seen, &to);
	}
}

/* More changes than are searched through for a shortest script: still a script. */
static void test_far_apart(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf from = BUF_INIT(1u << 24);
	CLEANUP(buf_release) struct buf to = BUF_INIT(1u << 24);
	CLEANUP(buf_release) struct buf seen = BUF_INIT(1u << 24);
	struct err err;

	for (unsigned int i = 0; i < 8000; i++) {
		buf_printf(&from, "%u\n", draw(4));
		buf_printf(&to, "%u\n", draw(4));
	}
	write_file("from", &from);
	assert_ok(unified_diff(buf_str(&from), from.length, buf_str(&to), to.length, false, &seen,
			       &err),
		  err);
	assert_patches(&from, &seen, &to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hunks),     cmocka_unit_test(test_colours),
		cmocka_unit_test(test_limits),    cmocka_unit_test(test_as_gnu_diff_and_for_patch),
		cmocka_unit_test(test_far_apart),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

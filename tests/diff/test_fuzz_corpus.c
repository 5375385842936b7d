/* Runs the seeds of each fuzz target through it. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "diff/buf.h"

#include "tests/fuzz/fuzz.h"
#include "tests/support/check.h"
#include "tests/support/file.h"

#define CORPUS    "tests/fuzz/corpus"
#define SEED_MAX  (1024u * 1024)
#define PATH_SIZE 512
#define FEWEST    10

static void run_corpus(const char *name, int (*target)(const uint8_t *, size_t))
{
	CLEANUP(buf_release) struct buf seed = BUF_INIT(SEED_MAX);
	char path[PATH_SIZE];
	const struct dirent *entry;
	unsigned count = 0;

	snprintf(path, sizeof(path), CORPUS "/%s", name);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		assert_true(snprintf(path, sizeof(path), CORPUS "/%s/%s", name, entry->d_name) <
			    PATH_SIZE);
		read_file(path, &seed);
		/* A seed and each of its beginnings: what is cut anywhere must not hurt either. */
		for (size_t size = seed.length; size > 0; size -= size > 64 ? size / 16 : 1)
			assert_int_equal(target((const uint8_t *)buf_str(&seed), size), 0);
		count++;
	}
	closedir(folder);
	assert_true(count >= FEWEST);
}

#define TEST(name)                              \
	static void test_##name(void **state)   \
	{                                       \
		(void)state;                    \
		run_corpus(#name, fuzz_##name); \
	}
FUZZ_TARGETS(TEST)

#define ROW(name) cmocka_unit_test(test_##name),

int main(void)
{
	const struct CMUnitTest tests[] = {FUZZ_TARGETS(ROW)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

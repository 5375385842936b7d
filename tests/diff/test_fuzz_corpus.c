/* Runs the seeds of each fuzz target through it. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "diff/buf.h"

#include "tests/support/check.h"
#include "tests/support/file.h"

/* Each target is a whole program to libFuzzer; here they are functions of one. */
#define LLVMFuzzerTestOneInput fuzz_json
#include "tests/fuzz/fuzz_json.c"
#undef LLVMFuzzerTestOneInput
#undef TESTS_FUZZ_FUZZ_H
#define LLVMFuzzerTestOneInput fuzz_yaml
#include "tests/fuzz/fuzz_yaml.c"
#undef LLVMFuzzerTestOneInput
#undef TESTS_FUZZ_FUZZ_H
#define LLVMFuzzerTestOneInput fuzz_yaml_edit
#include "tests/fuzz/fuzz_yaml_edit.c"
#undef LLVMFuzzerTestOneInput
#undef TESTS_FUZZ_FUZZ_H
#define LLVMFuzzerTestOneInput fuzz_webhook
#include "tests/fuzz/fuzz_webhook.c"
#undef LLVMFuzzerTestOneInput
#undef TESTS_FUZZ_FUZZ_H
#define LLVMFuzzerTestOneInput fuzz_config
#include "tests/fuzz/fuzz_config.c"
#undef LLVMFuzzerTestOneInput

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

static void test_json(void **state)
{
	(void)state;
	run_corpus("json", fuzz_json);
}

static void test_yaml(void **state)
{
	(void)state;
	run_corpus("yaml", fuzz_yaml);
}

static void test_yaml_edit(void **state)
{
	(void)state;
	run_corpus("yaml_edit", fuzz_yaml_edit);
}

static void test_webhook(void **state)
{
	(void)state;
	run_corpus("webhook", fuzz_webhook);
}

static void test_config(void **state)
{
	(void)state;
	run_corpus("config", fuzz_config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),      cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_yaml_edit), cmocka_unit_test(test_webhook),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

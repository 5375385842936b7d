#include "tests/support/starve.h"

#include <stdlib.h>
#include <string.h>

#include "diff/json.h"

#include "tests/support/check.h"

#define OUT_MAX (1u << 20)

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

static struct {
	bool on;
	bool goes_on; /* every allocation after the first that failed fails, too */
	size_t left;  /* allocations that succeed before the first that fails */
	size_t count; /* of all since it was armed */
	size_t failed;
} hunger;

static bool is_refused(void)
{
	if (!hunger.on)
		return false;
	hunger.count++;
	if (hunger.left > 0) {
		hunger.left--;
		return false;
	}
	if (hunger.failed && !hunger.goes_on)
		return false;
	hunger.failed++;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_refused() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return is_refused() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
	return is_refused() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
	return is_refused() ? NULL : __real_strndup(text, length);
}

/* Runs it with so many allocations that succeed. */
static int run(const struct starve_scenario *scenario, size_t left, bool goes_on, struct buf *out,
	       struct err *err)
{
	hunger.left = left;
	hunger.goes_on = goes_on;
	hunger.count = hunger.failed = 0;
	hunger.on = true;
	int result = scenario->run(out, err);
	hunger.on = false;
	return result;
}

static void check_one(const struct starve_scenario *scenario, size_t left, bool goes_on,
		      const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);
	struct err err = {0};
	int result = run(scenario, left, goes_on, &out, &err);

	if (hunger.failed == 0)
		return; /* it waits for others, and so does not always allocate as often */
	if (result < 0 && err.class != ERR_NO_MEMORY)
		fail_msg("%s: allocation %zu fails: \"%s\" (%s) instead of no memory",
			 scenario->name, left + 1, err.message, err_class_name(err.class));
	if (result < 0 || buf_check(&out, "the output", &err) < 0)
		return;
	size_t same = 0;
	while (expected[same] && expected[same] == buf_str(&out)[same])
		same++;
	if (expected[same] || buf_str(&out)[same])
		fail_msg("%s: allocation %zu fails, nothing is said, and at byte %zu is\n%.300s\n"
			 "for\n%.300s",
			 scenario->name, left + 1, same, buf_str(&out) + same, expected + same);
}

size_t starve(const struct starve_scenario *scenario)
{
	CLEANUP(buf_release) struct buf expected = BUF_INIT(OUT_MAX);
	cJSON_Hooks ours = {.malloc_fn = __wrap_malloc, .free_fn = free};
	struct err err = {0};

	cJSON_InitHooks(&ours);
	if (run(scenario, SIZE_MAX, false, &expected, &err) < 0)
		fail_msg("%s fails with all memory: %s", scenario->name, err.message);
	size_t count = hunger.count;
	assert_true(expected.length > 0);
	for (size_t left = 0; left < count; left += scenario->stride) {
		check_one(scenario, left, false, buf_str(&expected));
		check_one(scenario, left, true, buf_str(&expected));
	}
	cJSON_InitHooks(NULL);
	return count;
}

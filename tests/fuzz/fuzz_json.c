/* What is read as JSON comes back the same from each of the printers. */
#include "diff/json.h"
#include "diff/yaml.h"

#include "tests/fuzz/fuzz.h"

#define OUTPUT_MAX (256u * 1024 * 1024)

static void check_text(const cJSON *value, void (*print)(const cJSON *, struct buf *))
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUTPUT_MAX);
	CLEANUP(cJSON_Delete_p) cJSON *back = NULL;
	struct err err;

	print(value, &out);
	must(json_parse(out.data, out.length, &back, &err) == 0);
	must(json_equal(value, back));
}

static void check_changes(cJSON *value)
{
	CLEANUP(cJSON_Delete_p) cJSON *copy = json_copy(value);
	struct err err;

	must(json_equal(copy, value) && json_equal(value, copy));
	must(json_count_nodes(copy) == json_count_nodes(value));
	if (!cJSON_IsObject(copy))
		return;
	must(json_set_int(copy, "fuzz.key", INT64_MAX, &err) == 0 || err.class == ERR_INVALID);
	must(!json_equal(copy, value) || json_get(value, "fuzz"));
	json_remove_key(copy, "fuzz");
	must(!json_get(copy, "fuzz"));
}

int fuzz_json(const uint8_t *data, size_t size)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	struct err err;
	size_t used = 0;

	if (json_parse_prefix((const char *)data, size, &value, &used, &err) < 0)
		return 0;
	must(used <= size);
	check_text(value, json_print);
	check_text(value, json_print_pretty);
	check_changes(value);
	return 0;
}

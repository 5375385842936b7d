#include "tests/support/values.h"

#include <string.h>

#include "tests/support/check.h"

#define SHOWN_MAX_BYTES (1024u * 1024)

cJSON *value_of(const char *text)
{
	CLEANUP(free_p) char *json = strdup(text);
	struct err err;
	cJSON *value = NULL;

	assert_non_null(json);
	for (char *quote = json; (quote = strchr(quote, '\'')); quote++)
		*quote = '"';
	assert_ok(json_parse(json, strlen(json), &value, &err), err);
	return value;
}

void assert_value(const cJSON *value, const char *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *wanted = value_of(expected);
	CLEANUP(buf_release) struct buf text = BUF_INIT(SHOWN_MAX_BYTES);

	if (json_equal(value, wanted))
		return;
	json_print(value, &text);
	fail_msg("expected %s\n     got %s", expected, buf_str(&text));
}

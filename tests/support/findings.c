#include "tests/support/findings.h"

#include <string.h>

#include "tests/support/check.h"

void add_text(struct manifest_set *set, struct findings *findings, const char *text)
{
	struct err err;

	assert_ok(manifest_set_add(set, "a.yaml", text, strlen(text), findings, &err), err);
}

void assert_findings(struct findings *findings, const char *what, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);

	findings_sort(findings);
	for (size_t i = 0; i < findings->count; i++) {
		finding_print(&findings->items[i], &out);
		buf_putc(&out, '\n');
	}
	if (strcmp(buf_str(&out), expected) != 0)
		fail_msg("%s: expected\n%sgot\n%s", what, expected, buf_str(&out));
}

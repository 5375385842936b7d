#include "agent/live_file.h"

#include <string.h>

#include "agent/session.h"
#include "apply/file.h"

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

static int read_objects(const char *path, struct manifest_set *objects, struct findings *findings,
			struct err *err)
{
	CLEANUP(free_p) char *text = NULL;
	size_t length;

	if (file_read(is_stdin(path) ? "/dev/stdin" : path, YAML_MAX_BYTES, &text, &length, err) <
	    0)
		return -1;
	if (manifest_set_add_live(objects, is_stdin(path) ? "<stdin>" : path, text, length,
				  findings, err) < 0)
		return -1;
	if (findings->error_count)
		return err_set(err, ERR_INVALID, "%zu error%s in --live %s; nothing was compared",
			       findings->error_count, findings->error_count == 1 ? "" : "s", path);
	return 0;
}

int live_file_read(const char *path, struct manifest_set *ret_objects)
{
	CLEANUP(manifest_set_release) struct manifest_set objects = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	if (read_objects(path, &objects, &findings, &err) < 0) {
		findings_sort(&findings);
		print_findings(&findings);
		tell_error(&err);
		return err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_SOURCE;
	}
	*ret_objects = objects;
	objects = (struct manifest_set){0};
	return EXIT_OK;
}

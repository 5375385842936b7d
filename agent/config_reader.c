#include "agent/config_reader.h"

#include <stdio.h>

#include "diff/path.h"

int config_tell(struct config_reader *reader, enum finding_level level, const cJSON *node,
		const char *format, ...)
{
	CLEANUP(free_p) char *message = NULL;
	struct yaml_mark mark = {0};
	va_list args;

	if (reader->too_many)
		return 0;
	if (reader->findings->count >= CONFIG_MAX_FINDINGS) {
		reader->too_many = true;
		return findings_add(reader->findings, FINDING_ERROR, reader->file, mark,
				    reader->err, "there is more, which is not shown");
	}
	va_start(args, format);
	int length = vasprintf(&message, format, args);
	va_end(args);
	if (length < 0) {
		message = NULL;
		return err_no_memory(reader->err);
	}
	if (node)
		mark = yaml_mark_of(reader->doc, node);
	return findings_add(reader->findings, level, reader->file, mark, reader->err, "%s",
			    message);
}

void config_add_item(struct config_reader *reader, const cJSON *node, size_t index)
{
	const char *name = json_str(node, "name");

	if (name && *name)
		path_add_label(&reader->path, name);
	else
		path_add_index(&reader->path, index);
}

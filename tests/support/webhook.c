#include "tests/support/webhook.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *header(const void *context, const char *name)
{
	const struct recorded *recorded = context;

	for (size_t i = 0; i < recorded->count; i++)
		if (strcasecmp(recorded->names[i], name) == 0)
			return recorded->values[i];
	return "";
}

void recorded_read(struct recorded *recorded, const void *bytes, size_t length)
{
	char *line, *end;

	*recorded = (struct recorded){.text = malloc(length + 1)};
	if (!recorded->text)
		abort();
	memcpy(recorded->text, bytes, length);
	recorded->text[length] = '\0';
	for (line = recorded->text; (end = strchr(line, '\n')) && end != line; line = end + 1) {
		char *colon = memchr(line, ':', (size_t)(end - line));

		*end = '\0';
		if (!colon || recorded->count == RECORDED_MAX_HEADERS)
			continue;
		*colon = '\0';
		recorded->names[recorded->count] = line;
		recorded->values[recorded->count++] = colon + 1 + strspn(colon + 1, " ");
	}
	if (end == line)
		line++;
	recorded->request = (struct webhook_request){
		.header = header,
		.context = recorded,
		.body = line,
		.length = (size_t)(recorded->text + length - line),
	};
}

void recorded_release(struct recorded *recorded)
{
	free(recorded->text);
	*recorded = (struct recorded){0};
}

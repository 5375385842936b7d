#include "apply/page.h"

#include <stdlib.h>
#include <string.h>

#define QUERY "?limit="

void page_print_path(const struct resource *resource, const char *namespace, const char *token,
		     struct buf *out)
{
	resource_print_collection(resource, namespace, out);
	buf_printf(out, QUERY "%d", PAGE_OBJECTS);
	if (token) {
		buf_puts(out, "&continue=");
		resource_print_encoded(token, out);
	}
}

bool page_is_path(const char *path)
{
	return strstr(path, QUERY);
}

int page_take_token(const cJSON *page, char **token, struct err *err)
{
	const char *next = json_str(page, "metadata.continue");

	free(*token);
	*token = NULL;
	if (!next || !*next)
		return 0;
	/* Nobody could ask for that page, and trying again would not help. */
	if (strlen(next) > PAGE_MAX_TOKEN_BYTES)
		return err_set(err, ERR_LIMIT,
			       "the server's list goes on with a token of more than %u bytes",
			       PAGE_MAX_TOKEN_BYTES);
	*token = strdup(next);
	return *token ? 1 : err_no_memory(err);
}

int page_complete_item(cJSON *item, const struct resource *resource, struct err *err)
{
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(1024);

	if (json_str(item, "kind") && json_str(item, "apiVersion"))
		return 0;
	buf_printf(&api_version, "%s%s%s", resource->group, resource->group[0] ? "/" : "",
		   resource->version);
	if (buf_check(&api_version, "apiVersion", err) < 0 ||
	    json_set_str(item, "apiVersion", buf_str(&api_version), err) < 0)
		return -1;
	return json_set_str(item, "kind", resource->kind, err);
}

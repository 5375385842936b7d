#include "agent/api_private.h"

#include <string.h>

int api_tidy_secret(const char *path, char *text, size_t length, struct err *err)
{
	while (length > 0 && strchr("\r\n", text[length - 1]))
		text[--length] = '\0';
	if (length == 0)
		return err_set(err, ERR_INVALID, "the secret file %s is empty", path);
	if (strlen(text) != length)
		return err_set(err, ERR_INVALID, "the secret file %s holds a NUL", path);
	return 0;
}

bool api_refresh_secret(struct api *api, struct secret_file *file)
{
	struct err err;

	if (!file->path)
		return false;
	if (secret_file_refresh(file, &err) < 0)
		log_limited(&api->denied, uv_now(api->options.loop), "%s", err.message);
	return file->text;
}

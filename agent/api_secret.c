#include "agent/api_private.h"

#include <stdio.h>
#include <string.h>

void api_log_limited(struct api *api, struct api_limiter *limiter, const char *format, ...)
{
	CLEANUP(buf_release) struct buf more = BUF_INIT(64);
	char text[ERR_MESSAGE_MAX];
	uint64_t now = uv_now(api->options.loop);
	va_list args;

	if (now < limiter->next_ms) {
		limiter->suppressed++;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (limiter->suppressed)
		buf_printf(&more, " (and %u like it before)", limiter->suppressed);
	log_line(LOG_WARNING, NULL, "%s%s", text, buf_str(&more));
	*limiter = (struct api_limiter){.next_ms = now + API_LOG_EACH_MS};
}

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
		api_log_limited(api, &api->denied, "%s", err.message);
	return file->text;
}

#include "diff/secret.h"

#include <string.h>

#include "diff/base64.h"

#define MASK          "***"
#define MAX_BYTES     (8u * 1024 * 1024) /* of a value in any form; a request has 3 MiB at most */
#define QUOTES_LENGTH 2

bool secret_is(const cJSON *object)
{
	const char *api_version = json_str(object, "apiVersion"), *kind = json_str(object, "kind");

	return api_version && kind && !strcmp(api_version, "v1") && !strcmp(kind, "Secret");
}

/* Masks one run of bytes wherever it is. */
static void mask_run(const char *run, size_t length, char *text)
{
	size_t mask = strlen(MASK), end = strlen(text);

	if (length < SECRET_MIN_BYTES)
		return;
	for (char *at = text; (at = memmem(at, end - (size_t)(at - text), run, length));
	     at += mask) {
		size_t behind = end - (size_t)(at - text) - length;

		memcpy(at, MASK, mask);
		memmove(at + mask, at + length, behind + 1);
		end -= length - mask;
	}
}

/* The value whole, as a quoted string has it, in base64, and each of its lines. */
static int mask_value(const char *value, size_t length, char *text, struct err *err)
{
	CLEANUP(buf_release) struct buf quoted = BUF_INIT(MAX_BYTES);
	CLEANUP(buf_release) struct buf coded = BUF_INIT(MAX_BYTES);
	const char *end = value + length;

	json_print_string(value, &quoted);
	base64_print(value, length, &coded);
	if (buf_check(&quoted, "a value", err) < 0 || buf_check(&coded, "a value", err) < 0)
		return -1;
	mask_run(value, length, text);
	mask_run(buf_str(&quoted) + 1, quoted.length - QUOTES_LENGTH, text);
	mask_run(buf_str(&coded), coded.length, text);
	for (const char *line = value; line < end;) {
		const char *line_end = memchr(line, '\n', (size_t)(end - line));

		if (!line_end)
			line_end = end;
		mask_run(line, (size_t)(line_end - line), text);
		line = line_end + 1;
	}
	return 0;
}

int secret_mask(const cJSON *secret, char *text, struct err *err)
{
	const cJSON *member;

	json_each (member, json_get(secret, "stringData"))
		if (cJSON_IsString(member) &&
		    mask_value(member->valuestring, strlen(member->valuestring), text, err) < 0)
			return -1;
	json_each (member, json_get(secret, "data")) {
		const char *coded = cJSON_IsString(member) ? member->valuestring : "";
		CLEANUP(free_p) char *value = strdup(coded);
		size_t length = strlen(coded);

		if (!value)
			return err_no_memory(err);
		mask_run(coded, strlen(coded), text);
		if (base64_decode(value, &length) && mask_value(value, length, text, err) < 0)
			return -1;
	}
	return 0;
}

static int mask_message(const cJSON *secret, cJSON *holder, struct err *err)
{
	cJSON *message = json_get(holder, "message");

	return cJSON_IsString(message) ? secret_mask(secret, message->valuestring, err) : 0;
}

int secret_mask_status(const cJSON *secret, cJSON *status, struct err *err)
{
	const char *kind = json_str(status, "kind");
	cJSON *cause;

	if (!kind || strcmp(kind, "Status") != 0)
		return 0;
	json_each (cause, json_at(status, "details.causes"))
		if (mask_message(secret, cause, err) < 0)
			return -1;
	return mask_message(secret, status, err);
}

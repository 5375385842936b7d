#include "apply/token.h"

#include <stdlib.h>
#include <string.h>

#include "apply/file.h"
#include "diff/cleanup.h"

bool token_is_fit(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return *text;
}

static void free_value(char *value)
{
	if (value)
		explicit_bzero(value, strlen(value));
	free(value);
}

DEFINE_FREE_P(char, free_value);

int token_init(struct token *token, const char *value, const char *file, struct err *err)
{
	*token = (struct token){.file = file};
	if (value && !(token->value = strdup(value)))
		return err_no_memory(err);
	return 0;
}

void token_release(struct token *token)
{
	free_value(token->value);
	*token = (struct token){0};
}

/* Cuts white space off the end and makes sure that the rest can stand in a header. */
static int tidy(const char *file, char *text, size_t length, struct err *err)
{
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		text[--length] = '\0';
	if (length == 0)
		return err_set(err, ERR_INVALID, "the token file %s is empty", file);
	if (strlen(text) != length || !token_is_fit(text))
		return err_set(err, ERR_INVALID, "the token file %s holds no token", file);
	return 0;
}

int token_refresh(struct token *token, int64_t now_ms, int64_t max_age_ms, struct err *err)
{
	CLEANUP(free_value_p) char *text = NULL;
	size_t length;

	if (!token->file || (token->read_at_ms && now_ms - token->read_at_ms < max_age_ms))
		return 0;
	if (file_read(token->file, TOKEN_MAX_BYTES, &text, &length, err) < 0 ||
	    tidy(token->file, text, length, err) < 0) {
		if (!token->value)
			return -1;
		*err = (struct err){0};
		token->read_at_ms = now_ms;
		return 0;
	}
	token->read_at_ms = now_ms;
	if (token->value && strcmp(token->value, text) == 0)
		return 0;
	free_value(token->value);
	token->value = STEAL(text);
	return 1;
}

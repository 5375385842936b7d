#include "apply/credential.h"

#include <stdlib.h>
#include <string.h>

void secret_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void credential_release(struct credential *credential)
{
	secret_free(credential->token);
	free(credential->cert_pem);
	secret_free(credential->key_pem);
	*credential = (struct credential){0};
}

bool credential_is_token(const char *text)
{
	size_t length = 0;

	for (; text[length]; length++)
		if (text[length] <= ' ' || text[length] > '~')
			return false;
	return length > 0 && length <= CREDENTIAL_MAX_TOKEN_BYTES;
}

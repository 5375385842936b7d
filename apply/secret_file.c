#include "apply/secret_file.h"

#include <stdlib.h>
#include <string.h>

#include "apply/credential.h"
#include "apply/file.h"
#include "diff/cleanup.h"

DEFINE_FREE_P(char, secret_free);

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       is_same_time(a->st_mtim, b->st_mtim) && is_same_time(a->st_ctim, b->st_ctim);
}

static int read_again(struct secret_file *file, struct err *err)
{
	CLEANUP(secret_free_p) char *text = NULL;
	size_t length;

	if (file_read(file->path, SECRET_FILE_MAX_BYTES, &text, &length, err) < 0 ||
	    file->tidy(file->path, text, length, err) < 0)
		return -1;
	if (file->text && strcmp(file->text, text) == 0)
		return 0;
	secret_free(file->text);
	file->text = STEAL(text);
	return 1;
}

int secret_file_refresh(struct secret_file *file, struct err *err)
{
	struct stat now;
	struct err own;

	if (!file->path)
		return 0;
	/* Looked at before it is read: what is written in between is seen the next time. */
	if (stat(file->path, &now) < 0)
		now = (struct stat){0};
	else if (file->text && is_same(&now, &file->seen))
		return 0;
	int changed = read_again(file, &own);
	if (changed >= 0) {
		file->seen = now;
		return changed;
	}
	if (file->text)
		return 0;
	*err = own;
	return -1;
}

void secret_file_distrust(struct secret_file *file)
{
	file->seen = (struct stat){0};
}

void secret_file_release(struct secret_file *file)
{
	secret_free(file->text);
	*file = (struct secret_file){0};
}

int secret_file_tidy_token(const char *path, char *text, size_t length, struct err *err)
{
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		text[--length] = '\0';
	if (length == 0)
		return err_set(err, ERR_INVALID, "the token file %s is empty", path);
	if (strlen(text) != length || !credential_is_token(text))
		return err_set(err, ERR_INVALID, "the token file %s holds no token", path);
	return 0;
}

int secret_file_tidy_pem(const char *path, char *text, size_t length, struct err *err)
{
	if (strlen(text) != length || !strstr(text, "-----BEGIN"))
		return err_set(err, ERR_INVALID, "%s is not a PEM text", path);
	return 0;
}

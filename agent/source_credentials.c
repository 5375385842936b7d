#include "agent/source_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diff/buf.h"
#include "diff/cleanup.h"

#define MIN_MASKED_BYTES 4 /* shorter secrets stand in every other word */

struct key {
	const char *name;
	size_t offset; /* in struct source_credentials */
	bool is_line;  /* a line break at its end is no part of it */
	bool is_secret;
};

#define AT(member) offsetof(struct source_credentials, member)

static const struct key keys[] = {
	{"username", AT(username), .is_line = true},
	{"password", AT(password), .is_line = true, .is_secret = true},
	{"bearerToken", AT(bearer_token), .is_line = true, .is_secret = true},
	{"identity", AT(identity), .is_secret = true},
	{"identity.pub", AT(identity_pub)},
	{"known_hosts", AT(known_hosts)},
	{"ca.crt", AT(ca_certificate)},
	{"tls.crt", AT(tls_certificate)},
	{"tls.key", AT(tls_key), .is_secret = true},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static char **value_at(const struct source_credentials *credentials, const struct key *key)
{
	return (char **)(void *)((uintptr_t)credentials + key->offset);
}

void source_credentials_release(struct source_credentials *credentials)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char **value = value_at(credentials, &keys[i]);
		if (*value)
			explicit_bzero(*value, strlen(*value));
		free(STEAL(*value));
	}
}

void mask_secret(char *text, const char *secret)
{
	size_t length = secret ? strlen(secret) : 0;

	if (length < MIN_MASKED_BYTES)
		return;
	for (char *at = text; (at = strstr(at, secret)); at += 3) {
		memmove(at + 3, at + length, strlen(at + length) + 1);
		memcpy(at, "***", 3);
	}
}

void source_credentials_mask(const struct source_credentials *credentials, char *text)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (keys[i].is_secret)
			mask_secret(text, *value_at(credentials, &keys[i]));
}

static void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int file_fault(const char *folder, const char *name, struct err *err)
{
	enum err_class class = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_DENIED;

	return err_set(err, class, "credentials %s%s%s: %s", folder, *name ? "/" : "", name,
		       strerror(errno));
}

/* A whole file as a string; *ret_text stays NULL where there is none. */
static int read_key(int folder_fd, const char *folder, const char *name, char **ret_text,
		    struct err *err)
{
	CLEANUP(close_p) int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(buf_release) struct buf text = BUF_INIT(CREDENTIALS_MAX_BYTES);
	char chunk[4096];
	ssize_t length;
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return file_fault(folder, name, err);
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_INVALID, "credentials %s/%s: not a file", folder, name);
	while ((length = read(fd, chunk, sizeof(chunk))) > 0)
		buf_append(&text, chunk, (size_t)length);
	explicit_bzero(chunk, sizeof(chunk));
	if (length < 0)
		return file_fault(folder, name, err);
	if (buf_check(&text, name, err) < 0)
		return err_prefix(err, "credentials %s", folder);
	if (strlen(buf_str(&text)) != text.length)
		return err_set(err, ERR_INVALID, "credentials %s/%s: has a NUL byte in it", folder,
			       name);
	*ret_text = text.length ? buf_steal(&text) : strdup("");
	return *ret_text ? 0 : err_no_memory(err);
}

static void drop_line_break(char *text)
{
	size_t length = strlen(text);

	if (length && text[length - 1] == '\n')
		text[--length] = '\0';
	if (length && text[length - 1] == '\r')
		text[--length] = '\0';
}

static int check_line(const char *folder, const struct key *key, const char *value, struct err *err)
{
	if (!*value)
		return err_set(err, ERR_INVALID, "credentials %s/%s: empty", folder, key->name);
	if (key->is_line && strpbrk(value, "\r\n"))
		return err_set(err, ERR_INVALID, "credentials %s/%s: more than one line", folder,
			       key->name);
	return 0;
}

static int check(const char *folder, const struct source_credentials *credentials, struct err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		const char *value = *value_at(credentials, &keys[i]);
		if (value && check_line(folder, &keys[i], value, err) < 0)
			return -1;
		found += value != NULL;
	}
	if (!found)
		return err_set(err, ERR_NOT_FOUND,
			       "credentials %s: none of username, password, bearerToken, identity, "
			       "known_hosts, ca.crt, tls.crt is there",
			       folder);
	if (!credentials->tls_certificate != !credentials->tls_key)
		return err_set(err, ERR_INVALID,
			       "credentials %s: a client certificate needs both tls.crt and "
			       "tls.key; %s is not there",
			       folder, credentials->tls_key ? "tls.crt" : "tls.key");
	if (credentials->bearer_token && credentials->username)
		return err_set(err, ERR_INVALID,
			       "credentials %s: both username and bearerToken; keep one of them",
			       folder);
	return 0;
}

int source_credentials_read(const char *folder, struct source_credentials *ret_credentials,
			    struct err *err)
{
	CLEANUP(source_credentials_release) struct source_credentials credentials = {0};
	CLEANUP(close_p) int top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return file_fault(folder, "", err);
	CLEANUP(close_p) int data = openat(top, "..data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = data >= 0 ? data : top;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char **value = value_at(&credentials, &keys[i]);
		if (read_key(fd, folder, keys[i].name, value, err) < 0)
			return -1;
		if (*value && keys[i].is_line)
			drop_line_break(*value);
	}
	if (check(folder, &credentials, err) < 0)
		return -1;
	*ret_credentials = credentials;
	credentials = (struct source_credentials){0};
	return 0;
}

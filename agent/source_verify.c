#include "agent/source_verify.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/child.h"
#include "diff/base64.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

#define MAX_PATH    4096
#define SHOWN_BYTES 300 /* of what a program says */
#define SSH_BEGIN   "-----BEGIN SSH SIGNATURE-----"
#define PGP_BEGIN   "-----BEGIN PGP "
#define X509_BEGIN  "-----BEGIN SIGNED MESSAGE-----"
#define KEY_BEGIN   "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define KEY_END     "-----END PGP PUBLIC KEY BLOCK-----"

/* --- files ------------------------------------------------------------------------------------ */

struct scratch {
	char path[MAX_PATH]; /* "": not made yet */
};

static int remove_any(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static void scratch_release(struct scratch *scratch)
{
	if (*scratch->path)
		nftw(scratch->path, remove_any, 4, FTW_PHYS | FTW_DEPTH);
}

static int scratch_make(struct scratch *scratch, const char *below, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	if (!below)
		below = tmp && *tmp ? tmp : "/tmp";
	snprintf(scratch->path, sizeof(scratch->path), "%s/tranche-verify-XXXXXX", below);
	if (!mkdtemp(scratch->path)) {
		*scratch->path = '\0';
		return err_set(err, ERR_DENIED, "cannot make a folder in %s: %s", below,
			       strerror(errno));
	}
	return 0;
}

/* Writes a file in the folder; its path goes to ret_path. */
static int scratch_write(const struct scratch *scratch, const char *name, const char *bytes,
			 size_t length, char ret_path[MAX_PATH], struct err *err)
{
	if (snprintf(ret_path, MAX_PATH, "%s/%s", scratch->path, name) >= MAX_PATH)
		return err_set(err, ERR_LIMIT, "%s: the path is too long", scratch->path);
	FILE *file = fopen(ret_path, "we");
	if (!file)
		return err_set(err, ERR_DENIED, "%s: %s", ret_path, strerror(errno));
	bool written = fwrite(bytes, 1, length, file) == length;
	if (fclose(file) != 0 || !written)
		return err_set(err, ERR_TRANSIENT, "%s: cannot be written", ret_path);
	return 0;
}

/* Appends a file. */
static int read_file(const char *folder, const char *name, struct buf *out, struct err *err)
{
	char path[MAX_PATH], chunk[4096];
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	if (!file)
		return err_set(err, ERR_DENIED, "%s: %s", path, strerror(errno));
	while ((length = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_append(out, chunk, length);
	bool failed = ferror(file);
	fclose(file);
	if (failed)
		return err_set(err, ERR_DENIED, "%s: cannot be read", path);
	return buf_check(out, path, err);
}

/* --- keys ------------------------------------------------------------------------------------- */

struct keys {
	struct buf signers; /* allowed_signers */
	struct buf ring;    /* OpenPGP packets */
};

static void keys_release(struct keys *keys)
{
	buf_release(&keys->signers);
	buf_release(&keys->ring);
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	return length > end_length && strcmp(name + length - end_length, end) == 0;
}

/* The lines of NAME.pub as lines of allowed_signers, for who is called NAME. */
static void add_ssh_keys(const char *name, const char *text, struct keys *keys)
{
	while (*text) {
		size_t length = strcspn(text, "\r\n");
		bool is_key = strncmp(text, "ssh-", 4) == 0 || strncmp(text, "ecdsa-", 6) == 0 ||
			      strncmp(text, "sk-", 3) == 0;

		if (is_key) {
			for (const char *p = name; *p && strcmp(p, ".pub") != 0; p++)
				buf_putc(&keys->signers,
					 isalnum((unsigned char)*p) || strchr("@._-", *p) ? *p
											  : '_');
			buf_puts(&keys->signers, " namespaces=\"git\" ");
			buf_append(&keys->signers, text, length);
			buf_putc(&keys->signers, '\n');
		}
		text += length + strspn(text + length, "\r\n");
	}
}

/* One armoured block (RFC 4880, section 6.2), without its headers and checksum. */
static bool add_armoured(const char *start, const char *end, struct buf *ring)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(VERIFY_MAX_KEYS_BYTES);
	const char *body = start + strcspn(start, "\n");
	size_t length;

	while (body < end && *body) { /* headers, up to an empty line */
		const char *line = body + 1;
		size_t line_length = strcspn(line, "\r\n");
		body = line + strcspn(line, "\n");
		if (line_length == 0)
			break;
	}
	for (const char *line = body; line < end;) {
		line += strspn(line, "\r\n");
		size_t line_length = strcspn(line, "\r\n");
		if (line >= end || *line == '=' || *line == '-')
			break;
		buf_append(&text, line, line_length);
		line += line_length;
	}
	if (!text.data || text.broken_memory || text.broken_cap)
		return false;
	length = text.length;
	if (!base64_decode(text.data, &length))
		return false;
	buf_append(ring, text.data, length);
	return true;
}

static int add_pgp_keys(const char *folder, const char *name, const struct buf *file,
			struct keys *keys, struct err *err)
{
	const char *at = buf_str(file), *end;

	if (!strstr(at, KEY_BEGIN)) {
		buf_append(&keys->ring, file->data, file->length);
		return 0;
	}
	while ((at = strstr(at, KEY_BEGIN))) {
		end = strstr(at, KEY_END);
		if (!end || !add_armoured(at, end, &keys->ring))
			return err_set(err, ERR_INVALID, "%s/%s: a key block that cannot be read",
				       folder, name);
		at = end;
	}
	return 0;
}

static int add_file(const char *folder, const char *name, struct keys *keys, struct err *err)
{
	CLEANUP(buf_release) struct buf file = BUF_INIT(VERIFY_MAX_KEYS_BYTES);
	bool is_list = strcmp(name, "allowed_signers") == 0;
	bool is_ssh = ends_with(name, ".pub");

	if (!is_list && !is_ssh && !ends_with(name, ".gpg") && !ends_with(name, ".asc"))
		return 0;
	if (read_file(folder, name, &file, err) < 0)
		return -1;
	if (is_list) {
		buf_append(&keys->signers, buf_str(&file), file.length);
		buf_putc(&keys->signers, '\n');
		return 0;
	}
	if (is_ssh) {
		add_ssh_keys(name, buf_str(&file), keys);
		return 0;
	}
	return add_pgp_keys(folder, name, &file, keys, err);
}

static int read_keys(const char *folder, struct keys *keys, struct err *err)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	int result = 0;

	if (!directory)
		return err_set(err, ERR_NOT_FOUND, "--verify %s: %s", folder, strerror(errno));
	while (result == 0 && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			result = add_file(folder, entry->d_name, keys, err);
	closedir(directory);
	if (result < 0 || buf_check(&keys->signers, folder, err) < 0 ||
	    buf_check(&keys->ring, folder, err) < 0)
		return -1;
	return 0;
}

/* --- asking the programs ----------------------------------------------------------------------- */

static int run(const char *const *args, const char *input, size_t length,
	       struct child_result *ret_result, struct err *err)
{
	const struct child_options options = {
		.file = args[0],
		.args = args,
		.input = input,
		.input_length = length,
		.deadline_ms = VERIFY_MS,
	};

	if (child_run(&options, ret_result, err) == 0)
		return 0;
	if (err->class == ERR_NOT_FOUND)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s, which checks signatures, is not installed", args[0]);
	return -1;
}

static int refuse(const struct signed_text *text, const char *folder,
		  const struct child_result *said, struct err *err)
{
	CLEANUP(buf_release) struct buf words = BUF_INIT(SHOWN_BYTES + 4);
	const char *from = buf_str(&said->errors);

	if (!*from)
		from = buf_str(&said->output);
	for (bool blank = true; *from && words.length < SHOWN_BYTES; from++) {
		bool is_blank = (unsigned char)*from <= ' ' || *from == 0x7f;
		if (!(blank && is_blank))
			buf_putc(&words, is_blank ? ' ' : *from);
		blank = is_blank;
	}
	return err_set(err, ERR_DENIED, "%s is not signed by a key of %s, and is not applied (%s)",
		       text->what, folder, buf_str(&words));
}

static void print_time(int64_t when_s, char *out, size_t size)
{
	time_t when = (time_t)when_s;
	struct tm local;

	if (!localtime_r(&when, &local) ||
	    !strftime(out, size, "-Overify-time=%Y%m%d%H%M%S", &local))
		snprintf(out, size, "-Overify-time=19700101000000");
}

/* As git does: whose key it is, then whether the signature is good for one of these names. */
static int verify_ssh(const char *folder, const struct scratch *scratch, const struct keys *keys,
		      const struct signed_text *text, struct err *err)
{
	CLEANUP(child_result_release) struct child_result found = {0};
	char signers[MAX_PATH], signature[MAX_PATH], when[64];
	char *rest, *name;

	if (!keys->signers.length)
		return err_set(err, ERR_NOT_FOUND,
			       "%s is signed with SSH, and --verify %s has no SSH key (*.pub, "
			       "allowed_signers)",
			       text->what, folder);
	print_time(text->when_s, when, sizeof(when));
	if (scratch_write(scratch, "signers", keys->signers.data, keys->signers.length, signers,
			  err) < 0 ||
	    scratch_write(scratch, "signature", text->signature, strlen(text->signature), signature,
			  err) < 0)
		return -1;
	const char *const find[] = {
		"ssh-keygen", "-Y", "find-principals", "-f", signers, "-s", signature, when, NULL};
	if (run(find, "", 0, &found, err) < 0)
		return -1;
	if (found.exit_code != 0 || !found.output.length)
		return refuse(text, folder, &found, err);
	for (rest = found.output.data; (name = strsep(&rest, "\n"));) {
		CLEANUP(child_result_release) struct child_result result = {0};
		const char *const verify[] = {"ssh-keygen", "-Y",    "verify", "-n", "git",
					      "-f",         signers, "-I",     name, "-s",
					      signature,    when,    NULL};

		if (!*name)
			continue;
		if (run(verify, text->payload, text->payload_length, &result, err) < 0)
			return -1;
		if (result.exit_code == 0)
			return 0;
		if (!rest || !*rest)
			return refuse(text, folder, &result, err);
	}
	return refuse(text, folder, &found, err);
}

/* Whether a line of the status says so. */
static bool says(const char *status, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = status; (at = strstr(at, "[GNUPG:] ")); at++)
		if ((at == status || at[-1] == '\n') && strncmp(at + 9, word, length) == 0 &&
		    at[9 + length] == ' ')
			return true;
	return false;
}

static int verify_pgp(const char *folder, const struct scratch *scratch, const struct keys *keys,
		      const struct signed_text *text, struct err *err)
{
	CLEANUP(child_result_release) struct child_result result = {0};
	char ring[MAX_PATH], signature[MAX_PATH];

	if (!keys->ring.length)
		return err_set(err, ERR_NOT_FOUND,
			       "%s is signed with OpenPGP, and --verify %s has no such key (*.gpg, "
			       "*.asc)",
			       text->what, folder);
	if (scratch_write(scratch, "ring.gpg", keys->ring.data, keys->ring.length, ring, err) < 0 ||
	    scratch_write(scratch, "signature", text->signature, strlen(text->signature), signature,
			  err) < 0)
		return -1;
	const char *const verify[] = {"gpgv",        "--homedir", scratch->path, "--keyring", ring,
				      "--status-fd", "1",         signature,     "-",         NULL};
	if (run(verify, text->payload, text->payload_length, &result, err) < 0)
		return -1;
	const char *status = buf_str(&result.output);
	/* GOODSIG is not said of a key or signature that has expired or was revoked. */
	if (result.exit_code == 0 && says(status, "GOODSIG") && says(status, "VALIDSIG") &&
	    !says(status, "BADSIG") && !says(status, "ERRSIG"))
		return 0;
	return refuse(text, folder, &result, err);
}

int source_verify(const char *keys_folder, const char *scratch_folder,
		  const struct signed_text *text, struct err *err)
{
	CLEANUP(scratch_release) struct scratch scratch = {0};
	CLEANUP(keys_release)
	struct keys keys = {.signers = BUF_INIT(VERIFY_MAX_KEYS_BYTES),
			    .ring = BUF_INIT(VERIFY_MAX_KEYS_BYTES)};
	const char *signature = text->signature;

	if (read_keys(keys_folder, &keys, err) < 0)
		return -1;
	if (!keys.signers.length && !keys.ring.length)
		return err_set(err, ERR_NOT_FOUND,
			       "--verify %s: no key (*.pub, allowed_signers, *.gpg, *.asc)",
			       keys_folder);
	if (!signature || !*signature)
		return err_set(err, ERR_DENIED, "%s is not signed, and is not applied", text->what);
	if (scratch_make(&scratch, scratch_folder, err) < 0)
		return -1;
	if (strncmp(signature, SSH_BEGIN, strlen(SSH_BEGIN)) == 0)
		return verify_ssh(keys_folder, &scratch, &keys, text, err);
	if (strncmp(signature, PGP_BEGIN, strlen(PGP_BEGIN)) == 0)
		return verify_pgp(keys_folder, &scratch, &keys, text, err);
	return err_set(err, ERR_UNSUPPORTED, "%s is signed with %s, which is not supported",
		       text->what,
		       strncmp(signature, X509_BEGIN, strlen(X509_BEGIN)) == 0 ? "X.509"
									       : "something else");
}

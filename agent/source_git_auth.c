#include "agent/source_git_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/source_git_tls.h"
#include "agent/source_private.h"
#include "diff/base64.h"
#include "diff/buf.h"

#define SOME_KEY       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* as short as libssh2 takes */
#define SSH_PORT       22
#define HOME_IN_CLONE  "tranche-home"
#define MAX_PATH_BYTES 4096

/* --- what the URL says ------------------------------------------------------------------------ */

static bool has_scheme(const char *url, const char *scheme)
{
	size_t length = strlen(scheme);

	return strncmp(url, scheme, length) == 0 && strncmp(url + length, "://", 3) == 0;
}

/* "host", "host:22", "[::1]:22" or, in the scp form, "[host:22]". */
static int take_host(struct git_call *call, const char *text, size_t length)
{
	const char *end = text + length, *host = text, *host_end = end, *colon;

	if (length && *text == '[') {
		const char *close = memchr(text, ']', length);
		host = text + 1;
		host_end = close ? close : end;
		colon = close && close + 1 < end && close[1] == ':' ? close + 1 : NULL;
		/* [host:22]: one colon inside, so that it is no IPv6 address. */
		const char *inner = memchr(host, ':', (size_t)(host_end - host));
		if (inner && !memchr(inner + 1, ':', (size_t)(host_end - inner - 1))) {
			colon = inner;
			host_end = inner;
		}
	} else {
		colon = memchr(text, ':', length);
		host_end = colon ? colon : end;
	}
	call->port = colon ? atoi(colon + 1) : SSH_PORT;
	call->host = strndup(host, (size_t)(host_end - host));
	return call->host ? 0 : -1;
}

/* Host and port of an SSH URL; other URLs have none. */
static int take_url(struct git_call *call)
{
	const char *url = call->request->url, *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t authority = scheme ? strcspn(host, "/") : strcspn(host, "/:");

	if (!scheme && (*host == '[' || strstr(host, "@[")))
		authority = strcspn(host, "]") + 1;
	const char *at = memrchr(host, '@', authority);
	const char *colon = scheme && at ? memchr(host, ':', (size_t)(at - host)) : NULL;
	if (colon && !(call->url_password = strndup(colon + 1, (size_t)(at - colon - 1))))
		return -1;
	if (scheme && !has_scheme(url, "ssh") && !has_scheme(url, "ssh+git") &&
	    !has_scheme(url, "git+ssh"))
		return 0;
	if (at) {
		authority -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return take_host(call, host, authority);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int read_text(const char *path, char **ret_text)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CREDENTIALS_MAX_BYTES);
	char chunk[4096];
	size_t length;
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	while ((length = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_append(&text, chunk, length);
	fclose(file);
	*ret_text = buf_steal(&text);
	return 0;
}

/* Those of the credentials, or the user's own. */
static int read_known_hosts(struct git_call *call, struct err *err)
{
	const char *home = getenv("HOME");

	if (call->credentials.known_hosts) {
		call->known_hosts = strdup(call->credentials.known_hosts);
		if (asprintf(&call->known_hosts_name, "%s/known_hosts",
			     call->request->credentials) < 0)
			call->known_hosts_name = NULL;
		return call->known_hosts && call->known_hosts_name ? 0 : err_no_memory(err);
	}
	if (asprintf(&call->known_hosts_name, "%s/.ssh/known_hosts", home ? home : "") < 0) {
		call->known_hosts_name = NULL;
		return err_no_memory(err);
	}
	return read_text(call->known_hosts_name, &call->known_hosts);
}

int git_call_init(struct git_call *call, const struct remote_request *request, struct err *err)
{
	*call = (struct git_call){.request = request};
	if (request->credentials &&
	    source_credentials_read(request->credentials, &call->credentials, err) < 0)
		return -1;
	if (take_url(call) < 0)
		return err_no_memory(err);
	if (call->host)
		return read_known_hosts(call, err);
	if (call->credentials.bearer_token &&
	    asprintf(&call->bearer_header, "Authorization: Bearer %s",
		     call->credentials.bearer_token) < 0) {
		call->bearer_header = NULL;
		return err_no_memory(err);
	}
	return 0;
}

void git_call_release(struct git_call *call)
{
	git_tls_end();
	source_credentials_release(&call->credentials);
	if (call->bearer_header)
		explicit_bzero(call->bearer_header, strlen(call->bearer_header));
	free(call->bearer_header);
	if (call->url_password)
		explicit_bzero(call->url_password, strlen(call->url_password));
	free(call->url_password);
	free(call->host);
	free(call->known_hosts);
	free(call->known_hosts_name);
}

void git_call_mask(const struct git_call *call, struct err *err)
{
	source_credentials_mask(&call->credentials, err->message);
	mask_secret(err->message, call->url_password);
}

/* --- who we are ------------------------------------------------------------------------------- */

static int refuse(struct git_call *call, const char *what)
{
	const struct remote_request *request = call->request;

	if (*what)
		err_set(&call->err, ERR_DENIED, "the server refuses %s of %s", what,
			request->credentials);
	else
		err_set(&call->err, ERR_DENIED,
			"the server asks who we are; name a folder of credentials with "
			"--git-credentials");
	return GIT_EAUTH;
}

static int http_credential(git_credential **out, struct git_call *call)
{
	const struct source_credentials *mine = &call->credentials;

	if (mine->bearer_token)
		return refuse(call, "the bearer token");
	if (call->url_password && !mine->username) {
		err_set(&call->err, ERR_DENIED, "the server refuses the password in the URL");
		return GIT_EAUTH;
	}
	if (!mine->username || !mine->password)
		return call->request->credentials ? refuse(call, "what there is")
						  : refuse(call, "");
	if (call->attempts > 1)
		return refuse(call, "the username and password");
	return git_credential_userpass_plaintext_new(out, mine->username, mine->password);
}

/* A private key as OpenSSH or OpenSSL writes it: "ssh-rsa" is in the former as base64. */
static bool is_rsa(const char *identity)
{
	return strstr(identity, "BEGIN RSA") || strstr(identity, "AAAAdzc2gtcn");
}

static int ssh_credential(git_credential **out, struct git_call *call, const char *user,
			  unsigned int allowed)
{
	const struct source_credentials *mine = &call->credentials;

	if (!user)
		user = mine->username && !mine->identity ? mine->username : "git";
	if (allowed & GIT_CREDENTIAL_USERNAME) {
		call->attempts--; /* a name alone proves nothing yet */
		return git_credential_username_new(out, user);
	}
	if (mine->identity && (allowed & GIT_CREDENTIAL_SSH_KEY)) {
		if (call->attempts > 1)
			return refuse(call, is_rsa(mine->identity)
						    ? "the RSA identity (libssh2 signs "
						      "with SHA-1, which newer servers "
						      "refuse: use ed25519)"
						    : "the identity");
		return git_credential_ssh_key_memory_new(out, user, mine->identity_pub,
							 mine->identity,
							 mine->password ? mine->password : "");
	}
	if (!mine->identity && mine->password && (allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT)) {
		if (call->attempts > 1)
			return refuse(call, "the password");
		return git_credential_userpass_plaintext_new(out, user, mine->password);
	}
	if (call->request->credentials)
		return refuse(call, "what there is");
	if (call->attempts > 1 || !(allowed & GIT_CREDENTIAL_SSH_KEY) || !getenv("SSH_AUTH_SOCK"))
		return refuse(call, "");
	return git_credential_ssh_key_from_agent(out, user);
}

static int on_credentials(git_credential **out, const char *url, const char *user,
			  unsigned int allowed, void *payload)
{
	struct git_call *call = payload;

	(void)url;
	call->attempts++; /* the same answer would be refused again, for ever */
	return call->host ? ssh_credential(out, call, user, allowed) : http_credential(out, call);
}

/* --- the server's key ------------------------------------------------------------------------- */

static const char *type_of(const git_cert_hostkey *key)
{
	switch (key->raw_type) {
	case GIT_CERT_SSH_RAW_TYPE_RSA: return "ssh-rsa";
	case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_256: return "ecdsa-sha2-nistp256";
	case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_384: return "ecdsa-sha2-nistp384";
	case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_521: return "ecdsa-sha2-nistp521";
	case GIT_CERT_SSH_RAW_TYPE_KEY_ED25519: return "ssh-ed25519";
	default: return "a key of an old type";
	}
}

/* "ssh-ed25519 SHA256:...", as ssh-keygen -l has it. */
static void print_key(const git_cert_hostkey *key, struct buf *out)
{
	buf_puts(out, type_of(key));
	if (key->type & GIT_CERT_SSH_SHA256) {
		buf_puts(out, " SHA256:");
		base64_print((const char *)key->hash_sha256, sizeof(key->hash_sha256), out);
		buf_truncate(out, out->length - 1); /* one "=" of padding */
	}
}

/* Whether known_hosts has a key of the type for the server. */
static bool has_type(const struct git_call *call, const char *name)
{
	unsigned types = 0;
	struct err err;

	known_hosts_types(call->known_hosts, call->host, call->port, &types, &err);
	for (int type = 0; type < HOST_KEY_TYPE_COUNT; type++)
		if (strcmp(host_key_type_name((enum host_key_type)type), name) == 0)
			return types & 1u << type;
	return false;
}

static int refuse_server(struct git_call *call, enum known_host verdict,
			 const git_cert_hostkey *key)
{
	CLEANUP(buf_release) struct buf shown = BUF_INIT(256);
	const char *from = call->known_hosts_name;

	print_key(key, &shown);
	if (verdict == KNOWN_HOST_CHANGED && !has_type(call, type_of(key)))
		err_set(&call->err, ERR_DENIED,
			"%s port %d and we agree on no type of key that %s has for it; it shows "
			"%s; nothing was sent; check that key and add it",
			call->host, call->port, from, buf_str(&shown));
	else if (verdict == KNOWN_HOST_CHANGED)
		err_set(&call->err, ERR_DENIED,
			"%s port %d shows another key (%s) than %s has for it: it was replaced, or "
			"somebody is in between; nothing was sent",
			call->host, call->port, buf_str(&shown), from);
	else if (verdict == KNOWN_HOST_REVOKED)
		err_set(&call->err, ERR_DENIED,
			"%s port %d shows a key (%s) that %s calls revoked; nothing was sent",
			call->host, call->port, buf_str(&shown), from);
	else
		err_set(&call->err, ERR_DENIED,
			"%s port %d is not in %s (its key: %s); nothing was sent; check the key "
			"and add what ssh-keyscan -p %d %s prints",
			call->host, call->port, from, buf_str(&shown), call->port, call->host);
	return GIT_ECERTIFICATE;
}

static int check_host_key(struct git_call *call, const git_cert_hostkey *key)
{
	enum known_host verdict = KNOWN_HOST_UNKNOWN;

	if (!(key->type & GIT_CERT_SSH_RAW)) {
		err_set(&call->err, ERR_DENIED, "%s port %d shows no key", call->host, call->port);
		return GIT_ECERTIFICATE;
	}
	if (call->known_hosts &&
	    known_hosts_judge(call->known_hosts, call->host, call->port, key->hostkey,
			      key->hostkey_len, &verdict, &call->err) < 0)
		return GIT_ECERTIFICATE;
	return verdict == KNOWN_HOST_ACCEPTED ? 0 : refuse_server(call, verdict, key);
}

static int on_certificate(git_cert *certificate, int is_valid, const char *host, void *payload)
{
	struct git_call *call = payload;

	(void)host;
	if (certificate->cert_type == GIT_CERT_HOSTKEY_LIBSSH2)
		return check_host_key(call, (const git_cert_hostkey *)(const void *)certificate);
	return is_valid ? 0 : GIT_PASSTHROUGH; /* libgit2 says what is wrong with it */
}

/* --- how much --------------------------------------------------------------------------------- */

static int on_progress(const git_indexer_progress *progress, void *payload)
{
	struct git_call *call = payload;
	const struct remote_request *request = call->request;

	if ((int64_t)progress->received_bytes > request->max_bytes) {
		err_set(&call->err, ERR_LIMIT, "more than %lld bytes to fetch; nothing was kept",
			(long long)request->max_bytes);
		return GIT_EUSER;
	}
	if ((int64_t)progress->total_objects > request->max_objects) {
		err_set(&call->err, ERR_LIMIT, "more than %lld objects to fetch; nothing was kept",
			(long long)request->max_objects);
		return GIT_EUSER;
	}
	return 0;
}

void git_call_prepare(struct git_call *call, git_remote_callbacks *callbacks)
{
	call->attempts = 0;
	call->err.class = ERR_NONE;
	callbacks->credentials = on_credentials;
	callbacks->certificate_check = on_certificate;
	callbacks->transfer_progress = on_progress;
	callbacks->payload = call;
}

/* --- what libgit2 reads from files ------------------------------------------------------------ */

/* Writes FOLDER/tranche-home/NAME. */
static int write_home_file(const char *folder, const char *name, const char *text, struct err *err)
{
	char path[MAX_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/" HOME_IN_CLONE, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/" HOME_IN_CLONE "/.ssh", folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/" HOME_IN_CLONE "/%s", folder, name);
	FILE *file = fopen(path, "we");
	if (!file)
		return err_set(err, ERR_DENIED, "%s: %m", path);
	bool written = fputs(text, file) >= 0;
	if (fclose(file) != 0 || !written)
		return err_set(err, ERR_TRANSIENT, "%s: %m", path);
	return 0;
}

int git_call_prefer(const struct git_call *call, enum host_key_type type, struct err *err)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(MAX_PATH_BYTES);
	char home[MAX_PATH_BYTES];

	/* The key itself does not matter: libgit2 takes the type, and on_certificate decides. */
	if (type != HOST_KEY_TYPE_COUNT)
		buf_printf(&line, "%s %s " SOME_KEY "\n", call->host, host_key_type_name(type));
	if (write_home_file(call->request->folder, ".ssh/known_hosts", buf_str(&line), err) < 0)
		return -1;
	snprintf(home, sizeof(home), "%s/" HOME_IN_CLONE, call->request->folder);
	setenv("HOME", home, 1);
	return 0;
}

int git_call_trust(const struct git_call *call, struct err *err)
{
	const struct source_credentials *credentials = &call->credentials;
	char path[MAX_PATH_BYTES];

	if (credentials->tls_certificate)
		return git_tls_begin(credentials, call->request->credentials, err);
	if (!credentials->ca_certificate)
		return 0;
	if (write_home_file(call->request->folder, "ca.crt", credentials->ca_certificate, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/" HOME_IN_CLONE "/ca.crt", call->request->folder);
	int code = git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, path, NULL);
	return code < 0 ? git_fail(err, code, "credentials %s/ca.crt", call->request->credentials)
			: 0;
}

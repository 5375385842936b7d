#include "tests/kubesim/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "diff/buf.h"
#include "diff/cleanup.h"
#include "tests/kubesim/alloc.h"

#define VALID_SECONDS    (10L * 365 * 24 * 3600)
#define SKEW_SECONDS     (24L * 3600)
#define TOKEN_BYTES      24
#define MAX_CONFIG_BYTES (64u * 1024)

static void pkey_free_p(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void x509_free_p(X509 **certificate)
{
	X509_free(*certificate);
}

static void bio_free_p(BIO **bio)
{
	BIO_free(*bio);
}

static int add_extension(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int added;

	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension)
		return 0;
	added = X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return added;
}

static X509 *make_certificate(EVP_PKEY *key)
{
	CLEANUP(x509_free_p) X509 *certificate = X509_new();
	X509_NAME *name;
	int64_t serial;

	if (!certificate || RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
		return NULL;
	name = X509_get_subject_name(certificate);
	if (!X509_set_version(certificate, 2) ||
	    !ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial & INT64_MAX) ||
	    !X509_gmtime_adj(X509_getm_notBefore(certificate), -SKEW_SECONDS) ||
	    !X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS) ||
	    !X509_set_pubkey(certificate, key) ||
	    !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"kubesim",
					-1, -1, 0) ||
	    !X509_set_issuer_name(certificate, name) ||
	    !add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") ||
	    !add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") ||
	    !add_extension(certificate, NID_ext_key_usage, "serverAuth") ||
	    !add_extension(certificate, NID_subject_alt_name,
			   "DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1") ||
	    !X509_sign(certificate, key, EVP_sha256()))
		return NULL;
	return STEAL(certificate);
}

/* What was written to a memory BIO, as a string. */
static char *take_text(BIO *bio)
{
	char *bytes;
	long length = BIO_get_mem_data(bio, &bytes);

	return must(strndup(bytes, (size_t)length));
}

static char *make_token(void)
{
	unsigned char bytes[TOKEN_BYTES];
	char *token = alloc_zero(2 * sizeof(bytes) + 1);

	if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
		free(token);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(token + 2 * i, "%02x", bytes[i]);
	return token;
}

int credentials_make(struct credentials *ret_credentials, struct err *err)
{
	CLEANUP(credentials_release) struct credentials made = {0};
	CLEANUP(pkey_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(x509_free_p) X509 *certificate = key ? make_certificate(key) : NULL;
	CLEANUP(bio_free_p) BIO *certificate_pem = BIO_new(BIO_s_mem());
	CLEANUP(bio_free_p) BIO *key_pem = BIO_new(BIO_s_mem());

	made.token = make_token();
	if (!certificate || !made.token || !PEM_write_bio_X509(certificate_pem, certificate) ||
	    !PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL))
		return err_set(err, ERR_INTERNAL, "the server's certificate could not be made");
	made.certificate = take_text(certificate_pem);
	made.private_key = take_text(key_pem);
	*ret_credentials = made;
	made = (struct credentials){0};
	return 0;
}

void credentials_release(struct credentials *credentials)
{
	free(credentials->certificate);
	free(credentials->private_key);
	free(credentials->token);
	*credentials = (struct credentials){0};
}

static void print_kubeconfig(const struct credentials *credentials, const char *server_url,
			     struct buf *out)
{
	size_t length = strlen(credentials->certificate);
	CLEANUP(free_p) char *base64 = alloc_zero(4 * ((length + 2) / 3) + 1);
	bool secure = strncmp(server_url, "https:", 6) == 0;

	EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)credentials->certificate,
			(int)length);
	buf_puts(out, "apiVersion: v1\nkind: Config\nclusters:\n- name: kubesim\n  cluster:\n");
	buf_printf(out, "    server: %s\n", server_url);
	if (secure)
		buf_printf(out, "    certificate-authority-data: %s\n", base64);
	buf_printf(out, "users:\n- name: kubesim\n  user:\n    token: %s\n", credentials->token);
	buf_puts(out, "contexts:\n- name: kubesim\n  context:\n    cluster: kubesim\n"
		      "    user: kubesim\n    namespace: default\ncurrent-context: kubesim\n");
}

static int write_whole(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0)
			return -1;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

int credentials_write_kubeconfig(const struct credentials *credentials, const char *server_url,
				 const char *path, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_CONFIG_BYTES);
	CLEANUP(free_p) char *temporary = alloc_printf("%s.%ld.tmp", path, (long)getpid());
	int fd, failed;

	print_kubeconfig(credentials, server_url, &text);
	if (buf_check(&text, "kubeconfig", err) < 0)
		return -1;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_INVALID, "%s: %s", temporary, strerror(errno));
	failed = write_whole(fd, text.data, text.length) < 0;
	failed |= close(fd) < 0;
	if (!failed && rename(temporary, path) == 0)
		return 0;
	err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno));
	unlink(temporary);
	return -1;
}

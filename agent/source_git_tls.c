#include "agent/source_git_tls.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <git2.h>
#include <git2/sys/stream.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "agent/source_git_error.h"
#include "diff/cleanup.h"

/* The list that libgit2 and libcurl of Debian use; that of OpenSSL is elsewhere. */
#define SYSTEM_CAS        "/etc/ssl/certs/ca-certificates.crt"
#define MAX_MESSAGE_BYTES 1024

/* libgit2 hands nothing of ours to a new stream, so what all of them share is the process's. */
static struct {
	SSL_CTX *context;
	BIO_METHOD *method; /* of BIOs over a stream of libgit2's */
	char *folder;
} shared;

struct tls_stream {
	git_stream parent; /* first: libgit2 has a pointer to it */
	SSL *ssl;
	char *host, *port;
	git_stream *inner; /* through a proxy: libgit2's own stream to it; NULL: `fd` */
	int fd;
	bool is_open;         /* the handshake is over, and nothing has failed */
	bool is_answered;     /* the server has sent something after the handshake */
	bool is_inner_broken; /* libgit2 has said why */
	git_cert_x509 certificate;
};

static struct tls_stream *stream_of(git_stream *base)
{
	return (struct tls_stream *)(void *)base;
}

/* --- errors ----------------------------------------------------------------------------------- */

/* Sets libgit2's error. Returns `code`. */
static int PRINTF(3, 4) say(int code, int class, const char *format, ...)
{
	char text[MAX_MESSAGE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	git_error_set_str(class, text);
	return code;
}

/* OpenSSL's word for what failed first. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	return text ? text : "unknown error of OpenSSL";
}

static int refuse_server(const struct tls_stream *stream, long verdict)
{
	const char *what = "it is not correctly signed by the trusted CA";

	switch (verdict) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return say(GIT_ECERTIFICATE, GIT_ERROR_SSL,
			   "the SSL certificate is invalid: it does not match the name %s",
			   stream->host);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE: break;
	default: what = X509_verify_cert_error_string(verdict);
	}
	return say(GIT_ECERTIFICATE, GIT_ERROR_SSL, "the SSL certificate is invalid: %s", what);
}

/* Whether what OpenSSL reports is the server's word that our certificate is not good enough. */
static bool is_refused(unsigned long error)
{
	switch (ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_CERTIFICATE_REQUIRED:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED: return ERR_GET_LIB(error) == ERR_LIB_SSL;
	default: return false;
	}
}

/* With TLS 1.3 a server looks at our certificate only once the handshake is over for us. */
static int lost(const struct tls_stream *stream, const char *why)
{
	if (stream->is_open && !stream->is_answered)
		return say(-1, GIT_ERROR_SSL,
			   "%s after the TLS handshake: it may not accept the client "
			   "certificate of %s",
			   why, shared.folder);
	return say(-1, GIT_ERROR_SSL, "%s", why);
}

/* What a call of OpenSSL failed of. Returns what libgit2 is to get; the stream is done. */
static int fail(struct tls_stream *stream, int result)
{
	int number = errno, kind = SSL_get_error(stream->ssl, result);
	long verdict = SSL_get_verify_result(stream->ssl);
	unsigned long error = ERR_peek_error();
	char why[MAX_MESSAGE_BYTES / 2];
	int code;

	if (verdict != X509_V_OK)
		code = refuse_server(stream, verdict);
	else if (stream->is_inner_broken)
		code = -1;
	else if (is_refused(error))
		code = say(GIT_ECERTIFICATE, GIT_ERROR_SSL,
			   "the server refuses the client certificate of %s: %s", shared.folder,
			   reason());
	else if (kind == SSL_ERROR_SSL &&
		 ERR_GET_REASON(error) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		code = say(-1, GIT_ERROR_SSL, "SSL error: %s", reason());
	else if (kind == SSL_ERROR_SYSCALL && number) {
		snprintf(why, sizeof(why), "the connection broke (%s)", strerror(number));
		code = lost(stream, why);
	} else
		code = lost(stream, "the server closed the connection");
	stream->is_open = false;
	return code;
}

/* --- a BIO over a stream of libgit2's ----------------------------------------------------------- */

static int inner_write(BIO *bio, const char *data, int length)
{
	struct tls_stream *stream = BIO_get_data(bio);
	ssize_t written = stream->inner->write(stream->inner, data, (size_t)length, 0);

	stream->is_inner_broken |= written < 0;
	return (int)written;
}

static int inner_read(BIO *bio, char *data, int length)
{
	struct tls_stream *stream = BIO_get_data(bio);
	ssize_t count = stream->inner->read(stream->inner, data, (size_t)length);

	stream->is_inner_broken |= count < 0;
	return (int)count;
}

static long inner_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static int inner_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

static BIO_METHOD *new_method(void)
{
	BIO_METHOD *method =
		BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream of libgit2");

	if (method && BIO_meth_set_write(method, inner_write) &&
	    BIO_meth_set_read(method, inner_read) && BIO_meth_set_ctrl(method, inner_control) &&
	    BIO_meth_set_create(method, inner_create))
		return method;
	BIO_meth_free(method);
	return NULL;
}

/* --- connecting ------------------------------------------------------------------------------- */

static int open_socket(struct tls_stream *stream)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int last = 0, code = getaddrinfo(stream->host, stream->port, &hints, &list);

	if (code != 0)
		return say(-1, GIT_ERROR_NET, "failed to resolve address for %s: %s", stream->host,
			   gai_strerror(code));
	for (const struct addrinfo *at = list; at && stream->fd < 0; at = at->ai_next) {
		int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
			stream->fd = fd;
			break;
		}
		last = errno;
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(list);
	return stream->fd < 0 ? say(-1, GIT_ERROR_NET, "failed to connect to %s: %s", stream->host,
				    strerror(last))
			      : 0;
}

/* Whom the server has to be; it is told the name, unless that is an address (RFC 6066, 3). */
static bool expect_host(struct tls_stream *stream)
{
	SSL *ssl = stream->ssl;

	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), stream->host))
		return true;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, stream->host) && SSL_set_tlsext_host_name(ssl, stream->host);
}

static bool attach(struct tls_stream *stream)
{
	BIO *bio = stream->inner ? BIO_new(shared.method) : BIO_new_socket(stream->fd, BIO_NOCLOSE);

	if (!bio)
		return false;
	if (stream->inner)
		BIO_set_data(bio, stream);
	SSL_set_bio(stream->ssl, bio, bio);
	return true;
}

/* A signal, or a message of TLS's own, came in between. */
static bool is_again(const struct tls_stream *stream, int result)
{
	int kind = SSL_get_error(stream->ssl, result);

	return kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE;
}

static int tls_connect(git_stream *base)
{
	struct tls_stream *stream = stream_of(base);
	int result;

	if (!stream->inner && open_socket(stream) < 0)
		return -1;
	if (!attach(stream) || !expect_host(stream))
		return say(-1, GIT_ERROR_SSL, "SSL error: %s", reason());
	do {
		ERR_clear_error();
		errno = 0;
		result = SSL_connect(stream->ssl);
	} while (result <= 0 && is_again(stream, result));
	stream->is_open = result > 0;
	return result > 0 ? 0 : fail(stream, result);
}

/* libgit2 asks for it after a failure, too: then what is wrong was said. */
static int tls_certificate(git_cert **ret_certificate, git_stream *base)
{
	struct tls_stream *stream = stream_of(base);
	X509 *certificate = SSL_get0_peer_certificate(stream->ssl);
	unsigned char *encoded = NULL;

	if (!certificate)
		return GIT_ECERTIFICATE;
	int length = i2d_X509(certificate, &encoded);
	if (length < 0)
		return say(-1, GIT_ERROR_SSL, "SSL error: %s", reason());
	OPENSSL_free(stream->certificate.data);
	stream->certificate = (git_cert_x509){
		.parent.cert_type = GIT_CERT_X509,
		.data = encoded,
		.len = (size_t)length,
	};
	*ret_certificate = &stream->certificate.parent;
	return 0;
}

/* --- afterwards ------------------------------------------------------------------------------- */

static ssize_t tls_read(git_stream *base, void *data, size_t size)
{
	struct tls_stream *stream = stream_of(base);
	size_t count = 0;
	int result;

	do {
		ERR_clear_error();
		errno = 0;
		result = SSL_read_ex(stream->ssl, data, size, &count);
	} while (result <= 0 && is_again(stream, result));
	if (result <= 0 && SSL_get_error(stream->ssl, result) == SSL_ERROR_ZERO_RETURN &&
	    stream->is_answered)
		return 0;
	if (result <= 0)
		return fail(stream, result);
	stream->is_answered = true;
	return (ssize_t)count;
}

/*
 * A server that refuses our certificate has closed the connection by the time we write; what it said
 * before that can still be read.
 */
static int write_failed(struct tls_stream *stream, int result)
{
	bool is_broken = SSL_get_error(stream->ssl, result) == SSL_ERROR_SYSCALL;
	int number = errno;
	char byte;

	if (is_broken && !stream->is_answered && !stream->is_inner_broken) {
		ERR_clear_error();
		if (SSL_read(stream->ssl, &byte, 1) <= 0 && is_refused(ERR_peek_error()))
			return fail(stream, 0);
		errno = number;
	}
	return fail(stream, result);
}

static ssize_t tls_write(git_stream *base, const char *data, size_t size, int flags)
{
	struct tls_stream *stream = stream_of(base);
	size_t count = 0;
	int result;

	(void)flags;
	do {
		ERR_clear_error();
		errno = 0;
		result = SSL_write_ex(stream->ssl, data, size, &count);
	} while (result <= 0 && is_again(stream, result));
	return result > 0 ? (ssize_t)count : write_failed(stream, result);
}

static int tls_close(git_stream *base)
{
	struct tls_stream *stream = stream_of(base);

	if (stream->is_open)
		SSL_shutdown(stream->ssl); /* our farewell; its is not waited for */
	stream->is_open = false;
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
	return 0;
}

static void tls_free(git_stream *base)
{
	struct tls_stream *stream = stream_of(base);

	tls_close(base);
	SSL_free(stream->ssl);
	OPENSSL_free(stream->certificate.data);
	free(stream->host);
	free(stream->port);
	free(stream);
}

static int new_stream(git_stream **ret_base, const char *host, const char *port, git_stream *inner)
{
	struct tls_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return say(-1, GIT_ERROR_NOMEMORY, "out of memory");
	stream->parent = (git_stream){
		.version = GIT_STREAM_VERSION,
		.encrypted = 1,
		.connect = tls_connect,
		.certificate = tls_certificate,
		.read = tls_read,
		.write = tls_write,
		.close = tls_close,
		.free = tls_free,
	};
	stream->fd = -1;
	stream->inner = inner;
	stream->host = strdup(host);
	stream->port = strdup(port);
	stream->ssl = SSL_new(shared.context);
	if (!stream->host || !stream->port || !stream->ssl) {
		tls_free(&stream->parent);
		return say(-1, GIT_ERROR_NOMEMORY, "out of memory");
	}
	*ret_base = &stream->parent;
	return 0;
}

static int tls_init(git_stream **ret_base, const char *host, const char *port)
{
	return new_stream(ret_base, host, port, NULL);
}

/* The inner stream stays libgit2's. */
static int tls_wrap(git_stream **ret_base, git_stream *inner, const char *host)
{
	return new_stream(ret_base, host, "", inner);
}

/* --- who is trusted, and who we are ------------------------------------------------------------- */

static void certificates_free(STACK_OF(X509) * list)
{
	sk_X509_pop_free(list, X509_free);
}

DEFINE_FREE_P(STACK_OF(X509), certificates_free);
DEFINE_FREE_P(X509, X509_free);
DEFINE_FREE_P(EVP_PKEY, EVP_PKEY_free);
DEFINE_FREE_P(BIO, BIO_free);

/* Nobody is asked on the terminal. */
static int no_passphrase(char *buffer, int size, int is_writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)is_writing;
	*(bool *)asked = true;
	return -1;
}

/* All certificates of a text of PEM blocks: at least one. */
static int read_certificates(const char *text, const char *folder, const char *name,
			     STACK_OF(X509) * *ret_list, struct err *err)
{
	CLEANUP(certificates_free_p) STACK_OF(X509) *list = sk_X509_new_null();
	CLEANUP(BIO_free_p) BIO *in = BIO_new_mem_buf(text, -1);
	bool asked = false;
	X509 *item;

	if (!list || !in)
		return err_no_memory(err);
	ERR_clear_error();
	while ((item = PEM_read_bio_X509(in, NULL, no_passphrase, &asked)))
		if (!sk_X509_push(list, item)) {
			X509_free(item);
			return err_no_memory(err);
		}
	if (sk_X509_num(list) == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return err_set(err, ERR_INVALID,
			       "credentials %s/%s: not a certificate (or several) as PEM", folder,
			       name);
	*ret_list = STEAL(list);
	return 0;
}

static int trust(SSL_CTX *context, const char *text, const char *folder, struct err *err)
{
	CLEANUP(certificates_free_p) STACK_OF(X509) *list = NULL;

	if (!text)
		return SSL_CTX_load_verify_file(context, SYSTEM_CAS) ||
				       SSL_CTX_set_default_verify_paths(context)
			       ? 0
			       : err_set(err, ERR_INTERNAL, "no system's list of CAs: %s",
					 reason());
	if (read_certificates(text, folder, "ca.crt", &list, err) < 0)
		return -1;
	for (int i = 0; i < sk_X509_num(list); i++)
		if (!X509_STORE_add_cert(SSL_CTX_get_cert_store(context), sk_X509_value(list, i)))
			return err_no_memory(err);
	return 0;
}

static int read_key(const char *text, const char *folder, EVP_PKEY **ret_key, struct err *err)
{
	CLEANUP(BIO_free_p) BIO *in = BIO_new_mem_buf(text, -1);
	bool asked = false;

	if (!in)
		return err_no_memory(err);
	*ret_key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &asked);
	if (asked)
		return err_set(err, ERR_INVALID,
			       "credentials %s/tls.key: has a passphrase; only a key without one "
			       "can be used",
			       folder);
	if (!*ret_key)
		return err_set(err, ERR_INVALID, "credentials %s/tls.key: not a private key as PEM",
			       folder);
	return 0;
}

static int be(SSL_CTX *context, const struct source_credentials *credentials, const char *folder,
	      struct err *err)
{
	CLEANUP(certificates_free_p) STACK_OF(X509) *chain = NULL;
	CLEANUP(EVP_PKEY_free_p) EVP_PKEY *key = NULL;

	if (read_certificates(credentials->tls_certificate, folder, "tls.crt", &chain, err) < 0 ||
	    read_key(credentials->tls_key, folder, &key, err) < 0)
		return -1;
	CLEANUP(X509_free_p) X509 *own = sk_X509_shift(chain);
	if (!X509_check_private_key(own, key))
		return err_set(err, ERR_INVALID,
			       "credentials %s: tls.key is not the key of the certificate in "
			       "tls.crt",
			       folder);
	ERR_clear_error();
	if (!SSL_CTX_use_cert_and_key(context, own, key, chain, 1))
		return err_set(err, ERR_INVALID, "credentials %s/tls.crt: %s", folder, reason());
	return 0;
}

int git_tls_begin(const struct source_credentials *credentials, const char *folder, struct err *err)
{
	git_stream_registration registration = {
		.version = GIT_STREAM_VERSION,
		.init = tls_init,
		.wrap = tls_wrap,
	};

	git_tls_end();
	shared.context = SSL_CTX_new(TLS_client_method());
	shared.method = new_method();
	shared.folder = strdup(folder);
	if (!shared.context || !shared.method || !shared.folder)
		return err_no_memory(err);
	if (!SSL_CTX_set_min_proto_version(shared.context, TLS1_2_VERSION))
		return err_set(err, ERR_INTERNAL, "TLS 1.2: %s", reason());
	SSL_CTX_set_verify(shared.context, SSL_VERIFY_PEER, NULL);
	if (trust(shared.context, credentials->ca_certificate, folder, err) < 0 ||
	    be(shared.context, credentials, folder, err) < 0)
		return -1;
	if (git_stream_register(GIT_STREAM_TLS, &registration) < 0)
		return err_set(err, ERR_INTERNAL, "libgit2 does not take our TLS");
	return 0;
}

void git_tls_end(void)
{
	if (shared.context)
		git_stream_register(GIT_STREAM_TLS, NULL);
	SSL_CTX_free(STEAL(shared.context));
	BIO_meth_free(STEAL(shared.method));
	free(STEAL(shared.folder));
}

#include "apply/http_error.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "apply/http.h"

/* Of OpenSSL's x509_vfy.h; CURLINFO_SSL_VERIFYRESULT has them. */
enum {
	VERIFY_NOT_REACHED = 1, /* the handshake was done; of what follows the name is first */
	VERIFY_NOT_YET_VALID = 9,
	VERIFY_EXPIRED = 10,
	VERIFY_SELF_SIGNED = 18,
	VERIFY_SELF_SIGNED_IN_CHAIN = 19,
	VERIFY_NO_ISSUER_LOCALLY = 20,
	VERIFY_NO_LEAF_SIGNATURE = 21,
};

/* The system's words for an errno, beginning in lower case as our messages do. */
static const char *errno_words(long number, char out[128])
{
	const char *words = number ? strerror((int)number) : "no connection";

	strncpy(out, words, 127);
	out[127] = '\0';
	if (isupper((unsigned char)out[0]) && !isupper((unsigned char)out[1]))
		out[0] = (char)tolower((unsigned char)out[0]);
	return out;
}

static int untrusted(CURL *easy, const struct endpoint *endpoint, const char *detail,
		     struct err *err)
{
	const char *server = endpoint->server, *setting = endpoint->ca_setting;
	long verdict = 0;

	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	switch (verdict) {
	case VERIFY_EXPIRED:
		return err_set(err, ERR_DENIED, "the certificate of %s has expired", server);
	case VERIFY_NOT_YET_VALID:
		return err_set(err, ERR_DENIED,
			       "the certificate of %s is not valid yet: compare the clocks",
			       server);
	case VERIFY_SELF_SIGNED:
	case VERIFY_SELF_SIGNED_IN_CHAIN:
	case VERIFY_NO_ISSUER_LOCALLY:
	case VERIFY_NO_LEAF_SIGNATURE:
		return err_set(err, ERR_DENIED,
			       "the certificate of %s is signed by an unknown authority: name its "
			       "CA as %s",
			       server,
			       setting ? setting : "certificate-authority in the kubeconfig");
	default: break;
	}
	/* `detail` may be about the connection's end already. */
	if (verdict == VERIFY_NOT_REACHED || strstr(detail, "subject name") ||
	    strstr(detail, "subjectAltName"))
		return err_set(err, ERR_DENIED,
			       "the certificate of %s is for another name: use a name it bears%s",
			       server, setting ? "" : ", or tls-server-name in the kubeconfig");
	return err_set(err, ERR_DENIED, "the certificate of %s is not trusted: %s", server, detail);
}

/* TLS 1.3 tells only after the handshake that a client certificate was not good enough. */
static bool is_certificate_alert(const char *detail)
{
	return strstr(detail, "alert") &&
	       (strstr(detail, "certificate") || strstr(detail, "unknown ca") ||
		strstr(detail, "access denied"));
}

static int handshake_failed(const char *server, const char *detail, struct err *err)
{
	if (is_certificate_alert(detail))
		return err_set(err, ERR_DENIED, "%s refused our client certificate: %s", server,
			       detail);
	if (strstr(detail, "wrong version number") || strstr(detail, "packet length too long"))
		return err_set(err, ERR_INVALID,
			       "%s does not speak TLS: should its URL begin with http://?", server);
	if (strstr(detail, "SSL_ERROR_SYSCALL") || strstr(detail, "reset by peer") ||
	    strstr(detail, "Broken pipe"))
		return err_set(err, ERR_TRANSIENT,
			       "cannot reach %s: it was closed within the TLS handshake", server);
	return err_set(err, ERR_TRANSIENT, "cannot reach %s: %s", server, detail);
}

/* In words that do not change from one time to the next: an error is told again when they do. */
static int cut_off(const char *server, const char *detail, struct err *err)
{
	static const char *const resets[] = {"reset by peer", "Broken pipe", "select/poll"};

	for (size_t i = 0; i < sizeof(resets) / sizeof(resets[0]); i++)
		if (strstr(detail, resets[i]))
			return err_set(err, ERR_TRANSIENT, "the connection to %s was reset",
				       server);
	if (strstr(detail, "response headers") || strstr(detail, "a header"))
		return err_set(err, ERR_LIMIT, "the headers of the answer of %s are too large",
			       server);
	return err_set(err, ERR_TRANSIENT, "the connection to %s was cut off: %s", server, detail);
}

static int timed_out(CURL *easy, const char *server, long timeout_ms, struct err *err)
{
	curl_off_t pretransfer_us = 0;

	curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
	if (pretransfer_us == 0)
		return err_set(err, ERR_TRANSIENT, "cannot reach %s: no connection within %d s",
			       server, HTTP_CONNECT_TIMEOUT_MS / 1000);
	return err_set(err, ERR_TRANSIENT, "no answer from %s within %ld s", server,
		       timeout_ms / 1000);
}

int http_error(CURL *easy, CURLcode code, const struct endpoint *endpoint, const char *detail,
	       long timeout_ms, struct err *err)
{
	const char *server = endpoint->server;
	char words[128];
	long number = 0;

	if (detail[0] == '\0')
		detail = curl_easy_strerror(code);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(err, ERR_TRANSIENT, "cannot reach %s: no such host", server);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(err, ERR_TRANSIENT, "cannot reach %s: no such proxy", server);
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
		return err_set(err, ERR_TRANSIENT, "cannot reach %s%s: %s", server,
			       endpoint->proxy_url ? " through its proxy" : "",
			       errno_words(number, words));
	case CURLE_PROXY:
		return err_set(err, ERR_TRANSIENT, "cannot reach %s: proxy: %s", server, detail);
	case CURLE_OPERATION_TIMEDOUT: return timed_out(easy, server, timeout_ms, err);
	case CURLE_PEER_FAILED_VERIFICATION: return untrusted(easy, endpoint, detail, err);
	case CURLE_SSL_CONNECT_ERROR: return handshake_failed(server, detail, err);
	case CURLE_SSL_CERTPROBLEM:
		return err_set(err, ERR_INVALID, "cannot use the client certificate for %s: %s",
			       server, detail);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, ERR_INVALID, "cannot use the certificate authority of %s: %s",
			       server, detail);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return err_set(err, ERR_INVALID,
			       "%s does not speak HTTP: should its URL begin with https://?",
			       server);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		if (is_certificate_alert(detail))
			return handshake_failed(server, detail, err);
		break;
	case CURLE_GOT_NOTHING:
		return err_set(err, ERR_TRANSIENT, "%s closed the connection without an answer",
			       server);
	case CURLE_PARTIAL_FILE:
		return err_set(err, ERR_TRANSIENT,
			       "the connection to %s was cut off within the answer", server);
	case CURLE_OUT_OF_MEMORY: return err_no_memory(err);
	default: break;
	}
	return cut_off(server, detail, err);
}

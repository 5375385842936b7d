#include "apply/refusal.h"

#include <string.h>

#include "diff/recreation.h"

#define FIRST_WORDS 400 /* bytes of words that are longer than MAX_WORDS */
#define LAST_WORDS  200
#define MAX_WORDS   650

static enum err_class class_of(int status, const char *reason)
{
	switch (status) {
	case 401:
	case 403: return ERR_DENIED;
	case 404: return ERR_NOT_FOUND;
	case 405:
	case 406:
	case 415:
	case 501: return ERR_UNSUPPORTED;
	case 408:
	case 429: return ERR_TRANSIENT;
	case 409: return reason && strcmp(reason, "AlreadyExists") == 0 ? ERR_EXISTS : ERR_CONFLICT;
	case 410: return ERR_EXPIRED;
	case 413: return ERR_LIMIT;
	default: return status >= 500 ? ERR_TRANSIENT : ERR_INVALID;
	}
}

static const char *phrase_of(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{400, "bad request"},        {401, "the credentials were refused"},
		{403, "forbidden"},          {404, "not found"},
		{405, "method not allowed"}, {408, "request timeout"},
		{409, "conflict"},           {410, "gone"},
		{413, "request too large"},  {422, "unprocessable"},
		{429, "too many requests"},  {500, "internal error"},
		{502, "bad gateway"},        {503, "unavailable"},
		{504, "gateway timeout"},
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return status >= 300 && status < 400 ? "a redirect" : "no success";
}

/*
 * How much of the server's words may be shown: one line, without what json-iterator quotes of the
 * body ("..., error found in #10 byte of ...|"password":"hunter2"...|...").
 */
static size_t presentable_length(const char *words)
{
	const char *quote = strstr(words, ", error found in #");
	size_t length = quote ? (size_t)(quote - words) : strlen(words);
	size_t line = strcspn(words, "\r\n");

	if (line < length)
		length = line;
	while (length > 0 && (words[length - 1] == ' ' || words[length - 1] == '\t'))
		length--;
	return length;
}

/* Whether plain text is a sentence rather than a page or bytes of something else. */
static bool is_sentence(const char *text)
{
	if (!text || text[0] == '<' || text[0] == '\0')
		return false;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 && !strchr("\t\r\n", *c))
			return false;
	}
	return true;
}

/* Of a UTF-8 sequence, a byte that is not its first. */
static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

int refusal_err(int http_status, const cJSON *body, const char *text, struct err *err)
{
	const char *reason = json_str(body, "reason");
	const char *words = json_str(body, "message");
	enum err_class class = class_of(http_status, reason);

	if (!words || words[0] == '\0')
		words = !body && is_sentence(text) ? text : NULL;
	size_t length = words ? presentable_length(words) : 0;
	if (length == 0)
		return err_set(err, class, "the server answered %d (%s)", http_status,
			       phrase_of(http_status));
	if (http_status == 401 && length == strlen("Unauthorized"))
		return err_set(err, class,
			       "the server refused the credentials (%.*s): check the token or "
			       "certificate of the kubeconfig's user, or of the service account",
			       (int)length, words);
	if (length <= MAX_WORDS)
		return err_set(err, class, "%.*s", (int)length, words);
	/* Of a value that is printed whole (a Pod template) the reason stands behind it. */
	const char *last = words + length - LAST_WORDS;
	int first = FIRST_WORDS;

	while (first > 0 && is_continuation(words[first]))
		first--;
	while (is_continuation(*last))
		last++;
	return err_set(err, class, "%.*s ... %.*s", first, words, (int)(words + length - last),
		       last);
}

int refusal_err_of_status(const cJSON *status, struct err *err)
{
	return refusal_err((int)json_int_or(status, "code", 500), status, NULL, err);
}

/* k8s.io/apiserver/pkg/endpoints/handlers/responsewriters, errors.go, forbiddenMessage */
static bool is_of_rights(const char *message)
{
	const char *cannot = message ? strstr(message, " cannot ") : NULL;

	return cannot && strstr(cannot, " resource ");
}

bool refusal_is_unauthorized(const cJSON *status)
{
	return json_int_or(status, "code", 0) == 403 && is_of_rights(json_str(status, "message"));
}

bool refusal_is_of_rights(const struct err *err)
{
	return err->class == ERR_DENIED && is_of_rights(err->message);
}

bool refusal_is_of_kind(const struct err *err)
{
	/* The handlers' own words where no API server, or none of its resources, answers to a path. */
	return err->class == ERR_NOT_FOUND &&
	       (strcmp(err->message, "404 page not found") == 0 ||
		strcmp(err->message, "the server could not find the requested resource") == 0);
}

bool refusal_is_of_future(const cJSON *status)
{
	const cJSON *cause;

	json_each (cause, json_at(status, "details.causes")) {
		const char *message = json_str(cause, "message");

		/* Not every version of a server sets the reason. */
		if (message && strcmp(message, "Too large resource version") == 0)
			return true;
	}
	return false;
}

bool refusal_is_immutable(const cJSON *status)
{
	/* k8s.io/kubernetes/pkg/apis, the validation.go of each group. */
	static const char *const words[] = {
		"immutable",      /* most kinds; PersistentVolumeClaim, CustomResourceDefinition */
		"updates to ",    /* StatefulSet, StorageClass */
		"may not change", /* Pod, Service */
		"may not be changed",    /* PriorityClass */
		"cannot change roleRef", /* the bindings of RBAC */
		"can not be unset",      /* Service */
		"can not be less than",  /* the size of a PersistentVolumeClaim */
	};
	const cJSON *cause;

	if (json_int_or(status, "code", 0) != 422)
		return false;
	json_each (cause, json_at(status, "details.causes")) {
		const char *message = json_str(cause, "message");

		for (size_t i = 0; message && i < sizeof(words) / sizeof(words[0]); i++)
			if (strstr(message, words[i]))
				return true;
	}
	return false;
}

bool refusal_is_of_statefulset(const cJSON *status)
{
	/* pkg/apis/apps/validation/validation.go, ValidateStatefulSetUpdate */
	static const char words[] = "Forbidden: updates to statefulset spec for fields other than ";
	const cJSON *cause;

	if (json_int_or(status, "code", 0) != 422)
		return false;
	json_each (cause, json_at(status, "details.causes")) {
		const char *field = json_str(cause, "field"), *message = json_str(cause, "message");

		if (field && message && strcmp(field, "spec") == 0 &&
		    strncmp(message, words, strlen(words)) == 0)
			return true;
	}
	return false;
}

void refusal_advise(const struct ref *ref, const cJSON *status, struct err *err)
{
	if (ref_is(ref, "apps", "StatefulSet") ? refusal_is_of_statefulset(status)
					       : refusal_is_immutable(status))
		recreation_advise(ref, err);
}

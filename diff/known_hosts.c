#include "diff/known_hosts.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "diff/base64.h"
#include "diff/buf.h"
#include "diff/cleanup.h"
#include "diff/digest_mac.h"

#define DEFAULT_PORT   22
#define MAX_NAME_BYTES 1024
#define MAX_KEY_BYTES  65536

/* A part of the text. */
struct span {
	const char *text;
	size_t length;
};

struct line {
	struct span marker; /* "@revoked"; empty: none */
	struct span names;
	struct span type;
	struct span key; /* base64 */
};

static bool span_is(struct span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static struct span take_word(const char **at, const char *end)
{
	struct span word;

	while (*at < end && isspace((unsigned char)**at))
		(*at)++;
	word.text = *at;
	while (*at < end && !isspace((unsigned char)**at))
		(*at)++;
	word.length = (size_t)(*at - word.text);
	return word;
}

/* The next line that says something; false at the end. */
static bool next_line(const char **at, struct line *ret_line)
{
	while (**at) {
		const char *start = *at, *end = start + strcspn(start, "\n");
		struct line line = {0};

		*at = *end ? end + 1 : end;
		line.names = take_word(&start, end);
		if (line.names.length && line.names.text[0] == '#')
			continue;
		if (line.names.length && line.names.text[0] == '@') {
			line.marker = line.names;
			line.names = take_word(&start, end);
		}
		line.type = take_word(&start, end);
		line.key = take_word(&start, end);
		if (!line.key.length)
			continue;
		*ret_line = line;
		return true;
	}
	return false;
}

/* `*` and `?`, without case, as ssh's match_pattern. Only the last `*` ever takes more: that is enough. */
static bool matches_pattern(const char *pattern, size_t length, const char *name)
{
	const char *end = pattern + length, *star = NULL, *taken = NULL;

	while (*name) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			taken = name;
		} else if (pattern < end &&
			   (*pattern == '?' ||
			    tolower((unsigned char)*pattern) == tolower((unsigned char)*name))) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++taken;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* Decodes a base64 span into `out`; false where it is none. */
static bool decode(struct span span, struct buf *out)
{
	size_t length;

	buf_clear(out);
	buf_append(out, span.text, span.length);
	if (out->broken_cap || out->broken_memory || !out->data)
		return false;
	length = out->length;
	if (!base64_decode(out->data, &length))
		return false;
	out->length = length;
	return true;
}

/* "|1|SALT|HASH": HMAC-SHA1 of the name with the salt. */
static int matches_hash(struct span entry, const char *name, bool *ret_matches, struct err *err)
{
	CLEANUP(buf_release)
	struct buf salt = BUF_INIT(MAX_NAME_BYTES), hash = BUF_INIT(MAX_NAME_BYTES);
	unsigned char expected[DIGEST_SHA1_BYTES];
	const char *text = entry.text + 3;
	const char *bar = memchr(text, '|', entry.length - 3);

	*ret_matches = false;
	if (!bar)
		return 0;
	const struct span salt_text = {text, (size_t)(bar - text)};
	const struct span hash_text = {bar + 1, (size_t)(entry.text + entry.length - bar - 1)};
	if (!decode(salt_text, &salt) || !decode(hash_text, &hash))
		return 0;
	if (digest_hmac_sha1(salt.data, salt.length, name, strlen(name), expected, err) < 0)
		return -1;
	*ret_matches = hash.length == sizeof(expected) &&
		       memcmp(hash.data, expected, sizeof(expected)) == 0;
	return 0;
}

/* Whether one of the names is the server's, and none that is negated. */
static int names_server(struct span names, const char *name, bool *ret_matches, struct err *err)
{
	bool found = false;

	*ret_matches = false;
	if (names.length > 3 && memcmp(names.text, "|1|", 3) == 0)
		return matches_hash(names, name, ret_matches, err);
	for (const char *at = names.text, *end = at + names.length; at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;
		bool negated = *at == '!';

		if (matches_pattern(at + negated, (size_t)(stop - at) - negated, name)) {
			if (negated)
				return 0;
			found = true;
		}
		at = stop + 1;
	}
	*ret_matches = found;
	return 0;
}

struct query {
	const void *key; /* NULL: only the types are asked for */
	size_t key_length;
	bool named, accepted, revoked;
	unsigned types;
};

const char *host_key_type_name(enum host_key_type type)
{
	static const char *const names[HOST_KEY_TYPE_COUNT] = {
		[HOST_KEY_ED25519] = "ssh-ed25519",
		[HOST_KEY_ECDSA_256] = "ecdsa-sha2-nistp256",
		[HOST_KEY_ECDSA_384] = "ecdsa-sha2-nistp384",
		[HOST_KEY_ECDSA_521] = "ecdsa-sha2-nistp521",
		[HOST_KEY_RSA] = "ssh-rsa",
	};

	return names[type];
}

static void look_at_key(const struct line *line, struct query *query)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT(MAX_KEY_BYTES);
	bool is_revoked = span_is(line->marker, "@revoked");

	if (!is_revoked) {
		query->named = true;
		for (int type = 0; type < HOST_KEY_TYPE_COUNT; type++)
			if (span_is(line->type, host_key_type_name((enum host_key_type)type)))
				query->types |= 1u << type;
	}
	if (!query->key || !decode(line->key, &key) || key.length != query->key_length ||
	    memcmp(key.data, query->key, key.length) != 0)
		return;
	*(is_revoked ? &query->revoked : &query->accepted) = true;
}

static int look_up(const char *text, const char *name, struct query *query, struct err *err)
{
	struct line line;

	while (next_line(&text, &line)) {
		bool matches;

		if (line.marker.length && !span_is(line.marker, "@revoked"))
			continue;
		if (names_server(line.names, name, &matches, err) < 0)
			return -1;
		if (matches)
			look_at_key(&line, query);
	}
	return 0;
}

static int look_up_server(const char *text, const char *host, int port, struct query *query,
			  struct err *err)
{
	CLEANUP(buf_release)
	struct buf with_port = BUF_INIT(MAX_NAME_BYTES), plain = BUF_INIT(MAX_NAME_BYTES);

	buf_puts(&plain, host);
	for (size_t i = 0; i < plain.length; i++)
		plain.data[i] = (char)tolower((unsigned char)plain.data[i]);
	buf_printf(&with_port, "[%s]:%d", buf_str(&plain), port);
	if (buf_check(&with_port, "the server's name", err) < 0 ||
	    buf_check(&plain, "the server's name", err) < 0)
		return -1;
	if (port == DEFAULT_PORT)
		return look_up(text, buf_str(&plain), query, err);
	if (look_up(text, buf_str(&with_port), query, err) < 0)
		return -1;
	if (query->named)
		return 0;
	return look_up(text, buf_str(&plain), query, err);
}

int known_hosts_judge(const char *text, const char *host, int port, const void *key,
		      size_t key_length, enum known_host *ret_verdict, struct err *err)
{
	struct query query = {.key = key, .key_length = key_length};

	if (look_up_server(text, host, port, &query, err) < 0)
		return -1;
	if (query.revoked)
		*ret_verdict = KNOWN_HOST_REVOKED;
	else if (query.accepted)
		*ret_verdict = KNOWN_HOST_ACCEPTED;
	else
		*ret_verdict = query.named ? KNOWN_HOST_CHANGED : KNOWN_HOST_UNKNOWN;
	return 0;
}

int known_hosts_types(const char *text, const char *host, int port, unsigned *ret_types,
		      struct err *err)
{
	struct query query = {0};

	if (look_up_server(text, host, port, &query, err) < 0)
		return -1;
	*ret_types = query.types;
	return 0;
}

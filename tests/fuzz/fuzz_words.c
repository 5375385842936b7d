/*
 * The little readers: versions and ranges, quantities, moments, durations, JSON pointers, paths, selectors,
 * base64, known_hosts, URLs, names, Warning headers. What one reads and prints is read as the same again;
 * orders are orders.
 *
 * The input is lines: the first and the second are two words of anything, the rest is a longer text.
 */
#include <string.h>

#include "apply/endpoint.h"
#include "apply/warning.h"
#include "diff/base64.h"
#include "diff/cleanup.h"
#include "diff/duration.h"
#include "diff/known_hosts.h"
#include "diff/names.h"
#include "diff/path.h"
#include "diff/pointer.h"
#include "diff/quantity.h"
#include "diff/rfc3339.h"
#include "diff/secret.h"
#include "diff/selector.h"
#include "diff/semver.h"
#include "diff/suggest.h"
#include "diff/text.h"

#include "tests/fuzz/fuzz.h"

#define MAX_TEXT (4u * 1024 * 1024)

static const char object_text[] =
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"web\","
	"\"annotations\":{\"tranche.dev/"
	"step\":\"2\",\"a\":null,\"\":\"x\"}},\"spec\":{\"replicas\":3,"
	"\"ports\":[{\"name\":\"80\"}],\"template\":{\"spec\":{\"containers\":[{\"name\":\"nginx\","
	"\"image\":\"i\",\"env\":[{\"name\":\"A\"},{\"name\":\"B\",\"value\":\"1\"}]},[],7]}}}}";

static void check_versions(const char *a, const char *b)
{
	CLEANUP(semver_range_free_p) struct semver_range *range = NULL;
	struct semver first, second;
	struct err err;

	if (semver_parse(a, &first) && semver_parse(b, &second)) {
		int order = semver_compare(&first, &second), back = semver_compare(&second, &first);

		must((order < 0) == (back > 0) && (order == 0) == (back == 0));
		must(semver_compare(&first, &first) == 0);
	}
	if (semver_range_parse(a, &range, &err) < 0) {
		must(err.class == ERR_INVALID || err.class == ERR_LIMIT);
		return;
	}
	if (semver_parse(b, &second))
		must(semver_is_better(range, b, NULL) == semver_range_has(range, &second));
	must(!semver_is_better(range, b, b));
}

static void check_quantities(const char *a, const char *b)
{
	CLEANUP(buf_release) struct buf printed = BUF_INIT(MAX_TEXT);
	struct quantity first, second, again;
	struct err err;

	if (quantity_parse(a, &first, &err) < 0) {
		must(err.class == ERR_INVALID || err.class == ERR_LIMIT);
		return;
	}
	quantity_print(&first, &printed);
	must(quantity_parse(buf_str(&printed), &again, &err) == 0);
	must(quantity_compare(&first, &again) == 0);
	if (quantity_parse(b, &second, &err) == 0)
		must((quantity_compare(&first, &second) < 0) ==
		     (quantity_compare(&second, &first) > 0));
	quantity_round_up_milli(&first);
	must(quantity_compare(&first, &again) * (again.nanos < 0 ? -1 : 1) >= 0);
}

static void check_times(const char *a)
{
	static const int64_t year_0 = -62167219200000, year_10000 = 253402300800000;
	CLEANUP(buf_release) struct buf moment = BUF_INIT(MAX_TEXT), span = BUF_INIT(MAX_TEXT);
	int64_t ms, again;
	struct err err;

	if (rfc3339_read(a, &ms) && ms >= year_0 && ms < year_10000) {
		rfc3339_print(ms, &moment);
		must(rfc3339_read(buf_str(&moment), &again) && again == ms);
	}
	if (duration_parse(a, &ms, &err) < 0) {
		must(err.class == ERR_INVALID);
		return;
	}
	must(ms >= 0 && ms <= DURATION_MAX_MS);
	duration_print(ms, &span);
	must(duration_parse(buf_str(&span), &again, &err) == 0);
	must(again <= ms && ms - again < 1000 && (again == ms || ms >= 10000));
}

/* --- places ------------------------------------------------------------------------------------- */

static void check_pointer(const char *a, size_t length, cJSON *object)
{
	CLEANUP(pointer_release) struct pointer pointer = {0};
	CLEANUP(cJSON_Delete_p) cJSON *blank = json_copy(object);
	struct err err;

	if (pointer_parse(a, length, &pointer, &err) < 0) {
		must(err.class == ERR_INVALID || err.class == ERR_LIMIT);
		return;
	}
	const cJSON *value = pointer_get(&pointer, object);
	if (pointer.count == 0)
		return;
	must(pointer_blank(&pointer, blank, &err) == 0);
	value = value ? pointer_get(&pointer, blank) : NULL;
	must(!value || cJSON_IsNull(value));
	must(pointer_carry(&pointer, blank, object, &err) == 0);
}

static bool is_utf8(const char *text)
{
	size_t length = strlen(text), step;
	uint32_t character;

	for (size_t i = 0; i < length; i += step)
		if (!(step = text_decode(text + i, length - i, &character)))
			return false;
	return true;
}

static void check_path(const char *a, const cJSON *object)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct path_walk walk = path_walk(object, a);
	struct path_walk one;

	while (path_next(&walk))
		must(walk.value);
	(void)path_follow(object, a);
	if (!is_utf8(a))
		return;
	/* A key that is written into a path leads to itself. */
	CLEANUP(cJSON_Delete_p) cJSON *holder = cJSON_CreateObject();
	must(cJSON_AddTrueToObject(holder, a));
	path_add_key(&path, a);
	one = path_walk(holder, buf_str(&path));
	must(path_next(&one) && cJSON_IsTrue(one.value) && !*one.rest);
}

static void check_selector(const char *a, const char *b)
{
	CLEANUP(cJSON_Delete_p) cJSON *selector = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *labels = NULL;
	struct err err;

	if (json_parse(a, strlen(a), &selector, &err) < 0)
		return;
	(void)json_parse(b, strlen(b), &labels, &err);
	(void)selector_matches(selector, labels);
	(void)selector_expression_holds(selector, labels);
}

/* --- texts -------------------------------------------------------------------------------------- */

static void check_base64(const char *a, size_t length)
{
	CLEANUP(free_p) char *decoded = strdup(a);
	CLEANUP(free_p) char *again = NULL;
	CLEANUP(buf_release) struct buf encoded = BUF_INIT(MAX_TEXT);
	size_t decoded_length = length, again_length;

	base64_print(a, length, &encoded);
	again = strdup(buf_str(&encoded));
	again_length = encoded.length;
	must(base64_decode(again, &again_length));
	must(again_length == length && memcmp(again, a, length) == 0);
	if (base64_decode(decoded, &decoded_length))
		must(decoded_length <= length && decoded[decoded_length] == '\0');
}

/* What may be secret of a URL stands in no message, and no control character in any part. */
static void check_url(const char *a)
{
	struct endpoint endpoint;
	char *target;
	struct err err;

	if (endpoint_of_url(a, &endpoint, &target, &err) < 0) {
		must(err.class == ERR_LIMIT ||
		     !strcmp(err.message,
			     "the address is no URL such as https://example.com/path"));
		return;
	}
	must(strncmp(endpoint.server, "http", 4) == 0 && !strchr(endpoint.server, '@'));
	must(target[0] == '/');
	for (const char *c = target; *c; c++)
		must((unsigned char)*c > ' ' && *c != '#');
	free(target);
	endpoint_release(&endpoint);
}

static void check_known_hosts(const char *host, const char *text)
{
	static const char key[] = "\0\0\0\013ssh-ed25519";
	enum known_host verdict;
	unsigned types;
	struct err err;

	for (int port = 22; port <= 2222; port += 2200) {
		if (known_hosts_types(text, host, port, &types, &err) < 0) {
			must(err.class == ERR_LIMIT);
			return;
		}
		must(types < 1u << HOST_KEY_TYPE_COUNT);
		must(known_hosts_judge(text, host, port, key, sizeof(key) - 1, &verdict, &err) ==
		     0);
		must(verdict != KNOWN_HOST_UNKNOWN || types == 0);
	}
}

static void check_texts(const char *a, const char *b, const char *text)
{
	CLEANUP(buf_release) struct buf warnings = BUF_INIT(MAX_TEXT);
	struct suggestion meant = suggestion_for(a);
	char quoted[TEXT_QUOTE_MAX];
	uint32_t line, column, character;
	size_t length = strlen(text);

	suggestion_offer(&meant, b);
	must(strlen(text_quote(a, quoted)) < TEXT_QUOTE_MAX);
	for (const char *c = quoted; *c; c++)
		must((unsigned char)*c >= ' ');
	text_position(text, length, &line, &column);
	must(line > 0 && column > 0);
	for (size_t i = 0, step; i < length; i += step ? step : 1) {
		char encoded[4];

		step = text_decode(text + i, length - i, &character);
		must(!step || (text_encode(character, encoded) == step &&
			       memcmp(encoded, text + i, step) == 0));
	}
	for (int rule = NAME_SUBDOMAIN; rule <= NAME_ENV; rule++)
		(void)name_fault((enum name_rule)rule, a);
	warning_print_texts(text, &warnings);
	for (size_t i = 0; i < warnings.length; i++)
		must((unsigned char)warnings.data[i] >= ' ' || warnings.data[i] == '\n');
}

/* A Secret's value is in no text that was masked. */
static void check_secret(const char *a, const char *text)
{
	CLEANUP(cJSON_Delete_p) cJSON *secret = cJSON_CreateObject();
	CLEANUP(free_p) char *masked = strdup(text);
	struct err err;

	if (strlen(a) < SECRET_MIN_BYTES || strchr(a, '*'))
		return;
	must(json_set_str(secret, "apiVersion", "v1", &err) == 0);
	must(json_set_str(secret, "kind", "Secret", &err) == 0);
	must(json_set_str(secret, "stringData.k", a, &err) == 0);
	must(secret_mask(secret, masked, &err) == 0);
	must(!strstr(masked, a));
}

/* Takes the next line, as a copy. */
static char *take_line(const char **at, const char *end)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	char *line = strndup(*at, (size_t)((newline ? newline : end) - *at));

	*at = newline ? newline + 1 : end;
	must(line);
	return line;
}

int fuzz_words(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	CLEANUP(free_p) char *a = take_line(&at, end);
	CLEANUP(free_p) char *b = take_line(&at, end);
	CLEANUP(free_p) char *text = strndup(at, (size_t)(end - at));
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct err err;

	must(json_parse(object_text, strlen(object_text), &object, &err) == 0);
	check_versions(a, b);
	check_quantities(a, b);
	check_times(a);
	check_pointer(a, strlen(a), object);
	check_path(a, object);
	check_selector(a, b);
	check_base64(a, strlen(a));
	check_url(a);
	check_known_hosts(a, text);
	check_texts(a, b, text);
	check_secret(a, text);
	return 0;
}

#include "diff/semver.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COMPARISONS 64 /* of a whole range */

enum operator{
	OP_EQUAL,
	OP_NOT_EQUAL,
	OP_ABOVE,
	OP_AT_LEAST,
	OP_BELOW,
	OP_AT_MOST,
	OP_TILDE,
	OP_CARET,
};

/* What its text stands for: from `low` to below `high`, or `low` alone where they are equal. */
struct comparison {
	enum operator operator;
	struct semver low, high;
	bool is_unbounded; /* no `high` */
	size_t alternative;
};

struct semver_range {
	struct comparison items[MAX_COMPARISONS];
	size_t count;
	size_t alternatives;
};

/* --- versions --------------------------------------------------------------------------------- */

/* A number without leading zeros; false where there is none or it is too large. */
static bool take_number(const char **at, uint64_t *ret_number)
{
	const char *p = *at;
	uint64_t number = 0;

	if (!isdigit((unsigned char)*p) || (*p == '0' && isdigit((unsigned char)p[1])))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*p - '0');
	}
	*ret_number = number;
	*at = p;
	return true;
}

static bool is_identifier_char(char c)
{
	return isalnum((unsigned char)c) || c == '-';
}

/* Identifiers with dots between; numeric ones of a pre-release have no leading zeros. */
static bool take_identifiers(const char **at, bool is_pre)
{
	const char *p = *at;

	for (;; p++) {
		const char *start = p;
		bool numeric = true;

		for (; is_identifier_char(*p); p++)
			numeric = numeric && isdigit((unsigned char)*p);
		if (p == start || (is_pre && numeric && *start == '0' && p - start > 1))
			return false;
		if (*p != '.')
			break;
	}
	*at = p;
	return true;
}

/* "-rc.1+build", both optional. */
static bool take_suffix(const char **at, char ret_pre[SEMVER_MAX_BYTES])
{
	ret_pre[0] = '\0';
	if (**at == '-') {
		const char *start = ++*at;
		if (!take_identifiers(at, true) || *at - start >= SEMVER_MAX_BYTES)
			return false;
		memcpy(ret_pre, start, (size_t)(*at - start));
		ret_pre[*at - start] = '\0';
	}
	if (**at == '+') {
		++*at;
		return take_identifiers(at, false);
	}
	return true;
}

bool semver_parse(const char *text, struct semver *ret_version)
{
	struct semver version;
	const char *at = *text == 'v' ? text + 1 : text;

	if (strlen(text) >= SEMVER_MAX_BYTES || !take_number(&at, &version.major) || *at++ != '.' ||
	    !take_number(&at, &version.minor) || *at++ != '.' ||
	    !take_number(&at, &version.patch) || !take_suffix(&at, version.pre) || *at)
		return false;
	*ret_version = version;
	return true;
}

/* Identifiers of digits compare as numbers, and are below all others. */
static int compare_identifier(const char *a, size_t a_length, const char *b, size_t b_length)
{
	bool a_numeric = strspn(a, "0123456789") >= a_length;
	bool b_numeric = strspn(b, "0123456789") >= b_length;

	if (a_numeric != b_numeric)
		return a_numeric ? -1 : 1;
	if (a_numeric && a_length != b_length) /* no leading zeros: longer is larger */
		return a_length < b_length ? -1 : 1;
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	if (order)
		return order;
	return (a_length > b_length) - (a_length < b_length);
}

static int compare_pre(const char *a, const char *b)
{
	if (!*a || !*b) /* without is above with */
		return !*a - !*b;
	while (*a && *b) {
		size_t a_length = strcspn(a, "."), b_length = strcspn(b, ".");
		int order = compare_identifier(a, a_length, b, b_length);

		if (order)
			return order;
		a += a_length + (a[a_length] == '.');
		b += b_length + (b[b_length] == '.');
	}
	return !!*a - !!*b;
}

static int compare_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	int order = compare_number(a->major, b->major);

	if (!order)
		order = compare_number(a->minor, b->minor);
	if (!order)
		order = compare_number(a->patch, b->patch);
	return order ? order : compare_pre(a->pre, b->pre);
}

/* --- reading a range -------------------------------------------------------------------------- */

static bool is_wildcard(char c)
{
	return c == 'x' || c == 'X' || c == '*';
}

/* "1.2.3", "1.2", "1.x", "*"; *ret_parts counts the numbers that were given. */
static bool take_partial(const char **at, struct semver *ret_version, int *ret_parts)
{
	uint64_t *const numbers[] = {&ret_version->major, &ret_version->minor, &ret_version->patch};
	bool any = false;

	*ret_version = (struct semver){0};
	*ret_parts = 0;
	if (**at == 'v')
		++*at;
	for (int i = 0; i < 3; i++) {
		if (i > 0 && **at != '.')
			break;
		*at += i > 0;
		if (is_wildcard(**at)) {
			any = true;
			++*at;
		} else if (any || !take_number(at, numbers[i])) {
			return false;
		} else {
			++*ret_parts;
		}
	}
	return take_suffix(at, ret_version->pre) && (!ret_version->pre[0] || *ret_parts == 3);
}

static enum operator take_operator(const char **at)
{
	static const struct {
		const char *text;
		enum operator operator;
	} operators[] = {
		{">=", OP_AT_LEAST},  {"=>", OP_AT_LEAST}, {"<=", OP_AT_MOST}, {"=<", OP_AT_MOST},
		{"!=", OP_NOT_EQUAL}, {"~>", OP_TILDE},    {"=", OP_EQUAL},    {">", OP_ABOVE},
		{"<", OP_BELOW},      {"~", OP_TILDE},     {"^", OP_CARET},
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t length = strlen(operators[i].text);
		if (strncmp(*at, operators[i].text, length) == 0) {
			*at += length;
			return operators[i].operator;
		}
	}
	return OP_EQUAL;
}

/* What follows all versions that begin with the first `parts` numbers. */
static struct semver next_after(struct semver version, int parts)
{
	version.pre[0] = '\0';
	if (parts < 3)
		version.patch = 0;
	if (parts < 2)
		version.minor = 0;
	*(parts == 1 ? &version.major : parts == 2 ? &version.minor : &version.patch) += 1;
	return version;
}

/* How many numbers a ^ keeps: up to the first that is not 0. */
static int caret_parts(const struct semver *version, int parts)
{
	if (version->major || parts == 1)
		return 1;
	return version->minor || parts == 2 ? 2 : 3;
}

/* From `low` up to where the numbers that count change; one version alone has high = low. */
static void set_bounds(struct comparison *item, int parts)
{
	int kept = parts;

	if (item->operator== OP_TILDE && parts> 2)
		kept = 2;
	else if (item->operator== OP_CARET && parts)
		kept = caret_parts(&item->low, parts);
	item->is_unbounded = parts == 0;
	if (kept == 3 && item->operator!= OP_CARET)
		item->high = item->low;
	else if (parts)
		item->high = next_after(item->low, kept);
}

static int add(struct semver_range *range, enum operator operator, const struct semver * version,
	       int parts, struct err *err)
{
	if (range->count == MAX_COMPARISONS)
		return err_set(err, ERR_LIMIT, "more than %d comparisons", MAX_COMPARISONS);
	struct comparison *item = &range->items[range->count++];
	*item = (struct comparison){
		.operator= operator, .low = * version, .alternative = range->alternatives};
	set_bounds(item, parts);
	return 0;
}

static void skip_blanks(const char **at)
{
	while (isspace((unsigned char)**at) || **at == ',')
		++*at;
}

/* One comparison, or "A - B". */
static int take_comparison(struct semver_range *range, const char **at, struct err *err)
{
	const char *start = *at;
	enum operator operator= take_operator(at);
	bool has_operator = *at != start;
	struct semver version;
	int parts;

	while (isblank((unsigned char)**at))
		++*at;
	if (!take_partial(at, &version, &parts) ||
	    (**at && !isspace((unsigned char)**at) && !strchr(",|<>=!~^", **at)))
		return err_set(err, ERR_INVALID, "\"%s\" is no comparison of versions", start);
	if (!has_operator && strncmp(*at, " - ", 3) == 0) {
		*at += 3;
		while (isblank((unsigned char)**at))
			++*at;
		if (add(range, OP_AT_LEAST, &version, parts, err) < 0)
			return -1;
		start = *at;
		operator= OP_AT_MOST;
		if (!take_partial(at, &version, &parts))
			return err_set(err, ERR_INVALID, "\"%s\" is no version", start);
	}
	return add(range, operator, & version, parts, err);
}

int semver_range_parse(const char *text, struct semver_range **ret_range, struct err *err)
{
	CLEANUP(semver_range_free_p) struct semver_range *range = calloc(1, sizeof(*range));
	const char *at = text;

	if (!range)
		return err_no_memory(err);
	if (strlen(text) > SEMVER_MAX_RANGE)
		return err_set(err, ERR_LIMIT, "the range of versions is longer than %d bytes",
			       SEMVER_MAX_RANGE);
	for (skip_blanks(&at);; skip_blanks(&at)) {
		if (take_comparison(range, &at, err) < 0)
			return err_prefix(err, "range of versions \"%s\"", text);
		skip_blanks(&at);
		if (!*at)
			break;
		if (strncmp(at, "||", 2) == 0) {
			range->alternatives++;
			at += 2;
		}
	}
	range->alternatives++;
	*ret_range = STEAL(range);
	return 0;
}

void semver_range_free(struct semver_range *range)
{
	free(range);
}

/* --- asking a range --------------------------------------------------------------------------- */

/* Whether the version is one of those that the text of the comparison stands for. */
static bool is_within(const struct comparison *item, const struct semver *version)
{
	if (item->is_unbounded)
		return true;
	if (semver_compare(&item->low, &item->high) == 0)
		return semver_compare(version, &item->low) == 0;
	if (semver_compare(version, &item->low) < 0)
		return false;
	/* 2.0.0-rc.1 is below 2.0.0, but not what ^1 means. */
	const struct semver high = item->high;
	return compare_number(version->major, high.major) < 0 ||
	       (version->major == high.major && version->minor < high.minor) ||
	       (version->major == high.major && version->minor == high.minor &&
		version->patch < high.patch);
}

static bool holds(const struct comparison *item, const struct semver *version)
{
	bool within = is_within(item, version);

	switch (item->operator) {
	case OP_NOT_EQUAL: return !within;
	case OP_ABOVE: return !within && semver_compare(version, &item->low) > 0;
	case OP_AT_LEAST: return within || semver_compare(version, &item->low) >= 0;
	case OP_BELOW: return !item->is_unbounded && semver_compare(version, &item->low) < 0;
	case OP_AT_MOST: return within || semver_compare(version, &item->low) < 0;
	default: return within;
	}
}

static bool alternative_has(const struct semver_range *range, size_t alternative,
			    const struct semver *version)
{
	bool names_pre = false;

	for (size_t i = 0; i < range->count; i++) {
		if (range->items[i].alternative != alternative)
			continue;
		names_pre = names_pre || range->items[i].low.pre[0];
		if (!holds(&range->items[i], version))
			return false;
	}
	return names_pre || !version->pre[0];
}

bool semver_range_has(const struct semver_range *range, const struct semver *version)
{
	for (size_t i = 0; i < range->alternatives; i++)
		if (alternative_has(range, i, version))
			return true;
	return false;
}

bool semver_is_better(const struct semver_range *range, const char *name, const char *best)
{
	struct semver version, other;

	if (!semver_parse(name, &version) || !semver_range_has(range, &version))
		return false;
	if (!best || !semver_parse(best, &other))
		return true;
	int order = semver_compare(&version, &other);
	return order ? order > 0 : strcmp(name, best) > 0;
}

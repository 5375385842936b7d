#include "diff/policy.h"

#include <string.h>

#include "diff/duration.h"
#include "diff/suggest.h"
#include "diff/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define STATEFULSET "StatefulSet"

#define DURATION "a duration such as 90s, 10m or 1h30m"
#define BOOLEAN  "\"true\" or \"false\""

/* --- values: each reader takes the text into the policy, or returns false ---------------------- */

typedef bool reader(const char *text, struct policy *policy);

/* A decimal number without sign or leading zeros, from `least` to what an int32 holds. */
static bool read_number(const char *text, int64_t least, int64_t *ret_number)
{
	int64_t number = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (*text - '0');
		if (number > INT32_MAX)
			return false;
	}
	if (*text || number < least)
		return false;
	*ret_number = number;
	return true;
}

static bool read_bool(const char *text, bool *ret_value)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return false;
	*ret_value = *text == 't';
	return true;
}

static bool read_duration(const char *text, int64_t *ret_ms)
{
	struct err ignored;

	return duration_parse(text, ret_ms, &ignored) == 0;
}

static bool read_step(const char *text, struct policy *policy)
{
	size_t length = strlen(text);
	char digits[4] = ""; /* of a percentage */
	bool is_percent = length > 0 && text[length - 1] == '%';

	policy->step_is_percent = is_percent;
	if (!is_percent)
		return read_number(text, 1, &policy->step);
	if (length > sizeof(digits))
		return false;
	memcpy(digits, text, length - 1);
	return read_number(digits, 1, &policy->step) && policy->step <= 100;
}

static bool read_bake(const char *text, struct policy *policy)
{
	return read_duration(text, &policy->bake_ms);
}

static bool read_deadline(const char *text, struct policy *policy)
{
	return read_duration(text, &policy->deadline_ms) && policy->deadline_ms > 0;
}

static bool read_on_stuck(const char *text, struct policy *policy)
{
	policy->rolls_back = strcmp(text, "rollback") == 0;
	return policy->rolls_back || strcmp(text, "hold") == 0;
}

static bool read_unstick(const char *text, struct policy *policy)
{
	return read_bool(text, &policy->unsticks);
}

static bool read_hold(const char *text, struct policy *policy)
{
	return read_bool(text, &policy->holds);
}

static bool read_max_promotion(const char *text, struct policy *policy)
{
	return read_number(text, 1, &policy->max_promotion);
}

static bool read_force_partition(const char *text, struct policy *policy)
{
	return read_number(text, 0, &policy->force_partition);
}

static bool read_replicas(const char *text, struct policy *policy)
{
	policy->replicas_from_git = true;
	return strcmp(text, "git") == 0;
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct row {
	const char *key;
	const char *may_be;
	const char *kind;  /* on which it means something; NULL: on any */
	reader *reader;    /* NULL: another room reads it */
	const char *words; /* the values it can have then, "A|B"; NULL: what that room says */
} rows[] = {
	{POLICY_STEP, "a number of ordinals from 1 on, or a percentage from 1% to 100%",
	 STATEFULSET, read_step},
	{POLICY_BAKE, DURATION, STATEFULSET, read_bake},
	{POLICY_DEADLINE, DURATION ", and more than 0", STATEFULSET, read_deadline},
	{POLICY_ON_STUCK, "\"hold\" or \"rollback\"", STATEFULSET, read_on_stuck},
	{POLICY_UNSTICK, BOOLEAN, STATEFULSET, read_unstick},
	{POLICY_HOLD, BOOLEAN, STATEFULSET, read_hold},
	{POLICY_MAX_PROMOTION, "a number of ordinals from 1 on", STATEFULSET, read_max_promotion},
	{POLICY_FORCE_PARTITION, "a partition", STATEFULSET, read_force_partition},
	{POLICY_REPLICAS, "\"git\"", STATEFULSET, read_replicas},
	{POLICY_PREFIX "recreate", "\"orphan\"", STATEFULSET, NULL, "orphan"},
	{POLICY_PREFIX "prune", "\"enabled\" or \"disabled\"", NULL, NULL, "enabled|disabled"},
	{POLICY_PREFIX "ignore", "JSON pointers with commas between them", NULL, NULL},
};

static const struct row *find_row(const char *key)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcmp(rows[i].key, key) == 0)
			return &rows[i];
	}
	return NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct policy policy_default(void)
{
	return (struct policy){
		.deadline_ms = POLICY_DEFAULT_DEADLINE_MS,
		.max_promotion = -1,
		.force_partition = -1,
	};
}

static const cJSON *annotations_of(const cJSON *object)
{
	return json_at(object, "metadata.annotations");
}

int policy_read(const cJSON *object, struct policy *ret_policy, const char **ret_key,
		struct err *err)
{
	struct policy policy = policy_default();
	char quoted[TEXT_QUOTE_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		const cJSON *value = json_get(annotations_of(object), rows[i].key);
		const char *text = cJSON_IsString(value) ? value->valuestring : "";

		if (!value || !rows[i].reader || rows[i].reader(text, &policy))
			continue;
		if (ret_key)
			*ret_key = rows[i].key;
		return err_set(err, ERR_INVALID, "%s is %s, but must be %s", rows[i].key,
			       text_quote(text, quoted), rows[i].may_be);
	}
	*ret_policy = policy;
	return 0;
}

struct policy policy_of_live(const cJSON *object)
{
	struct policy policy = policy_default();

	for (size_t i = 0; i < COUNT(rows); i++) {
		const cJSON *value = json_get(annotations_of(object), rows[i].key);
		struct policy with = policy;

		if (cJSON_IsString(value) && rows[i].reader &&
		    rows[i].reader(value->valuestring, &with))
			policy = with;
	}
	return policy;
}

/* --- steps ------------------------------------------------------------------------------------ */

int64_t policy_step_size(const struct policy *policy, int64_t replicas)
{
	int64_t size = policy->step;

	if (size == 0)
		return replicas;
	if (policy->step_is_percent)
		size = (replicas * size + 99) / 100;
	return size > 0 ? size : 1;
}

int64_t policy_next_partition(const struct policy *policy, int64_t replicas, int64_t partition,
			      int64_t target)
{
	int64_t from = partition < replicas ? partition : replicas;
	int64_t next = from - policy_step_size(policy, replicas);

	if (policy->step == 0 || next < target)
		return target;
	return next;
}

/* --- the offline check ------------------------------------------------------------------------ */

static bool is_among(const char *words, const char *value)
{
	size_t length = strlen(value);

	for (; *words; words += strcspn(words, "|"), words += *words == '|')
		if (strcspn(words, "|") == length && strncmp(words, value, length) == 0)
			return true;
	return false;
}

static bool is_fine(const struct row *row, const char *value)
{
	struct policy ignored;

	if (row->reader)
		return row->reader(value, &ignored);
	return !row->words || is_among(row->words, value);
}

/* Only the part behind the prefix is held against the names: else all would be alike. */
static const char *suggest(const char *key)
{
	size_t prefix = strlen(POLICY_PREFIX);
	struct suggestion meant = suggestion_for(key + prefix);

	for (size_t i = 0; i < COUNT(rows); i++)
		suggestion_offer(&meant, rows[i].key + prefix);
	return meant.word;
}

enum policy_fault policy_check(const char *kind, const char *key, const char *value,
			       struct buf *out)
{
	const struct row *row = find_row(key);
	char quoted[TEXT_QUOTE_MAX];

	if (strncmp(key, POLICY_PREFIX, strlen(POLICY_PREFIX)) != 0)
		return POLICY_FINE;
	if (!row) {
		const char *meant = suggest(key);

		buf_printf(out, "unknown annotation %s", text_quote(key, quoted));
		if (meant)
			buf_printf(out, "; did you mean \"" POLICY_PREFIX "%s\"?", meant);
		return POLICY_UNKNOWN;
	}
	if (row->kind && strcmp(row->kind, kind) != 0) {
		buf_printf(out, "%s means nothing on a %s: it is for StatefulSets", key, kind);
		return POLICY_MISPLACED;
	}
	if (is_fine(row, value))
		return POLICY_FINE;
	buf_printf(out, "%s is %s, but must be %s", key, text_quote(value, quoted), row->may_be);
	return POLICY_BAD_VALUE;
}

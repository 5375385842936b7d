#include "tests/kubesim/fault.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "diff/duration.h"
#include "tests/kubesim/alloc.h"

/* A whole number from `min` on; false if the text is not that. */
static bool read_number(const char *text, int64_t min, int64_t *ret_number)
{
	char *end;

	*ret_number = strtoll(text, &end, 10);
	return text[0] && !*end && *ret_number >= min;
}

static bool read_action(char *text, struct fault *fault)
{
	static const struct {
		const char *name;
		enum fault_action action;
	} plain[] = {{"refuse", FAULT_REFUSE},
		     {"lose", FAULT_LOSE},
		     {"hang", FAULT_HANG},
		     {"hold", FAULT_HOLD}};
	struct err err;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		fault->action = plain[i].action;
		if (strcmp(text, plain[i].name) == 0)
			return true;
	}
	if (strncmp(text, "cut=", 4) == 0) {
		fault->action = FAULT_CUT;
		return read_number(text + 4, 0, &fault->amount);
	}
	if (strncmp(text, "delay=", 6) == 0) {
		fault->action = FAULT_DELAY;
		return duration_parse(text + 6, &fault->amount, &err) == 0;
	}
	fault->action = FAULT_CODE;
	return read_number(text, 400, &fault->amount) && fault->amount <= 599;
}

static bool read_fault(char *text, struct fault *fault)
{
	char *times = strrchr(text, '*'), *at = strchr(text, '@');

	*fault = (struct fault){.times = -1, .rule = {"*", "*"}, .text = text};
	/* The star of a rule, as in "*:pods" and "get:*", is not followed by a number. */
	if (times && read_number(times + 1, 1, &fault->times))
		*times = '\0';
	else
		fault->times = -1;
	if (at) {
		*at = '\0';
		if (!rule_read(at + 1, &fault->rule))
			return false;
	}
	return read_action(text, fault);
}

int faults_add(struct faults *faults, const char *text, struct err *err)
{
	CLEANUP(free_p) char *copy = alloc_copy(text);
	struct fault fault;

	if (!read_fault(copy, &fault))
		return err_set(
			err, ERR_INVALID,
			"\"%s\" is not ACTION[@VERB:RESOURCE[:NAMESPACE]][*TIMES] with one of the "
			"actions 400 to 599, refuse, lose, cut=BYTES, delay=TIME, hang, hold",
			text);
	faults->items = alloc_grow(faults->items, faults->count + 1, sizeof(*faults->items));
	faults->items[faults->count++] = fault;
	copy = NULL;
	return 0;
}

int faults_replace(struct faults *faults, const char *text, struct err *err)
{
	CLEANUP(free_p) char *copy = alloc_copy(text);
	CLEANUP(faults_release) struct faults replaced = {0};
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (line[0] && faults_add(&replaced, line, err) < 0)
			return -1;
	}
	replaced.replaced = faults->replaced + 1;
	faults_release(faults);
	*faults = replaced;
	replaced = (struct faults){0};
	return 0;
}

bool faults_hold(const struct faults *faults, const struct fault *fault)
{
	return fault->action == FAULT_HOLD && fault->amount == faults->replaced;
}

void faults_release(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		free(faults->items[i].text);
	free(faults->items);
	*faults = (struct faults){0};
}

struct fault faults_take(struct faults *faults, const struct route *route, const char *verb)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct fault *fault = &faults->items[i];

		if (fault->times == 0 || route->type != ROUTE_RESOURCE ||
		    !rule_matches(&fault->rule, route, verb))
			continue;
		if (fault->times > 0)
			fault->times--;
		if (fault->action == FAULT_HOLD)
			fault->amount = faults->replaced;
		return *fault;
	}
	return (struct fault){.action = FAULT_NONE};
}

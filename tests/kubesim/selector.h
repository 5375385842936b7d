/*
 * selector.h - label and field selectors, as in ?labelSelector= and ?fieldSelector=.
 *
 * Labels: "a=b,c!=d,e in (x,y),f notin (z),g,!h" (k8s.io/apimachinery/pkg/labels). Fields: "a=b",
 * "a==b", "a!=b" on the fields that the resource can be selected by (pkg/fields).
 */
#ifndef TESTS_KUBESIM_SELECTOR_H
#define TESTS_KUBESIM_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/json.h"
#include "tests/kubesim/kinds.h"
#include "tests/kubesim/status.h"

enum requirement_type {
	REQUIRE_IN, /* one of the values; "=" has one */
	REQUIRE_NOT_IN,
	REQUIRE_EXISTS,
	REQUIRE_MISSING,
	REQUIRE_GREATER,
	REQUIRE_LESS,
};

struct requirement {
	enum requirement_type type;
	bool is_field; /* `key` is a path such as spec.nodeName, else a label */
	char *key;
	char **values;
	size_t value_count;
};

/* All requirements must hold; zero-initialised it selects everything. */
struct selector {
	struct requirement *items;
	size_t count;
};

/* Reads both texts ("" selects everything); 400 where one is wrong or the field is not supported. */
int selector_parse(const char *labels, const char *fields, const struct kind *kind,
		   struct selector *ret_selector, struct status *status);
void selector_release(struct selector *selector);

bool selector_matches(const struct selector *selector, const cJSON *object);

/*
 * Whether a LabelSelector (matchLabels, matchExpressions) selects these labels; an empty one selects
 * everything, NULL nothing.
 */
bool selector_matches_labels(const cJSON *label_selector, const cJSON *labels);

#endif

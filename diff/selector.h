/*
 * selector.h - which labels a LabelSelector matches (metav1.LabelSelectorAsSelector).
 */
#ifndef DIFF_SELECTOR_H
#define DIFF_SELECTOR_H

#include "diff/json.h"

/* Whether one of matchExpressions holds; an operator that nobody knows does not. */
bool selector_expression_holds(const cJSON *expression, const cJSON *labels);

/*
 * Whether all of matchLabels and matchExpressions hold. An empty selector matches everything, none
 * (NULL) nothing.
 */
bool selector_matches(const cJSON *selector, const cJSON *labels);

#endif

/*
 * quantity.h - Kubernetes quantities (k8s.io/apimachinery resource.Quantity), exactly.
 *
 * "1", "0.5", "500m", "1.5Gi", "12e6": a decimal number with an SI suffix (n u m k M G T P E), a
 * binary one (Ki Mi Gi Ti Pi Ei) or an exponent. As on the server, digits below one nano round away
 * from zero and the magnitude is capped at 2^63 - 1.
 */
#ifndef DIFF_QUANTITY_H
#define DIFF_QUANTITY_H

#include <stdbool.h>

#include "diff/buf.h"
#include "diff/err.h"
#include "diff/json.h"

/* The family of suffixes that a quantity was written in and is printed in. */
enum quantity_format { QUANTITY_DECIMAL, QUANTITY_BINARY, QUANTITY_EXPONENT };

struct quantity {
	__int128 nanos; /* the value times 10^9 */
	enum quantity_format format;
};

/* ERR_INVALID with the server's words where the text is no quantity. */
int quantity_parse(const char *text, struct quantity *ret_quantity, struct err *err);

/* The same from a manifest, where numbers are allowed in place of strings. */
int quantity_from_json(const cJSON *value, struct quantity *ret_quantity, struct err *err);

/* Below, equal or above zero, by value: 1000m equals 1, 1024Mi equals 1Gi. */
int quantity_compare(const struct quantity *a, const struct quantity *b);

/* Whether both are quantities, and equal. */
bool quantity_equal(const cJSON *a, const cJSON *b);

/* The form that the server prints: 0.5 -> 500m, 1000m -> 1, 1024Mi -> 1Gi, 1.5Gi -> 1536Mi. */
void quantity_print(const struct quantity *quantity, struct buf *out);

#endif

/*
 * quantity.h - Kubernetes quantities (k8s.io/apimachinery resource.Quantity), exactly.
 *
 * "1", "0.5", "500m", "1.5Gi", "12e6": a decimal number with an SI suffix (n u m k M G T P E), a
 * binary one (Ki Mi Gi Ti Pi Ei) or an exponent. As on the server, digits below one nano round away
 * from zero, and quantities with a binary suffix are capped at 2^63 - 1. What passes 10^29 the
 * server takes and we do not: ERR_LIMIT.
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
	/*
	 * The server hands such a text back as it came, although it may not be the canonical one
	 * ("1.500", "+5"): it looks only at a few properties of the digits.
	 */
	bool stays_as_written;
};

/* ERR_INVALID with the server's words where the text is no quantity. */
int quantity_parse(const char *text, struct quantity *ret_quantity, struct err *err);

/* The same from a manifest, which may have a number instead, and space around the text. */
int quantity_from_json(const cJSON *value, struct quantity *ret_quantity, struct err *err);

/* Below, equal or above zero, by value: 1000m equals 1, 1024Mi equals 1Gi. */
int quantity_compare(const struct quantity *a, const struct quantity *b);

/* Whether both are quantities, and equal. */
bool quantity_equal(const cJSON *a, const cJSON *b);

/* Rounds away from zero to thousandths, as the server does with requests, limits and capacities. */
void quantity_round_up_milli(struct quantity *quantity);

/* The canonical form: 0.5 -> 500m, 1000m -> 1, 1024Mi -> 1Gi, 1.5Gi -> 1536Mi. */
void quantity_print(const struct quantity *quantity, struct buf *out);

/*
 * What the server answers when it was sent `value`: the canonical form, or the very text where that
 * stays as written. ERR_INVALID, ERR_LIMIT, as quantity_from_json.
 */
int quantity_print_stored(const cJSON *value, struct buf *out, struct err *err);

#endif

/*
 * json_number.h - doubles in decimal, as Go's strconv writes them with precision -1.
 */
#ifndef DIFF_JSON_NUMBER_H
#define DIFF_JSON_NUMBER_H

#define JSON_NUMBER_MAX 32 /* bytes of any formatted number, with its NUL */

/*
 * Writes the shortest decimal that reads back as `value`, which is finite. It is plain where the
 * power of ten of its first digit is at least `min_exponent` and less than `max_exponent`, else
 * "1.5e+21" with at least `exponent_digits` digits in the exponent. Returns `out`.
 */
const char *json_format_double(double value, int min_exponent, int max_exponent,
			       int exponent_digits, char out[JSON_NUMBER_MAX]);

/* The same for the shortest decimal that reads back as a float. */
const char *json_format_float(float value, int min_exponent, int max_exponent, int exponent_digits,
			      char out[JSON_NUMBER_MAX]);

#endif

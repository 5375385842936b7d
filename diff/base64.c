#include "diff/base64.h"

#include <stdint.h>

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(char *text, size_t *length)
{
	uint32_t bits = 0;
	size_t out = 0, symbols = 0, padding = 0;

	for (size_t i = 0; i < *length; i++) {
		int value = value_of(text[i]);

		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		if (value < 0 || padding)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (++symbols % 4 != 1)
			text[out++] = (char)(bits >> (6 - 2 * ((symbols - 1) % 4)));
	}
	if ((symbols + padding) % 4 != 0 || padding > 2 || symbols % 4 == 1)
		return false;
	if (out < *length)
		text[out] = '\0';
	*length = out;
	return true;
}

void base64_print(const char *text, size_t length, struct buf *out)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *)text;

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned bits = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) |
				(left > 2 ? bytes[i + 2] : 0);

		buf_putc(out, alphabet[bits >> 18]);
		buf_putc(out, alphabet[bits >> 12 & 63]);
		buf_putc(out, left > 1 ? alphabet[bits >> 6 & 63] : '=');
		buf_putc(out, left > 2 ? alphabet[bits & 63] : '=');
	}
}

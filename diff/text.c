#include "diff/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t text_decode(const char *text, size_t length, uint32_t *ret_character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;

	if (length == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*ret_character = bytes[0];
		return 1;
	}

	size_t size = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2;
	if (bytes[0] < 0xC2 || bytes[0] > 0xF4 || size > length)
		return 0;
	uint32_t character = bytes[0] & (0xFFu >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3Fu);
	}
	if (character < smallest[size] || character > 0x10FFFF ||
	    (character >= 0xD800 && character <= 0xDFFF))
		return 0;
	*ret_character = character;
	return size;
}

size_t text_encode(uint32_t character, char out[4])
{
	if (character < 0x80) {
		out[0] = (char)character;
		return 1;
	}
	size_t size = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (character & 0x3F));
		character >>= 6;
	}
	out[0] = (char)((0xF00u >> size & 0xF0u) | character);
	return size;
}

void text_position(const char *text, size_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	uint32_t line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n' && i > 0 && text[i - 1] == '\r')
			continue; /* the line ended at the CR */
		if (text[i] == '\n' || text[i] == '\r') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

/* One character as a quotation shows it. */
static size_t quote_character(uint32_t character, char out[8])
{
	static const char named[] = "\"\"\\\\\nn\rr\tt";

	for (size_t i = 0; named[i]; i += 2) {
		if ((uint32_t)named[i] == character) {
			out[0] = '\\';
			out[1] = named[i + 1];
			return 2;
		}
	}
	if (character < 0x20 || (character >= 0x7F && character < 0xA0))
		return (size_t)snprintf(out, 8, "\\u%04x", character);
	return text_encode(character, out);
}

const char *text_quote(const char *text, char out[TEXT_QUOTE_MAX])
{
	size_t left = strlen(text), used = 0;

	out[used++] = '"';
	while (left) {
		uint32_t character = TEXT_REPLACEMENT;
		char piece[8];
		size_t taken = text_decode(text, left, &character);
		size_t size = quote_character(character, piece);

		if (used + size + sizeof("...\"") > TEXT_QUOTE_MAX) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		memcpy(out + used, piece, size);
		used += size;
		taken = taken ? taken : 1;
		text += taken;
		left -= taken;
	}
	memcpy(out + used, "\"", 2);
	return out;
}

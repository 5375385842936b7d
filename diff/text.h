/*
 * text.h - characters, places and quotations of UTF-8 text.
 */
#ifndef DIFF_TEXT_H
#define DIFF_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_REPLACEMENT 0xFFFDu /* stands for what cannot be decoded */
#define TEXT_QUOTE_MAX   96      /* bytes of a quotation, with its NUL */

/*
 * Decodes the character at `text`, which has `length` bytes left. Returns how many bytes it takes,
 * or 0 where there is none: at the end, or at bytes that are not UTF-8 (overlong, surrogate, cut).
 */
size_t text_decode(const char *text, size_t length, uint32_t *ret_character);

/* Writes the character's UTF-8 form and returns its length, 1 to 4. */
size_t text_encode(uint32_t character, char out[4]);

/*
 * The line and column, both from 1, of the byte at `offset`. LF, CR and CRLF end a line; a column
 * is a character.
 */
void text_position(const char *text, size_t offset, uint32_t *ret_line, uint32_t *ret_column);

/*
 * Quotes a text for a message: in double quotes, control characters escaped as JSON does, cut with
 * "..." where it is long. Returns `out`.
 */
const char *text_quote(const char *text, char out[TEXT_QUOTE_MAX]);

#endif

#include "diff/yaml_split.h"

#include <string.h>

#include "diff/cleanup.h"
#include "diff/text.h"

#define JSON_LOOK_AHEAD 4096
#define UTF8_BOM        "\xEF\xBB\xBF"
#define SEPARATOR       "---"
#define SEPARATOR_SIZE  3

/* The first byte that is not part of a well-formed character, or `length`. */
static size_t valid_prefix(const char *text, size_t length)
{
	size_t at = 0, size = 1;
	uint32_t character;
	uint64_t word;

	while (size) {
		for (; length - at >= sizeof(word); at += sizeof(word)) {
			memcpy(&word, text + at, sizeof(word));
			if (word & 0x8080808080808080u)
				break;
		}
		size = text_decode(text + at, length - at, &character);
		at += size;
	}
	return at;
}

static void append_character(struct buf *out, uint32_t character)
{
	char bytes[4];

	buf_append(out, bytes, text_encode(character, bytes));
}

static void repair_utf8(const char *text, size_t length, struct buf *out)
{
	while (length) {
		size_t good = valid_prefix(text, length);

		buf_append(out, text, good);
		if (good == length)
			return;
		append_character(out, TEXT_REPLACEMENT);
		text += good + 1;
		length -= good + 1;
	}
}

static uint32_t utf16_unit(const char *bytes, bool big_endian)
{
	const unsigned char *pair = (const unsigned char *)bytes;

	return big_endian ? (uint32_t)pair[0] << 8 | pair[1] : (uint32_t)pair[1] << 8 | pair[0];
}

static void decode_utf16(const char *text, size_t length, bool big_endian, struct buf *out)
{
	size_t at = 0;

	while (length - at >= 2) {
		uint32_t unit = utf16_unit(text + at, big_endian);

		at += 2;
		if (unit >= 0xD800 && unit <= 0xDFFF) {
			uint32_t low = unit < 0xDC00 && length - at >= 2
					       ? utf16_unit(text + at, big_endian)
					       : 0;

			if (low >= 0xDC00 && low <= 0xDFFF) {
				unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
				at += 2;
			} else {
				unit = TEXT_REPLACEMENT;
			}
		}
		append_character(out, unit);
	}
	if (at < length)
		append_character(out, TEXT_REPLACEMENT);
}

int yaml_to_utf8(const char *text, size_t length, struct buf *storage, const char **ret_text,
		 size_t *ret_length, struct err *err)
{
	if (length >= 2 && (memcmp(text, "\xFE\xFF", 2) == 0 || memcmp(text, "\xFF\xFE", 2) == 0)) {
		decode_utf16(text + 2, length - 2, text[0] == '\xFE', storage);
	} else {
		if (length >= 3 && memcmp(text, UTF8_BOM, 3) == 0) {
			text += 3;
			length -= 3;
		}
		if (valid_prefix(text, length) == length) {
			*ret_text = text;
			*ret_length = length;
			return 0;
		}
		repair_utf8(text, length, storage);
	}
	if (buf_check(storage, "the text", err) < 0)
		return -1;
	*ret_text = buf_str(storage);
	*ret_length = storage->length;
	return 0;
}

static bool find_double_return(const char *at, const char *end)
{
	while ((at = memchr(at, '\r', (size_t)(end - at)))) {
		if (++at + 1 < end && at[0] == '\r' && at[1] == '\n')
			return true;
	}
	return false;
}

int yaml_drop_returns(struct buf *storage, const char **text, size_t *length, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(storage->max_length);
	const char *at = *text, *end = at + *length, *newline;

	if (!find_double_return(at, end))
		return 0;
	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		buf_append(&out, at,
			   (size_t)(newline - at) - (newline > at && newline[-1] == '\r'));
		buf_putc(&out, '\n');
		at = newline + 1;
	}
	buf_append(&out, at, (size_t)(end - at));
	if (buf_check(&out, "the text", err) < 0)
		return -1;
	buf_release(storage);
	*storage = out;
	buf_init(&out, 0);
	*text = buf_str(storage);
	*length = storage->length;
	return 0;
}

size_t yaml_space_at(const char *text, size_t length)
{
	uint32_t c = 0;
	size_t size = text_decode(text, length, &c);
	bool space = (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0xA0 ||
		     c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
		     c == 0x202F || c == 0x205F || c == 0x3000;

	return space ? size : 0;
}

static size_t skip_space(const char *text, size_t length)
{
	size_t at = 0, size;

	while ((size = yaml_space_at(text + at, length - at)))
		at += size;
	return at;
}

bool yaml_looks_like_json(const char *text, size_t length)
{
	if (length > JSON_LOOK_AHEAD)
		length = JSON_LOOK_AHEAD;
	size_t at = skip_space(text, length);
	return at < length && text[at] == '{';
}

/* The offset just past the line at `at`. */
static size_t line_end(const struct yaml_splitter *splitter, size_t at)
{
	const char *newline = memchr(splitter->text + at, '\n', splitter->length - at);

	return newline ? (size_t)(newline - splitter->text) + 1 : splitter->length;
}

static bool is_separator(const struct yaml_splitter *splitter, size_t at)
{
	return splitter->length - at >= SEPARATOR_SIZE &&
	       memcmp(splitter->text + at, SEPARATOR, SEPARATOR_SIZE) == 0;
}

/* After a separator only white space and a comment may stand. */
static int check_separator(const struct yaml_splitter *splitter, size_t start, size_t end,
			   struct err *err)
{
	const char *rest = splitter->text + start + SEPARATOR_SIZE;
	size_t length = end - start - SEPARATOR_SIZE;
	size_t space = skip_space(rest, length);
	char shown[64] = "", quoted[TEXT_QUOTE_MAX];

	if (space == length || rest[space] == '#')
		return 0;
	length -= space;
	while (length && (unsigned char)rest[space + length - 1] <= ' ')
		length--;
	memcpy(shown, rest + space, length < sizeof(shown) ? length : sizeof(shown) - 1);
	return err_set(err, ERR_INVALID, "%u:%zu: %s after a document separator", splitter->line,
		       splitter->column + SEPARATOR_SIZE + space, text_quote(shown, quoted));
}

/*
 * A separator with nothing before it belongs to the chunk that follows; one that ends a chunk
 * belongs to none. That is how YAMLReader has it, and the YAML parser does not mind.
 */
int yaml_split_next(struct yaml_splitter *splitter, struct yaml_chunk *ret_chunk, struct err *err)
{
	size_t start = splitter->at, at = start;
	uint32_t start_line = splitter->line, start_column = splitter->column;

	while (at < splitter->length) {
		size_t end = line_end(splitter, at);
		bool separator = is_separator(splitter, at);

		if (separator && check_separator(splitter, at, end, err) < 0)
			return -1;
		splitter->line++;
		splitter->column = 1;
		if (separator && at > start) {
			splitter->at = end;
			break;
		}
		at = splitter->at = end;
	}
	if (at == start)
		return 0;
	*ret_chunk =
		(struct yaml_chunk){splitter->text + start, at - start, start_line, start_column};
	return 1;
}

#include "diff/manifest.h"

#include <string.h>

/*
 * The JSON text, its NUL, and then two numbers a mark: by how many lines it is below the one before, with
 * the sign in the lowest bit, and its column. A number stands in groups of seven bits, the lowest first.
 * Then the texts of the manifest, which point in here from then on: many small pieces of memory that stay
 * would keep what a pass used in between from being given back.
 */
struct manifest_packed {
	size_t text_length;
	char bytes[];
};

#define MAX_BYTES (512u * 1024 * 1024)

static void put_number(uint64_t number, struct buf *out)
{
	for (; number >= 0x80; number >>= 7)
		buf_putc(out, (char)(number | 0x80));
	buf_putc(out, (char)number);
}

static uint64_t take_number(const char **at)
{
	uint64_t number = 0;

	for (unsigned shift = 0;; shift += 7) {
		unsigned char byte = (unsigned char)*(*at)++;

		number |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80)
			return number;
	}
}

static void put_marks(const struct manifest *manifest, struct buf *out)
{
	uint32_t line = 0;

	for (size_t i = 0; i < manifest->mark_count; i++) {
		const struct yaml_mark *mark = &manifest->marks[i];
		bool above = mark->line < line;
		uint64_t lines = above ? line - mark->line : mark->line - line;

		put_number(lines << 1 | above, out);
		put_number(mark->column, out);
		line = mark->line;
	}
}

static void take_marks(const char *at, struct yaml_mark *marks, size_t count)
{
	uint32_t line = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t lines = take_number(&at);

		line = lines & 1 ? line - (uint32_t)(lines >> 1) : line + (uint32_t)(lines >> 1);
		marks[i] = (struct yaml_mark){line, (uint32_t)take_number(&at)};
	}
}

#define TEXT_COUNT 7

/* Those that may be NULL come last. */
static void list_texts(struct manifest *manifest, char **ret_texts[TEXT_COUNT])
{
	struct ref *ref = &manifest->ref;
	char **texts[TEXT_COUNT] = {
		&ref->group,     &ref->version,          &ref->kind, &ref->namespace, &ref->name,
		&manifest->file, &manifest->service_name};

	memcpy(ret_texts, texts, sizeof(texts));
}

static void put_texts(struct manifest *manifest, struct buf *out)
{
	char **texts[TEXT_COUNT];

	list_texts(manifest, texts);
	for (size_t i = 0; i < TEXT_COUNT; i++)
		if (*texts[i])
			buf_append(out, *texts[i], strlen(*texts[i]) + 1);
}

/* The texts stand at `at` now. */
static void move_texts(struct manifest *manifest, char *at)
{
	char **texts[TEXT_COUNT];

	list_texts(manifest, texts);
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		if (!*texts[i])
			continue;
		free(*texts[i]);
		*texts[i] = at;
		at += strlen(at) + 1;
	}
}

static int pack(struct manifest *manifest, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT(MAX_BYTES);

	json_print(manifest->desired, &bytes);
	size_t text_length = bytes.length;
	buf_putc(&bytes, '\0');
	put_marks(manifest, &bytes);
	size_t texts_at = bytes.length;
	put_texts(manifest, &bytes);
	if (buf_check(&bytes, "a manifest", err) < 0)
		return -1;
	struct manifest_packed *packed = malloc(sizeof(*packed) + bytes.length);
	if (!packed)
		return err_no_memory(err);
	packed->text_length = text_length;
	memcpy(packed->bytes, bytes.data, bytes.length);
	manifest->packed = packed;
	move_texts(manifest, packed->bytes + texts_at);
	return 0;
}

/* Out of the middle of what was needed for a moment. */
static void move(char **text)
{
	char *copy = *text ? strdup(*text) : NULL;

	if (!copy)
		return;
	free(*text);
	*text = copy;
}

void manifest_pack(struct manifest *manifest)
{
	struct err ignored;

	/* One that was unpacked still has its text: a tree is never changed. */
	if (!manifest->desired || (!manifest->packed && pack(manifest, &ignored) < 0))
		return;
	cJSON_Delete(STEAL(manifest->desired));
	free(STEAL(manifest->marks));
	if (manifest->memo) {
		move(&manifest->memo->desired);
		move(&manifest->memo->live);
		move(&manifest->memo->of_live_version);
	}
}

int manifest_unpack(struct manifest *manifest, struct err *err)
{
	CLEANUP(free_p) struct yaml_mark *marks = NULL;
	const struct manifest_packed *packed = manifest->packed;

	if (manifest->desired || !packed)
		return 0;
	marks = calloc(manifest->mark_count + 1, sizeof(*marks));
	if (!marks)
		return err_no_memory(err);
	if (json_parse(packed->bytes, packed->text_length, &manifest->desired, err) < 0)
		return -1;
	take_marks(packed->bytes + packed->text_length + 1, marks, manifest->mark_count);
	manifest->marks = STEAL(marks);
	return 0;
}

void manifest_set_pack(struct manifest_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		manifest_pack(&set->items[i]);
}

bool manifest_says_the_same(const struct manifest *a, const struct manifest *b)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_BYTES);
	struct err ignored;

	if (!ref_equal(&a->ref, &b->ref) || strcmp(a->ref.version, b->ref.version) != 0)
		return false;
	if (a->desired && b->desired)
		return json_equal(a->desired, b->desired);
	if (!a->packed) {
		const struct manifest *other = a;

		a = b;
		b = other;
	}
	if (b->packed)
		return strcmp(a->packed->bytes, b->packed->bytes) == 0;
	json_print(b->desired, &text);
	return buf_check(&text, "", &ignored) == 0 && strcmp(a->packed->bytes, buf_str(&text)) == 0;
}

int manifest_find_mark(const struct manifest *manifest, const char *path,
		       struct yaml_mark *ret_mark, struct err *err)
{
	struct manifest whole = *manifest;

	if (manifest_unpack(&whole, err) < 0)
		return -1;
	*ret_mark = manifest_mark_of(&whole, path);
	if (!manifest->desired) {
		cJSON_Delete(whole.desired);
		free(whole.marks);
	}
	return 0;
}

/*
 * yaml2json [--yaml] < FILE: what the YAML room makes of a file, for the oracle test.
 *
 * Writes each document as one line of JSON, or with --yaml as YAML after a `---` line. Exits 1
 * with the error on stderr.
 */
#include <stdio.h>
#include <string.h>

#include "diff/yaml.h"

#define OUTPUT_MAX (256u * 1024 * 1024)

static int convert(const char *text, size_t length, bool as_yaml, struct buf *out, struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	if (yaml_load(text, length, &docs, err) < 0)
		return -1;
	for (size_t i = 0; i < docs.count; i++) {
		if (as_yaml) {
			buf_puts(out, "---\n");
			if (yaml_print(docs.items[i].root, out, err) < 0)
				return -1;
		} else {
			json_print(docs.items[i].root, out);
			buf_putc(out, '\n');
		}
	}
	return buf_check(out, "the output", err);
}

int main(int argc, char **argv)
{
	CLEANUP(buf_release) struct buf in = BUF_INIT(OUTPUT_MAX);
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUTPUT_MAX);
	bool as_yaml = argc > 1 && strcmp(argv[1], "--yaml") == 0;
	char block[65536];
	struct err err;
	size_t got;

	while ((got = fread(block, 1, sizeof(block), stdin)))
		buf_append(&in, block, got);
	if (buf_check(&in, "the input", &err) < 0 ||
	    convert(buf_str(&in), in.length, as_yaml, &out, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	fwrite(buf_str(&out), 1, out.length, stdout);
	return 0;
}

/*
 * yaml2json [--yaml|--quiet] FILE...: what the YAML room makes of files, for the oracle test and for a look.
 *
 * For each file a line `== FILE`, then each of its documents as one line of JSON, or with --yaml as
 * YAML after a line `---`; or a line `!! ERROR`. With --quiet they are only read, which is timed. Exits 1
 * if any file was refused.
 */
#include <stdio.h>
#include <string.h>

#include "diff/yaml.h"

#define OUTPUT_MAX (256u * 1024 * 1024)

enum output { AS_JSON, AS_YAML, QUIET };

static int convert(const char *text, size_t length, enum output output, struct buf *out,
		   struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	if (yaml_load(text, length, &docs, err) < 0)
		return -1;
	for (size_t i = 0; i < docs.count && output != QUIET; i++) {
		if (output == AS_YAML) {
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

static int read_file(const char *path, struct buf *out, struct err *err)
{
	FILE *file = fopen(path, "rb");
	char block[65536];
	size_t got;

	if (!file)
		return err_set(err, ERR_NOT_FOUND, "cannot open it");
	while ((got = fread(block, 1, sizeof(block), file)))
		buf_append(out, block, got);
	fclose(file);
	return buf_check(out, "the file", err);
}

static int convert_file(const char *path, enum output output)
{
	CLEANUP(buf_release) struct buf in = BUF_INIT(OUTPUT_MAX);
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUTPUT_MAX);
	struct err err;

	printf("== %s\n", path);
	if (read_file(path, &in, &err) < 0 ||
	    convert(buf_str(&in), in.length, output, &out, &err) < 0) {
		printf("!! %s\n", err.message);
		return 1;
	}
	fwrite(buf_str(&out), 1, out.length, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	enum output output = AS_JSON;
	int status = 0;

	if (argc > 1 && strcmp(argv[1], "--yaml") == 0)
		output = AS_YAML;
	else if (argc > 1 && strcmp(argv[1], "--quiet") == 0)
		output = QUIET;
	for (int i = output == AS_JSON ? 1 : 2; i < argc; i++)
		status |= convert_file(argv[i], output);
	return status;
}

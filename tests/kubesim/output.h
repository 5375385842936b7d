/*
 * output.h - the form in which a client wants objects: as they are, as rows of a Table, or their
 * metadata only (the Accept header).
 */
#ifndef TESTS_KUBESIM_OUTPUT_H
#define TESTS_KUBESIM_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/buf.h"
#include "tests/kubesim/kinds.h"
#include "tests/kubesim/status.h"
#include "tests/kubesim/store.h"
#include "tests/kubesim/table.h"

enum output_form { OUTPUT_WHOLE, OUTPUT_TABLE, OUTPUT_METADATA };

struct output {
	enum output_form form;
	enum table_include include; /* ?includeObject= */
	const struct kind *kind;
	struct loop *loop; /* the clock that ages are reckoned by */
};

/*
 * The first form of the Accept header that the server can give; 406 if there is none. An empty
 * header and one for any type mean OUTPUT_WHOLE.
 */
int output_choose(const char *accept, const char *include, const struct kind *kind,
		  struct loop *loop, struct output *ret_output, struct status *status);

/*
 * Writes one object in the chosen form. `headers`: a Table has its column definitions (in a watch
 * only the first event has).
 */
void output_object(const struct output *output, struct record *record, bool headers,
		   struct buf *out);

/* Writes a list as of `version`; `continue_token` and `remaining` may be NULL and 0. */
void output_list(const struct output *output, const struct records *records, uint64_t version,
		 const char *continue_token, size_t remaining, struct buf *out);

#endif

/*
 * yaml.h - YAML to JSON as kubectl reads it, and JSON to YAML as kubectl prints it.
 *
 * Reading follows sigs.k8s.io/yaml over go-yaml v2 and k8s.io/apimachinery's document splitter:
 * a UTF-8 or UTF-16 stream, split at lines that start with `---` before any parsing; the YAML 1.1
 * scalars with go-yaml's own exceptions (y/n/on/off are booleans, 0644 is octal, base 60 and
 * timestamps stay strings); merge keys; aliases with a bound on what they expand to; or a stream
 * of JSON objects where the first byte that is not white space is `{`.
 *
 * Departures from kubectl, all towards refusing what it would silently lose:
 *   - a duplicate key is an error (kubectl: the last one wins);
 *   - text after a `...` line of a document is an error (kubectl drops it);
 *   - a NUL character, however written, is an error;
 *   - aliases that expand to more than YAML_MAX_ALIASED values are an error (kubectl: the more of
 *     a document comes from aliases, the sooner; this bound holds here too);
 *   - what libyaml and go-yaml read differently is an error (yaml_events.h).
 */
#ifndef DIFF_YAML_H
#define DIFF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/json.h"

#define YAML_MAX_BYTES (16u * 1024 * 1024) /* of one file */
#define YAML_MAX_DEPTH JSON_MAX_DEPTH
#define YAML_MAX_NODES (1024u * 1024) /* of one file after alias expansion */

/* Of one document; libyaml's time grows with the square of these. */
#define YAML_MAX_FLOW_DEPTH 200 /* [] and {} inside of each other, where the file is no JSON */
#define YAML_MAX_DIRECTIVES 100 /* lines that begin with % */
#define YAML_MAX_ANCHORS    10000

#define YAML_MAX_ALIASED 200000 /* values of one document that come from aliases */

/* Where a node begins in its file; both count from 1, columns in characters. */
struct yaml_mark {
	uint32_t line, column;
};

/*
 * One document. `marks` has one entry for each value of the tree in pre-order (a container before
 * its children), valid as long as nothing is added to or removed from the tree; a member's mark
 * is that of its key, a list item's that of its value.
 */
struct yaml_doc {
	cJSON *root; /* a JSON object; of yaml_load_values also an array */
	struct yaml_mark *marks;
	size_t mark_count;
	size_t offset, length; /* its bytes of the text: in UTF-8, past a byte order mark */
	bool json;             /* read as JSON, not as YAML */
};

struct yaml_docs {
	struct yaml_doc *items;
	size_t count;
};

/*
 * Reads every document of a file. Empty, comment-only and null documents are skipped; a document
 * whose root is not a mapping is refused. *ret_docs is released with yaml_docs_release.
 * Errors: ERR_INVALID and ERR_LIMIT with "LINE:COLUMN: " of the file in front; ERR_NO_MEMORY.
 */
int yaml_load(const char *text, size_t length, struct yaml_docs *ret_docs, struct err *err);

/* The same, but a document's root may also be a list, as that of a JSON patch (RFC 6902) is. */
int yaml_load_values(const char *text, size_t length, struct yaml_docs *ret_docs, struct err *err);

void yaml_doc_release(struct yaml_doc *doc);
void yaml_docs_release(struct yaml_docs *docs);

/* The mark of a node of the (unchanged) tree, found by a walk; {0, 0} for a node not in it. */
struct yaml_mark yaml_mark_of(const struct yaml_doc *doc, const cJSON *node);

/*
 * Writes one value as block YAML the way `kubectl get -o yaml` does: keys sorted, two spaces,
 * lists at their key's own indentation, strings quoted only where they must be, multi-line
 * strings as literal blocks; ends with a newline.
 */
int yaml_print(const cJSON *value, struct buf *out, struct err *err);

#endif

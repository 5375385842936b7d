/*
 * table_cells.h - the cells of a Table: one function per way to make a cell of an object.
 *
 * A cell function gets the row's object and the argument that its column names, mostly the dotted
 * path of a field. It returns a new value.
 */
#ifndef TESTS_KUBESIM_TABLE_CELLS_H
#define TESTS_KUBESIM_TABLE_CELLS_H

#include <stdint.h>

#include "diff/json.h"

struct table_row {
	const cJSON *object;
	int64_t now_us;
};

typedef cJSON *cell_fn(const struct table_row *row, const char *argument);

/* The string at the path; where it is missing or empty "", "<none>", "<unset>". */
cell_fn cell_text;
cell_fn cell_text_or_none;
cell_fn cell_text_or_unset;

/* The value at the path as it stands: "N/A" where it is missing, else a string. */
cell_fn cell_value_or_na;

/* The integer at the path, or 0; the boolean, or false. */
cell_fn cell_int;
cell_fn cell_bool;

/* "True", "False", or "<unset>" where it is missing. */
cell_fn cell_bool_word;

/* How many items or members the value at the path has; two paths separated by a blank add up. */
cell_fn cell_count;

/* The time since the timestamp at the path, as "5m10s"; "<unknown>" or "<none>" if missing. */
cell_fn cell_age;
cell_fn cell_age_or_none;

/* The strings of the list at the path, separated by commas. */
cell_fn cell_strings;

/* "k=v,..." of the map at the path; a label selector at the path. "<none>" if empty. */
cell_fn cell_labels;
cell_fn cell_selector;

/* The names and images of the containers of the Pod spec at the path. */
cell_fn cell_containers;
cell_fn cell_images;

/* status.readyReplicas "/" spec.replicas. */
cell_fn cell_ready_of_desired;

/* The reference object at the path: "Kind/name". */
cell_fn cell_reference;

/* status.phase, or "Terminating" once the object is being deleted. */
cell_fn cell_phase;

/* The access modes at the path, abbreviated: "RWO,ROX". */
cell_fn cell_access_modes;

/* The time between two moments as people say it: "45s", "3m12s", "5h", "12d". */
void human_duration(int64_t us, struct buf *out);

#endif

/*
 * schema.h - what is known, without a cluster, about the fields of Kubernetes' own kinds.
 *
 * Const tables of the API types of Kubernetes 1.36: for each kind its names and scope, for each
 * object the fields it has, their types, how a list's items are told apart, how a strategic merge
 * patch treats them. The offline check, the comparison, the defaults and the embedded cluster's
 * Strict validation and patches all read these and nothing else. Kinds that are not here (custom
 * resources among them) are simply not known: schema_find answers NULL and nothing is checked.
 *
 * The tables stand in schema_*.def; schema_tables.def explains them.
 *
 * Everything returned points into read-only data and lives as long as the program; objects can be
 * compared by their pointers.
 */
#ifndef DIFF_SCHEMA_H
#define DIFF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/json.h"

/* --- kinds ----------------------------------------------------------------------------------- */

/* The singular that discovery shows is the kind in lower case. */
struct schema_kind {
	char group[30]; /* "" is the core group */
	char version[8];
	char kind[32];
	char plural[32];     /* as in URLs, "" for what has none (List, Scale) */
	char short_names[8]; /* separated by commas, "" if none */
	bool namespaced;
	bool in_all;     /* `kubectl get all` shows it */
	bool has_status; /* subresources */
	bool has_scale;
};

/* All kinds, group by group. */
const struct schema_kind *schema_kinds(size_t *ret_count);

/* NULL where the kind, or this version of it, is not known. */
const struct schema_kind *schema_kind(const char *group, const char *version, const char *kind);

/* --- objects and their fields ---------------------------------------------------------------- */

enum schema_type {
	SCHEMA_STRING,
	SCHEMA_BOOL,
	SCHEMA_INT32,
	SCHEMA_INT64,
	SCHEMA_QUANTITY,      /* a string or a number; see quantity.h */
	SCHEMA_INT_OR_STRING, /* int32 or string */
	SCHEMA_TIME,          /* RFC 3339 */
	SCHEMA_MICRO_TIME,    /* RFC 3339 with six decimals */
	SCHEMA_BYTES,         /* base64 */
	SCHEMA_OBJECT,        /* has a table of its own */
	SCHEMA_ANY,           /* any JSON value: what is below it is not known */
};

enum schema_shape { SCHEMA_ONE, SCHEMA_LIST, SCHEMA_MAP /* an object with free keys */ };

enum schema_list {
	SCHEMA_ATOMIC, /* a list of which only the whole has an owner; order matters */
	SCHEMA_SET,    /* of scalars, each at most once */
	SCHEMA_KEYED,  /* of objects told apart by the values of their keys */
};

#define SCHEMA_MAX_KEYS   2
#define SCHEMA_MAX_FIELDS 64 /* of one object */
#define SCHEMA_MAX_NAME   63 /* bytes of a field's name */

/* A table: the fields that one API type (PodSpec, Container, ...) has. */
struct schema_object;

struct schema_field {
	const char *name;
	size_t index;          /* its place in the table, as schema_field_index counts */
	enum schema_type type; /* of the value, or of each item or member of a list or map */
	enum schema_shape shape;
	const struct schema_object *object; /* where type is SCHEMA_OBJECT, else NULL */
	enum schema_list list;              /* where shape is SCHEMA_LIST */
	/*
	 * The members that tell items apart, NULL-terminated, none where items have no name of
	 * their own. keys[0] is the patchMergeKey where patch_merge is set. An atomic list can have
	 * keys too (a Job's conditions): they serve patches and messages only.
	 */
	const char *keys[SCHEMA_MAX_KEYS + 1];
	bool patch_merge;  /* patchStrategy merge: a patch's list is merged, else it replaces */
	bool retain_keys;  /* patchStrategy retainKeys */
	bool atomic;       /* in managedFields the whole has one owner, not its parts */
	bool server_owned; /* status and the metadata that only the server writes */
	bool sensitive;    /* never to be shown: a Secret's data */
	bool required;     /* no optional field and no default for it */
};

/*
 * The fields of a kind; NULL where the kind is not known. Beta versions with the fields of the
 * stable one, which servers before 1.25 offer, are known here too.
 */
const struct schema_object *schema_find(const char *group, const char *version, const char *kind);

/* The same for an object that bears apiVersion and kind. */
const struct schema_object *schema_find_for(const cJSON *object);

/* The API type's name: "StatefulSetSpec". Types of the same name in two groups are two tables. */
const char *schema_object_name(const struct schema_object *object);

/* The field `name`; false where `object` (NULL is fine) has none. Keys compare byte by byte. */
bool schema_field(const struct schema_object *object, const char *name,
		  struct schema_field *ret_field);

/*
 * Follows a dotted path of names ("spec.template.spec.containers.image") through objects, lists of
 * objects and maps of objects; false where it breaks off.
 */
bool schema_field_at(const struct schema_object *object, const char *path,
		     struct schema_field *ret_field);

/* Field by field: the index-th in the table's order, false past the last. */
bool schema_field_index(const struct schema_object *object, size_t index,
			struct schema_field *ret_field);

/* The field of `object` that `misspelt` most likely means, by edit distance; NULL: none is near. */
const char *schema_suggest(const struct schema_object *object, const char *misspelt);

/*
 * Appends what tells an item of a list apart, as it is written in a path: "nginx" for a container,
 * "80/TCP" for a port (the protocol's default filled in), the value itself for a set of scalars.
 * False, and nothing appended, where the list's items have no key or this one lacks it.
 */
bool schema_item_label(const struct schema_field *field, const cJSON *item, struct buf *out);

/* --- checking -------------------------------------------------------------------------------- */

enum schema_fault {
	SCHEMA_UNKNOWN_FIELD,
	SCHEMA_DUPLICATE_FIELD, /* a second member of the same name; see json_parse */
	SCHEMA_WRONG_TYPE,      /* a string where an integer is wanted, ... */
	SCHEMA_BAD_VALUE,       /* right type, but not a quantity, time, base64, int32 */
	SCHEMA_MISSING,         /* a required field is absent or null */
};

struct schema_finding {
	enum schema_fault fault;
	const char *kind; /* as given to schema_check */
	/* Of the field, as servers have it: "spec.template.spec.containers[0].imag". */
	const char *path;
	size_t parent_length; /* the bytes of `path` that name the object around it */
	size_t field_length;  /* the bytes that name the field, without an item's index or key */
	const cJSON *node;    /* the value; the object around it if SCHEMA_MISSING */
	const struct schema_object *object; /* the table of the object around it */
	const struct schema_field *field;   /* what was expected; NULL if SCHEMA_UNKNOWN_FIELD */
	const char *suggestion;             /* SCHEMA_UNKNOWN_FIELD: a name, or NULL */
};

/*
 * Walks a whole object in document order and calls `visit` for each finding; a visit that returns
 * other than 0 ends the walk. Null stands for an absent value everywhere. `kind` is what messages
 * call the object. Findings and their paths live during the visit only. Returns 0, or -1 with
 * ERR_NO_MEMORY.
 */
int schema_check(const struct schema_object *schema, const char *kind, const cJSON *object,
		 int (*visit)(const struct schema_finding *finding, void *data), void *data,
		 struct err *err);

/*
 * The finding in tranche's words, without any value of the object:
 *	unknown field "replica" in StatefulSet.spec; did you mean "replicas"?
 *	StatefulSet.spec.replicas must be an integer, not a string
 */
void schema_explain(const struct schema_finding *finding, struct buf *out);

/*
 * The finding as the API server words it. Unknown and duplicate fields are what follows "strict
 * decoding error: ", joined by ", ":
 *	unknown field "spec.replica"
 *	json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32
 */
void schema_explain_as_server(const struct schema_finding *finding, struct buf *out);

#endif

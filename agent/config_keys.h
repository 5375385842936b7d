/*
 * config_keys.h - the keys of the configuration, in one table: from it come reading and strict
 * checks (config_read), the JSON schema and the reference in docs/config.md (config_schema),
 * defaults, releasing and comparing (config).
 */
#ifndef AGENT_CONFIG_KEYS_H
#define AGENT_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "diff/err.h"

enum config_type {
	CONFIG_CONSTANT, /* is what `choices` says, and is held nowhere */
	CONFIG_BOOL,     /* bool */
	CONFIG_CHOICE,   /* an enum: the place in `choices` */
	CONFIG_WORD,     /* char *, one of `choices` */
	CONFIG_DURATION, /* int64_t, milliseconds */
	CONFIG_PERCENT,  /* int64_t; 50 or "50%" */
	CONFIG_INTEGER,  /* int64_t */
	CONFIG_STRING,   /* char *; `rule` tells which */
	CONFIG_STRINGS,  /* struct config_strings */
	CONFIG_COMMAS,   /* char *: a list, held as one text with commas */
	CONFIG_SECTION,  /* `keys`, of a struct at `offset` */
	CONFIG_DEFAULTS, /* the same, of what `keys` are of; held nowhere */
	CONFIG_LIST, /* a pointer to structs that `keys` are of, and at `count_offset` how many */
};

/* What a string has to be. */
enum config_rule {
	CONFIG_ANY,
	CONFIG_NAME,      /* a-z, 0-9 and inner dashes, at most CONFIG_MAX_APP_NAME */
	CONFIG_NAMESPACE, /* an RFC 1123 label */
	CONFIG_REPO,      /* a Git repository's URL or a folder */
	CONFIG_REF,       /* of Git, or semver:RANGE */
	CONFIG_TREE_PATH, /* within a commit: relative, no ".." */
	CONFIG_PATH,      /* of a file or folder here; relative to the configuration's folder */
	CONFIG_URL,       /* http or https */
	CONFIG_ADDRESS,   /* HOST:PORT to listen at */
	CONFIG_PRUNE_KIND,
	CONFIG_NOTICE_KIND,
	CONFIG_CLUSTER_NAME, /* of one that the configuration lists */
	CONFIG_APP_NAME,     /* the same for apps */
};

struct config_key {
	const char *name; /* NULL: is in no file */
	enum config_type type;
	enum config_rule rule;
	bool required;
	bool own;                      /* cannot be among the defaults of apps */
	int64_t least, most;           /* bounds of a number or duration */
	const char *choices;           /* "auto|manual" */
	const char *default_value;     /* as in the file; NULL: none */
	size_t offset;                 /* in the struct of the section */
	size_t count_offset, size;     /* of a list: and how long each of its structs is */
	const struct config_key *keys; /* its end has no name and no help */
	const char *help;
};

extern const struct config_key config_keys[];
extern const struct config_key config_app_keys[];
extern const struct config_key config_cluster_keys[];
extern const struct config_key config_sink_keys[];
extern const struct config_key config_server_keys[];
extern const struct config_key config_leader_keys[]; /* these three: of struct config */
extern const struct config_key config_shard_keys[];

/* Whether it is the end of a table. */
static inline bool config_key_is_end(const struct config_key *key)
{
	return !key->help;
}

/* The value of a choice as its enum has it, or -1. */
int config_choice_find(const char *choices, const char *word);

/* Where a key's value is in the struct at `base`; it has the type that key->type tells. */
void *config_value_at(const struct config_key *key, const void *base);

/* Of a list: how many structs it has. */
size_t *config_list_count(const struct config_key *key, const void *base);

void config_strings_release(struct config_strings *strings);

/* Releases what the keys hold of the struct at `base`, and leaves it zeroed there. */
void config_values_release(const struct config_key *keys, void *base);

/* Fills the struct at `ret_base`, which is zeroed. ERR_NO_MEMORY leaves it to be released. */
int config_values_copy(const struct config_key *keys, const void *base, void *ret_base,
		       struct err *err);

/* Whether all that the keys hold is the same. */
bool config_values_equal(const struct config_key *keys, const void *a, const void *b);

#endif

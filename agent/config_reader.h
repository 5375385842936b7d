/*
 * config_reader.h - one configuration file on its way to its values: what config_read, config_value
 * and config_check share.
 */
#ifndef AGENT_CONFIG_READER_H
#define AGENT_CONFIG_READER_H

#include "agent/config_keys.h"
#include "agent/config_read.h"
#include "diff/yaml.h"

struct config_reader {
	struct yaml_docs docs;
	const struct yaml_doc *doc; /* the one that it is */
	const char *file;
	char *folder; /* where relative paths start from; "": here */
	struct findings *findings;
	struct buf path;            /* of the value that is looked at: "apps[shop].source" */
	struct config_app defaults; /* what an app says unless it says otherwise */
	bool too_many;              /* findings; no more are added */
	struct err *err;
};

/*
 * Adds a finding at the node (NULL: the whole file). The message is the caller's, path included. -1
 * where memory runs out.
 */
int config_tell(struct config_reader *reader, enum finding_level level, const cJSON *node,
		const char *format, ...) PRINTF(4, 5);

/* Adds to the path which item of a list the node is: by its name, where it has one. */
void config_add_item(struct config_reader *reader, const cJSON *node, size_t index);

/*
 * Reads one value, of a key that is neither a section nor a list, into `value`, which has the type
 * that config_type tells. What is wrong with it is a finding. -1 where memory runs out.
 */
int config_value_read(struct config_reader *reader, const struct config_key *key, const cJSON *node,
		      void *value);

/* Sets the value that a key has where the file says nothing. */
int config_value_default(const struct config_key *key, void *value, struct err *err);

/* Whether a repository is a URL of a server, or what SSH takes for HOST:PATH. */
bool config_is_remote(const char *repo);

/* Checks what is about more than one key. What is left to be found out from others is filled in. */
int config_check(struct config_reader *reader, struct config *config);

#endif

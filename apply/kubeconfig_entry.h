/*
 * kubeconfig_entry.h - one cluster, user or context of a kubeconfig, as it is read. Within
 * kubeconfig.h's room only.
 */
#ifndef APPLY_KUBECONFIG_ENTRY_H
#define APPLY_KUBECONFIG_ENTRY_H

#include "apply/endpoint.h"
#include "apply/kubeconfig_files.h"

/* All borrowed from the files. */
struct kubeconfig_entry {
	const char *what; /* "cluster", "user", "context": for messages */
	const char *name;
	const cJSON *value;
	const struct kubeconfig_file *file;
};

/* The member as a string, borrowed: NULL where it is missing, null or empty. */
int entry_get_text(const struct kubeconfig_entry *entry, const char *key, const char **ret_text,
		   struct err *err);

/* The same as a copy; what *ret_text held is freed, and stays where there is no such member. */
int entry_take_text(const struct kubeconfig_entry *entry, const char *key, char **ret_text,
		    struct err *err);

/* The member as a boolean; false where it is missing or null. */
int entry_get_bool(const struct kubeconfig_entry *entry, const char *key, bool *ret_value,
		   struct err *err);

/* A path as it is written in the entry, seen from the folder of the file that it stands in. */
int entry_resolve_path(const struct kubeconfig_entry *entry, const char *path, char **ret_path,
		       struct err *err);

/* A file's path, as entry_resolve_path has it; the file must be readable. */
int entry_take_file(const struct kubeconfig_entry *entry, const char *key, char **ret_path,
		    struct err *err);

/* PEM as base64 in `KEY-data`, which wins, or in the file that `KEY` names. */
int entry_take_pem(const struct kubeconfig_entry *entry, const char *key, char **ret_pem,
		   char **ret_file, struct err *err);

/* Fills *err with "FILE: MEMBER of the user "u" is not ..."; returns -1. */
int entry_ill_typed(const struct kubeconfig_entry *entry, const char *key, const cJSON *value,
		    const char *wanted, struct err *err);

/*
 * A user's entry: everything of the endpoint that says who we are. `cluster`, whose value may be
 * NULL, is what an exec plugin is told of; `terminal` is kubeconfig_options'.
 */
int kubeconfig_read_user(const struct kubeconfig_entry *user,
			 const struct kubeconfig_entry *cluster, bool terminal,
			 struct endpoint *endpoint, struct err *err);

/* Of that the exec plugin; *ret_exec stays where the user has none. */
int kubeconfig_read_exec(const struct kubeconfig_entry *user,
			 const struct kubeconfig_entry *cluster, bool terminal,
			 struct exec_config **ret_exec, struct err *err);

#endif

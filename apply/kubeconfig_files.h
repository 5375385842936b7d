/*
 * kubeconfig_files.h - the kubeconfig files as one, before anything in them is understood.
 *
 * k8s.io/client-go/tools/clientcmd/loader.go: of things with the same name the first file's
 * counts, and the first file that names a current context decides it.
 */
#ifndef APPLY_KUBECONFIG_FILES_H
#define APPLY_KUBECONFIG_FILES_H

#include "diff/buf.h"
#include "diff/json.h"

struct kubeconfig_file {
	char *path;
	cJSON *root;
};

/* Zero-initialised is empty. */
struct kubeconfig_files {
	struct kubeconfig_file *items; /* in the order of precedence */
	size_t count;
};

/*
 * Reads `file` if it is given, which must be there then; else those of the list in `env`
 * ($KUBECONFIG) that are there; else ~/.kube/config of `home` if it is there. Each may be NULL.
 */
int kubeconfig_files_load(const char *file, const char *env, const char *home,
			  struct kubeconfig_files *ret_files, struct err *err);
void kubeconfig_files_release(struct kubeconfig_files *files);

/* The first file's current-context that is not empty, or NULL. */
const char *kubeconfig_files_current(const struct kubeconfig_files *files);

/*
 * The value `what` ("cluster") of the entry `name` in the list `list` ("clusters"), and the file
 * it stands in; NULL if there is none. An entry without a value has an empty one.
 */
const cJSON *kubeconfig_files_find(const struct kubeconfig_files *files, const char *list,
				   const char *what, const char *name,
				   const struct kubeconfig_file **ret_file);

/* Appends the names in a list, quoted, with commas, until `out` is full; "none" for none. */
void kubeconfig_files_print_names(const struct kubeconfig_files *files, const char *list,
				  struct buf *out);

/*
 * What to add to "... is not a string" where people most often meet it: a name that YAML does not
 * read as one. "" where there is nothing to add.
 */
const char *kubeconfig_quotes_hint(const cJSON *value);

/* Appends the paths, with commas. */
void kubeconfig_files_print_paths(const struct kubeconfig_files *files, struct buf *out);

#endif

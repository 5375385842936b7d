/*
 * kubeconfig.h - which cluster to speak to, found as kubectl finds it.
 *
 * In this order: the file of the --kubeconfig flag; the files of $KUBECONFIG, merged (of things
 * with the same name the first file's counts, files that do not exist are passed over);
 * ~/.kube/config; the service account of the Pod that this runs in. Relative file names in a
 * kubeconfig are relative to its folder. With a `server` override no kubeconfig is needed.
 *
 * Clusters: server, certificate-authority(-data), insecure-skip-tls-verify, tls-server-name,
 * proxy-url. Users: token, tokenFile, client-certificate(-data), client-key(-data), username,
 * password, exec (where there is nothing of the former), as, as-uid, as-groups, as-user-extra. Data
 * wins over a file. Auth providers are refused with ERR_UNSUPPORTED rather than passed over. Over
 * plain http no credentials are sent, as client-go has it.
 */
#ifndef APPLY_KUBECONFIG_H
#define APPLY_KUBECONFIG_H

#include "apply/endpoint.h"
#include "diff/err.h"

#define KUBECONFIG_MAX_BYTES           (4u * 1024 * 1024) /* one file */
#define KUBECONFIG_SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* What the command line says; NULL where it says nothing. Borrowed. */
struct kubeconfig_options {
	const char *file;
	const char *context;
	const char *server;
	const char *namespace;
	const char *impersonate; /* instead of the user's `as` and its companions */
	const char *const *impersonate_groups;
	size_t impersonate_group_count;
	bool terminal;                   /* standard input is one, and an exec plugin may use it */
	const char *service_account_dir; /* for tests; NULL: KUBECONFIG_SERVICE_ACCOUNT_DIR */
};

struct kubeconfig {
	struct endpoint endpoint;
	char *context;   /* its name; "" in-cluster or when only --server was given */
	char *namespace; /* the override, else the context's, else "default" */
	char *warning;   /* of a connection that is not protected; NULL: it is */
	char *origin;    /* for people: `context "dev" of FILE`, `the service account in DIR` */
};

/*
 * Finds and reads it. Reads environment variables and files, speaks to nobody. Errors:
 * ERR_NOT_FOUND (no file, no such context, cluster or user; the message names those there are and
 * what to do), ERR_INVALID (with file:line:column where it is YAML; bad base64; a bad URL),
 * ERR_DENIED (a file that may not be read), ERR_UNSUPPORTED, ERR_LIMIT, ERR_NO_MEMORY.
 */
int kubeconfig_load(const struct kubeconfig_options *options, struct kubeconfig *ret_config,
		    struct err *err);
void kubeconfig_release(struct kubeconfig *config);

#endif

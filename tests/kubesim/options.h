/*
 * options.h - kubesim's command line.
 */
#ifndef TESTS_KUBESIM_OPTIONS_H
#define TESTS_KUBESIM_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/kubesim/api.h"
#include "tests/kubesim/cluster.h"
#include "tests/kubesim/http.h"

struct options {
	struct cluster_options cluster;
	struct http_options http;
	const char *kubeconfig; /* NULL: none is written */
	bool parent_death;
	bool help, version;
	struct fail_image *fail_images;
	struct rule *denials;
	size_t denial_count;
	struct faults faults;
};

/* Reads argv, whose strings the options go on using (and cut). ERR_INVALID, with the remedy. */
int options_read(int argc, char **argv, struct options *ret_options, struct err *err);
void options_release(struct options *options);

void options_print_help(FILE *to);

#endif

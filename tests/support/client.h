/*
 * client.h - a connection to a server, on a loop of its own, for tests.
 */
#ifndef TESTS_SUPPORT_CLIENT_H
#define TESTS_SUPPORT_CLIENT_H

#include <uv.h>

#include "apply/cluster.h"

struct client {
	uv_loop_t loop;
	struct cluster *cluster;
};

/* By a kubeconfig file, or with NULL by the bare URL. */
void client_open(struct client *client, const char *kubeconfig, const char *server);

/* By an endpoint, which is copied. */
void client_open_endpoint(struct client *client, const struct endpoint *endpoint);

/* Frees the connection; the test fails if that leaves something open on the loop. */
void client_close(struct client *client);

/* How one request ended. */
struct outcome {
	bool done;
	int status;
	struct err err; /* class ERR_NONE: well */
	cJSON *body;
	char warnings[1024];
};

/* Sends one request (`json` as value_of reads it, NULL: none) and waits for its end. */
void client_send(struct client *client, const char *method, const char *path, const char *json,
		 struct outcome *ret_outcome);
void outcome_release(struct outcome *outcome);

/* An on_done for cluster_request whose ctx is a struct outcome. */
void outcome_take(void *ctx, const struct err *err, struct cluster_answer *answer);

/* Fails unless that is the whole message; URL in `expected` stands for `url`. */
void assert_words(const struct err *err, const char *expected, const char *url);

#endif

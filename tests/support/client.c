#include "tests/support/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

void client_open(struct client *client, const char *kubeconfig, const char *server)
{
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	struct kubeconfig_options options = {.file = kubeconfig, .server = server};
	struct err err;

	setenv("HOME", "/nonexistent", 1);
	assert_ok(kubeconfig_load(&options, &config, &err), err);
	client_open_endpoint(client, &config.endpoint);
}

void client_open_endpoint(struct client *client, const struct endpoint *endpoint)
{
	const struct kubeconfig config = {.endpoint = *endpoint};
	struct err err;

	assert_int_equal(uv_loop_init(&client->loop), 0);
	client->cluster = cluster_new(&client->loop, &config, &err);
	if (!client->cluster)
		fail_msg("%s", err.message);
}

void client_close(struct client *client)
{
	cluster_free(client->cluster);
	turn_and_close(&client->loop);
}

void outcome_take(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct outcome *outcome = ctx;

	assert_false(outcome->done);
	outcome->done = true;
	outcome->status = answer->status;
	outcome->err = err ? *err : (struct err){0};
	outcome->body = STEAL(answer->body);
	snprintf(outcome->warnings, sizeof(outcome->warnings), "%s", answer->warnings);
}

void client_send(struct client *client, const char *method, const char *path, const char *json,
		 struct outcome *ret_outcome)
{
	CLEANUP(cJSON_Delete_p) cJSON *body = json ? value_of(json) : NULL;
	const struct cluster_request request = {
		.method = method,
		.path = path,
		.body = body,
		.on_done = outcome_take,
		.ctx = ret_outcome,
	};
	struct err err;

	*ret_outcome = (struct outcome){0};
	if (!cluster_send(client->cluster, &request, &err))
		fail_msg("%s", err.message);
	turn_until(&client->loop, &ret_outcome->done);
}

void outcome_release(struct outcome *outcome)
{
	cJSON_Delete(outcome->body);
	outcome->body = NULL;
}

void assert_words(const struct err *err, const char *expected, const char *url)
{
	char message[ERR_MESSAGE_MAX];
	const char *place = strstr(expected, "URL");

	if (!place) {
		assert_string_equal(err->message, expected);
		return;
	}
	snprintf(message, sizeof(message), "%.*s%s%s", (int)(place - expected), expected, url,
		 place + 3);
	assert_string_equal(err->message, message);
}

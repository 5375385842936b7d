#include "tests/support/simworld.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/watch.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

#define MAX_PARAMS 16

void simworld_init(struct simworld *world, const struct cluster_options *options)
{
	static const struct cluster_options bare = {.no_controllers = true};

	*world = (struct simworld){.loop = loop_new(LOOP_VIRTUAL)};
	world->cluster = cluster_new(world->loop, options ? options : &bare);
	world->api = (struct api){.cluster = world->cluster, .faults = &world->faults};
}

void simworld_release(struct simworld *world)
{
	faults_release(&world->faults);
	cluster_free(world->cluster);
	loop_free(world->loop);
}

int simworld_set_up(void **state)
{
	*state = alloc_zero(sizeof(struct simworld));
	simworld_init(*state, NULL);
	return 0;
}

int simworld_tear_down(void **state)
{
	simworld_release(*state);
	free(*state);
	return 0;
}

/* Cuts the query off the path and takes it apart. */
static size_t read_params(char *path, struct param params[MAX_PARAMS])
{
	char *rest = strchr(path, '?'), *part;
	size_t count = 0;

	if (!rest)
		return 0;
	*rest++ = '\0';
	while ((part = strsep(&rest, "&"))) {
		char *value = strchr(part, '=');

		assert_true(count < MAX_PARAMS);
		if (value)
			*value++ = '\0';
		params[count++] = (struct param){part, value ? value : ""};
	}
	return count;
}

static const char *content_type_of(const char **method)
{
	static const struct {
		const char *method, *content_type;
	} patches[] = {
		{"PATCH json", "application/json-patch+json"},
		{"PATCH merge", "application/merge-patch+json"},
		{"PATCH strategic", "application/strategic-merge-patch+json"},
		{"PATCH apply", "application/apply-patch+yaml"},
	};

	for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
		if (strcmp(patches[i].method, *method) != 0)
			continue;
		*method = "PATCH";
		return patches[i].content_type;
	}
	return "application/json";
}

static char *join_warnings(const struct response *response)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64 * 1024);

	for (size_t i = 0; i < response->warning_count; i++)
		buf_printf(&text, "%s\n", response->warnings[i]);
	return alloc_copy(buf_str(&text));
}

struct answer simworld_ask(struct simworld *world, const char *method, const char *path,
			   const char *body)
{
	CLEANUP(free_p) char *bare_path = alloc_copy(path);
	CLEANUP(cJSON_Delete_p) cJSON *value = body ? value_of(body) : NULL;
	CLEANUP(free_p) char *text = value ? obj_print(value) : alloc_copy("");
	CLEANUP(response_release) struct response response = {0};
	struct param params[MAX_PARAMS];
	struct request request = {.content_type = content_type_of(&method)};
	struct answer answer;
	struct err err = {0};

	request.method = method;
	request.param_count = read_params(bare_path, params);
	request.params = params;
	request.path = bare_path;
	request.accept = world->accept ? world->accept : "";
	request.user_agent = "test/1.0";
	request.body = text;
	request.body_length = strlen(text);
	api_handle(&world->api, &request, &response);
	answer = (struct answer){
		.code = response.code,
		.warnings = join_warnings(&response),
		.watch = STEAL(response.watch),
	};
	if (response.body)
		json_parse(response.body, response.body_length, &answer.body, &err);
	return answer;
}

void answer_release(struct answer *answer)
{
	cJSON_Delete(answer->body);
	free(answer->warnings);
	watch_free(answer->watch);
	*answer = (struct answer){0};
}

cJSON *simworld_do(struct simworld *world, int code, const char *method, const char *path,
		   const char *body)
{
	CLEANUP(answer_release) struct answer answer = simworld_ask(world, method, path, body);

	if (answer.code != code)
		fail_msg("%s %s: %d %s", method, path, answer.code,
			 obj_text(answer.body, "message"));
	return STEAL(answer.body);
}

void simworld_send(struct simworld *world, int code, const char *method, const char *path,
		   const char *body)
{
	cJSON_Delete(simworld_do(world, code, method, path, body));
}

void assert_refused(struct simworld *world, const char *method, const char *path, const char *body,
		    int code, const char *message)
{
	CLEANUP(answer_release) struct answer answer = simworld_ask(world, method, path, body);

	assert_string_equal(obj_text(answer.body, "message"), message);
	assert_int_equal(answer.code, code);
	assert_int_equal(json_int_or(answer.body, "code", 0), code);
}

/*
 * simworld.h - the embedded cluster without HTTP, on a clock that a test moves: requests in, answers
 * out.
 */
#ifndef TESTS_SUPPORT_SIMWORLD_H
#define TESTS_SUPPORT_SIMWORLD_H

#include "tests/kubesim/api.h"

struct simworld {
	struct loop *loop;
	struct cluster *cluster;
	struct faults faults;
	struct api api;
	const char *accept; /* the Accept header of requests; NULL: none */
};

/* `options` NULL: neither StatefulSet controller nor kubelet. */
void simworld_init(struct simworld *world, const struct cluster_options *options);
void simworld_release(struct simworld *world);

/*
 * For cmocka: *state becomes a world without controllers, and ends. SIMWORLD_TEST(f) is a test with
 * one of its own.
 */
int simworld_set_up(void **state);
int simworld_tear_down(void **state);

#define SIMWORLD_TEST(test) \
	cmocka_unit_test_setup_teardown(test, simworld_set_up, simworld_tear_down)

struct answer {
	int code;
	cJSON *body;    /* NULL where it is not JSON */
	char *warnings; /* each on a line */
	struct watch *watch;
};

/*
 * Sends a request. `path` has its query (values as they are, not escaped); `body` is JSON with ' in
 * place of ", or NULL. A PATCH names its kind: "PATCH json", "PATCH merge", "PATCH strategic",
 * "PATCH apply". Time passes only through loop_advance.
 */
struct answer simworld_ask(struct simworld *world, const char *method, const char *path,
			   const char *body);
void answer_release(struct answer *answer);

/* As simworld_ask; fails unless the answer has this code. The body is the caller's. */
cJSON *simworld_do(struct simworld *world, int code, const char *method, const char *path,
		   const char *body);

/* As simworld_do, for those who do not look at the answer. */
void simworld_send(struct simworld *world, int code, const char *method, const char *path,
		   const char *body);

/* Fails unless the request is refused with this code and message. */
void assert_refused(struct simworld *world, const char *method, const char *path, const char *body,
		    int code, const char *message);

#endif

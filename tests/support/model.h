/*
 * model.h - a StatefulSet with its controller and a kubelet, small and pure, for tests that let many
 * rollouts run in no time. Everything that comes by chance comes from a seed.
 *
 * A turn is model_controller, model_kubelet, and whatever the test does; the test moves `now_ms`.
 */
#ifndef TESTS_SUPPORT_MODEL_H
#define TESTS_SUPPORT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/json.h"

#define MODEL_MAX_PODS  12
#define MODEL_REVISIONS 3 /* a, b and c, as statefulset.h has them */
#define MODEL_GRACE_MS  10000

struct chance {
	uint64_t state;
};

uint64_t chance_draw(struct chance *chance);
int chance_below(struct chance *chance, int bound);
bool chance_one_in(struct chance *chance, int many);

struct model_pod {
	bool exists, terminating, ready;
	char revision;
	int64_t created_ms, turned_ms, ends_ms;
	int uid;
};

/* What the agent may ask for, and Git says. */
struct model_spec {
	char template;
	int partition, replicas;
};

struct model {
	struct chance noise;   /* what comes when */
	struct chance choices; /* what the world is like, and what is committed */
	int64_t now_ms;
	struct model_spec spec;
	int start, min_ready_ms;
	bool ordered;
	int64_t generation, observed;
	char current, update;
	int counted; /* status.replicas */
	char bad;    /* Pods on this revision never become ready; 0: all do */
	struct model_pod pods[MODEL_MAX_PODS];
	int next_uid;
	bool ran[MODEL_MAX_PODS][MODEL_REVISIONS]; /* which ordinals ran which revision */
};

bool model_is_available(const struct model *model, const struct model_pod *pod);
void model_create_pod(struct model *model, int index);
void model_delete_pod(struct model *model, int index);

/* One sync of the StatefulSet controller, as diff/rollout.h tells it. */
void model_controller(struct model *model);

/* Pods start within a while, unless their revision is bad; those on their way out end. */
void model_kubelet(struct model *model);

/* Makes the update revision the current one if every Pod is on it and ready. */
void model_complete(struct model *model);

/* As the API server would have them; `words` are annotations as statefulset.h takes them. */
cJSON *model_pod_json(const struct model *model, int index);
cJSON *model_live_json(const struct model *model, const char *words);
cJSON *model_git_json(const struct model *model, const struct model_spec *git, const char *words);

#endif

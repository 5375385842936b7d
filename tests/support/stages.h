/*
 * stages.h - a connection, and the objects of one text on their way through the stages of a sync.
 */
#ifndef TESTS_SUPPORT_STAGES_H
#define TESTS_SUPPORT_STAGES_H

#include <uv.h>

#include "apply/discovery.h"
#include "apply/live.h"
#include "apply/preview.h"
#include "apply/prune.h"
#include "apply/replace.h"

struct bench {
	uv_loop_t loop;
	struct cluster *cluster;
	struct discovery *discovery;
	struct manifest_set set;
	struct targets targets;
	bool done;
	struct err err; /* of the last stage as a whole */
	struct buf log; /* what on_target was told, a line each */
};

/* By a kubeconfig file, or with NULL by the bare URL. */
void bench_open(struct bench *bench, const char *kubeconfig, const char *server);

/* Fails if anything stays open. */
void bench_close(struct bench *bench);

/* Takes the objects of a YAML text, in place of those before. */
void bench_load(struct bench *bench, const char *text);

/* Runs one stage to its end. Each fails if the stage does as a whole. */
void bench_resolve(struct bench *bench);
void bench_read_live(struct bench *bench);
void bench_preview(struct bench *bench);

/* Writes all targets. */
void bench_replace(struct bench *bench);

/* Deletes all targets. */
void bench_prune(struct bench *bench);

/* As a caller does it: where a controller wrote meanwhile, reads and writes again. */
void bench_replace_until_written(struct bench *bench);

/* Waits for a stage that the test has begun with bench_on_done. */
void bench_finish(struct bench *bench, uint64_t id);
void bench_on_done(void *ctx, const struct err *err);
void bench_on_target(void *ctx, struct target *target);

struct target *bench_target(struct bench *bench, const char *name);

/* The target's error, "" if it has none. */
const char *bench_error_of(struct bench *bench, const char *name);

#endif

#include "tests/support/stages.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/findings.h"
#include "tests/support/turn.h"

void bench_open(struct bench *bench, const char *kubeconfig, const char *server)
{
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	const struct kubeconfig_options options = {.file = kubeconfig, .server = server};
	struct err err;

	setenv("HOME", "/nonexistent", 1);
	*bench = (struct bench){.log = BUF_INIT(65536)};
	assert_ok(kubeconfig_load(&options, &config, &err), err);
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	bench->cluster = cluster_new(&bench->loop, &config, &err);
	if (!bench->cluster)
		fail_msg("%s", err.message);
	bench->discovery = discovery_new(bench->cluster);
}

void bench_load(struct bench *bench, const char *text)
{
	struct findings findings = {0};
	struct err err;

	targets_release(&bench->targets);
	manifest_set_release(&bench->set);
	bench->set = (struct manifest_set){0};
	add_text(&bench->set, &findings, text);
	assert_int_equal(findings.error_count, 0);
	findings_release(&findings);
	for (size_t i = 0; i < bench->set.count; i++)
		assert_ok(targets_add(&bench->targets, &bench->set.items[i], &err), err);
}

void bench_close(struct bench *bench)
{
	targets_release(&bench->targets);
	manifest_set_release(&bench->set);
	discovery_free(bench->discovery);
	cluster_free(bench->cluster);
	turn_and_close(&bench->loop);
	buf_release(&bench->log);
}

void bench_on_done(void *ctx, const struct err *err)
{
	struct bench *bench = ctx;

	bench->done = true;
	bench->err = err ? *err : (struct err){0};
}

void bench_on_target(void *ctx, struct target *target)
{
	struct bench *bench = ctx;
	static const char *const results[] = {"nothing",   "created", "replaced",
					      "unchanged", "deleted", "recreated"};

	ref_print(&target->ref, &bench->log);
	buf_printf(&bench->log, " %s%s%s\n", results[target->result], target->error ? ": " : "",
		   target->error ? target->error->message : "");
}

void bench_finish(struct bench *bench, uint64_t id)
{
	assert_true(id != 0);
	bench->done = false;
	turn_until(&bench->loop, &bench->done);
	if (bench->err.class)
		fail_msg("%s", bench->err.message);
}

void bench_resolve(struct bench *bench)
{
	struct err err;

	bench_finish(bench, discovery_resolve(bench->discovery, &bench->targets, "default",
					      bench_on_done, bench, &err));
}

void bench_read_live(struct bench *bench)
{
	struct err err;

	for (size_t i = 0; i < bench->targets.count; i++)
		bench->targets.items[i].live_known = false;
	bench_finish(bench, live_read(bench->cluster, &bench->targets, bench_on_done, bench, &err));
}

void bench_preview(struct bench *bench)
{
	struct err err;

	bench_finish(bench,
		     preview(bench->cluster, &bench->targets, false, bench_on_done, bench, &err));
}

void bench_replace(struct bench *bench)
{
	struct err err;

	for (size_t i = 0; i < bench->targets.count; i++)
		bench->targets.items[i].write = true;
	buf_clear(&bench->log);
	bench_finish(bench, replace(bench->cluster, bench->discovery, &bench->targets,
				    bench_on_target, bench_on_done, bench, &err));
}

void bench_prune(struct bench *bench)
{
	struct err err;

	for (size_t i = 0; i < bench->targets.count; i++)
		bench->targets.items[i].write = true;
	buf_clear(&bench->log);
	bench_finish(bench, prune(bench->cluster, &bench->targets, bench_on_target, bench_on_done,
				  bench, &err));
}

/* As a caller does it: where a controller wrote meanwhile, read and write again. */
void bench_replace_until_written(struct bench *bench)
{
	for (int tries = 0; tries < 20; tries++) {
		bool conflict = false;

		bench_read_live(bench);
		bench_replace(bench);
		for (size_t i = 0; i < bench->targets.count; i++) {
			struct target *target = &bench->targets.items[i];

			if (target->error && target->error->class == ERR_CONFLICT) {
				target_clear_error(target);
				conflict = true;
			}
		}
		if (!conflict)
			return;
	}
	fail_msg("conflicts without end");
}

struct target *bench_target(struct bench *bench, const char *name)
{
	for (size_t i = 0; i < bench->targets.count; i++) {
		if (strcmp(bench->targets.items[i].ref.name, name) == 0)
			return &bench->targets.items[i];
	}
	fail_msg("no target %s", name);
	return NULL;
}

const char *bench_error_of(struct bench *bench, const char *name)
{
	const struct target *target = bench_target(bench, name);

	return target->error ? target->error->message : "";
}

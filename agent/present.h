/*
 * present.h - which of an app's objects are in the cluster.
 */
#ifndef AGENT_PRESENT_H
#define AGENT_PRESENT_H

#include "agent/app.h"
#include "apply/discovery.h"
#include "apply/target.h"

/* A look at the objects. Zero-initialised: none was begun. Stays where it is while it runs. */
struct present {
	struct targets targets; /* as they were read last; empty before the first look has ended */
	struct targets reading;
	struct cluster *cluster;
	struct discovery *discovery;
	const struct app *app;
	uint64_t id;
	void (*on_done)(void *ctx, const struct err *err);
	void *ctx;
};

/*
 * Begins a look; one that is under way is given up. When it has ended `targets` tells what it saw;
 * `err` is NULL, or why the cluster could not be asked at all.
 */
int present_look(struct present *present, struct cluster *cluster, struct discovery *discovery,
		 const struct app *app, void (*on_done)(void *ctx, const struct err *err),
		 void *ctx, struct err *err);

/* Gives up what is under way. Before cluster_free. */
void present_release(struct present *present);

#endif

/*
 * lookout.h - which of an app's objects somebody has changed since a pass looked at them.
 *
 * The watch (apply/owned.h) wakes, the pass judges. For each object of the app the lookout
 * remembers in which state a pass has judged it last, as the digest that the inventory has of live
 * objects, and holds against that what the watches tell. So what the server owns of an object, its
 * status, fields that are not Git's, and what the agent has written itself never bring a pass; and
 * what has drifted and been told brings none until it changes again or is undone.
 *
 * A pass over everything makes it out anew (lookout_resolved, lookout_settled, lookout_follow); a
 * pass over some objects brings those up to date.
 */
#ifndef AGENT_LOOKOUT_H
#define AGENT_LOOKOUT_H

#include "agent/app.h"
#include "apply/owned.h"
#include "apply/target.h"

struct lookout;

struct lookout_options {
	struct owned *owned;
	const struct app *app; /* this and the hub outlive the lookout */

	/* An object is not as a pass has judged it last. */
	void (*on_suspect)(void *context);
	/* A kind cannot be watched in a namespace, in the server's words; told once. */
	void (*on_forbidden)(void *context, const char *words);
	void *context;
};

/* Follows nothing yet. ERR_NO_MEMORY only. */
int lookout_new(const struct lookout_options *options, struct lookout **ret_lookout,
		struct err *err);
void lookout_free(struct lookout *lookout); /* NULL is fine */

/* A pass over `all` objects, or over some, is about to read these. ERR_NO_MEMORY only. */
int lookout_resolved(struct lookout *lookout, const struct targets *targets, bool all,
		     struct err *err);

/*
 * A pass has judged, or written, the target. `as_recorded`: its live state is the one that the
 * inventory has. ERR_NO_MEMORY only.
 */
int lookout_settled(struct lookout *lookout, const struct target *target, bool as_recorded,
		    struct err *err);

/* A pass over all objects is done: follows these, and no others. ERR_NO_MEMORY only. */
int lookout_follow(struct lookout *lookout, struct err *err);

/*
 * Whether it knows of each of so many objects, has had each judged, and has all of their watches
 * running at this moment: what it does not suspect is then as it was judged.
 */
bool lookout_vouches(const struct lookout *lookout, size_t count);

/*
 * The objects that are to be looked at, by the places of their manifests in app->fetched, for
 * pass_options.only; from now on they are not suspected any more. `also` is one that is, or NULL.
 * *ret_count may be 0. The list is borrowed until the next call. ERR_NO_MEMORY only.
 */
int lookout_take(struct lookout *lookout, const struct ref *also, const size_t **ret_places,
		 size_t *ret_count, struct err *err);

#endif

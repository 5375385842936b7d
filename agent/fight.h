/*
 * fight.h - drift that is undone, and comes back: how long the agent waits before it undoes it
 * again.
 *
 * The first change of an object is undone at once. When the object has been changed again within
 * FIGHT_QUIET_MS after that, the next write waits 2 s, the one after it 4 s, and so on up to 5 min,
 * counted from the write before. From the third change on it is called a fight. Once the object has
 * been left alone for FIGHT_QUIET_MS, all of it is forgotten, as it is when the agent starts. Times
 * are monotonic (clock_boot_ms).
 */
#ifndef AGENT_FIGHT_H
#define AGENT_FIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/culprit.h"
#include "diff/object.h"

#define FIGHT_FIRST_MS  2000
#define FIGHT_MAX_MS    300000
#define FIGHT_QUIET_MS  600000 /* longer than FIGHT_MAX_MS */
#define FIGHT_TOLD_FROM 3      /* changes */

/* One object whose drift was undone lately. */
struct fight {
	struct ref ref;
	unsigned changes; /* of others, seen; the last may not be undone yet */
	unsigned undone;
	bool open;               /* the last change is not undone yet ... */
	bool waits;              /* ... and is not to be undone before its time */
	int64_t undone_ms;       /* when one was undone last */
	struct culprit opponent; /* of the last change; may be nobody */
};

/* By ref. Zero-initialised is empty. */
struct fights {
	struct fight *items;
	size_t count, capacity;
};

void fights_release(struct fights *fights);

/* How long the object's drift has to stay yet; 0: it can be undone now. */
int64_t fights_wait_ms(const struct fights *fights, const struct ref *ref, int64_t now_ms);

/*
 * The object was seen to have drifted; `opponent` may be nobody. `waits`: it stays so for the time
 * being, else it is being put back. ERR_NO_MEMORY only.
 */
int fights_note_drift(struct fights *fights, const struct ref *ref, const struct culprit *opponent,
		      bool waits, int64_t now_ms, struct err *err);

/* It was put back by us; or is as it should be, whoever saw to that. */
void fights_note_undone(struct fights *fights, const struct ref *ref, int64_t now_ms);
void fights_note_over(struct fights *fights, const struct ref *ref);

/* The object's, if it is one of which people are told; NULL: it is not, or not any more. */
const struct fight *fights_find(const struct fights *fights, const struct ref *ref, int64_t now_ms);

/* Forgets what has been quiet for long enough. */
void fights_forget(struct fights *fights, int64_t now_ms);

/*
 * The object that is to be looked at next, because its drift can be undone or it has been left
 * alone for long enough, borrowed, and in how many ms; NULL: there is none.
 */
const struct ref *fights_next(const struct fights *fights, int64_t now_ms, int64_t *ret_in_ms);

/* Appends "kubectl (scale) has changed it 3 times; it is put back less and less often". */
void fight_print(const struct fight *fight, struct buf *out);

#endif

/*
 * members.h - finds the members of one object, for those who go through the keys of another.
 *
 * Mostly both have their keys in the same order: then each is found behind the one before it. Where
 * they have not, and searching begins to cost more than that, the members are sorted once; so n
 * keys never cost n squared.
 */
#ifndef DIFF_MEMBERS_H
#define DIFF_MEMBERS_H

#include "diff/json.h"

struct member_place {
	cJSON *member;
	size_t position; /* in the object, from 0 */
};

/* Members may be added to the object meanwhile, and are not found; none may be taken out. */
struct members {
	const cJSON *object;         /* NULL: has none */
	struct member_place next;    /* behind the one that was found last */
	struct member_place *sorted; /* by key; NULL: not yet, or there was no memory for it */
	size_t count, steps;
};

#define MEMBERS_OF(value)                                                       \
	{                                                                       \
		.object = (value), .next = {                                    \
			.member = cJSON_IsObject(value) ? (value)->child : NULL \
		}                                                               \
	}

void members_release(struct members *members);

/* The member and where it is; NULL, and the position left alone, where there is none. */
cJSON *members_find(struct members *members, const char *key, size_t *ret_position);

#endif

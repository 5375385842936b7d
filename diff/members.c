#include "diff/members.h"

#include <stdlib.h>
#include <string.h>

#define FEW_STEPS  4    /* from the last one to where the next is looked for first */
#define MANY_STEPS 2000 /* of all searches; then it is sorted */

void members_release(struct members *members)
{
	free(members->sorted);
	*members = (struct members){0};
}

static int compare_places(const void *a, const void *b)
{
	const struct member_place *one = a, *other = b;

	return strcmp(one->member->string, other->member->string);
}

static int compare_key(const void *key, const void *place)
{
	return strcmp(key, ((const struct member_place *)place)->member->string);
}

static void sort(struct members *members)
{
	cJSON *member;
	size_t count = 0;

	json_each (member, members->object)
		count++;
	members->sorted = reallocarray(NULL, count, sizeof(*members->sorted));
	if (!members->sorted)
		return;
	json_each (member, members->object) {
		members->sorted[members->count] = (struct member_place){member, members->count};
		members->count++;
	}
	qsort(members->sorted, members->count, sizeof(*members->sorted), compare_places);
}

/* From `place` on, so many steps; false where it is not there. */
static bool search(struct members *members, struct member_place place, size_t steps,
		   const char *key, struct member_place *ret_place)
{
	for (; place.member && steps > 0; steps--, place.position++) {
		if (strcmp(place.member->string, key) == 0) {
			*ret_place = place;
			return true;
		}
		members->steps++;
		place.member = place.member->next;
	}
	return false;
}

static bool find(struct members *members, const char *key, struct member_place *ret_place)
{
	const struct member_place first = {members->object->child, 0};
	const struct member_place *found;

	if (search(members, members->next, FEW_STEPS, key, ret_place))
		return true;
	if (!members->sorted && members->steps > MANY_STEPS)
		sort(members);
	if (!members->sorted)
		return search(members, first, SIZE_MAX, key, ret_place);
	found = bsearch(key, members->sorted, members->count, sizeof(*members->sorted),
			compare_key);
	if (found)
		*ret_place = *found;
	return found;
}

cJSON *members_find(struct members *members, const char *key, size_t *ret_position)
{
	struct member_place place;

	if (!cJSON_IsObject(members->object) || !find(members, key, &place))
		return NULL;
	*ret_position = place.position;
	members->next = (struct member_place){place.member->next, place.position + 1};
	return place.member;
}

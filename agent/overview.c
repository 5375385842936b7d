#include "agent/overview.h"

#include <stdlib.h>
#include <string.h>

const char *overview_result_name(enum overview_result result)
{
	static const char *const names[OVERVIEW_RESULT_COUNT] = {
		[OVERVIEW_NONE] = "none",       [OVERVIEW_SYNCED] = "synced",
		[OVERVIEW_DIFFERS] = "differs", [OVERVIEW_FAILED] = "failed",
		[OVERVIEW_SOURCE] = "source",   [OVERVIEW_MANIFEST] = "manifest",
		[OVERVIEW_CLUSTER] = "cluster",
	};

	return names[result];
}

const char *overview_state_name(enum overview_state state)
{
	static const char *const names[OVERVIEW_STATE_COUNT] = {
		[OVERVIEW_STARTING] = "starting", [OVERVIEW_IDLE] = "idle",
		[OVERVIEW_SYNCING] = "syncing",   [OVERVIEW_QUEUED] = "queued",
		[OVERVIEW_WAITING] = "waiting",   [OVERVIEW_SUSPENDED] = "suspended",
		[OVERVIEW_STANDBY] = "standby",
	};

	return names[state];
}

void overview_release(struct overview *overview)
{
	for (size_t i = 0; i < overview->count; i++) {
		free((void *)(uintptr_t)overview->apps[i].conditions);
		free((void *)(uintptr_t)overview->apps[i].rollouts.items);
	}
	free(overview->apps);
	*overview = (struct overview){0};
}

const struct overview_app *overview_find(const struct overview *overview, const char *name)
{
	for (size_t i = 0; i < overview->count; i++)
		if (strcmp(overview->apps[i].name, name) == 0)
			return &overview->apps[i];
	return NULL;
}

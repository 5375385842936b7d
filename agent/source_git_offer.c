#include "agent/source_git_offer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/semver.h"

#define TAGS "refs/tags/"

const char *git_ref_short(const char *ref)
{
	static const char *const places[] = {"refs/heads/", TAGS};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strncmp(ref, places[i], strlen(places[i])) == 0)
			return ref + strlen(places[i]);
	return ref;
}

static bool is_range(const char *ref)
{
	return strncmp(ref, SEMVER_PREFIX, strlen(SEMVER_PREFIX)) == 0;
}

const char *git_ref_label(const char *ref, const char *asked)
{
	return asked && !is_range(asked) ? asked : git_ref_short(ref);
}

static int choose_version(const struct ref_names *names, const char *text, char **ret_ref,
			  struct err *err)
{
	CLEANUP(semver_range_free_p) struct semver_range *range = NULL;
	const char *best = NULL, *name;

	if (semver_range_parse(text, &range, err) < 0)
		return -1;
	for (size_t i = 0; (name = names->at(names->context, i)); i++)
		if (strncmp(name, TAGS, strlen(TAGS)) == 0 &&
		    semver_is_better(range, name + strlen(TAGS), best))
			best = name + strlen(TAGS);
	if (!best)
		return err_set(err, ERR_NOT_FOUND, "no tag is a version in \"%s\"", text);
	if (asprintf(ret_ref, TAGS "%s", best) < 0)
		return err_no_memory(err);
	return 0;
}

static bool has_name(const struct ref_names *names, const char *wanted)
{
	const char *name;

	for (size_t i = 0; (name = names->at(names->context, i)); i++)
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

int git_offer_choose(const struct ref_names *names, const char *ref, char **ret_ref,
		     struct err *err)
{
	static const char *const places[] = {"refs/heads/", TAGS, ""};

	if (is_range(ref))
		return choose_version(names, ref + strlen(SEMVER_PREFIX), ret_ref, err);
	*ret_ref = NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		CLEANUP(free_p) char *name = NULL;

		if (asprintf(&name, "%s%s", places[i], ref) < 0) {
			name = NULL;
			return err_no_memory(err);
		}
		/* What a server calls HEAD or "x^{}" is not a ref of that name. */
		if (strncmp(name, "refs/", 5) == 0 && has_name(names, name)) {
			*ret_ref = STEAL(name);
			return 0;
		}
	}
	return 0;
}

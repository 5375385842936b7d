#include "diff/webhook.h"

#include <string.h>
#include <strings.h>

#define SEMVER "semver:"
#define TAGS   "refs/tags/"
#define HEADS  "refs/heads/"
#define MIN_ID 7  /* digits of a commit that is cut */
#define MAX_ID 64 /* of one by SHA-256 */

struct span {
	const char *start;
	size_t length;
};

/* --- repositories ---------------------------------------------------------------------------- */

/*
 * What a URL names on its server: of "https://u:p@h:1/a/b.git/", "git@h:a/b" and "/a/b.git" it is
 * "a/b". *ret_is_whole is false for a text that may be just the end of a path: "a/b".
 */
static struct span path_of(const char *url, bool *ret_is_whole)
{
	const char *scheme = strstr(url, "://"), *path = url, *colon = strchr(url, ':');
	size_t slash = strcspn(url, "/");

	*ret_is_whole = true;
	if (scheme)
		path = scheme + 3 + strcspn(scheme + 3, "/");
	else if (colon && (size_t)(colon - url) < slash)
		path = colon + 1;
	else
		*ret_is_whole = *url == '/';
	path += strspn(path, "/");
	size_t length = strlen(path);
	while (length > 0 && path[length - 1] == '/')
		length--;
	if (length > 4 && strncasecmp(path + length - 4, ".git", 4) == 0)
		length -= 4;
	return (struct span){path, length};
}

static bool is_same_repository(const char *pushed, const char *followed)
{
	bool is_whole, ignored;
	struct span a = path_of(pushed, &is_whole), b = path_of(followed, &ignored);

	if (a.length == 0 || a.length > b.length || (is_whole && a.length != b.length))
		return false;
	const char *end = b.start + (b.length - a.length);
	return strncasecmp(a.start, end, a.length) == 0 && (end == b.start || end[-1] == '/');
}

static bool is_of_repository(const struct webhook_push *push, const char *repo)
{
	if (push->repository_count == 0)
		return true;
	for (size_t i = 0; i < push->repository_count; i++)
		if (is_same_repository(push->repositories[i], repo))
			return true;
	return false;
}

/* --- refs ------------------------------------------------------------------------------------ */

static bool begins_with(const char *text, const char *head)
{
	return strncmp(text, head, strlen(head)) == 0;
}

/* Whether it is no name that could be compared: a commit, or something relative to one. */
static bool is_indirect(const char *ref)
{
	size_t digits = strspn(ref, "0123456789abcdef");

	return strpbrk(ref, "~^@{:") || (!ref[digits] && digits >= MIN_ID && digits <= MAX_ID);
}

static bool is_named(const char *pushed, const char *ref)
{
	if (begins_with(ref, "refs/"))
		return strcmp(pushed, ref) == 0;
	return (begins_with(pushed, HEADS) && strcmp(pushed + strlen(HEADS), ref) == 0) ||
	       (begins_with(pushed, TAGS) && strcmp(pushed + strlen(TAGS), ref) == 0);
}

static bool moves(const struct webhook_push *push, const char *pushed, const char *ref)
{
	if (!ref || strcmp(ref, "HEAD") == 0)
		return begins_with(pushed, HEADS) &&
		       (!push->default_branch || is_named(pushed, push->default_branch));
	if (begins_with(ref, SEMVER))
		return begins_with(pushed, TAGS);
	return is_indirect(ref) || is_named(pushed, ref);
}

bool webhook_follows(const struct webhook_push *push, const char *repo, const char *ref)
{
	if (push->event != WEBHOOK_PUSH || !is_of_repository(push, repo))
		return false;
	if (push->any_ref)
		return true;
	for (size_t i = 0; i < push->ref_count; i++)
		if (moves(push, push->refs[i], ref))
			return true;
	return false;
}

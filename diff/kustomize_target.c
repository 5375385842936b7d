#include "diff/kustomize_target.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS         "0123456789"
#define MAX_EXPANDED   4096 /* bytes of a pattern with its repetitions written out */
#define MAX_TEXT_BYTES 1024 /* of what is matched; names have 253 at most */

/* --- targets --------------------------------------------------------------------------------- */

/*
 * Whether the pattern is too much for regcomp, which writes repetitions ("{2,9}") out, and for regexec, which
 * may try every way where there are back-references. Go's expressions, which kustomize reads, bound the
 * former and have none of the latter. `repeats` is as if all were inside of each other.
 */
static bool is_too_much(const char *pattern)
{
	size_t repeats = 1, length = strlen(pattern);

	for (const char *c = pattern; *c; c++) {
		if (c[0] == '\\' && c[1]) {
			c++;
			if (*c >= '1' && *c <= '9')
				return true;
		} else if (*c == '{') {
			size_t least = strtoul(c + 1, NULL, 10);
			const char *comma = c + 1 + strspn(c + 1, DIGITS);
			size_t most = *comma == ',' ? strtoul(comma + 1, NULL, 10) : 0;

			most = most > least ? most : least;
			if (most > MAX_EXPANDED ||
			    (repeats *= most ? most : 1) * length > MAX_EXPANDED)
				return true;
		}
	}
	return false;
}

/* Whether the pattern, which may be missing, is for one of the texts. */
static int match_pattern(const char *pattern, const char *const *texts, size_t count,
			 bool *ret_matches, struct err *err)
{
	char anchored[KUSTOMIZE_MAX_PATTERN + 8];
	regex_t regex;

	*ret_matches = !pattern || !*pattern;
	if (!*ret_matches && !strpbrk(pattern, "\\^$.|?*+()[]{}")) {
		for (size_t i = 0; i < count && !*ret_matches; i++)
			*ret_matches = strcmp(pattern, texts[i]) == 0;
		return 0;
	}
	if (*ret_matches)
		return 0;
	if (strlen(pattern) > KUSTOMIZE_MAX_PATTERN)
		return err_set(err, ERR_LIMIT, "a target's pattern has more than %d bytes",
			       KUSTOMIZE_MAX_PATTERN);
	snprintf(anchored, sizeof(anchored), "^(%s)$", pattern);
	if (is_too_much(pattern) || regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(err, ERR_UNSUPPORTED, "the target's pattern \"%s\" cannot be read",
			       pattern);
	for (size_t i = 0; i < count && !*ret_matches; i++)
		*ret_matches = strlen(texts[i]) <= MAX_TEXT_BYTES &&
			       regexec(&regex, texts[i], 0, NULL, 0) == 0;
	regfree(&regex);
	return 0;
}

static int match_name(const struct origin *origin, const char *pattern, bool *ret_matches,
		      struct err *err)
{
	const char *const current[] = {origin->ref.name};

	if (match_pattern(pattern, current, 1, ret_matches, err) < 0)
		return -1;
	if (*ret_matches)
		return 0;
	return match_pattern(pattern, (const char *const *)origin->names, origin->name_count,
			     ret_matches, err);
}

static int match_target(const struct origin *origin, const cJSON *target, bool *ret_matches,
			struct err *err)
{
	const struct {
		const char *key, *text;
	} parts[] = {
		{"group", origin->ref.group},
		{"version", origin->ref.version},
		{"kind", origin->ref.kind},
		{"namespace", origin->ref.namespace},
	};

	*ret_matches = true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && *ret_matches; i++)
		if (match_pattern(json_str(target, parts[i].key), &parts[i].text, 1, ret_matches,
				  err) < 0)
			return -1;
	return *ret_matches ? match_name(origin, json_str(target, "name"), ret_matches, err) : 0;
}

int kustomize_matches(const struct origin *origin, const cJSON *target, const cJSON *patch,
		      bool *ret_matches, struct err *err)
{
	struct ref ref;
	struct err fault;

	if (target)
		return match_target(origin, target, ret_matches, err);
	*ret_matches = false;
	if (ref_of(patch, &ref, &fault) < 0) {
		if (fault.class != ERR_NO_MEMORY)
			return 0;
		*err = fault;
		return -1;
	}
	*ret_matches = ref_is(&origin->ref, ref.group, ref.kind) &&
		       origin_was_called(origin, ref.name) &&
		       (!*ref.namespace || !strcmp(ref.namespace, origin->ref.namespace));
	ref_release(&ref);
	return 0;
}

bool kustomize_is_conditional(const cJSON *target)
{
	return json_get(target, "labelSelector") || json_get(target, "annotationSelector");
}

/* --- entries --------------------------------------------------------------------------------- */

/* Whether the text is NAME, or NAME with a tag or a digest. */
static bool is_image(const char *text, const char *name)
{
	size_t length = strlen(name);

	return strncmp(text, name, length) == 0 &&
	       (text[length] == '\0' || text[length] == ':' || text[length] == '@');
}

/* Whether an image of this name stands anywhere in the value. */
static bool holds_image(const cJSON *value, const char *name)
{
	const cJSON *item;

	json_each (item, value) {
		if (cJSON_IsString(item) && item->string &&
		    (!strcmp(item->string, "image") || !strcmp(item->string, "newName")) &&
		    is_image(item->valuestring, name))
			return true;
		if (holds_image(item, name))
			return true;
	}
	return false;
}

bool kustomize_takes(const struct origin *origin, enum origin_kind kind, const cJSON *entry)
{
	const char *name = json_str(entry, "name");

	if (kind == ORIGIN_ANNOTATIONS)
		return true;
	if (!name)
		return false;
	if (kind == ORIGIN_REPLICAS)
		return origin_was_called(origin, name);
	for (size_t i = 0; i < origin->layer_count; i++)
		if (holds_image(origin->layers[i]->value, name))
			return true;
	return false;
}

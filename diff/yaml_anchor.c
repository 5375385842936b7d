#include "diff/yaml_anchor.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "diff/yaml.h"

/*
 * go-yaml's bound (decode.go): up to RATIO_LOW steps 99 % of them may come from aliases, from
 * RATIO_HIGH on 10 %, in between a share that falls evenly.
 */
#define RATIO_LOW    400000.0
#define RATIO_HIGH   4000000.0
#define SHARE_LOW    0.99
#define SHARE_HIGH   0.10
#define FREE_ALIASES 100
#define FREE_DECODES 1000

static int compare(const void *a, const void *b)
{
	const struct yaml_anchor *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void anchor_free(void *item)
{
	struct yaml_anchor *anchor = item;

	free(anchor->name);
	free(anchor->text);
	free(anchor);
}

void yaml_anchors_release(struct yaml_anchors *anchors)
{
	tdestroy(anchors->tree, anchor_free);
	anchors->tree = NULL;
}

struct yaml_anchor *yaml_anchor_find(const struct yaml_anchors *anchors, const char *name)
{
	struct yaml_anchor key = {.name = (char *)(uintptr_t)name};
	struct yaml_anchor **found = tfind(&key, &anchors->tree, compare);

	return found ? *found : NULL;
}

struct yaml_anchor *yaml_anchor_define(struct yaml_anchors *anchors, const char *name)
{
	struct yaml_anchor *anchor = yaml_anchor_find(anchors, name);

	if (anchor) {
		free(anchor->text);
		*anchor = (struct yaml_anchor){.name = anchor->name, .open = true};
		return anchor;
	}
	anchor = calloc(1, sizeof(*anchor));
	if (!anchor)
		return NULL;
	anchor->open = true;
	anchor->name = strdup(name);
	if (anchor->name && tsearch(anchor, &anchors->tree, compare))
		return anchor;
	anchor_free(anchor);
	return NULL;
}

bool yaml_expansion_add(struct yaml_expansion *expansion, size_t decodes)
{
	expansion->decodes += decodes;
	expansion->alias_decodes += decodes;
	return yaml_expansion_check(expansion);
}

bool yaml_expansion_check(const struct yaml_expansion *expansion)
{
	double decodes = (double)expansion->decodes;
	double allowed = SHARE_LOW;

	if (expansion->alias_decodes > YAML_MAX_ALIASED)
		return false;
	if (expansion->alias_decodes <= FREE_ALIASES || expansion->decodes <= FREE_DECODES)
		return true;
	if (decodes >= RATIO_HIGH)
		allowed = SHARE_HIGH;
	else if (decodes > RATIO_LOW)
		allowed -=
			(SHARE_LOW - SHARE_HIGH) * (decodes - RATIO_LOW) / (RATIO_HIGH - RATIO_LOW);
	return (double)expansion->alias_decodes / decodes <= allowed;
}

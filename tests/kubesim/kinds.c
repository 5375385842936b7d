#include "tests/kubesim/kinds.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

struct kinds {
	struct kind **items;
	size_t count;
	struct kind **retired; /* no longer served, but watches may still hold them */
	size_t retired_count;
};

/*
 * Kinds that diff/schema, which describes manifests of workloads, has no use for: the questions that
 * clients ask, which nobody stores, and what is stored here without being looked into.
 */
static const struct {
	const char *group, *version, *kind, *plural, *short_names;
	bool namespaced, has_status, review;
} others[] = {
	{.group = "admissionregistration.k8s.io",
	 .version = "v1",
	 .kind = "MutatingWebhookConfiguration",
	 .plural = "mutatingwebhookconfigurations"},
	{.group = "admissionregistration.k8s.io",
	 .version = "v1",
	 .kind = "ValidatingWebhookConfiguration",
	 .plural = "validatingwebhookconfigurations"},
	{.group = "apiextensions.k8s.io",
	 .version = "v1",
	 .kind = "CustomResourceDefinition",
	 .plural = "customresourcedefinitions",
	 .short_names = "crd,crds",
	 .has_status = true},
	{.group = "apiregistration.k8s.io",
	 .version = "v1",
	 .kind = "APIService",
	 .plural = "apiservices",
	 .has_status = true},
	{.group = "authentication.k8s.io",
	 .version = "v1",
	 .kind = "SelfSubjectReview",
	 .plural = "selfsubjectreviews",
	 .review = true},
	{.group = "authentication.k8s.io",
	 .version = "v1",
	 .kind = "TokenReview",
	 .plural = "tokenreviews",
	 .review = true},
	{.group = "authorization.k8s.io",
	 .version = "v1",
	 .kind = "LocalSubjectAccessReview",
	 .plural = "localsubjectaccessreviews",
	 .namespaced = true,
	 .review = true},
	{.group = "authorization.k8s.io",
	 .version = "v1",
	 .kind = "SelfSubjectAccessReview",
	 .plural = "selfsubjectaccessreviews",
	 .review = true},
	{.group = "authorization.k8s.io",
	 .version = "v1",
	 .kind = "SelfSubjectRulesReview",
	 .plural = "selfsubjectrulesreviews",
	 .review = true},
	{.group = "authorization.k8s.io",
	 .version = "v1",
	 .kind = "SubjectAccessReview",
	 .plural = "subjectaccessreviews",
	 .review = true},
	{.group = "discovery.k8s.io",
	 .version = "v1",
	 .kind = "EndpointSlice",
	 .plural = "endpointslices",
	 .namespaced = true},
	{.group = "node.k8s.io",
	 .version = "v1",
	 .kind = "RuntimeClass",
	 .plural = "runtimeclasses"},
	{.group = "storage.k8s.io",
	 .version = "v1",
	 .kind = "VolumeAttachment",
	 .plural = "volumeattachments",
	 .has_status = true},
};

/* Names and scope of a kind before it has strings of its own. */
struct naming {
	const char *group, *version, *kind, *list_kind, *plural, *singular, *short_names,
		*categories;
};

/* A kind with its own copies of the names, in one allocation. */
static struct kind *kind_new(const struct naming *naming)
{
	const char *const from[] = {naming->group,     naming->version,   naming->kind,
				    naming->plural,    naming->singular,  naming->short_names,
				    naming->list_kind, naming->categories};
	struct kind *kind = alloc_zero(sizeof(*kind));
	const char **const to[] = {&kind->group,     &kind->version,   &kind->kind,
				   &kind->plural,    &kind->singular,  &kind->short_names,
				   &kind->list_kind, &kind->categories};
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		size += strlen(from[i]) + 1;
	at = kind->strings = alloc_zero(size);
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		*to[i] = strcpy(at, from[i]);
		at += strlen(at) + 1;
	}
	return kind;
}

static void kind_free(struct kind *kind)
{
	cJSON_Delete(kind->definition);
	free(kind->strings);
	free(kind);
}

/* Keeps the kinds of a group together; versions and kinds stand as they come. */
static void add(struct kinds *kinds, struct kind *kind)
{
	size_t at = kinds->count;

	while (at > 0 && strcmp(kinds->items[at - 1]->group, kind->group) != 0)
		at--;
	if (at == 0)
		at = kinds->count;
	kinds->items = alloc_grow(kinds->items, kinds->count + 1, sizeof(*kinds->items));
	memmove(&kinds->items[at + 1], &kinds->items[at],
		(kinds->count - at) * sizeof(*kinds->items));
	kinds->items[at] = kind;
	kinds->count++;
}

static void lower(const char *text, char *ret_lower, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++)
		ret_lower[i] = (char)tolower((unsigned char)text[i]);
	ret_lower[i] = '\0';
}

/* A kind whose list kind and singular follow from its name. */
static struct kind *plain_kind(const char *group, const char *version, const char *name,
			       const char *plural, const char *short_names, const char *categories)
{
	char list_kind[80], singular[80];

	snprintf(list_kind, sizeof(list_kind), "%sList", name);
	lower(name, singular, sizeof(singular));
	return kind_new(&(struct naming){group, version, name, list_kind, plural, singular,
					 short_names, categories});
}

struct kinds *kinds_new(void)
{
	struct kinds *kinds = alloc_zero(sizeof(*kinds));
	size_t count;
	const struct schema_kind *known = schema_kinds(&count);

	for (size_t i = 0; i < count; i++) {
		struct kind *kind =
			plain_kind(known[i].group, known[i].version, known[i].kind, known[i].plural,
				   known[i].short_names, known[i].in_all ? "all" : "");

		kind->namespaced = known[i].namespaced;
		kind->has_status = known[i].has_status;
		kind->has_scale = known[i].has_scale;
		kind->schema = schema_find(known[i].group, known[i].version, known[i].kind);
		add(kinds, kind);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct kind *kind;

		if (kinds_find(kinds, others[i].group, others[i].version, others[i].plural))
			continue;
		kind = plain_kind(others[i].group, others[i].version, others[i].kind,
				  others[i].plural,
				  others[i].short_names ? others[i].short_names : "", "");
		kind->namespaced = others[i].namespaced;
		kind->has_status = others[i].has_status;
		kind->review = others[i].review;
		add(kinds, kind);
	}
	return kinds;
}

void kinds_free(struct kinds *kinds)
{
	if (!kinds)
		return;
	for (size_t i = 0; i < kinds->count; i++)
		kind_free(kinds->items[i]);
	for (size_t i = 0; i < kinds->retired_count; i++)
		kind_free(kinds->retired[i]);
	free(kinds->items);
	free(kinds->retired);
	free(kinds);
}

size_t kinds_count(const struct kinds *kinds)
{
	return kinds->count;
}

const struct kind *kinds_at(const struct kinds *kinds, size_t index)
{
	return kinds->items[index];
}

const struct kind *kinds_find(const struct kinds *kinds, const char *group, const char *version,
			      const char *plural)
{
	for (size_t i = 0; i < kinds->count; i++) {
		const struct kind *kind = kinds->items[i];

		if (strcmp(kind->plural, plural) == 0 && strcmp(kind->group, group) == 0 &&
		    strcmp(kind->version, version) == 0)
			return kind;
	}
	return NULL;
}

const struct kind *kinds_find_kind(const struct kinds *kinds, const char *group,
				   const char *version, const char *name)
{
	for (size_t i = 0; i < kinds->count; i++) {
		const struct kind *kind = kinds->items[i];

		if (strcmp(kind->kind, name) == 0 && strcmp(kind->group, group) == 0 &&
		    strcmp(kind->version, version) == 0)
			return kind;
	}
	return NULL;
}

const struct kind *kinds_find_for(const struct kinds *kinds, const cJSON *object)
{
	const char *api_version = obj_text(object, "apiVersion");
	const char *slash = strchr(api_version, '/');
	char group[256];

	snprintf(group, sizeof(group), "%.*s", slash ? (int)(slash - api_version) : 0, api_version);
	return kinds_find_kind(kinds, group, slash ? slash + 1 : api_version,
			       obj_text(object, "kind"));
}

const char *kind_api_version(const struct kind *kind, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s", kind->group, kind->group[0] ? "/" : "", kind->version);
	return text;
}

const char *kind_storage_group(const struct kind *kind)
{
	bool is_event = strcmp(kind->group, "events.k8s.io") == 0;

	return is_event ? "" : kind->group;
}

/* The names as "a,b". */
static void join(const cJSON *list, struct buf *out)
{
	const cJSON *item;

	json_each (item, list) {
		if (cJSON_IsString(item))
			buf_printf(out, "%s%s", out->length > 0 ? "," : "", item->valuestring);
	}
}

void kinds_define(struct kinds *kinds, const cJSON *crd)
{
	const char *name = obj_text(crd, "spec.names.kind");
	CLEANUP(buf_release) struct buf short_names = BUF_INIT(4096);
	CLEANUP(buf_release) struct buf categories = BUF_INIT(4096);
	char list_kind[256], singular[256];
	const cJSON *version;

	kinds_undefine(kinds, crd);
	join(json_at(crd, "spec.names.shortNames"), &short_names);
	join(json_at(crd, "spec.names.categories"), &categories);
	snprintf(list_kind, sizeof(list_kind), "%sList", name);
	lower(name, singular, sizeof(singular));
	json_each (version, json_at(crd, "spec.versions")) {
		const char *given_list = json_str(crd, "spec.names.listKind");
		const char *given_singular = json_str(crd, "spec.names.singular");
		struct kind *kind;

		if (!json_true(version, "served"))
			continue;
		kind = kind_new(&(struct naming){
			.group = obj_text(crd, "spec.group"),
			.version = obj_text(version, "name"),
			.kind = name,
			.list_kind = given_list ? given_list : list_kind,
			.plural = obj_text(crd, "spec.names.plural"),
			.singular = given_singular ? given_singular : singular,
			.short_names = buf_str(&short_names),
			.categories = buf_str(&categories),
		});
		kind->custom = true;
		kind->namespaced = strcmp(obj_text(crd, "spec.scope"), "Namespaced") == 0;
		kind->has_status = json_at(version, "subresources.status") != NULL;
		kind->has_scale = json_at(version, "subresources.scale") != NULL;
		kind->definition = obj_copy(version);
		add(kinds, kind);
	}
}

static void retire(struct kinds *kinds, struct kind *kind)
{
	kinds->retired =
		alloc_grow(kinds->retired, kinds->retired_count + 1, sizeof(*kinds->retired));
	kinds->retired[kinds->retired_count++] = kind;
}

void kinds_undefine(struct kinds *kinds, const cJSON *crd)
{
	const char *group = obj_text(crd, "spec.group");
	const char *plural = obj_text(crd, "spec.names.plural");
	size_t kept = 0;

	for (size_t i = 0; i < kinds->count; i++) {
		struct kind *kind = kinds->items[i];

		if (kind->custom && strcmp(kind->plural, plural) == 0 &&
		    strcmp(kind->group, group) == 0)
			retire(kinds, kind);
		else
			kinds->items[kept++] = kind;
	}
	kinds->count = kept;
}

#include "diff/marks.h"

#include <string.h>

static const struct mark {
	const char *place; /* within metadata */
	const char *word;
	const char *key;
} marks[] = {
	{"metadata.labels", "label", "app.kubernetes.io/managed-by"},
	{"metadata.annotations", "annotation", "meta.helm.sh/release-name"},
	{"metadata.labels", "label", "kustomize.toolkit.fluxcd.io/name"},
	{"metadata.labels", "label", "helm.toolkit.fluxcd.io/name"},
	{"metadata.annotations", "annotation", "argocd.argoproj.io/tracking-id"},
	{"metadata.labels", "label", "argocd.argoproj.io/instance"},
	{"metadata.labels", "label",
	 "applyset.kubernetes.io/part-of"}, /* kubectl apply --applyset */
	{"metadata.annotations", "annotation", "config.k8s.io/owning-inventory"}, /* kpt */
	{"metadata.labels", "label", "kapp.k14s.io/app"},
	{"metadata.annotations", "annotation", "objectset.rio.cattle.io/id"}, /* Fleet */
	{"metadata.annotations", NULL, MARKS_PRUNE},
};

#define MARK_COUNT (sizeof(marks) / sizeof(marks[0]))

static const char *value_of(const cJSON *object, const struct mark *mark)
{
	const cJSON *value = json_get(json_at(object, mark->place), mark->key);

	return cJSON_IsString(value) ? value->valuestring : NULL;
}

int marks_of(const cJSON *object, cJSON **ret_marks, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *found = cJSON_CreateObject();

	if (!found)
		return err_no_memory(err);
	for (size_t i = 0; i < MARK_COUNT; i++) {
		const char *value = value_of(object, &marks[i]);

		if (value && json_set_key(found, marks[i].key, cJSON_CreateString(value), err) < 0)
			return -1;
	}
	*ret_marks = found->child ? STEAL(found) : NULL;
	return 0;
}

const char *marks_prune(const cJSON *object)
{
	return value_of(object, &marks[MARK_COUNT - 1]);
}

bool marks_find_foreign(const cJSON *live, const cJSON *applied, struct buf *out)
{
	for (size_t i = 0; i < MARK_COUNT; i++) {
		const char *value = value_of(live, &marks[i]);
		const cJSON *ours = json_get(applied, marks[i].key);

		if (!value || !marks[i].word)
			continue;
		if (cJSON_IsString(ours) && strcmp(ours->valuestring, value) == 0)
			continue;
		buf_printf(out, "its %s %s is \"%s\"", marks[i].word, marks[i].key, value);
		return true;
	}
	return false;
}

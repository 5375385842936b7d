#include "agent/locate.h"

#include <stdlib.h>
#include <string.h>

#include "diff/kustomize.h"
#include "diff/manifest.h"
#include "diff/suggest.h"
#include "diff/yaml.h"

#define KIND "StatefulSet"

/* --- lists ----------------------------------------------------------------------------------- */

static int grow(void *items, size_t size, size_t count, size_t *capacity, struct err *err)
{
	void **array = items;

	if (count < *capacity)
		return 0;
	size_t wanted = *capacity ? *capacity * 2 : 8;
	void *grown = reallocarray(*array, wanted, size);
	if (!grown)
		return err_no_memory(err);
	*array = grown;
	*capacity = wanted;
	return 0;
}

int path_list_add(struct path_list *list, const char *path, struct err *err)
{
	if (grow(&list->items, sizeof(*list->items), list->count, &list->capacity, err) < 0)
		return -1;
	list->items[list->count] = strdup(path);
	return list->items[list->count] ? (list->count++, 0) : err_no_memory(err);
}

static bool path_list_has(const struct path_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], path) == 0)
			return true;
	return false;
}

void path_list_release(struct path_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct path_list){0};
}

void located_release(struct located *located)
{
	origins_release(&located->origins);
	free(located->root);
	path_list_release(&located->files);
	*located = (struct located){0};
}

const struct origin *located_origin(const struct located *located)
{
	return &located->origins.items[located->index];
}

void locations_release(struct locations *locations)
{
	for (size_t i = 0; i < locations->count; i++)
		located_release(&locations->items[i]);
	free(locations->items);
	free(locations->meant);
	path_list_release(&locations->faults);
	*locations = (struct locations){0};
}

static int locations_add(struct locations *locations, struct located *take_located, struct err *err)
{
	if (grow(&locations->items, sizeof(*locations->items), locations->count,
		 &locations->capacity, err) < 0) {
		located_release(take_located);
		return -1;
	}
	locations->items[locations->count++] = *take_located;
	*take_located = (struct located){0};
	return 0;
}

/* --- reading --------------------------------------------------------------------------------- */

/* The files of a commit, one text at a time, and which were asked for. */
struct reader {
	const struct clone_commit *commit;
	struct path_list *files;
	char *text;
};

static int find_file(void *context, const char *path, const char **ret_text, size_t *ret_length,
		     struct err *err)
{
	struct reader *reader = context;

	free_p(&reader->text);
	if (clone_read(reader->commit, path, &reader->text, ret_length, err) < 0 ||
	    path_list_add(reader->files, path, err) < 0)
		return -1;
	*ret_text = reader->text;
	return 0;
}

static int read_kustomization(const struct clone_commit *commit, const char *folder,
			      struct located *ret_located, struct err *err)
{
	struct reader reader = {.commit = commit, .files = &ret_located->files};
	const struct kustomize_files files = {&reader, find_file};
	int status = kustomize_read(&files, folder, &ret_located->origins, err);

	free(reader.text);
	if (status < 0)
		return -1;
	ret_located->root = strdup(folder);
	return ret_located->root ? 0 : err_no_memory(err);
}

/* `mentions`, which may be NULL, gets whether a file that cannot be read speaks of the name. */
static int read_manifest(const struct clone_commit *commit, const char *path, const char *name,
			 struct located *ret_located, bool *mentions, struct err *err)
{
	CLEANUP(free_p) char *text = NULL;
	size_t length;
	int status = 0;

	if (clone_read(commit, path, &text, &length, err) < 0 ||
	    path_list_add(&ret_located->files, path, err) < 0)
		return -1;
	if (text && memmem(text, length, KIND, strlen(KIND)))
		status = origins_add_file(&ret_located->origins, path, text, length, err);
	if (mentions)
		*mentions = text && memmem(text, length, name, strlen(name));
	return status;
}

/* --- searching ------------------------------------------------------------------------------- */

struct search {
	const struct clone_commit *commit;
	const char *folder, *name, *namespace;
	struct path_list manifests, folders; /* of kustomizations */
	struct suggestion meant;
	struct locations *found;
};

static bool matches(const struct origin *origin, const char *name, const char *namespace)
{
	return ref_is(&origin->ref, "apps", KIND) && strcmp(origin->ref.name, name) == 0 &&
	       (!namespace || !*origin->ref.namespace ||
		strcmp(origin->ref.namespace, namespace) == 0);
}

/* Another StatefulSet may be meant: one whose name is much the same, or was before a prefix. */
static void suggest(struct search *search, const struct origin *origin)
{
	if (!ref_is(&origin->ref, "apps", KIND))
		return;
	suggestion_offer(&search->meant, origin->ref.name);
	if (origin_was_called(origin, search->name) && strcmp(origin->ref.name, search->name) != 0)
		search->meant.word = origin->ref.name;
}

/* Adds a location for each object of the origins that is meant. */
static int add_matches(struct search *search, const struct located *located, struct err *err)
{
	for (size_t i = 0; i < located->origins.count; i++) {
		const struct origin *origin = &located->origins.items[i];
		struct located own = {0};
		int status;

		if (!matches(origin, search->name, search->namespace)) {
			suggest(search, origin);
			continue;
		}
		/* Each has origins of its own, so that it stands for itself. */
		status = located->root
				 ? read_kustomization(search->commit, located->root, &own, err)
				 : read_manifest(search->commit, located->files.items[0],
						 search->name, &own, NULL, err);
		own.index = i;
		if (status < 0) {
			located_release(&own);
			return -1;
		}
		if (locations_add(search->found, &own, err) < 0)
			return -1;
	}
	return 0;
}

/* Keeps the suggestion, which borrows from the origins that are about to go. */
static int keep_suggestion(struct search *search, struct err *err)
{
	if (!search->meant.word || search->meant.word == search->found->meant)
		return 0;
	char *copy = strdup(search->meant.word);
	if (!copy)
		return err_no_memory(err);
	free(search->found->meant);
	search->found->meant = copy;
	search->meant.word = copy;
	return 0;
}

/* Notes the file's path, or that of a kustomization's folder. */
static int note_file(void *context, const char *path, struct err *err)
{
	struct search *search = context;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	CLEANUP(free_p) char *folder = NULL;

	if (kustomize_is_file_name(name)) {
		folder = strndup(path, slash ? (size_t)(slash - path) : 0);
		return folder ? path_list_add(&search->folders, folder, err) : err_no_memory(err);
	}
	return manifest_is_file_name(name) ? path_list_add(&search->manifests, path, err) : 0;
}

/* Whether the kustomization of a folder is among the files of another one's. */
static bool is_used(const struct path_list *files, const char *folder)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *path = files->items[i], *slash = strrchr(path, '/');
		size_t length = slash ? (size_t)(slash - path) : 0;

		if (strlen(folder) == length && strncmp(path, folder, length) == 0 &&
		    kustomize_is_file_name(slash ? slash + 1 : path))
			return true;
	}
	return false;
}

static int add_fault(struct search *search, const struct err *fault, struct err *err)
{
	if (fault->class == ERR_NO_MEMORY) {
		*err = *fault;
		return -1;
	}
	return path_list_add(&search->found->faults, fault->message, err);
}

/* Reads every kustomization; those that cannot be read stay empty. */
static int read_kustomizations(struct search *search, struct located *all, struct err *err)
{
	for (size_t i = 0; i < search->folders.count; i++) {
		struct err fault;

		if (read_kustomization(search->commit, search->folders.items[i], &all[i], &fault) <
			    0 &&
		    add_fault(search, &fault, err) < 0)
			return -1;
	}
	return 0;
}

/* The objects of the kustomizations that no other one names. */
static int search_kustomizations(struct search *search, struct located *all, struct err *err)
{
	for (size_t i = 0; i < search->folders.count; i++) {
		bool used = !all[i].root;

		for (size_t k = 0; k < search->folders.count && !used; k++)
			used = k != i && is_used(&all[k].files, search->folders.items[i]);
		if (!used && add_matches(search, &all[i], err) < 0)
			return -1;
	}
	return keep_suggestion(search, err);
}

static int search_manifest(struct search *search, const char *path, struct err *err)
{
	CLEANUP(located_release) struct located located = {0};
	bool mentions = false;
	struct err fault;

	if (read_manifest(search->commit, path, search->name, &located, &mentions, &fault) < 0) {
		if (!mentions && fault.class != ERR_NO_MEMORY)
			return 0;
		return add_fault(search, &fault, err);
	}
	if (add_matches(search, &located, err) < 0)
		return -1;
	return keep_suggestion(search, err);
}

static int search_folder(struct search *search, struct err *err)
{
	struct located *all = calloc(search->folders.count + 1, sizeof(*all));
	int status = 0;

	if (!all)
		return err_no_memory(err);
	status = read_kustomizations(search, all, err);
	if (status == 0)
		status = search_kustomizations(search, all, err);
	for (size_t i = 0; i < search->manifests.count && status == 0; i++) {
		bool used = false;

		for (size_t k = 0; k < search->folders.count && !used; k++)
			used = path_list_has(&all[k].files, search->manifests.items[i]);
		if (!used)
			status = search_manifest(search, search->manifests.items[i], err);
	}
	for (size_t i = 0; i < search->folders.count; i++)
		located_release(&all[i]);
	free(all);
	return status;
}

/* The folder's own kustomization says what is in it. */
static int search_own(struct search *search, struct err *err)
{
	CLEANUP(located_release) struct located located = {0};

	if (read_kustomization(search->commit, search->folder, &located, err) < 0 ||
	    add_matches(search, &located, err) < 0)
		return -1;
	return keep_suggestion(search, err);
}

int locate(const struct clone_commit *commit, const char *folder, const char *name,
	   const char *namespace, struct locations *ret_locations, struct err *err)
{
	CLEANUP(locations_release) struct locations found = {0};
	struct search search = {.commit = commit,
				.folder = folder,
				.name = name,
				.namespace = namespace,
				.meant = suggestion_for(name),
				.found = &found};
	int status = clone_list(commit, folder, note_file, &search, err);

	if (status == 0)
		status = path_list_has(&search.folders, folder) ? search_own(&search, err)
								: search_folder(&search, err);
	path_list_release(&search.manifests);
	path_list_release(&search.folders);
	if (status < 0)
		return -1;
	*ret_locations = found;
	found = (struct locations){0};
	return 0;
}

/* --- again ----------------------------------------------------------------------------------- */

int locate_again(const struct clone_commit *commit, const struct located *known,
		 struct located *ret_located, bool *ret_found, struct err *err)
{
	const struct ref *ref = &located_origin(known)->ref;
	CLEANUP(located_release) struct located located = {0};
	int status = known->root ? read_kustomization(commit, known->root, &located, err)
				 : read_manifest(commit, known->files.items[0], ref->name, &located,
						 NULL, err);

	*ret_found = false;
	if (status < 0)
		return known->root && err->class == ERR_NOT_FOUND ? 0 : -1;
	for (size_t i = 0; i < located.origins.count; i++) {
		if (!ref_equal(&located.origins.items[i].ref, ref))
			continue;
		located.index = i;
		*ret_located = located;
		located = (struct located){0};
		*ret_found = true;
		return 0;
	}
	return 0;
}

int locate_other_user(const struct clone_commit *commit, const struct located *located,
		      const char *file, char **ret_folder, struct err *err)
{
	struct search search = {.commit = commit};
	int status = clone_list(commit, "", note_file, &search, err);

	*ret_folder = NULL;
	for (size_t i = 0; i < search.folders.count && status == 0 && !*ret_folder; i++) {
		CLEANUP(located_release) struct located other = {0};
		const char *folder = search.folders.items[i];
		struct err fault;

		if (is_used(&located->files, folder))
			continue;
		if (read_kustomization(commit, folder, &other, &fault) < 0)
			continue; /* whatever it would use, it does not work today */
		if (!path_list_has(&other.files, file) || is_used(&other.files, located->root))
			continue;
		*ret_folder = strdup(folder);
		if (!*ret_folder)
			status = err_no_memory(err);
	}
	path_list_release(&search.manifests);
	path_list_release(&search.folders);
	return status;
}

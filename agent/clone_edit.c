#include "agent/clone_edit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/replace_file.h"
#include "agent/session.h"
#include "agent/source.h"
#include "agent/terminal.h"
#include "apply/file.h"
#include "diff/text.h"
#include "diff/unified.h"
#include "diff/yaml_edit.h"

#define TEXT_MAX   (2u * YAML_MAX_BYTES)
#define OUTPUT_MAX (256u * 1024 * 1024)
#define MAX_PLACES 8 /* of an ambiguous name that are shown */

int clone_edit_fail(const struct err *err)
{
	tell_error(err);
	switch (err->class) {
	case ERR_NO_MEMORY:
	case ERR_INTERNAL: return EXIT_INTERNAL;
	case ERR_NOT_FOUND:
	case ERR_DENIED:
	case ERR_TRANSIENT: return EXIT_SOURCE;
	default: return EXIT_MANIFEST;
	}
}

void clone_edit_close(struct clone_edit *edit)
{
	for (size_t i = 0; i < edit->file_count; i++) {
		free(edit->files[i].path);
		free(edit->files[i].absolute);
		free(edit->files[i].old);
		buf_release(&edit->files[i].text);
	}
	intent_release(&edit->intent);
	locations_release(&edit->locations);
	clone_commit_free(edit->head);
	clone_upstream_release(&edit->upstream);
	clone_free(edit->clone);
	free(edit->name);
	free(edit->namespace);
}

/* --- finding the StatefulSet ----------------------------------------------------------------- */

/* NAME, statefulset/NAME, or NAMESPACE/NAME. */
static int parse_name(struct clone_edit *edit, struct err *err)
{
	static const char *const kinds[] = {"statefulset", "statefulsets", "sts",
					    "statefulset.apps", "statefulsets.apps"};
	const char *text = edit->options->name, *slash = strchr(text, '/');
	const char *namespace = edit->options->namespace;
	size_t length = slash ? (size_t)(slash - text) : 0;
	bool is_kind = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		is_kind |= strlen(kinds[i]) == length && strncmp(text, kinds[i], length) == 0;
	edit->name = strdup(slash ? slash + 1 : text);
	if (slash && !is_kind)
		edit->namespace = strndup(text, length);
	else if (namespace)
		edit->namespace = strdup(namespace);
	if (!edit->name || (!edit->namespace && (namespace || (slash && !is_kind))))
		return err_no_memory(err);
	if (!*edit->name || strchr(edit->name, '/') || (slash && length == 0) ||
	    (namespace && strcmp(namespace, edit->namespace) != 0))
		return err_set(err, ERR_INVALID,
			       "\"%s\" is no name; write NAME, statefulset/NAME or NAMESPACE/NAME",
			       text);
	return 0;
}

static const char *folder_of(const struct clone_edit *edit)
{
	return *clone_below(edit->clone) ? clone_below(edit->clone) : ".";
}

static void print_place(const struct located *located, struct buf *out)
{
	const struct origin *origin = located_origin(located);
	const struct origin_layer *layer = origin->layers[0];

	if (located->root)
		buf_printf(out, "the kustomization in %s",
			   *located->root ? located->root : "the top folder");
	else
		buf_printf(out, "%s:%" PRIu32, layer->file, layer->mark.line);
	if (*origin->ref.namespace)
		buf_printf(out, " (namespace %s)", origin->ref.namespace);
}

static int tell_ambiguous(const struct clone_edit *edit)
{
	const struct locations *found = &edit->locations;
	CLEANUP(buf_release) struct buf places = BUF_INIT(ERR_MESSAGE_MAX);
	struct err err;

	for (size_t i = 0; i < found->count && i < MAX_PLACES; i++) {
		buf_puts(&places, i ? ", " : "");
		print_place(&found->items[i], &places);
	}
	if (found->count > MAX_PLACES)
		buf_puts(&places, ", ...");
	err_set(&err, ERR_INVALID,
		"\"%s\" may mean several StatefulSets: %s; name a folder with -C, or a namespace "
		"with -n",
		edit->name, buf_str(&places));
	tell_error(&err);
	return EXIT_USAGE;
}

static int tell_missing(const struct clone_edit *edit)
{
	struct err err;

	err_set(&err, ERR_NOT_FOUND,
		"there is no StatefulSet \"%s\"%s%s below %s in the last commit of %s%s%s%s",
		edit->name, edit->namespace ? " in namespace " : "",
		edit->namespace ? edit->namespace : "", folder_of(edit), clone_branch(edit->clone),
		edit->locations.meant ? "; did you mean \"" : "",
		edit->locations.meant ? edit->locations.meant : "",
		edit->locations.meant ? "\"?" : "");
	tell_error(&err);
	return EXIT_USAGE;
}

int clone_edit_open(struct clone_edit *edit, const struct options *options)
{
	struct err err;

	edit->options = options;
	if (parse_name(edit, &err) < 0) {
		tell_error(&err);
		return err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_USAGE;
	}
	if (clone_open(options->directory ? options->directory : ".", &edit->clone, &err) < 0)
		return err.class == ERR_INVALID ? (tell_error(&err), EXIT_SOURCE)
						: clone_edit_fail(&err);
	if ((options->push && clone_upstream(edit->clone, &edit->upstream, &err) < 0) ||
	    clone_head(edit->clone, &edit->head, &err) < 0 ||
	    locate(edit->head, clone_below(edit->clone), edit->name, edit->namespace,
		   &edit->locations, &err) < 0)
		return clone_edit_fail(&err);
	for (size_t i = 0; i < edit->locations.faults.count; i++)
		tell_warning("%s; passed over", edit->locations.faults.items[i]);
	if (edit->locations.count > 1)
		return tell_ambiguous(edit);
	if (edit->locations.count == 0)
		return tell_missing(edit);
	edit->located = &edit->locations.items[0];
	if (intent_read(located_origin(edit->located), &edit->intent, &err) < 0)
		return clone_edit_fail(&err);
	return EXIT_OK;
}

/* --- editing --------------------------------------------------------------------------------- */

/* Whether the file belongs to the kustomization's own folder. */
static bool is_own(const char *root, const char *file)
{
	size_t length = strlen(root);

	return length == 0 || (strncmp(file, root, length) == 0 && file[length] == '/');
}

static int check_place(const struct clone_edit *edit, const struct origin_place *place,
		       struct err *err)
{
	const struct located *located = edit->located;
	const char *file = place->layer->file;
	CLEANUP(free_p) char *other = NULL;

	if (origin_check_edit(&located->origins, place, err) < 0)
		return -1;
	if (!located->root || is_own(located->root, file))
		return 0;
	if (locate_other_user(edit->head, located, file, &other, err) < 0)
		return -1;
	if (other)
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s sets the value, and the kustomization in %s uses it too: give %s a "
			"patch of its own for it",
			file, *other ? other : "the top folder",
			*located->root ? located->root : "this one");
	return 0;
}

/* The file as it is in the work tree, which has to be as it was committed. */
static int open_file(struct clone_edit *edit, const char *path, struct edited_file **ret_file,
		     struct err *err)
{
	struct edited_file *file = &edit->files[edit->file_count];

	for (size_t i = 0; i < edit->file_count; i++)
		if (strcmp(edit->files[i].path, path) == 0) {
			*ret_file = &edit->files[i];
			return 0;
		}
	if (edit->file_count == CLONE_EDIT_MAX_FILES)
		return err_set(err, ERR_LIMIT, "more than %d files would change",
			       CLONE_EDIT_MAX_FILES);
	if (clone_check_clean(edit->clone, path, err) < 0)
		return -1;
	*file = (struct edited_file){.text = BUF_INIT(TEXT_MAX)};
	edit->file_count++;
	file->path = strdup(path);
	if (asprintf(&file->absolute, "%s%s", clone_top(edit->clone), path) < 0)
		file->absolute = NULL;
	if (!file->path || !file->absolute)
		return err_no_memory(err);
	if (file_read(file->absolute, YAML_MAX_BYTES, &file->old, &file->old_length, err) < 0)
		return -1;
	buf_append(&file->text, file->old, file->old_length);
	*ret_file = file;
	return buf_check(&file->text, path, err);
}

static int set_value(struct clone_edit *edit, const struct origin_place *place, const cJSON *value,
		     struct buf *where, struct err *err)
{
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(TEXT_MAX);
	struct edited_file *file = NULL;
	uint32_t line, column;

	if (check_place(edit, place, err) < 0 ||
	    open_file(edit, place->layer->file, &file, err) < 0)
		return -1;
	if (yaml_edit(buf_str(&file->text), file->text.length, place->layer->document, place->steps,
		      place->step_count, value, &splice, err) < 0)
		return err_prefix(err, "%s", file->path);
	text_position(buf_str(&file->text), splice.at, &line, &column);
	buf_printf(where, "%s:%" PRIu32, file->path, line);
	yaml_splice_apply(&splice, buf_str(&file->text), file->text.length, &text);
	if (buf_check(&text, file->path, err) < 0)
		return -1;
	buf_release(&file->text);
	file->text = text;
	buf_init(&text, TEXT_MAX);
	return 0;
}

int clone_edit_set(struct clone_edit *edit, const struct origin_place *place, cJSON *take_value,
		   struct buf *where)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = take_value;
	struct err err;

	if (!value)
		err_no_memory(&err);
	else if (set_value(edit, place, value, where, &err) == 0)
		return EXIT_OK;
	return clone_edit_fail(&err);
}

/* --- writing, committing, pushing ------------------------------------------------------------ */

static int show_changes(const struct clone_edit *edit, struct buf *out, struct err *err)
{
	const struct render_options render = terminal_options(edit->options->color);

	for (size_t i = 0; i < edit->file_count; i++) {
		const struct edited_file *file = &edit->files[i];

		buf_printf(out, "--- a/%s\n+++ b/%s\n", file->path, file->path);
		if (unified_diff(file->old, file->old_length, buf_str(&file->text),
				 file->text.length, render.colour, out, err) < 0)
			return -1;
	}
	return 0;
}

/* Puts the new texts in place, or the old ones; the first `count` of them. */
static int write_files(const struct clone_edit *edit, size_t count, bool back, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct edited_file *file = &edit->files[i];
		const char *text = buf_str(&file->text);
		int status = back ? replace_file(file->absolute, text, file->text.length, file->old,
						 file->old_length, err)
				  : replace_file(file->absolute, file->old, file->old_length, text,
						 file->text.length, err);
		struct err ignored;

		if (status == 0)
			continue;
		if (!back)
			write_files(edit, i, true, &ignored);
		return -1;
	}
	return 0;
}

static int commit(struct clone_edit *edit, const char *message, char id[CLONE_ID_SIZE])
{
	const char *paths[CLONE_EDIT_MAX_FILES];
	struct err err, back;

	for (size_t i = 0; i < edit->file_count; i++)
		paths[i] = edit->files[i].path;
	if (write_files(edit, edit->file_count, false, &err) < 0)
		return clone_edit_fail(&err);
	if (clone_commit_files(edit->clone, paths, edit->file_count, message, id, &err) == 0)
		return EXIT_OK;
	if (write_files(edit, edit->file_count, true, &back) < 0)
		tell_warning("%s: the edit is still in it", back.message);
	err_prefix(&err, "nothing was committed");
	clone_edit_fail(&err);
	return err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_SOURCE;
}

static const char *short_ref(const char *ref)
{
	return strncmp(ref, "refs/heads/", 11) == 0 ? ref + 11 : ref;
}

static int push(struct clone_edit *edit, const char *id, struct buf *out)
{
	const struct clone_upstream *upstream = &edit->upstream;
	struct err err;

	if (clone_push(edit->clone, upstream, &err) == 0) {
		buf_printf(out, "pushed to %s/%s\n", upstream->remote, short_ref(upstream->ref));
		return EXIT_OK;
	}
	err_prefix(
		&err,
		"commit %.*s is made but not pushed; if %s/%s has moved: git pull --rebase, then "
		"git push",
		SOURCE_SHORT_ID, id, upstream->remote, short_ref(upstream->ref));
	return clone_edit_fail(&err);
}

static void print_first_line(const char *text, struct buf *out)
{
	buf_append(out, text, strcspn(text, "\n"));
	buf_putc(out, '\n');
}

int clone_edit_finish(struct clone_edit *edit, const struct buf *plan, const char *message)
{
	const struct options *options = edit->options;
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUTPUT_MAX);
	char id[CLONE_ID_SIZE];
	struct err err;
	int code;

	if (options->message)
		message = options->message;
	buf_puts(&out, buf_str(plan));
	buf_break_with(&out, plan);
	if (edit->upstream.ahead)
		buf_printf(&out, "  --push takes %zu earlier commit%s of %s along\n",
			   edit->upstream.ahead, edit->upstream.ahead == 1 ? "" : "s",
			   clone_branch(edit->clone));
	if (options->dry_run && show_changes(edit, &out, &err) < 0)
		return clone_edit_fail(&err);
	code = print_result(&out);
	if (code != EXIT_OK || options->dry_run)
		return code;
	code = commit(edit, message, id);
	if (code != EXIT_OK)
		return code;
	buf_clear(&out);
	buf_printf(&out, "[%s %.*s] ", clone_branch(edit->clone), SOURCE_SHORT_ID, id);
	print_first_line(message, &out);
	code = print_result(&out);
	buf_clear(&out);
	if (options->push && code == EXIT_OK) {
		code = push(edit, id, &out);
		if (code == EXIT_OK)
			code = print_result(&out);
	}
	return code;
}

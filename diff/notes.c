#include "diff/notes.h"

#include "diff/ignore.h"

#define MAX_NOTE (64u * 1024)

int notes_ignored(struct plan_item *item, const cJSON *desired, const cJSON *live, struct err *err)
{
	CLEANUP(ignore_release) struct ignore ignore = {0};
	CLEANUP(cJSON_Delete_p) cJSON *git = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *own = NULL;

	if (!live)
		return 0;
	if (ignore_read(desired, &ignore, err) < 0)
		return -1;
	if (ignore.count == 0)
		return 0;
	/* Normalised, for last-applied-configuration holds the whole of a Secret. */
	git = object_normalised(desired);
	own = object_normalised(live);
	if (!git || !own)
		return err_no_memory(err);
	for (size_t i = 0; i < ignore.count; i++) {
		CLEANUP(buf_release) struct buf note = BUF_INIT(MAX_NOTE);

		if (!ignore_print(&ignore.items[i], git, own, &note))
			continue;
		if (buf_check(&note, "a note", err) < 0 ||
		    plan_item_note(item, err, "%s", buf_str(&note)) < 0)
			return -1;
	}
	return 0;
}

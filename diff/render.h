/*
 * render.h - plans and rollouts as people and programs read them.
 *
 * Pure text into a buffer; the caller says whether colour is wanted. Secret values never appear.
 */
#ifndef DIFF_RENDER_H
#define DIFF_RENDER_H

#include "diff/finding.h"
#include "diff/history.h"
#include "diff/json_build.h"
#include "diff/plan.h"
#include "diff/status.h"

struct render_options {
	bool colour;
	bool utf8; /* lines and blocks may be drawn with characters beyond ASCII */
	int width; /* of the terminal in columns; 0: no terminal, never cut */
};

/*
 * The blocks of `diff -o text`, ended by the summary line: a line an object, its changes (live
 * value first), the rollout they would cause, warnings; of multi-line texts the lines that differ.
 * Columns are aligned over the whole plan; values are cut in their middle only where `width` says
 * how wide the terminal is. What objects and servers say is escaped: it cannot reach the terminal.
 */
void render_plan_text(const struct plan *plan, const struct render_options *options,
		      struct buf *out);

/*
 * `diff -u` of the normalised YAML before and after, one pair of headers an object
 * (`--- live/NAMESPACE/statefulset.apps/web`, `+++ git/...`; /dev/null for the side that does not
 * exist), objects in sync left out. Failures and comparisons without the server are remarks in
 * lines that begin with `#`, which patch(1) passes over.
 */
int render_plan_unified(const struct plan *plan, const struct render_options *options,
			struct buf *out, struct err *err);

#define RENDER_MARKDOWN_MAX 65536 /* characters of a comment on GitHub */

/*
 * For a comment on a pull request, in GitHub's Markdown: a table of what does not stay as it is,
 * what the rollouts would do and warnings, and the differences of each object, folded. Whatever
 * manifests and servers say is shown as text: it makes no markup and calls nobody. Of what passes
 * RENDER_MARKDOWN_MAX whole parts are left out, the differences first, and a remark says so.
 */
int render_plan_markdown(const struct plan *plan, struct buf *out, struct err *err);

/* docs/json.md, "diff". Ends with a newline. */
int render_plan_json(const struct plan *plan, struct buf *out, struct err *err);

/*
 * `status`: a block a StatefulSet: its line, why it is in its phase, its ordinals in a row with the
 * partition between held and promoted ones, how far the update is, what is waited for. Below them
 * what of the source is not in the cluster. `wide`: with revisions, and a line a Pod.
 */
void render_status_table(const struct status *status, bool wide,
			 const struct render_options *options, struct buf *out);

/*
 * A StatefulSet, and a missing object, in one line without its end, for following them where
 * nothing can be drawn anew. The time alone does not change it.
 */
void render_status_line(const struct standing *standing, struct buf *out);
void render_missing_line(const struct missing *missing, struct buf *out);

/* docs/json.md, "status". */
int render_status_json(const struct status *status, struct buf *out, struct err *err);

/* Its two lists, into arrays that may hold those of others. */
void render_status_append(struct json_builder *builder, cJSON *statefulsets, cJSON *missing,
			  const struct status *status);

/*
 * `history`: a line an entry, below it what was written and what changed of StatefulSets. `wide`:
 * subjects in full, and since when each StatefulSet stands as it does.
 */
void render_history_table(const struct history *history, bool wide,
			  const struct render_options *options, struct buf *out);

/*
 * `status --agent`, from what the agent says (docs/json.md, "status" of an agent): a line an app
 * with what holds of it at present, then a line a StatefulSet.
 */
void render_agent_table(const cJSON *status, const struct render_options *options, struct buf *out);

/* docs/json.md, "history"; as a value the caller deletes it. */
int render_history_value(const struct history *history, const char *app, cJSON **ret_value,
			 struct err *err);
int render_history_json(const struct history *history, const char *app, struct buf *out,
			struct err *err);

/* docs/json.md, "validate". `revision` is "" for plain files; the findings are sorted. */
int render_findings_json(const struct findings *findings, const char *revision, size_t file_count,
			 struct buf *out, struct err *err);

#endif

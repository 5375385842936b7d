#include "agent/notice.h"

#include <stdlib.h>
#include <string.h>

#include "agent/report.h"
#include "diff/rfc3339.h"

#define MAX_KEY_BYTES 2048

/* clang-format off */
const struct notice_kind_row notice_kinds[NOTICE_KIND_COUNT] = {
	[NOTICE_DRIFT] = {"drift", "Drift", NOTICE_WARNING, true, "Drift",
		"Somebody changed or deleted an object past Git."},
	[NOTICE_DRIFT_FIGHT] = {"drift-fight", "DriftFight", NOTICE_CRITICAL, true, "Fight over an object",
		"Drift that is undone comes back again and again: something else writes the same fields."},
	[NOTICE_SYNC_FAILED] = {"sync-failed", "SyncFailed", NOTICE_CRITICAL, true, "Sync failed",
		"An object cannot be compared with the cluster or written to it, or the inventory cannot be kept."},
	[NOTICE_SOURCE_FAILED] = {"source-failed", "SourceFailed", NOTICE_WARNING, true, "Source failed",
		"The repository cannot be read; the last commit that could be stays applied."},
	[NOTICE_SIGNATURE_REFUSED] = {"signature-refused", "SignatureRefused", NOTICE_CRITICAL, true, "Signature refused",
		"The newest commit or tag is not signed by an allowed key; the last good one stays applied."},
	[NOTICE_COMMIT_REFUSED] = {"commit-refused", "CommitRefused", NOTICE_CRITICAL, true, "Commit refused",
		"The manifests of the newest commit have errors; nothing of it is applied."},
	[NOTICE_CLUSTER_LOST] = {"cluster-lost", "ClusterLost", NOTICE_CRITICAL, true, "Cluster lost",
		"The API server cannot be reached, or refuses the agent's credentials."},
	[NOTICE_PRUNE_REFUSED] = {"prune-refused", "PruneRefused", NOTICE_WARNING, true, "Prune refused",
		"Objects left Git and would be deleted, but a guard keeps them."},
	[NOTICE_ROLLOUT_STUCK] = {"rollout-stuck", "RolloutStuck", NOTICE_CRITICAL, true, "Rollout stuck",
		"A Pod that the update needs does not become ready."},
	[NOTICE_ROLLOUT_BLOCKED] = {"rollout-blocked", "RolloutBlocked", NOTICE_WARNING, true, "Promotion blocked",
		"Git has a lower partition, but the Pods that are promoted already are not well."},
	[NOTICE_ROLLOUT_ROLLED_BACK] = {"rollout-rolled-back", "RolloutRolledBack", NOTICE_CRITICAL, true, "Rolled back",
		"The update failed, and the last good template is back until Git changes."},
	[NOTICE_CANARY_READY] = {"canary-ready", "CanaryReady", NOTICE_INFO, false, "Canary ready",
		"All Pods at or above the partition run the new version; the others wait for a lower one."},
	[NOTICE_ROLLOUT_COMPLETE] = {"rollout-complete", "RolloutComplete", NOTICE_INFO, false, "Rollout complete",
		"All Pods run the new version and are available."},
	[NOTICE_SYNCED] = {"synced", "Synced", NOTICE_INFO, false, "Synced",
		"Objects were created, replaced or deleted, as Git says."},
	[NOTICE_CONFIG_REFUSED] = {"config-refused", "ConfigRefused", NOTICE_CRITICAL, true, "Configuration refused",
		"The configuration file was changed and has errors; the one before stays in force."},
	[NOTICE_TEST] = {"test", "Test", NOTICE_INFO, false, "Test",
		"Sent by hand (tranche alerts test), to every sink whatever it filters."},
};
/* clang-format on */

static const char *const severity_names[NOTICE_SEVERITY_COUNT] = {"info", "warning", "critical"};

bool notice_kind_find(const char *name, enum notice_kind *ret_kind)
{
	for (size_t i = 0; i < NOTICE_KIND_COUNT; i++)
		if (strcmp(notice_kinds[i].name, name) == 0) {
			*ret_kind = (enum notice_kind)i;
			return true;
		}
	return false;
}

bool notice_severity_find(const char *name, enum notice_severity *ret_severity)
{
	for (size_t i = 0; i < NOTICE_SEVERITY_COUNT; i++)
		if (strcmp(severity_names[i], name) == 0) {
			*ret_severity = (enum notice_severity)i;
			return true;
		}
	return false;
}

const char *notice_severity_name(enum notice_severity severity)
{
	return severity_names[severity];
}

const char *notice_state_name(enum notice_state state)
{
	static const char *const names[] = {[NOTICE_BEGINS] = "begins",
					    [NOTICE_HOLDS] = "holds",
					    [NOTICE_ENDS] = "ends",
					    [NOTICE_ONCE] = "once"};

	return names[state];
}

void notice_print_kinds(struct buf *out)
{
	for (size_t i = 0; i < NOTICE_KIND_COUNT; i++) {
		const struct notice_kind_row *row = &notice_kinds[i];

		buf_printf(out, "  %-20s %-9s %s\n", row->name, severity_names[row->severity],
			   row->help);
	}
}

/* --- a notice --------------------------------------------------------------------------------- */

char *notice_cut(const char *text, size_t max_bytes)
{
	size_t length = strnlen(text, max_bytes + 1);

	if (length > max_bytes) {
		length = max_bytes;
		while (length && ((unsigned char)text[length] & 0xC0) == 0x80)
			length--;
	}
	return strndup(text, length);
}

void notice_print_key(enum notice_kind kind, const char *app, const struct ref *ref,
		      struct buf *out)
{
	buf_puts(out, notice_kinds[kind].name);
	if (app && *app)
		buf_printf(out, " %s", app);
	if (ref) {
		buf_putc(out, ' ');
		report_key(ref, out);
	}
}

static char *make_key(enum notice_kind kind, const char *app, const struct ref *ref)
{
	CLEANUP(buf_release) struct buf key = BUF_INIT(MAX_KEY_BYTES);

	notice_print_key(kind, app, ref, &key);
	return buf_steal(&key);
}

struct notice *notice_new(enum notice_kind kind, enum notice_state state, const char *app,
			  const struct ref *ref, const char *text, int64_t now_ms)
{
	CLEANUP(notice_drop_p) struct notice *notice = calloc(1, sizeof(*notice));
	struct err err;

	if (!notice)
		return NULL;
	*notice = (struct notice){
		.references = 1,
		.kind = kind,
		.state = state,
		.key = make_key(kind, app, ref),
		.app = strdup(app ? app : ""),
		.text = notice_cut(text, NOTICE_MAX_TEXT_BYTES),
		.uid = strdup(""),
		.revision = strdup(""),
		.commit = strdup(""),
		.author = strdup(""),
		.subject = strdup(""),
		.since_ms = now_ms,
		.time_ms = now_ms,
	};
	if (!notice->key || !notice->app || !notice->text || !notice->uid || !notice->revision ||
	    !notice->commit || !notice->author || !notice->subject)
		return NULL;
	if (ref && ref_copy(ref, &notice->ref, &err) < 0)
		return NULL;
	notice->has_object = ref;
	return STEAL(notice);
}

static int set(char **member, const char *value, struct err *err)
{
	char *copy = strdup(value ? value : "");

	if (!copy)
		return err_no_memory(err);
	free(*member);
	*member = copy;
	return 0;
}

int notice_set_commit(struct notice *notice, const char *revision, const char *commit,
		      const char *author, const char *subject, struct err *err)
{
	if (set(&notice->revision, revision, err) < 0 || set(&notice->commit, commit, err) < 0 ||
	    set(&notice->author, author, err) < 0)
		return -1;
	return set(&notice->subject, subject, err);
}

int notice_set_text(struct notice *notice, const char *text, struct err *err)
{
	return set(&notice->text, text, err);
}

int notice_set_uid(struct notice *notice, const char *uid, struct err *err)
{
	return set(&notice->uid, uid, err);
}

int notice_add_field(struct notice *notice, const char *name, const char *value, struct err *err)
{
	if (notice->field_count == NOTICE_MAX_FIELDS)
		return 0;
	struct notice_field *longer =
		reallocarray(notice->fields, notice->field_count + 1, sizeof(*longer));
	if (!longer)
		return err_no_memory(err);
	notice->fields = longer;
	struct notice_field field = {strdup(name), notice_cut(value, NOTICE_MAX_TEXT_BYTES)};
	if (!field.name || !field.value) {
		free(field.name);
		free(field.value);
		return err_no_memory(err);
	}
	notice->fields[notice->field_count++] = field;
	return 0;
}

struct notice *notice_again(const struct notice *notice, enum notice_state state, int64_t now_ms)
{
	CLEANUP(notice_drop_p)
	struct notice *again =
		notice_new(notice->kind, state, notice->app,
			   notice->has_object ? &notice->ref : NULL, notice->text, now_ms);
	struct err err;

	if (!again || notice_set_uid(again, notice->uid, &err) < 0 ||
	    notice_set_commit(again, notice->revision, notice->commit, notice->author,
			      notice->subject, &err) < 0)
		return NULL;
	for (size_t i = 0; i < notice->field_count; i++)
		if (notice_add_field(again, notice->fields[i].name, notice->fields[i].value, &err) <
		    0)
			return NULL;
	again->since_ms = notice->since_ms;
	return STEAL(again);
}

struct notice *notice_hold(struct notice *notice)
{
	notice->references++;
	return notice;
}

void notice_drop(struct notice *notice)
{
	if (!notice || --notice->references)
		return;
	for (size_t i = 0; i < notice->field_count; i++) {
		free(notice->fields[i].name);
		free(notice->fields[i].value);
	}
	free(notice->fields);
	ref_release(&notice->ref);
	free(notice->key);
	free(notice->app);
	free(notice->text);
	free(notice->uid);
	free(notice->revision);
	free(notice->commit);
	free(notice->author);
	free(notice->subject);
	free(notice);
}

/* --- in words, and for programs ----------------------------------------------------------------- */

void notice_print_object(const struct notice *notice, struct buf *out)
{
	if (notice->has_object)
		report_key(&notice->ref, out);
}

/* The key ends with it, behind the kind and the app. */
const char *notice_object(const struct notice *notice)
{
	CLEANUP(buf_release) struct buf object = BUF_INIT(MAX_KEY_BYTES);

	notice_print_object(notice, &object);
	return notice->key + strlen(notice->key) - object.length;
}

/* Leaves out what is empty. */
static int set_text(cJSON *object, const char *key, const char *value, struct err *err)
{
	return *value ? json_set_str(object, key, value, err) : 0;
}

static int set_time(cJSON *object, const char *key, int64_t ms, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	rfc3339_print(ms, &text);
	return json_set_str(object, key, buf_str(&text), err);
}

static int set_object(cJSON *json, const struct notice *notice, struct err *err)
{
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(MAX_KEY_BYTES);

	if (!notice->has_object)
		return 0;
	ref_print_api_version(&notice->ref, &api_version);
	if (json_set_str(json, "object.apiVersion", buf_str(&api_version), err) < 0 ||
	    json_set_str(json, "object.kind", notice->ref.kind, err) < 0 ||
	    set_text(json, "object.namespace", notice->ref.namespace, err) < 0 ||
	    json_set_str(json, "object.name", notice->ref.name, err) < 0)
		return -1;
	return set_text(json, "object.uid", notice->uid, err);
}

static int set_fields(cJSON *json, const struct notice *notice, struct err *err)
{
	if (notice->field_count == 0)
		return 0;
	if (json_set(json, "details", cJSON_CreateArray(), err) < 0)
		return -1;
	for (size_t i = 0; i < notice->field_count; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *field = cJSON_CreateObject();

		if (!field)
			return err_no_memory(err);
		if (json_set_str(field, "name", notice->fields[i].name, err) < 0 ||
		    json_set_str(field, "value", notice->fields[i].value, err) < 0 ||
		    json_append(json_get(json, "details"), STEAL(field), err) < 0)
			return -1;
	}
	return 0;
}

int notice_to_json(const struct notice *notice, cJSON **ret_json, struct err *err)
{
	const struct notice_kind_row *row = &notice_kinds[notice->kind];
	CLEANUP(cJSON_Delete_p) cJSON *json = cJSON_CreateObject();

	if (!json)
		return err_no_memory(err);
	if (json_set_str(json, "kind", row->name, err) < 0 ||
	    json_set_str(json, "state", notice_state_name(notice->state), err) < 0 ||
	    json_set_str(json, "severity", severity_names[row->severity], err) < 0 ||
	    json_set_str(json, "title", row->title, err) < 0 ||
	    json_set_str(json, "key", notice->key, err) < 0 ||
	    set_text(json, "app", notice->app, err) < 0 || set_object(json, notice, err) < 0 ||
	    json_set_str(json, "text", notice->text, err) < 0 ||
	    set_fields(json, notice, err) < 0 ||
	    set_text(json, "revision", notice->revision, err) < 0 ||
	    set_text(json, "commit.id", notice->commit, err) < 0 ||
	    set_text(json, "commit.author", notice->author, err) < 0 ||
	    set_text(json, "commit.subject", notice->subject, err) < 0 ||
	    set_time(json, "since", notice->since_ms, err) < 0 ||
	    set_time(json, "time", notice->time_ms, err) < 0)
		return -1;
	*ret_json = STEAL(json);
	return 0;
}

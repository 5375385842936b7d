#include "diff/history.h"

#include <string.h>

#include "diff/rfc3339.h"
#include "diff/text.h"

#define FORMAT_VERSION 1
#define SETS           "statefulSets"
#define TEMPLATE       "spec.template"
#define PARTITION      "spec.updateStrategy.rollingUpdate.partition"
#define REPLICAS       "spec.replicas"
#define PROGRESSING    "Progressing"
#define SUPERSEDED     "Superseded"

static const char *const causes[] = {
	[HISTORY_COMMIT] = "commit",     [HISTORY_SYNC] = "sync",       [HISTORY_DRIFT] = "drift",
	[HISTORY_ROLLBACK] = "rollback", [HISTORY_SUSPEND] = "suspend", [HISTORY_RESUME] = "resume",
};

void history_release(struct history *history)
{
	cJSON_Delete(history->entries);
	history->entries = NULL;
}

/* --- members ---------------------------------------------------------------------------------- */

#define CUT_SIZE (HISTORY_MAX_TEXT + sizeof("..."))

/* The text, or as much of it as HISTORY_MAX_TEXT bytes hold, in `out`. */
static const char *cut(const char *text, char out[CUT_SIZE])
{
	size_t length = strlen(text), used = 0, size;
	uint32_t character;

	if (length <= HISTORY_MAX_TEXT)
		return text;
	while ((size = text_decode(text + used, length - used, &character)) > 0 &&
	       used + size <= HISTORY_MAX_TEXT)
		used += size;
	memcpy(out, text, used);
	memcpy(out + used, "...", sizeof("..."));
	return out;
}

/* An empty one is left out. */
static int set_text(cJSON *object, const char *key, const char *text, struct err *err)
{
	char part[CUT_SIZE];

	if (text && *text)
		return json_set_str(object, key, cut(text, part), err);
	json_remove_key(object, key);
	return 0;
}

static int set_time(cJSON *object, const char *key, int64_t ms, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	rfc3339_print(ms, &text);
	return json_set_str(object, key, buf_str(&text), err);
}

static int64_t time_of(const cJSON *object, const char *key)
{
	const char *text = json_str(object, key);
	int64_t ms = 0;

	return text && rfc3339_read(text, &ms) ? ms : 0;
}

static bool is(const cJSON *object, const char *key, const char *value)
{
	const char *text = json_str(object, key);

	return strcmp(text ? text : "", value ? value : "") == 0;
}

static int add(cJSON *object, const char *key, int64_t more, struct err *err)
{
	return json_set_int(object, key, json_int_or(object, key, 0) + more, err);
}

/* --- entries ---------------------------------------------------------------------------------- */

static bool has_cause(const cJSON *entry, enum history_cause cause)
{
	return is(entry, "cause", causes[cause]);
}

static bool is_of_commit(const cJSON *entry)
{
	return has_cause(entry, HISTORY_COMMIT) || has_cause(entry, HISTORY_SYNC);
}

/* Whether what is noted for `cause` may go on in an entry that stands behind this one. */
static bool is_passed_over(const cJSON *entry, enum history_cause cause)
{
	if (cause == HISTORY_DRIFT)
		return false;
	return has_cause(entry, HISTORY_DRIFT) || has_cause(entry, HISTORY_SUSPEND) ||
	       has_cause(entry, HISTORY_RESUME) ||
	       (cause != HISTORY_ROLLBACK && has_cause(entry, HISTORY_ROLLBACK));
}

/*
 * The entry that goes on with this; NULL: none. A commit's own may stand behind what came in the middle
 * of its walk; drift that comes back is so only if nothing else was done.
 */
static cJSON *find_open(const struct history *history, const struct history_note *note)
{
	bool wants_commit = note->cause == HISTORY_COMMIT || note->cause == HISTORY_SYNC;
	cJSON *entry;

	json_each (entry, history->entries) {
		if (wants_commit ? is_of_commit(entry) : has_cause(entry, note->cause))
			return is(entry, "commit", note->commit) ? entry : NULL;
		if (!is_passed_over(entry, note->cause))
			return NULL;
	}
	return NULL;
}

static int fill_entry(cJSON *entry, const struct history_note *note, struct err *err)
{
	if (set_time(entry, "at", note->at_ms, err) < 0 ||
	    json_set_str(entry, "cause", causes[note->cause], err) < 0 ||
	    set_text(entry, "by", note->by, err) < 0 ||
	    set_text(entry, "ref", note->ref, err) < 0 ||
	    set_text(entry, "commit", note->commit, err) < 0 ||
	    set_text(entry, "author", note->author, err) < 0)
		return -1;
	return set_text(entry, "subject", note->subject, err);
}

/* Puts it before all others, of which the oldest goes where there are too many. */
static int push(struct history *history, cJSON *take_entry, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *entries = cJSON_CreateArray();

	if (!entries) {
		cJSON_Delete(take_entry);
		return err_no_memory(err);
	}
	if (json_append(entries, take_entry, err) < 0)
		return -1;
	for (int i = 1; i < HISTORY_MAX_ENTRIES && history->entries && history->entries->child; i++)
		json_link(entries,
			  cJSON_DetachItemViaPointer(history->entries, history->entries->child));
	cJSON_Delete(history->entries);
	history->entries = STEAL(entries);
	return 0;
}

cJSON *history_open(struct history *history, const struct history_note *note, struct err *err)
{
	bool again = note->cause != HISTORY_SUSPEND && note->cause != HISTORY_RESUME;
	cJSON *entry = again ? find_open(history, note) : NULL;

	if (entry) {
		if (note->cause != HISTORY_DRIFT)
			return entry;
		return json_set_int(entry, "times", json_int_or(entry, "times", 1) + 1, err) == 0
			       ? entry
			       : NULL;
	}
	entry = cJSON_CreateObject();
	if (!entry) {
		err_no_memory(err);
		return NULL;
	}
	if (fill_entry(entry, note, err) < 0) {
		cJSON_Delete(entry);
		return NULL;
	}
	return push(history, entry, err) == 0 ? history->entries->child : NULL;
}

/* --- StatefulSets ----------------------------------------------------------------------------- */

static cJSON *find_set(const cJSON *entry, const char *namespace, const char *name)
{
	cJSON *set;

	json_each (set, json_get(entry, SETS)) {
		if (is(set, "namespace", namespace) && is(set, "name", name))
			return set;
	}
	return NULL;
}

/* Whether what is noted of its rollout may still become something else. */
static bool has_no_end(const cJSON *set)
{
	return is(set, "phase", PROGRESSING) || is(set, "phase", rollout_phase_name(ROLLOUT_STUCK));
}

static int set_phase(cJSON *set, const char *phase, const char *reason, int64_t now_ms,
		     struct err *err)
{
	if (json_set_str(set, "phase", phase, err) < 0 || set_text(set, "reason", reason, err) < 0)
		return -1;
	return set_time(set, "since", now_ms, err);
}

/* What earlier entries have of it. A rollback keeps why: that the rollout was stuck. */
static int end_earlier(const cJSON *entry, const char *namespace, const char *name, int64_t now_ms,
		       struct err *err)
{
	bool back = has_cause(entry, HISTORY_ROLLBACK);
	const char *phase = back ? rollout_phase_name(ROLLOUT_ROLLED_BACK) : SUPERSEDED;
	cJSON *earlier, *set;

	for (earlier = entry->next; earlier; earlier = earlier->next) {
		set = find_set(earlier, namespace, name);
		if (!set)
			continue;
		return back || has_no_end(set)
			       ? set_phase(set, phase, back ? json_str(entry, "subject") : NULL,
					   now_ms, err)
			       : 0;
	}
	return 0;
}

static int print_images(const cJSON *object, struct buf *out, struct err *err)
{
	const cJSON *container;

	json_each (container, json_at(object, "spec.template.spec.containers")) {
		const char *image = json_str(container, "image");

		buf_puts(out, out->length ? "," : "");
		buf_puts(out, image ? image : "");
	}
	return buf_check(out, "the images", err);
}

static int set_pair(cJSON *set, const char *key, cJSON *take_from, cJSON *take_to, struct err *err)
{
	cJSON *pair = cJSON_CreateArray(), *earlier = json_get(set, key);

	/* The later step of a walk goes on from where the first one began. */
	if (earlier && earlier->child) {
		cJSON_Delete(take_from);
		take_from = json_copy(earlier->child);
	}
	if (!pair || json_append(pair, take_from, err) < 0) {
		cJSON_Delete(take_to);
		cJSON_Delete(pair);
		return err_no_memory(err);
	}
	if (json_append(pair, take_to, err) < 0) {
		cJSON_Delete(pair);
		return -1;
	}
	return json_set_key(set, key, pair, err);
}

static int set_numbers(cJSON *set, const char *key, const char *path, int64_t fallback,
		       const cJSON *from, const cJSON *to, struct err *err)
{
	int64_t before = json_int_or(from, path, fallback), after = json_int_or(to, path, fallback);

	if (from && before == after && !json_get(set, key))
		return 0;
	return set_pair(set, key, from ? json_new_int(before) : cJSON_CreateNull(),
			json_new_int(after), err);
}

static int set_images(cJSON *set, const cJSON *from, const cJSON *to, struct err *err)
{
	CLEANUP(buf_release) struct buf before = BUF_INIT(65536), after = BUF_INIT(65536);
	char old[CUT_SIZE], new[CUT_SIZE];

	if (print_images(from, &before, err) < 0 || print_images(to, &after, err) < 0)
		return -1;
	if (from && strcmp(buf_str(&before), buf_str(&after)) == 0)
		return 0;
	return set_pair(set, "images",
			from ? cJSON_CreateString(cut(buf_str(&before), old)) : cJSON_CreateNull(),
			cJSON_CreateString(cut(buf_str(&after), new)), err);
}

static int add_set(cJSON *entry, const struct ref *ref, cJSON **ret_set, struct err *err)
{
	cJSON *sets = json_get(entry, SETS);

	*ret_set = find_set(entry, ref->namespace, ref->name);
	if (*ret_set)
		return 0;
	if (sets && cJSON_GetArraySize(sets) >= HISTORY_MAX_SETS)
		return add(entry, "more", 1, err);
	if (!sets && json_set_key(entry, SETS, sets = cJSON_CreateArray(), err) < 0)
		return -1;
	cJSON *set = cJSON_CreateObject();
	if (json_append(sets, set, err) < 0 ||
	    json_set_str(set, "namespace", ref->namespace, err) < 0 ||
	    json_set_str(set, "name", ref->name, err) < 0)
		return -1;
	*ret_set = set;
	return 0;
}

static bool differs(const cJSON *from, const cJSON *to, const char *path)
{
	return !json_equal(json_at(from, path), json_at(to, path));
}

static int note_set(cJSON *entry, const struct plan_item *item, int64_t generation, int64_t now_ms,
		    struct err *err)
{
	const struct ref *ref = &item->ref;
	const cJSON *from = item->from, *to = item->to;
	bool template = differs(from, to, TEMPLATE);
	cJSON *set = NULL;

	if (!template && !differs(from, to, PARTITION) && !differs(from, to, REPLICAS))
		return 0;
	if (end_earlier(entry, ref->namespace, ref->name, now_ms, err) < 0 ||
	    add_set(entry, ref, &set, err) < 0)
		return -1;
	if (!set)
		return 0;
	if (set_numbers(set, "partition", PARTITION, 0, from, to, err) < 0 ||
	    set_numbers(set, "replicas", REPLICAS, 1, from, to, err) < 0 ||
	    set_images(set, from, to, err) < 0)
		return -1;
	if ((from && template && json_set_key(set, "template", cJSON_CreateTrue(), err) < 0) ||
	    (generation && json_set_int(set, "generation", generation, err) < 0))
		return -1;
	return set_phase(set, PROGRESSING, NULL, now_ms, err);
}

int history_note_object(cJSON *entry, const struct plan_item *item, int64_t generation,
			int64_t now_ms, struct err *err)
{
	static const char *const counters[PLAN_ACTION_COUNT] = {
		[PLAN_CREATE] = "created",     [PLAN_REPLACE] = "replaced",
		[PLAN_RECREATE] = "recreated", [PLAN_PRUNE] = "pruned",
		[PLAN_WALK] = "replaced",
	};
	const char *counter = counters[item->action];
	bool is_set = ref_is(&item->ref, "apps", "StatefulSet");
	bool goes_on =
		item->action == PLAN_WALK && find_set(entry, item->ref.namespace, item->ref.name);

	if (counter && !goes_on && add(entry, counter, 1, err) < 0)
		return -1;
	return is_set && item->to ? note_set(entry, item, generation, now_ms, err) : 0;
}

int history_note_failed(struct history *history, const char *commit, size_t count,
			bool *ret_changed, struct err *err)
{
	const struct history_note note = {.cause = HISTORY_COMMIT, .commit = commit};
	cJSON *entry = find_open(history, &note);

	if (!entry || json_int_or(entry, "failed", 0) == (int64_t)count)
		return 0;
	*ret_changed = true;
	json_remove_key(entry, "failed");
	return count ? json_set_int(entry, "failed", (int64_t)count, err) : 0;
}

/* The phase to note; NULL: none that is an end. */
static const char *rest_of(const struct history_sight *sight)
{
	switch (sight->phase) {
	case ROLLOUT_STUCK: break;
	case ROLLOUT_CANARY:
	case ROLLOUT_NO_EFFECT:
	case ROLLOUT_HELD:
	case ROLLOUT_ON_DELETE:
	case ROLLOUT_COMPLETE:
		if (sight->walks)
			return NULL;
		break;
	case ROLLOUT_SETTLING:
	case ROLLOUT_PROGRESSING: return NULL;
	case ROLLOUT_ROLLED_BACK: /* what was put back has arrived */
		return rollout_phase_name(ROLLOUT_COMPLETE);
	}
	return rollout_phase_name(sight->phase);
}

static cJSON *find_newest(const struct history *history, const char *namespace, const char *name)
{
	cJSON *entry, *set = NULL;

	json_each (entry, history->entries) {
		set = find_set(entry, namespace, name);
		if (set)
			break;
	}
	return set;
}

bool history_see(const cJSON *statefulset, struct history_sight *ret_sight)
{
	const char *namespace = json_str(statefulset, "metadata.namespace");
	const char *name = json_str(statefulset, "metadata.name");
	int64_t generation = json_int_or(statefulset, "metadata.generation", 0);
	int64_t replicas = json_int_or(statefulset, REPLICAS, 1);
	int64_t partition = json_int_or(statefulset, PARTITION, 0);
	int64_t updated = json_int_or(statefulset, "status.updatedReplicas", 0);
	int64_t held = partition < replicas ? partition : replicas;

	if (!namespace || !name ||
	    json_int_or(statefulset, "status.observedGeneration", -1) < generation ||
	    json_int_or(statefulset, "status.replicas", 0) != replicas ||
	    json_int_or(statefulset, "status.readyReplicas", 0) != replicas ||
	    updated < replicas - held)
		return false;
	*ret_sight = (struct history_sight){
		.namespace = namespace,
		.name = name,
		.generation = generation,
		.phase = updated < replicas ? ROLLOUT_CANARY : ROLLOUT_COMPLETE,
	};
	return true;
}

/* What had a good end stays so, but for a canary that goes bad while it is one. */
static bool may_become(const cJSON *set, enum rollout_phase phase)
{
	return has_no_end(set) ||
	       (phase == ROLLOUT_STUCK && is(set, "phase", rollout_phase_name(ROLLOUT_CANARY)));
}

int history_note_rollout(struct history *history, const struct history_sight *sight, int64_t now_ms,
			 bool *ret_changed, struct err *err)
{
	cJSON *set = find_newest(history, sight->namespace, sight->name);
	const char *phase = rest_of(sight);

	if (!set || !phase || sight->generation < json_int_or(set, "generation", 0) ||
	    is(set, "phase", phase) || !may_become(set, sight->phase))
		return 0;
	*ret_changed = true;
	return set_phase(set, phase, sight->phase == ROLLOUT_STUCK ? sight->reason : NULL, now_ms,
			 err);
}

bool history_is_waiting(const struct history *history, const char *namespace, const char *name)
{
	const cJSON *set = find_newest(history, namespace, name);

	return set && has_no_end(set);
}

/* --- the text --------------------------------------------------------------------------------- */

int history_print(const struct history *history, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(HISTORY_MAX_BYTES);
	CLEANUP(buf_release) struct buf item = BUF_INIT(HISTORY_MAX_BYTES);
	static const char end[] = "]}";
	const cJSON *entry;
	size_t count = 0;

	buf_printf(&text, "{\"version\":%d,\"entries\":[", FORMAT_VERSION);
	json_each (entry, history->entries) {
		buf_clear(&item);
		json_print(entry, &item);
		if (item.broken_cap || text.length + item.length + sizeof(end) > HISTORY_MAX_BYTES)
			break;
		buf_puts(&text, count++ ? "," : "");
		buf_puts(&text, buf_str(&item));
	}
	buf_puts(&text, end);
	buf_break_with(&text, &item);
	if (item.broken_cap)
		text.broken_cap = false;
	if (buf_check(&text, "the history", err) < 0)
		return -1;
	buf_append(out, text.data, text.length);
	return buf_check(out, "the history", err);
}

int history_parse(const char *text, size_t length, struct history *ret_history, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = NULL;
	cJSON *entries, *entry;
	int64_t version;

	if (length > HISTORY_MAX_BYTES)
		return err_set(err, ERR_INVALID, "it is longer than a history can be");
	if (json_parse(text, length, &root, err) < 0)
		return err_prefix(err, "it is no JSON");
	version = json_int_or(root, "version", 0);
	entries = json_get(root, "entries");
	if (version < 1 || !cJSON_IsArray(entries))
		return err_set(err, ERR_INVALID, "it is no history");
	if (version > FORMAT_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "a newer tranche wrote it (format %d, this one knows %d)",
			       (int)version, FORMAT_VERSION);
	json_each (entry, entries) {
		if (!cJSON_IsObject(entry))
			return err_set(err, ERR_INVALID, "an entry is no object");
	}
	ret_history->entries = cJSON_DetachItemViaPointer(root, entries);
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The more, the more it is to be looked at. */
static int gravity(const char *phase)
{
	static const enum rollout_phase order[] = {
		ROLLOUT_COMPLETE, ROLLOUT_ON_DELETE,   ROLLOUT_NO_EFFECT,   ROLLOUT_CANARY,
		ROLLOUT_HELD,     ROLLOUT_PROGRESSING, ROLLOUT_ROLLED_BACK, ROLLOUT_STUCK};
	int count = (int)(sizeof(order) / sizeof(order[0]));

	for (int i = 0; i < count; i++)
		if (strcmp(rollout_phase_name(order[i]), phase) == 0)
			return i + 1;
	return 0;
}

const char *history_outcome(const cJSON *entry, int64_t *ret_since_ms)
{
	const char *worst = "";
	int64_t since_ms = 0;
	const cJSON *set;
	int gravest = -1;

	json_each (set, json_get(entry, SETS)) {
		const char *phase = json_str(set, "phase");

		if (!phase)
			continue;
		if (gravity(phase) > gravest) {
			gravest = gravity(phase);
			worst = phase;
		}
		if (time_of(set, "since") > since_ms)
			since_ms = time_of(set, "since");
	}
	*ret_since_ms = strcmp(worst, PROGRESSING) == 0 ? 0 : since_ms;
	return worst;
}

static void print_value(const cJSON *value, struct buf *out)
{
	int64_t number;

	if (cJSON_IsString(value))
		buf_puts(out, value->valuestring);
	else if (json_int_value(value, &number))
		buf_printf(out, "%lld", (long long)number);
}

/* "partition 5 -> 4"; of what was created "partition 4", and nothing for a partition of 0. */
static void print_pair(const cJSON *set, const char *key, const char *label, struct buf *out)
{
	const cJSON *from = json_get(set, key) ? json_get(set, key)->child : NULL;
	const cJSON *to = from ? from->next : NULL;
	bool is_new = cJSON_IsNull(from);
	int64_t number = -1;

	if (to)
		json_int_value(to, &number);
	if (!to || (is_new && strcmp(key, "partition") == 0 && number == 0))
		return;
	buf_puts(out, out->length ? ", " : "");
	buf_puts(out, label);
	if (!is_new) {
		print_value(from, out);
		buf_puts(out, " -> ");
	}
	print_value(to, out);
}

void history_print_set(const cJSON *set, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);

	print_pair(set, "images", "", &text);
	print_pair(set, "partition", "partition ", &text);
	print_pair(set, "replicas", "replicas ", &text);
	if (json_true(set, "template") && !json_get(set, "images"))
		buf_puts(&text, text.length ? ", Pod template" : "Pod template");
	buf_puts(out, buf_str(&text));
}

void history_print_counts(const cJSON *entry, struct buf *out)
{
	static const char *const keys[] = {"created", "replaced", "recreated", "pruned", "failed"};
	const char *separator = "";

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int64_t count = json_int_or(entry, keys[i], 0);

		if (count == 0)
			continue;
		buf_printf(out, "%s%lld %s", separator, (long long)count, keys[i]);
		separator = ", ";
	}
}

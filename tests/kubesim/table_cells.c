#include "tests/kubesim/table_cells.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/timestamp.h"

#define CELL_MAX_BYTES (64u * 1024)

static cJSON *cell_of(const struct buf *text)
{
	return obj_new_text(buf_str(text));
}

/* --- text and numbers ------------------------------------------------------------------------ */

static cJSON *text_or(const struct table_row *row, const char *path, const char *fallback)
{
	const char *text = obj_text(row->object, path);

	return obj_new_text(*text ? text : fallback);
}

cJSON *cell_text(const struct table_row *row, const char *path)
{
	return text_or(row, path, "");
}

cJSON *cell_text_or_none(const struct table_row *row, const char *path)
{
	return text_or(row, path, "<none>");
}

cJSON *cell_text_or_unset(const struct table_row *row, const char *path)
{
	return text_or(row, path, "<unset>");
}

cJSON *cell_value_or_na(const struct table_row *row, const char *path)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *value = json_at(row->object, path);

	if (!value || cJSON_IsNull(value))
		return obj_new_text("N/A");
	if (cJSON_IsString(value))
		return obj_new_text(value->valuestring);
	json_print(value, &text);
	return cell_of(&text);
}

cJSON *cell_int(const struct table_row *row, const char *path)
{
	return must(json_new_int(json_int_or(row->object, path, 0)));
}

cJSON *cell_bool(const struct table_row *row, const char *path)
{
	return must(cJSON_CreateBool(json_true(row->object, path)));
}

cJSON *cell_bool_word(const struct table_row *row, const char *path)
{
	if (!cJSON_IsBool(json_at(row->object, path)))
		return obj_new_text("<unset>");
	return obj_new_text(json_true(row->object, path) ? "True" : "False");
}

cJSON *cell_count(const struct table_row *row, const char *paths)
{
	CLEANUP(free_p) char *copy = alloc_copy(paths);
	int64_t count = 0;
	char *rest = copy, *path;

	while ((path = strsep(&rest, " ")))
		count += cJSON_GetArraySize(json_at(row->object, path));
	return must(json_new_int(count));
}

cJSON *cell_strings(const struct table_row *row, const char *path)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *item;

	json_each (item, json_at(row->object, path)) {
		if (cJSON_IsString(item))
			buf_printf(&text, "%s%s", text.length ? "," : "", item->valuestring);
	}
	return cell_of(&text);
}

cJSON *cell_phase(const struct table_row *row, const char *unused)
{
	(void)unused;
	return obj_is_deleting(row->object) ? obj_new_text("Terminating")
					    : cell_text(row, "status.phase");
}

cJSON *cell_reference(const struct table_row *row, const char *path)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *reference = json_at(row->object, path);

	buf_printf(&text, "%s/%s", obj_text(reference, "kind"), obj_text(reference, "name"));
	return cell_of(&text);
}

cJSON *cell_ready_of_desired(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);

	(void)unused;
	buf_printf(&text, "%lld/%lld",
		   (long long)json_int_or(row->object, "status.readyReplicas", 0),
		   (long long)json_int_or(row->object, "spec.replicas", 0));
	return cell_of(&text);
}

cJSON *cell_access_modes(const struct table_row *row, const char *path)
{
	static const char *const modes[][2] = {
		{"ReadWriteOnce", "RWO"},
		{"ReadOnlyMany", "ROX"},
		{"ReadWriteMany", "RWX"},
		{"ReadWriteOncePod", "RWOP"},
	};
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		const cJSON *item;

		json_each (item, json_at(row->object, path)) {
			if (!cJSON_IsString(item) || strcmp(item->valuestring, modes[i][0]) != 0)
				continue;
			buf_printf(&text, "%s%s", text.length ? "," : "", modes[i][1]);
			break;
		}
	}
	return cell_of(&text);
}

/* --- time ------------------------------------------------------------------------------------ */

/* k8s.io/apimachinery/pkg/util/duration.HumanDuration. */
void human_duration(int64_t us, struct buf *out)
{
	long long seconds = us / 1000000, minutes = seconds / 60, hours = minutes / 60;
	long long days = hours / 24;

	if (seconds < -1)
		buf_puts(out, "<invalid>");
	else if (seconds < 0)
		buf_puts(out, "0s");
	else if (seconds < 120)
		buf_printf(out, "%llds", seconds);
	else if (minutes < 10 && seconds % 60)
		buf_printf(out, "%lldm%llds", minutes, seconds % 60);
	else if (minutes < 180)
		buf_printf(out, "%lldm", minutes);
	else if (hours < 8 && minutes % 60)
		buf_printf(out, "%lldh%lldm", hours, minutes % 60);
	else if (hours < 48)
		buf_printf(out, "%lldh", hours);
	else if (days < 8 && hours % 24)
		buf_printf(out, "%lldd%lldh", days, hours % 24);
	else if (days < 365 * 2)
		buf_printf(out, "%lldd", days);
	else if (days < 365 * 8 && days % 365)
		buf_printf(out, "%lldy%lldd", days / 365, days % 365);
	else
		buf_printf(out, "%lldy", days / 365);
}

static cJSON *age_or(const struct table_row *row, const char *path, const char *fallback)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	int64_t since_us;

	if (!timestamp_read(obj_text(row->object, path), &since_us))
		return obj_new_text(fallback);
	human_duration(row->now_us - since_us, &text);
	return cell_of(&text);
}

cJSON *cell_age(const struct table_row *row, const char *path)
{
	return age_or(row, path, "<unknown>");
}

cJSON *cell_age_or_none(const struct table_row *row, const char *path)
{
	return age_or(row, path, "<none>");
}

/* --- containers ------------------------------------------------------------------------------ */

static cJSON *of_containers(const struct table_row *row, const char *path, const char *member)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *containers = json_get(json_at(row->object, path), "containers"), *container;

	json_each (container, containers) {
		if (container != containers->child)
			buf_putc(&text, ',');
		buf_puts(&text, obj_text(container, member));
	}
	return cell_of(&text);
}

cJSON *cell_containers(const struct table_row *row, const char *path)
{
	return of_containers(row, path, "name");
}

cJSON *cell_images(const struct table_row *row, const char *path)
{
	return of_containers(row, path, "image");
}

/* --- labels and selectors -------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static int by_string(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;

	return strcmp((*left)->valuestring, (*right)->valuestring);
}

/* One requirement of a selector. The values of In and NotIn are sorted. */
static char *requirement(const cJSON *expression)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	CLEANUP(free_p) const cJSON **values = NULL;
	const char *key = obj_text(expression, "key"), *how = obj_text(expression, "operator");
	const cJSON *list = json_get(expression, "values"), *item;
	size_t count = 0;

	if (strcmp(how, "Exists") == 0 || strcmp(how, "DoesNotExist") == 0) {
		buf_printf(&text, "%s%s", *how == 'D' ? "!" : "", key);
		return must(buf_steal(&text));
	}
	values = alloc_zero(sizeof *values * ((size_t)cJSON_GetArraySize(list) + 1));
	json_each (item, list) {
		if (cJSON_IsString(item))
			values[count++] = item;
	}
	qsort(values, count, sizeof *values, by_string);
	buf_printf(&text, "%s %s (", key, *how == 'I' ? "in" : "notin");
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%s", i ? "," : "", values[i]->valuestring);
	buf_putc(&text, ')');
	return must(buf_steal(&text));
}

/* A selector's requirements, or a map's labels where there are no expressions, sorted by key. */
static cJSON *requirements(const cJSON *labels, const cJSON *expressions)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	CLEANUP(free_p) char **parts = NULL;
	const cJSON *item;
	size_t count = 0;

	parts = alloc_zero(sizeof *parts * ((size_t)cJSON_GetArraySize(labels) +
					    (size_t)cJSON_GetArraySize(expressions) + 1));
	json_each (item, labels) {
		if (cJSON_IsString(item))
			parts[count++] = alloc_printf("%s=%s", item->string, item->valuestring);
	}
	json_each (item, expressions) {
		parts[count++] = requirement(item);
	}
	qsort(parts, count, sizeof *parts, by_text);
	for (size_t i = 0; i < count; i++) {
		buf_printf(&text, "%s%s", i ? "," : "", parts[i]);
		free(parts[i]);
	}
	return text.length ? cell_of(&text) : obj_new_text("<none>");
}

cJSON *cell_labels(const struct table_row *row, const char *path)
{
	return requirements(json_at(row->object, path), NULL);
}

cJSON *cell_selector(const struct table_row *row, const char *path)
{
	const cJSON *selector = json_at(row->object, path);

	return requirements(json_get(selector, "matchLabels"),
			    json_get(selector, "matchExpressions"));
}

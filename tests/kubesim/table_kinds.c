#include "tests/kubesim/table_kinds.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "diff/quantity.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/timestamp.h"

#define CELL_MAX_BYTES (64u * 1024)

static cJSON *cell_of(const struct buf *text)
{
	return obj_new_text(buf_str(text));
}

/* Starts the next entry of a list that is separated by `separator`. */
static void next_entry(struct buf *text, const char *separator)
{
	if (text->length)
		buf_puts(text, separator);
}

cJSON *cell_text_or_unknown(const struct table_row *row, const char *path)
{
	const char *text = obj_text(row->object, path);

	return obj_new_text(*text ? text : "<unknown>");
}

cJSON *cell_int_or_unset(const struct table_row *row, const char *path)
{
	CLEANUP(free_p) char *text = NULL;
	int64_t value;

	if (!json_int(row->object, path, &value))
		return obj_new_text("<unset>");
	text = alloc_printf("%lld", (long long)value);
	return obj_new_text(text);
}

/* --- workloads ------------------------------------------------------------------------------- */

static bool job_is(const cJSON *job, const char *type)
{
	const cJSON *condition;

	json_each (condition, json_at(job, "status.conditions")) {
		if (strcmp(obj_text(condition, "type"), type) == 0)
			return strcmp(obj_text(condition, "status"), "True") == 0;
	}
	return false;
}

cJSON *cell_job_status(const struct table_row *row, const char *unused)
{
	(void)unused;
	if (job_is(row->object, "Complete"))
		return obj_new_text("Complete");
	if (job_is(row->object, "Failed"))
		return obj_new_text("Failed");
	if (obj_is_deleting(row->object))
		return obj_new_text("Terminating");
	if (job_is(row->object, "Suspended"))
		return obj_new_text("Suspended");
	return obj_new_text(job_is(row->object, "FailureTarget") ? "FailureTarget" : "Running");
}

cJSON *cell_job_completions(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	int64_t parallelism = json_int_or(row->object, "spec.parallelism", 0), completions;

	(void)unused;
	buf_printf(&text, "%lld/", (long long)json_int_or(row->object, "status.succeeded", 0));
	if (json_int(row->object, "spec.completions", &completions))
		buf_printf(&text, "%lld", (long long)completions);
	else if (parallelism > 1)
		buf_printf(&text, "1 of %lld", (long long)parallelism);
	else
		buf_puts(&text, "1");
	return cell_of(&text);
}

cJSON *cell_job_duration(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	int64_t started_us, ended_us;

	(void)unused;
	if (!timestamp_read(obj_text(row->object, "status.startTime"), &started_us))
		return obj_new_text("");
	if (!timestamp_read(obj_text(row->object, "status.completionTime"), &ended_us))
		ended_us = row->now_us;
	human_duration(ended_us - started_us, &text);
	return cell_of(&text);
}

/* The first two metrics. Only resource metrics are told in full: nothing here measures others. */
cJSON *cell_hpa_targets(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *metrics = json_at(row->object, "spec.metrics"), *metric;
	int shown = 0;

	(void)unused;
	json_each (metric, metrics) {
		int64_t percent;

		if (++shown > 2)
			break;
		next_entry(&text, ", ");
		if (strcmp(obj_text(metric, "type"), "Resource") != 0)
			buf_puts(&text, "<unknown>");
		else if (json_int(metric, "resource.target.averageUtilization", &percent))
			buf_printf(&text, "%s: <unknown>/%lld%%", obj_text(metric, "resource.name"),
				   (long long)percent);
		else
			buf_printf(&text, "%s: <unknown>/%s", obj_text(metric, "resource.name"),
				   obj_text(metric, "resource.target.averageValue"));
	}
	if (cJSON_GetArraySize(metrics) > 2)
		buf_printf(&text, " + %d more...", cJSON_GetArraySize(metrics) - 2);
	return text.length ? cell_of(&text) : obj_new_text("<none>");
}

cJSON *cell_controller(const struct table_row *row, const char *unused)
{
	const cJSON *owner = obj_controller(row->object);
	const char *version = obj_text(owner, "apiVersion"), *slash = strchr(version, '/');
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);

	(void)unused;
	if (!owner)
		return obj_new_text("<none>");
	for (const char *c = obj_text(owner, "kind"); *c; c++)
		buf_putc(&text, (char)tolower((unsigned char)*c));
	if (slash)
		buf_printf(&text, ".%.*s", (int)(slash - version), version);
	buf_printf(&text, "/%s", obj_text(owner, "name"));
	return cell_of(&text);
}

/* --- network --------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* The addresses of status.loadBalancer, each once, sorted. */
static void load_balancer(const cJSON *object, struct buf *text)
{
	const cJSON *ingress = json_at(object, "status.loadBalancer.ingress"), *item;
	CLEANUP(free_p) const char **names = NULL;
	size_t count = 0;

	names = alloc_zero(sizeof *names * ((size_t)cJSON_GetArraySize(ingress) + 1));
	json_each (item, ingress) {
		const char *ip = obj_text(item, "ip");

		names[count] = *ip ? ip : obj_text(item, "hostname");
		count += *names[count] != '\0';
	}
	qsort(names, count, sizeof *names, by_text);
	for (size_t i = 0; i < count; i++) {
		if (i && strcmp(names[i], names[i - 1]) == 0)
			continue;
		next_entry(text, ",");
		buf_puts(text, names[i]);
	}
}

cJSON *cell_load_balancer(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);

	(void)unused;
	load_balancer(row->object, &text);
	return cell_of(&text);
}

cJSON *cell_service_external_ip(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const char *type = obj_text(row->object, "spec.type");
	bool balanced = strcmp(type, "LoadBalancer") == 0;
	const cJSON *item;

	(void)unused;
	if (strcmp(type, "ExternalName") == 0)
		return cell_text(row, "spec.externalName");
	if (balanced)
		load_balancer(row->object, &text);
	json_each (item, json_at(row->object, "spec.externalIPs")) {
		next_entry(&text, ",");
		buf_puts(&text, cJSON_IsString(item) ? item->valuestring : "");
	}
	return text.length ? cell_of(&text) : obj_new_text(balanced ? "<pending>" : "<none>");
}

cJSON *cell_service_ports(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *port;

	(void)unused;
	json_each (port, json_at(row->object, "spec.ports")) {
		long long node_port = json_int_or(port, "nodePort", 0);

		next_entry(&text, ",");
		buf_printf(&text, "%lld", (long long)json_int_or(port, "port", 0));
		if (node_port)
			buf_printf(&text, ":%lld", node_port);
		buf_printf(&text, "/%s", obj_text(port, "protocol"));
	}
	return text.length ? cell_of(&text) : obj_new_text("<none>");
}

#define ENDPOINTS_SHOWN 3

cJSON *cell_endpoints(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *subsets = json_get(row->object, "subsets"), *subset, *port, *address;
	int count = 0;

	(void)unused;
	if (cJSON_GetArraySize(subsets) == 0)
		return obj_new_text("<none>");
	json_each (subset, subsets) {
		json_each (port, json_get(subset, "ports")) {
			json_each (address, json_get(subset, "addresses")) {
				if (count++ >= ENDPOINTS_SHOWN)
					continue;
				next_entry(&text, ",");
				buf_printf(&text, "%s:%lld", obj_text(address, "ip"),
					   (long long)json_int_or(port, "port", 0));
			}
		}
	}
	if (count > ENDPOINTS_SHOWN)
		buf_printf(&text, " + %d more...", count - ENDPOINTS_SHOWN);
	return cell_of(&text);
}

#define HOSTS_SHOWN 3

cJSON *cell_ingress_hosts(const struct table_row *row, const char *unused)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *rules = json_at(row->object, "spec.rules"), *rule;
	int shown = 0;
	bool more = false;

	(void)unused;
	json_each (rule, rules) {
		const char *host = obj_text(rule, "host");

		more = more || shown == HOSTS_SHOWN;
		if (more || !*host)
			continue;
		next_entry(&text, ",");
		buf_puts(&text, host);
		shown++;
	}
	if (shown == 0)
		return obj_new_text("*");
	if (more)
		buf_printf(&text, " + %d more...", cJSON_GetArraySize(rules) - HOSTS_SHOWN);
	return cell_of(&text);
}

cJSON *cell_ingress_ports(const struct table_row *row, const char *unused)
{
	(void)unused;
	return obj_new_text(cJSON_GetArraySize(json_at(row->object, "spec.tls")) ? "80, 443"
										 : "80");
}

cJSON *cell_ingress_class_parameters(const struct table_row *row, const char *unused)
{
	const cJSON *parameters = json_at(row->object, "spec.parameters");
	const char *group = obj_text(parameters, "apiGroup");
	CLEANUP(free_p) char *text = NULL;

	(void)unused;
	if (!parameters)
		return obj_new_text("<none>");
	text = alloc_printf("%s%s%s/%s", obj_text(parameters, "kind"), *group ? "." : "", group,
			    obj_text(parameters, "name"));
	return obj_new_text(text);
}

/* --- storage --------------------------------------------------------------------------------- */

cJSON *cell_storage(const struct table_row *row, const char *path)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	struct quantity quantity;
	struct err err;

	if (quantity_from_json(json_get(json_at(row->object, path), "storage"), &quantity, &err) <
	    0)
		return obj_new_text("0");
	quantity_print(&quantity, &text);
	return cell_of(&text);
}

static bool is_bound(const struct table_row *row)
{
	return *obj_text(row->object, "spec.volumeName") != '\0';
}

cJSON *cell_bound_storage(const struct table_row *row, const char *unused)
{
	(void)unused;
	return is_bound(row) ? cell_storage(row, "status.capacity") : obj_new_text("");
}

cJSON *cell_bound_modes(const struct table_row *row, const char *unused)
{
	(void)unused;
	return is_bound(row) ? cell_access_modes(row, "status.accessModes") : obj_new_text("");
}

cJSON *cell_claim(const struct table_row *row, const char *unused)
{
	const cJSON *claim = json_at(row->object, "spec.claimRef");
	CLEANUP(free_p)
	char *text = alloc_printf("%s/%s", obj_text(claim, "namespace"), obj_text(claim, "name"));

	(void)unused;
	return obj_new_text(claim ? text : "");
}

cJSON *cell_default_class_name(const struct table_row *row, const char *unused)
{
	const cJSON *annotations = json_at(row->object, "metadata.annotations");
	const cJSON *mark = json_get(annotations, "storageclass.kubernetes.io/is-default-class");
	bool is_default = cJSON_IsString(mark) && strcmp(mark->valuestring, "true") == 0;
	CLEANUP(free_p)
	char *text = alloc_printf("%s%s", obj_name(row->object), is_default ? " (default)" : "");

	(void)unused;
	return obj_new_text(text);
}

/* --- the cluster ----------------------------------------------------------------------------- */

cJSON *cell_node_status(const struct table_row *row, const char *unused)
{
	const char *status = "Unknown";
	CLEANUP(free_p) char *text = NULL;
	const cJSON *condition;

	(void)unused;
	json_each (condition, json_at(row->object, "status.conditions")) {
		if (strcmp(obj_text(condition, "type"), "Ready") == 0)
			status = strcmp(obj_text(condition, "status"), "True") == 0 ? "Ready"
										    : "NotReady";
	}
	text = alloc_printf("%s%s", status,
			    json_true(row->object, "spec.unschedulable") ? ",SchedulingDisabled"
									 : "");
	return obj_new_text(text);
}

cJSON *cell_node_roles(const struct table_row *row, const char *unused)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	const cJSON *labels = json_at(row->object, "metadata.labels"), *label;
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	CLEANUP(free_p) const char **roles = NULL;
	size_t count = 0;

	(void)unused;
	roles = alloc_zero(sizeof *roles * ((size_t)cJSON_GetArraySize(labels) + 1));
	json_each (label, labels) {
		if (strncmp(label->string, prefix, strlen(prefix)) == 0)
			roles[count] = label->string + strlen(prefix);
		else if (strcmp(label->string, "kubernetes.io/role") == 0 && cJSON_IsString(label))
			roles[count] = label->valuestring;
		count += roles[count] && *roles[count];
	}
	qsort(roles, count, sizeof *roles, by_text);
	for (size_t i = 0; i < count; i++) {
		next_entry(&text, ",");
		buf_puts(&text, roles[i]);
	}
	return text.length ? cell_of(&text) : obj_new_text("<none>");
}

cJSON *cell_node_address(const struct table_row *row, const char *type)
{
	const cJSON *address;

	json_each (address, json_at(row->object, "status.addresses")) {
		if (strcmp(obj_text(address, "type"), type) == 0)
			return obj_new_text(obj_text(address, "address"));
	}
	return obj_new_text("<none>");
}

cJSON *cell_subjects(const struct table_row *row, const char *kind)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	const cJSON *subject;

	json_each (subject, json_get(row->object, "subjects")) {
		if (strcmp(obj_text(subject, "kind"), kind) != 0)
			continue;
		next_entry(&text, ", ");
		if (strcmp(kind, "ServiceAccount") == 0)
			buf_printf(&text, "%s/", obj_text(subject, "namespace"));
		buf_puts(&text, obj_text(subject, "name"));
	}
	return cell_of(&text);
}

cJSON *cell_quota(const struct table_row *row, const char *which)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(CELL_MAX_BYTES);
	bool want_limits = strcmp(which, "limits") == 0;
	const cJSON *hard;

	json_each (hard, json_at(row->object, "status.hard")) {
		const cJSON *used = json_get(json_at(row->object, "status.used"), hard->string);

		if ((strncmp(hard->string, "limits.", 7) == 0) != want_limits)
			continue;
		next_entry(&text, ", ");
		buf_printf(&text, "%s: %s/%s", hard->string,
			   cJSON_IsString(used) ? used->valuestring : "0",
			   cJSON_IsString(hard) ? hard->valuestring : "0");
	}
	return cell_of(&text);
}

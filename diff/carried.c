#include "diff/carried.h"

#include <string.h>

#define TOKEN_PATH "/var/run/secrets/kubernetes.io/serviceaccount"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- when ------------------------------------------------------------------------------------ */

typedef bool condition(const cJSON *body, const cJSON *live);

static bool equal_at(const cJSON *a, const cJSON *b, const char *path)
{
	return json_equal(json_at(a, path), json_at(b, path));
}

static bool holds(const cJSON *object, const char *path, const char *text)
{
	const char *value = json_str(object, path);

	return value && strcmp(value, text) == 0;
}

/*
 * Of every kind, custom resources included: anything with a scale subresource can have an
 * autoscaler. No spec is made up for it.
 */
static bool is_scaled(const cJSON *body, const cJSON *live)
{
	int64_t replicas;

	return cJSON_IsObject(json_get(body, "spec")) && json_int(live, "spec.replicas", &replicas);
}

static bool has_cluster_ip(const cJSON *body, const cJSON *live)
{
	return !holds(body, "spec.type", "ExternalName") &&
	       !holds(live, "spec.type", "ExternalName");
}

static bool is_checked_locally(const cJSON *body, const cJSON *live)
{
	(void)live;
	return holds(body, "spec.type", "LoadBalancer") &&
	       holds(body, "spec.externalTrafficPolicy", "Local");
}

static bool has_node_ports(const cJSON *service)
{
	const cJSON *allocate = json_at(service, "spec.allocateLoadBalancerNodePorts");

	return holds(service, "spec.type", "NodePort") ||
	       (holds(service, "spec.type", "LoadBalancer") && !cJSON_IsFalse(allocate));
}

static bool is_token(const cJSON *body, const cJSON *live)
{
	const char *account = "kubernetes.io/service-account.name";
	const cJSON *named = json_get(json_at(body, "metadata.annotations"), account);

	return holds(body, "type", "kubernetes.io/service-account-token") && named &&
	       json_equal(named, json_get(json_at(live, "metadata.annotations"), account));
}

static bool has_generated_selector(const cJSON *body, const cJSON *live)
{
	return !json_true(body, "spec.manualSelector") && !json_true(live, "spec.manualSelector");
}

static bool is_same_claim(const cJSON *body, const cJSON *live)
{
	const cJSON *claim = json_at(body, "spec.claimRef");

	return !claim || cJSON_IsNull(claim) ||
	       (equal_at(body, live, "spec.claimRef.name") &&
		equal_at(body, live, "spec.claimRef.namespace"));
}

static bool is_aggregated(const cJSON *body, const cJSON *live)
{
	(void)live;
	return cJSON_IsObject(json_get(body, "aggregationRule"));
}

static bool is_converted_by_webhook(const cJSON *body, const cJSON *live)
{
	(void)live;
	return cJSON_IsObject(json_at(body, "spec.conversion.webhook.clientConfig"));
}

/* --- what ------------------------------------------------------------------------------------ */

enum mode {
	IF_LEFT_OUT,
	IF_EMPTY, /* "", 0 and [] count as left out too */
	MEMBERS,  /* an object: whichever of its members are left out */
};

static const struct {
	const char *group, *kind; /* NULL: of any kind */
	const char *parent;       /* the dotted path to the object that holds it; "": the root */
	const char *key;
	enum mode mode;
	condition *only_if; /* NULL: always */
} rows[] = {
	{NULL, NULL, "metadata", "finalizers", IF_LEFT_OUT, NULL},
	{NULL, NULL, "metadata", "ownerReferences", IF_LEFT_OUT, NULL},
	{NULL, NULL, "spec", "replicas", IF_LEFT_OUT, is_scaled},

	/* As servers do since 1.21 themselves. Node ports are below. */
	{"", "Service", "spec", "clusterIP", IF_EMPTY, has_cluster_ip},
	{"", "Service", "spec", "healthCheckNodePort", IF_EMPTY, is_checked_locally},

	/* Before 1.24 each account got a token, and got a new one whenever it had none. */
	{"", "ServiceAccount", "", "secrets", IF_LEFT_OUT, NULL},
	{"", "Secret", "", "data", IF_LEFT_OUT, is_token},
	{"", "Secret", "metadata.annotations", "kubernetes.io/service-account.uid", IF_LEFT_OUT,
	 is_token},

	/* To leave it out would be to give the volume back, which the server refuses. */
	{"", "PersistentVolumeClaim", "spec", "volumeName", IF_EMPTY, NULL},
	/* The default class at the time when the claim was made. */
	{"", "PersistentVolumeClaim", "spec", "storageClassName", IF_LEFT_OUT, NULL},
	/* Without it the volume would be free for another claim, with the first one's data. */
	{"", "PersistentVolume", "spec", "claimRef", MEMBERS, is_same_claim},

	{"batch", "Job", "spec", "selector", IF_LEFT_OUT, has_generated_selector},
	{"batch", "Job", "spec.template.metadata.labels", "batch.kubernetes.io/controller-uid",
	 IF_LEFT_OUT, has_generated_selector},
	{"batch", "Job", "spec.template.metadata.labels", "batch.kubernetes.io/job-name",
	 IF_LEFT_OUT, has_generated_selector},
	{"batch", "Job", "spec.template.metadata.labels", "controller-uid", IF_LEFT_OUT,
	 has_generated_selector},
	{"batch", "Job", "spec.template.metadata.labels", "job-name", IF_LEFT_OUT,
	 has_generated_selector},

	{"", "Pod", "metadata.annotations", "kubernetes.io/limit-ranger", IF_LEFT_OUT, NULL},
	{"", "Pod", "spec", "nodeName", IF_EMPTY, NULL},
	{"", "Pod", "spec", "serviceAccountName", IF_EMPTY, NULL},

	{"rbac.authorization.k8s.io", "ClusterRole", "", "rules", IF_EMPTY, is_aggregated},

	/* cert-manager and its like inject the certificate; those of webhooks[] are below. */
	{"apiextensions.k8s.io", "CustomResourceDefinition", "spec.conversion.webhook.clientConfig",
	 "caBundle", IF_EMPTY, is_converted_by_webhook},
	{"apiregistration.k8s.io", "APIService", "spec", "caBundle", IF_EMPTY, NULL},
};

static bool is_kind(const cJSON *object, const char *group, const char *kind)
{
	const char *api_version = json_str(object, "apiVersion");
	const char *slash = api_version ? strchr(api_version, '/') : NULL;
	size_t length = slash ? (size_t)(slash - api_version) : 0;

	return api_version && holds(object, "kind", kind) && strlen(group) == length &&
	       strncmp(api_version, group, length) == 0;
}

static bool is_left_out(const cJSON *value, enum mode mode)
{
	int64_t number;

	if (!value || cJSON_IsNull(value))
		return true;
	if (mode != IF_EMPTY)
		return false;
	if (cJSON_IsString(value))
		return !*value->valuestring;
	if (cJSON_IsNumber(value))
		return json_int_value(value, &number) && number == 0;
	return cJSON_IsArray(value) && !value->child;
}

/* Adds to an object the members that only the live one has, at every depth of objects. */
static int fill_members(cJSON *body, const cJSON *live, struct err *err)
{
	const cJSON *member;

	if (!cJSON_IsObject(body) || !cJSON_IsObject(live))
		return 0;
	json_each (member, live) {
		cJSON *own = json_get(body, member->string);

		if (is_left_out(own, IF_LEFT_OUT)) {
			if (json_set_key(body, member->string, json_copy(member), err) < 0)
				return -1;
		} else if (fill_members(own, member, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int fill_key(cJSON *body, const cJSON *live, const char *key, enum mode mode,
		    struct err *err)
{
	const cJSON *value = json_get(live, key);
	cJSON *own = json_get(body, key);

	if (is_left_out(value, IF_LEFT_OUT))
		return 0;
	if (is_left_out(own, mode))
		return json_set_key(body, key, json_copy(value), err);
	return mode == MEMBERS ? fill_members(own, value, err) : 0;
}

/* The object at the path, made where the manifest leaves it out. */
static int ensure_object(cJSON *body, const char *path, cJSON **ret_object, struct err *err)
{
	for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
		CLEANUP(free_p) char *above = strndup(path, (size_t)(dot - path));

		if (!above)
			return err_no_memory(err);
		if (is_left_out(json_at(body, above), IF_LEFT_OUT) &&
		    json_set(body, above, cJSON_CreateObject(), err) < 0)
			return -1;
	}
	if (is_left_out(json_at(body, path), IF_LEFT_OUT) &&
	    json_set(body, path, cJSON_CreateObject(), err) < 0)
		return -1;
	*ret_object = json_at(body, path);
	return 0;
}

static int fill_row(cJSON *body, const cJSON *live, size_t row, struct err *err)
{
	const char *path = rows[row].parent;
	const cJSON *live_parent = *path ? json_at(live, path) : live;
	cJSON *parent = body;

	if (is_left_out(json_get(live_parent, rows[row].key), IF_LEFT_OUT))
		return 0;
	if (*path && ensure_object(body, path, &parent, err) < 0)
		return -1;
	return fill_key(parent, live_parent, rows[row].key, rows[row].mode, err);
}

/* --- lists ----------------------------------------------------------------------------------- */

/* The item whose member `key` is the same as that of `like`; NULL if there is none. */
static cJSON *find_item(const cJSON *list, const char *key, const cJSON *like)
{
	const cJSON *value = json_get(like, key);
	cJSON *item;

	json_each (item, list)
		if (value && json_equal(json_get(item, key), value))
			return item;
	return NULL;
}

/* Matched by the ports' names, as servers do since 1.21, but never given to two ports. */
static int fill_service(cJSON *body, const cJSON *live, struct err *err)
{
	cJSON *ports = json_at(body, "spec.ports"), *port;
	const cJSON *old;

	if (!has_node_ports(body) || !has_node_ports(live))
		return 0;
	json_each (port, ports)
		json_each (old, json_at(live, "spec.ports"))
			if (cJSON_IsObject(port) &&
			    json_equal(json_get(port, "name"), json_get(old, "name")) &&
			    !find_item(ports, "nodePort", old) &&
			    fill_key(port, old, "nodePort", IF_EMPTY, err) < 0)
				return -1;
	return 0;
}

static int fill_webhooks(cJSON *body, const cJSON *live, struct err *err)
{
	cJSON *webhook;

	json_each (webhook, json_get(body, "webhooks")) {
		const cJSON *twin = find_item(json_get(live, "webhooks"), "name", webhook);
		cJSON *config = json_get(webhook, "clientConfig");

		if (cJSON_IsObject(config) &&
		    fill_key(config, json_get(twin, "clientConfig"), "caBundle", IF_EMPTY, err) < 0)
			return -1;
	}
	return 0;
}

/* Appends a copy of the live item to the list `key` of `holder`, if that has none like it. */
static int add_item(cJSON *holder, const char *key, const char *item_key, const cJSON *live,
		    struct err *err)
{
	if (!live || find_item(json_get(holder, key), item_key, live))
		return 0;
	if (is_left_out(json_get(holder, key), IF_LEFT_OUT) &&
	    json_set_key(holder, key, cJSON_CreateArray(), err) < 0)
		return -1;
	cJSON *list = json_get(holder, key);
	return cJSON_IsArray(list) ? json_append(list, json_copy(live), err) : 0;
}

/*
 * A ServiceAccount that names Secrets gets its tokens all the same: controllers add theirs under
 * names of their own making, and make others where they find none.
 */
static int fill_account(cJSON *body, const cJSON *live, struct err *err)
{
	static const struct {
		const char *list, *infix;
	} made[] = {{"secrets", "-token-"},
		    {"secrets", "-dockercfg-"},
		    {"imagePullSecrets", "-dockercfg-"}};
	const char *account = json_str(live, "metadata.name");
	size_t length = account ? strlen(account) : 0;
	const cJSON *item;

	for (size_t i = 0; account && i < COUNT(made); i++)
		json_each (item, json_get(live, made[i].list)) {
			const char *name = json_str(item, "name");

			if (name && strncmp(name, account, length) == 0 &&
			    strncmp(name + length, made[i].infix, strlen(made[i].infix)) == 0 &&
			    add_item(body, made[i].list, "name", item, err) < 0)
				return -1;
		}
	return 0;
}

/* A container's resources, from LimitRanges, and where it finds the account's token. */
static int fill_container(cJSON *spec, const cJSON *live_spec, cJSON *container, const cJSON *twin,
			  struct err *err)
{
	const cJSON *mount, *volume;

	if (fill_key(container, twin, "resources", MEMBERS, err) < 0)
		return -1;
	json_each (mount, json_get(twin, "volumeMounts")) {
		if (!holds(mount, "mountPath", TOKEN_PATH))
			continue;
		json_each (volume, json_get(live_spec, "volumes"))
			if (json_equal(json_get(volume, "name"), json_get(mount, "name")) &&
			    add_item(spec, "volumes", "name", volume, err) < 0)
				return -1;
		if (add_item(container, "volumeMounts", "mountPath", mount, err) < 0)
			return -1;
	}
	return 0;
}

static int fill_pod(cJSON *body, const cJSON *live, struct err *err)
{
	static const char *const lists[] = {"initContainers", "containers"};
	cJSON *spec = json_get(body, "spec"), *container;
	const cJSON *live_spec = json_get(live, "spec");

	for (size_t i = 0; i < COUNT(lists); i++)
		json_each (container, json_get(spec, lists[i])) {
			const cJSON *twin =
				find_item(json_get(live_spec, lists[i]), "name", container);

			if (twin && fill_container(spec, live_spec, container, twin, err) < 0)
				return -1;
		}
	return 0;
}

static const struct {
	const char *group, *kind;
	int (*fill)(cJSON *body, const cJSON *live, struct err *err);
} in_lists[] = {
	{"", "Pod", fill_pod},
	{"", "Service", fill_service},
	{"", "ServiceAccount", fill_account},
	{"admissionregistration.k8s.io", "MutatingWebhookConfiguration", fill_webhooks},
	{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", fill_webhooks},
};

/* --------------------------------------------------------------------------------------------- */

int carried_fill(cJSON *body, const cJSON *live, struct err *err)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].kind && !is_kind(body, rows[i].group, rows[i].kind))
			continue;
		if (rows[i].only_if && !rows[i].only_if(body, live))
			continue;
		if (fill_row(body, live, i, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < COUNT(in_lists); i++)
		if (is_kind(body, in_lists[i].group, in_lists[i].kind) &&
		    in_lists[i].fill(body, live, err) < 0)
			return -1;
	return 0;
}

/* Services: after pkg/registry/core/service (allocation) and pkg/apis/core/validation. */
#include "tests/kubesim/strategy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

#define FIRST_ADDRESS  0x0a600001u /* 10.96.0.1: the Service kubernetes */
#define LAST_ADDRESS   0x0a6ffffeu /* of 10.96.0.0/12 */
#define FIRST_NODEPORT 30000
#define LAST_NODEPORT  32767

static bool has_type(const cJSON *service, const char *type)
{
	return strcmp(obj_text(service, "spec.type"), type) == 0;
}

static bool is_headless(const cJSON *service)
{
	return strcmp(obj_text(service, "spec.clusterIP"), "None") == 0;
}

static bool has_node_ports(const cJSON *service)
{
	return has_type(service, "NodePort") || has_type(service, "LoadBalancer");
}

/* --- allocation: what no other Service has --------------------------------------------------- */

static bool is_address_taken(const struct records *services, const char *address)
{
	for (size_t i = 0; i < services->count; i++) {
		if (strcmp(obj_text(services->items[i]->object, "spec.clusterIP"), address) == 0)
			return true;
	}
	return false;
}

static void allocate_address(const struct records *services, cJSON *service)
{
	char address[INET_ADDRSTRLEN];

	for (uint32_t number = FIRST_ADDRESS; number <= LAST_ADDRESS; number++) {
		struct in_addr in = {htonl(number)};

		inet_ntop(AF_INET, &in, address, sizeof(address));
		if (is_address_taken(services, address))
			continue;
		obj_set_text(service, "spec.clusterIP", address);
		return;
	}
}

static bool has_node_port(const cJSON *service, int64_t number)
{
	const cJSON *port;

	json_each (port, json_at(service, "spec.ports")) {
		if (json_int_or(port, "nodePort", 0) == number)
			return true;
	}
	return false;
}

/* A load balancer that keeps traffic on its node asks every node for its health there. */
static bool needs_health_port(const cJSON *service)
{
	return has_type(service, "LoadBalancer") &&
	       strcmp(obj_text(service, "spec.externalTrafficPolicy"), "Local") == 0;
}

static int64_t free_node_port(const struct records *services, const cJSON *service)
{
	for (int64_t number = FIRST_NODEPORT; number <= LAST_NODEPORT; number++) {
		bool taken = has_node_port(service, number);

		for (size_t i = 0; i < services->count && !taken; i++)
			taken = has_node_port(services->items[i]->object, number);
		if (!taken)
			return number;
	}
	return 0;
}

static void allocate_node_ports(const struct records *services, cJSON *service)
{
	cJSON *port;

	json_each (port, json_at(service, "spec.ports")) {
		if (json_int_or(port, "nodePort", 0) == 0)
			obj_set_int(port, "nodePort", free_node_port(services, service));
	}
	if (needs_health_port(service) && !json_at(service, "spec.healthCheckNodePort"))
		obj_set_int(service, "spec.healthCheckNodePort", free_node_port(services, service));
}

/* --- carrying over --------------------------------------------------------------------------- */

static const cJSON *find_port(const cJSON *service, const char *name)
{
	const cJSON *port;

	json_each (port, json_at(service, "spec.ports")) {
		if (strcmp(obj_text(port, "name"), name) == 0)
			return port;
	}
	return NULL;
}

/* What a PUT leaves out and the server had decided stays. */
static void carry_over(cJSON *service, const cJSON *old)
{
	cJSON *port;

	if (has_type(old, "ExternalName") || has_type(service, "ExternalName"))
		return;
	if (!obj_text(service, "spec.clusterIP")[0])
		obj_carry(service, old, "spec.clusterIP");
	if (!json_at(service, "spec.clusterIPs") &&
	    json_equal(json_at(service, "spec.clusterIP"), json_at(old, "spec.clusterIP")))
		obj_carry(service, old, "spec.clusterIPs");
	if (!json_at(service, "spec.ipFamilies"))
		obj_carry(service, old, "spec.ipFamilies");
	if (!json_at(service, "spec.ipFamilyPolicy"))
		obj_carry(service, old, "spec.ipFamilyPolicy");
	if (!has_node_ports(service) || !has_node_ports(old))
		return;
	if (needs_health_port(service) && !json_at(service, "spec.healthCheckNodePort"))
		obj_carry(service, old, "spec.healthCheckNodePort");
	json_each (port, json_at(service, "spec.ports")) {
		const cJSON *before = find_port(old, obj_text(port, "name"));
		int64_t number = json_int_or(before, "nodePort", 0);

		if (number && !json_get(port, "nodePort"))
			obj_set_int(port, "nodePort", number);
	}
}

/* A list of one text. */
static cJSON *one(const char *text)
{
	cJSON *list = must(cJSON_CreateArray());

	obj_append(list, obj_new_text(text));
	return list;
}

void strategy_prepare_service(struct cluster *cluster, cJSON *object, const cJSON *old)
{
	CLEANUP(records_release) struct records services = {0};

	if (old)
		carry_over(object, old);
	if (!old)
		obj_set(object, "status.loadBalancer", obj_new());
	if (has_type(object, "ExternalName"))
		return;
	store_list(cluster->store, "", "services", NULL, &services);
	if (!obj_text(object, "spec.clusterIP")[0])
		allocate_address(&services, object);
	if (!json_at(object, "spec.clusterIPs"))
		obj_set(object, "spec.clusterIPs", one(obj_text(object, "spec.clusterIP")));
	if (!json_at(object, "spec.ipFamilies"))
		obj_set(object, "spec.ipFamilies", one("IPv4"));
	if (!json_at(object, "spec.ipFamilyPolicy"))
		obj_set_text(object, "spec.ipFamilyPolicy", "SingleStack");
	if (has_node_ports(object))
		allocate_node_ports(&services, object);
}

/* --- validation ------------------------------------------------------------------------------ */

static void validate_port(const cJSON *service, const cJSON *port, int index, struct causes *causes)
{
	const char *name = obj_text(port, "name");
	bool many = json_at(service, "spec.ports")->child->next != NULL;
	int64_t number = json_int_or(port, "port", 0);
	char field[64];

	snprintf(field, sizeof(field), "spec.ports[%d].name", index);
	if (!name[0] && many)
		causes_add(causes, "FieldValueRequired", field, "Required value");
	else if (name[0] && find_port(service, name) != port)
		causes_add(causes, "FieldValueDuplicate", field, "Duplicate value: \"%s\"", name);
	snprintf(field, sizeof(field), "spec.ports[%d].port", index);
	if (number < 1 || number > 65535)
		causes_add(causes, "FieldValueInvalid", field,
			   "Invalid value: %lld: must be between 1 and 65535, inclusive",
			   (long long)number);
}

/* An address, once there, stays as long as the Service has one. */
static void validate_address(const cJSON *object, const cJSON *old, struct causes *causes)
{
	const char *before = obj_text(old, "spec.clusterIP");
	const char *after = obj_text(object, "spec.clusterIP");

	if (has_type(object, "ExternalName") || has_type(old, "ExternalName") || !before[0] ||
	    strcmp(before, after) == 0)
		return;
	causes_add(causes, "FieldValueInvalid", "spec.clusterIPs[0]",
		   "Invalid value: [\"%s\"]: may not change once set", after);
}

void strategy_validate_service(const cJSON *object, const cJSON *old, struct causes *causes)
{
	static const char *const types[] = {"ClusterIP", "ExternalName", "LoadBalancer",
					    "NodePort"};
	const cJSON *ports = json_at(object, "spec.ports"), *port;
	bool known = false;
	int index = 0;

	if (!(ports && ports->child) && !is_headless(object) && !has_type(object, "ExternalName"))
		causes_add(causes, "FieldValueRequired", "spec.ports", "Required value");
	json_each (port, ports) {
		validate_port(object, port, index++, causes);
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		known |= has_type(object, types[i]);
	if (!known)
		causes_add(causes, "FieldValueNotSupported", "spec.type",
			   "Unsupported value: \"%s\": supported values: \"ClusterIP\", "
			   "\"ExternalName\", \"LoadBalancer\", \"NodePort\"",
			   obj_text(object, "spec.type"));
	if (old)
		validate_address(object, old, causes);
}

/*
 * protobuf_fields.h - the numbers that fields have in Kubernetes' generated.proto files, for the
 * kinds that kubectl's commands make.
 */
#ifndef TESTS_KUBESIM_PROTOBUF_FIELDS_H
#define TESTS_KUBESIM_PROTOBUF_FIELDS_H

#include <stdbool.h>

enum protobuf_message {
	PROTOBUF_TYPE_META,
	PROTOBUF_OBJECT_META,
	PROTOBUF_LABEL_SELECTOR,
	PROTOBUF_SELECTOR_REQUIREMENT,
	PROTOBUF_DELETE_OPTIONS,
	PROTOBUF_PRECONDITIONS,
	PROTOBUF_CONFIG_MAP,
	PROTOBUF_SECRET,
	PROTOBUF_NAMESPACE,
	PROTOBUF_SERVICE_ACCOUNT,
	PROTOBUF_SERVICE,
	PROTOBUF_SERVICE_SPEC,
	PROTOBUF_SERVICE_PORT,
	PROTOBUF_RESOURCE_QUOTA,
	PROTOBUF_RESOURCE_QUOTA_SPEC,
	PROTOBUF_POD_TEMPLATE_SPEC,
	PROTOBUF_POD_SPEC,
	PROTOBUF_CONTAINER,
	PROTOBUF_CONTAINER_PORT,
	PROTOBUF_ENV_VAR,
	PROTOBUF_DEPLOYMENT,
	PROTOBUF_DEPLOYMENT_SPEC,
	PROTOBUF_JOB,
	PROTOBUF_JOB_SPEC,
	PROTOBUF_CRON_JOB,
	PROTOBUF_CRON_JOB_SPEC,
	PROTOBUF_JOB_TEMPLATE_SPEC,
	PROTOBUF_ROLE,
	PROTOBUF_POLICY_RULE,
	PROTOBUF_ROLE_BINDING,
	PROTOBUF_SUBJECT,
	PROTOBUF_ROLE_REF,
	PROTOBUF_POD_DISRUPTION_BUDGET,
	PROTOBUF_POD_DISRUPTION_BUDGET_SPEC,
	PROTOBUF_EVICTION,
	PROTOBUF_PRIORITY_CLASS,
	PROTOBUF_AUTOSCALER,
	PROTOBUF_AUTOSCALER_SPEC,
	PROTOBUF_SCALE_TARGET,
	PROTOBUF_ACCESS_REVIEW,
	PROTOBUF_ACCESS_REVIEW_SPEC,
	PROTOBUF_RESOURCE_ATTRIBUTES,
	PROTOBUF_NON_RESOURCE_ATTRIBUTES,
	PROTOBUF_RULES_REVIEW,
	PROTOBUF_RULES_REVIEW_SPEC,
	PROTOBUF_SELF_REVIEW,
};

enum protobuf_type {
	PROTOBUF_STRING,
	PROTOBUF_BYTES, /* base64 in JSON */
	PROTOBUF_INT,
	PROTOBUF_BOOL,
	PROTOBUF_MESSAGE,
	PROTOBUF_INT_OR_STRING,
	PROTOBUF_QUANTITY,
	PROTOBUF_TIME,
};

enum protobuf_shape { PROTOBUF_ONE, PROTOBUF_LIST, PROTOBUF_MAP /* from strings */ };

struct protobuf_field {
	enum protobuf_message of;
	unsigned number;
	const char *name;
	enum protobuf_type type;
	enum protobuf_shape shape;
	enum protobuf_message message; /* of PROTOBUF_MESSAGE */
	bool keep_zero;                /* a pointer in Go: zero is not the same as absent */
};

/* NULL where the field is not known. */
const struct protobuf_field *protobuf_find_field(enum protobuf_message of, unsigned number);

/* The message of a kind, whatever its version; false where it is not known. */
bool protobuf_find_kind(const char *kind, enum protobuf_message *ret_message);

#endif

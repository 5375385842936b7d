#include "diff/schema.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* --- the tables are sane --------------------------------------------------------------------- */

static void assert_sane_field(const struct schema_object *object, const struct schema_field *field)
{
	const char *type = schema_object_name(object);
	struct schema_field found, key;

	assert_true(schema_field(object, field->name, &found));
	if (found.index != field->index)
		fail_msg("%s has two fields %s", type, field->name);
	if (strspn(field->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
	    strlen(field->name))
		fail_msg("%s has a field \"%s\"", type, field->name);
	assert_int_equal(field->type == SCHEMA_OBJECT, field->object != NULL);
	if (field->shape != SCHEMA_LIST && (field->list || field->keys[0] || field->patch_merge))
		fail_msg("%s.%s has the marks of a list", type, field->name);
	if (field->list == SCHEMA_SET && field->type == SCHEMA_OBJECT)
		fail_msg("%s.%s is a set of objects", type, field->name);
	if (field->list == SCHEMA_KEYED && !field->keys[0])
		fail_msg("%s.%s has no keys", type, field->name);
	for (size_t i = 0; field->keys[i]; i++)
		if (!schema_field(field->object, field->keys[i], &key) || key.shape != SCHEMA_ONE ||
		    key.type == SCHEMA_OBJECT)
			fail_msg("%s.%s: its items have no scalar %s", type, field->name,
				 field->keys[i]);
}

#define MAX_OBJECTS 1000

struct seen {
	const struct schema_object *objects[MAX_OBJECTS];
	size_t count;
};

static void assert_sane_object(struct seen *seen, const struct schema_object *object)
{
	struct schema_field field;

	for (size_t i = 0; i < seen->count; i++)
		if (seen->objects[i] == object)
			return;
	assert_true(seen->count < MAX_OBJECTS);
	seen->objects[seen->count++] = object;
	for (size_t i = 0; schema_field_index(object, i, &field); i++) {
		assert_int_equal(field.index, i);
		assert_sane_field(object, &field);

		if (field.object)
			assert_sane_object(seen, field.object);
	}
}

static void test_tables_are_sane(void **state)
{
	(void)state;
	static struct seen seen;
	size_t count;
	const struct schema_kind *kinds = schema_kinds(&count);

	for (size_t i = 0; i < count; i++) {
		const struct schema_kind *kind = &kinds[i];
		const struct schema_object *object =
			schema_find(kind->group, kind->version, kind->kind);
		struct schema_field field;

		assert_ptr_equal(schema_kind(kind->group, kind->version, kind->kind), kind);
		assert_string_equal(schema_object_name(object), kind->kind);
		assert_true(schema_field(object, "apiVersion", &field));
		assert_true(schema_field(object, "kind", &field));
		assert_true(schema_field(object, "metadata", &field));
		assert_int_equal(kind->plural[0] && schema_field(object, "status", &field),
				 kind->has_status);
		assert_sane_object(&seen, object);
	}
}

static void test_kinds(void **state)
{
	(void)state;
	const struct schema_kind *kind = schema_kind("apps", "v1", "StatefulSet");

	assert_string_equal(kind->plural, "statefulsets");
	assert_string_equal(kind->short_names, "sts");
	assert_true(kind->namespaced && kind->in_all && kind->has_status && kind->has_scale);
	assert_false(schema_kind("", "v1", "Namespace")->namespaced);
	assert_string_equal(schema_kind("", "v1", "Endpoints")->plural, "endpoints");
	assert_string_equal(schema_kind("networking.k8s.io", "v1", "NetworkPolicy")->plural,
			    "networkpolicies");
	assert_string_equal(schema_kind("", "v1", "List")->plural, "");
	assert_null(schema_kind("apps", "v1beta1", "StatefulSet"));
	assert_null(schema_kind("", "v1", "StatefulSet"));
	assert_null(schema_kind("apps", "v1", "statefulset"));

	/* One name in two groups or versions. */
	assert_ptr_not_equal(schema_find("", "v1", "Event"),
			     schema_find("events.k8s.io", "v1", "Event"));
	assert_ptr_not_equal(schema_find("autoscaling", "v1", "HorizontalPodAutoscaler"),
			     schema_find("autoscaling", "v2", "HorizontalPodAutoscaler"));
}

static void test_find_by_the_objects_own_words(void **state)
{
	(void)state;
	static const struct {
		const char *text, *name;
	} rows[] = {
		{"{'apiVersion': 'apps/v1', 'kind': 'Deployment'}", "Deployment"},
		{"{'apiVersion': 'v1', 'kind': 'Pod'}", "Pod"},
		{"{'apiVersion': 'v1', 'kind': 'Deployment'}", NULL},
		{"{'apiVersion': 'a-group-whose-name-is-longer-than-any-we-know/v1', 'kind': "
		 "'Pod'}",
		 NULL},
		{"{'apiVersion': 'v1'}", NULL},
		{"{'kind': 'Pod'}", NULL},
		{"{'apiVersion': 1, 'kind': 'Pod'}", NULL},
		{"[]", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = value_of(rows[i].text);
		const struct schema_object *object = schema_find_for(value);

		if (rows[i].name)
			assert_string_equal(schema_object_name(object), rows[i].name);
		else
			assert_null(object);
	}
}

/* --- fields ---------------------------------------------------------------------------------- */

static void test_fields(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum schema_type type;
		enum schema_shape shape;
		enum schema_list list;
		const char *first_key, *second_key;
		bool merge, retain_keys;
	} rows[] = {
		{"spec.replicas", SCHEMA_INT32, SCHEMA_ONE, 0, NULL, NULL, false, false},
		{"spec.ordinals.start", SCHEMA_INT32, SCHEMA_ONE, 0, NULL, NULL, false, false},
		{"spec.updateStrategy.rollingUpdate.maxUnavailable", SCHEMA_INT_OR_STRING,
		 SCHEMA_ONE, 0, NULL, NULL, false, false},
		{"spec.template.spec.containers", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_KEYED, "name",
		 NULL, true, false},
		{"spec.template.spec.containers.ports", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_KEYED,
		 "containerPort", "protocol", true, false},
		{"spec.template.spec.containers.env", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_KEYED,
		 "name", NULL, true, false},
		{"spec.template.spec.containers.args", SCHEMA_STRING, SCHEMA_LIST, SCHEMA_ATOMIC,
		 NULL, NULL, false, false},
		{"spec.template.spec.containers.resources.limits", SCHEMA_QUANTITY, SCHEMA_MAP, 0,
		 NULL, NULL, false, false},
		{"spec.template.spec.containers.resources.claims", SCHEMA_OBJECT, SCHEMA_LIST,
		 SCHEMA_KEYED, "name", NULL, false, false},
		{"spec.template.spec.containers.restartPolicyRules.exitCodes.values", SCHEMA_INT32,
		 SCHEMA_LIST, SCHEMA_SET, NULL, NULL, false, false},
		{"spec.template.spec.containers.env.valueFrom.fileKeyRef.path", SCHEMA_STRING,
		 SCHEMA_ONE, 0, NULL, NULL, false, false},
		{"spec.template.spec.ephemeralContainers.targetContainerName", SCHEMA_STRING,
		 SCHEMA_ONE, 0, NULL, NULL, false, false},
		{"spec.template.spec.volumes", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_KEYED, "name",
		 NULL, true, true},
		{"spec.template.spec.volumes.image.pullPolicy", SCHEMA_STRING, SCHEMA_ONE, 0, NULL,
		 NULL, false, false},
		{"spec.template.spec.volumes.projected.sources.podCertificate.signerName",
		 SCHEMA_STRING, SCHEMA_ONE, 0, NULL, NULL, false, false},
		{"spec.template.spec.tolerations", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_ATOMIC, NULL,
		 NULL, false, false},
		{"spec.template.spec.topologySpreadConstraints", SCHEMA_OBJECT, SCHEMA_LIST,
		 SCHEMA_KEYED, "topologyKey", "whenUnsatisfiable", true, false},
		{"spec.template.spec.nodeSelector", SCHEMA_STRING, SCHEMA_MAP, 0, NULL, NULL, false,
		 false},
		{"spec.template.spec.hostnameOverride", SCHEMA_STRING, SCHEMA_ONE, 0, NULL, NULL,
		 false, false},
		{"spec.volumeClaimTemplates", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_ATOMIC, NULL, NULL,
		 false, false},
		{"spec.volumeClaimTemplates.status.modifyVolumeStatus.status", SCHEMA_STRING,
		 SCHEMA_ONE, 0, NULL, NULL, false, false},
		{"metadata.finalizers", SCHEMA_STRING, SCHEMA_LIST, SCHEMA_SET, NULL, NULL, true,
		 false},
		{"metadata.ownerReferences", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_KEYED, "uid", NULL,
		 true, false},
		{"metadata.managedFields.fieldsV1", SCHEMA_ANY, SCHEMA_ONE, 0, NULL, NULL, false,
		 false},
		{"metadata.creationTimestamp", SCHEMA_TIME, SCHEMA_ONE, 0, NULL, NULL, false,
		 false},
		{"status.conditions", SCHEMA_OBJECT, SCHEMA_LIST, SCHEMA_KEYED, "type", NULL, true,
		 false},
	};
	const struct schema_object *sts = schema_find("apps", "v1", "StatefulSet");
	struct schema_field field;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!schema_field_at(sts, rows[i].path, &field))
			fail_msg("no %s", rows[i].path);
		if (field.type != rows[i].type || field.shape != rows[i].shape ||
		    field.list != rows[i].list || field.patch_merge != rows[i].merge ||
		    field.retain_keys != rows[i].retain_keys)
			fail_msg("%s is %d %d %d", rows[i].path, field.type, field.shape,
				 field.list);
		if (rows[i].first_key)
			assert_string_equal(field.keys[0], rows[i].first_key);
		else
			assert_null(field.keys[0]);
		if (rows[i].second_key)
			assert_string_equal(field.keys[1], rows[i].second_key);
		else if (rows[i].first_key)
			assert_null(field.keys[1]);
	}
	assert_false(schema_field_at(sts, "spec.template.spec.partition", &field));
	assert_false(schema_field_at(sts, "spec.replicas.more", &field));
	assert_false(schema_field_at(sts, "spec.", &field));
	assert_false(schema_field_at(sts, "", &field));
	assert_false(schema_field(sts, "Spec", &field));
	assert_false(schema_field(NULL, "spec", &field));
}

static void test_marks_of_fields(void **state)
{
	(void)state;
	struct schema_field field;

	assert_true(schema_field_at(schema_find("", "v1", "Service"), "spec.ports", &field));
	assert_string_equal(field.keys[0], "port");
	assert_string_equal(field.keys[1], "protocol");
	assert_true(
		schema_field_at(schema_find("apps", "v1", "Deployment"), "spec.strategy", &field));
	assert_true(field.retain_keys);
	assert_true(schema_field_at(schema_find("", "v1", "Secret"), "stringData", &field));
	assert_true(field.sensitive);
	assert_true(schema_field_at(schema_find("", "v1", "ConfigMap"), "data", &field));
	assert_false(field.sensitive);
	assert_true(schema_field_at(schema_find("", "v1", "Pod"), "status", &field));
	assert_true(field.server_owned);
	assert_true(schema_field_at(schema_find("", "v1", "Pod"), "metadata.uid", &field));
	assert_true(field.server_owned);
	assert_true(schema_field_at(schema_find("", "v1", "Pod"), "metadata.name", &field));
	assert_false(field.server_owned);
	assert_true(schema_field_at(schema_find("", "v1", "Pod"), "spec.nodeSelector", &field));
	assert_true(field.atomic);
	assert_true(
		schema_field_at(schema_find("apps", "v1", "Deployment"), "spec.selector", &field));
	assert_true(field.atomic && field.required);
	assert_true(schema_field_at(schema_find("", "v1", "Pod"), "spec.containers", &field));
	assert_true(!field.atomic && field.required);
	assert_true(
		schema_field_at(schema_find("batch", "v1", "Job"), "status.conditions", &field));
	assert_int_equal(field.list, SCHEMA_ATOMIC);
	assert_string_equal(field.keys[0], "type");
	/* A field whose name the compiler takes for a macro. */
	assert_true(schema_field_at(schema_find("", "v1", "Pod"),
				    "status.containerStatuses.user.linux.uid", &field));
}

static void test_suggestions(void **state)
{
	(void)state;
	static const struct {
		const char *path, *misspelt, *suggestion;
	} rows[] = {
		{"spec", "replica", "replicas"},
		{"spec", "Replicas", "replicas"},
		{"spec", "repilcas", "replicas"},
		{"spec", "updatestrategy", "updateStrategy"},
		{"spec", "volumeClaimTemplate", "volumeClaimTemplates"},
		{"spec", "partition", NULL},
		{"spec.template.spec", "contianers", "containers"},
		{"spec.template.spec", "container", "containers"},
		{"spec.template.spec.containers", "imge", "image"},
		{"spec.template.spec.containers", "imagePullPolcy", "imagePullPolicy"},
		{"spec.template.spec.containers", "enviroment", NULL},
		{"spec.template.spec.containers", "", NULL},
		{"metadata", "label", "labels"},
		{"metadata", "anotations", "annotations"},
		{"metadata",
		 "annotationsannotationsannotationsannotationsannotationsannotationsannotations",
		 NULL},
	};
	struct schema_field field;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *suggestion;

		assert_true(schema_field_at(schema_find("apps", "v1", "StatefulSet"), rows[i].path,
					    &field));
		suggestion = schema_suggest(field.object, rows[i].misspelt);
		if (strcmp(suggestion ? suggestion : "-",
			   rows[i].suggestion ? rows[i].suggestion : "-") != 0)
			fail_msg("%s suggests %s", rows[i].misspelt, suggestion);
	}
}

static void test_item_labels(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *path, *item, *label;
	} rows[] = {
		{"Pod", "spec.containers", "{'name': 'nginx'}", "nginx"},
		{"Pod", "spec.containers", "{'name': 1}", "1"},
		{"Pod", "spec.containers", "{'image': 'nginx'}", NULL},
		{"Pod", "spec.containers", "'nginx'", NULL},
		{"Pod", "spec.containers", "{'name': null}", NULL},
		{"Pod", "spec.containers.ports", "{'containerPort': 80}", "80/TCP"},
		{"Pod", "spec.containers.ports", "{'containerPort': 53, 'protocol': 'UDP'}",
		 "53/UDP"},
		{"Pod", "spec.containers.ports", "{'protocol': 'UDP'}", NULL},
		{"Pod", "spec.containers.volumeMounts", "{'mountPath': '/data'}", "/data"},
		{"Pod", "spec.containers.args", "'-v'", NULL},
		{"Pod", "spec.containers.resources", "{}", NULL},
		{"Service", "spec.ports", "{'port': 443, 'protocol': 'TCP'}", "443/TCP"},
		{"Pod", "metadata.finalizers", "'kubernetes.io/x'", "kubernetes.io/x"},
		{"Pod", "metadata.finalizers", "{}", NULL},
		{"Pod", "spec.tolerations", "{'key': 'a'}", NULL},
	};
	struct schema_field field;

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *item = value_of(rows[i].item);
		CLEANUP(buf_release) struct buf out = BUF_INIT(100);

		assert_true(
			schema_field_at(schema_find("", "v1", rows[i].kind), rows[i].path, &field));
		assert_int_equal(schema_item_label(&field, item, &out), rows[i].label != NULL);
		assert_string_equal(buf_str(&out), rows[i].label ? rows[i].label : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_are_sane),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_find_by_the_objects_own_words),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_marks_of_fields),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_item_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/kubesim/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "diff/defaults.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/convert.h"
#include "tests/kubesim/custom.h"
#include "tests/kubesim/managed_fields.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/strategy.h"

#define GENERATED_LENGTH 5
#define MAX_NAME         253

static unsigned flags_of(const struct write *write)
{
	return write->dry_run ? STORE_DRY_RUN : 0;
}

bool registry_key(const struct cluster *cluster, const cJSON *object, struct key *ret_key)
{
	const struct kind *kind = kinds_find_for(cluster->kinds, object);

	if (!kind)
		return false;
	*ret_key = (struct key){kind_storage_group(kind), kind->plural,
				kind->namespaced ? obj_namespace(object) : "", obj_name(object)};
	return true;
}

static int unknown_kind(const cJSON *object, struct status *status)
{
	return status_set(status, 404, "NotFound",
			  "no kind \"%s\" is registered for version \"%s\"",
			  obj_text(object, "kind"), obj_text(object, "apiVersion"));
}

static bool is_part(const struct write *write, const char *subresource)
{
	return write->subresource && strcmp(write->subresource, subresource) == 0;
}

static void set_defaults(const struct kind *kind, cJSON *object)
{
	struct err err = {0};

	if (kind->custom) {
		custom_set_defaults(kind, object);
		return;
	}
	/* The real server does so while it decodes: who wrote stringData owns data. */
	if (strcmp(kind->kind, "Secret") == 0)
		must_do(defaults_fold_string_data(object, &err), &err);
	must_do(defaults_apply(object, &err), &err);
}

static int validate(const struct kind *kind, const cJSON *object, const cJSON *old,
		    struct status *status)
{
	CLEANUP(causes_release) struct causes causes = {0};

	strategy_validate(kind, object, old, &causes);
	return causes_check(&causes, kind->group, kind->kind, obj_name(object), status);
}

/* --- creating -------------------------------------------------------------------------------- */

/* As apimachinery's names.SimpleNameGenerator: consonants and digits, so that no word comes out. */
static void generate_name(cJSON *object)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	const char *prefix = obj_text(object, "metadata.generateName");
	unsigned char random[GENERATED_LENGTH];
	char name[MAX_NAME + 1];
	size_t length;

	if (obj_name(object)[0] || !prefix[0])
		return;
	must(getrandom(random, sizeof(random), 0) == sizeof(random) ? object : NULL);
	length = (size_t)snprintf(name, sizeof(name) - GENERATED_LENGTH, "%.*s",
				  MAX_NAME - GENERATED_LENGTH, prefix);
	for (int i = 0; i < GENERATED_LENGTH; i++)
		name[length++] = alphabet[random[i] % (sizeof(alphabet) - 1)];
	name[length] = '\0';
	obj_set_text(object, "metadata.name", name);
}

static int check_namespace(const struct cluster *cluster, const struct key *key,
			   struct status *status)
{
	const struct key namespace_key = {"", "namespaces", "", key->namespace};
	CLEANUP(record_drop_p) struct record *namespace = NULL;

	if (!key->namespace[0])
		return 0;
	namespace = store_get(cluster->store, &namespace_key);
	if (!namespace)
		return status_not_found(status, &namespace_key);
	if (!obj_is_deleting(namespace->object))
		return 0;
	status_set(status, 403, "Forbidden",
		   "%s%s%s \"%s\" is forbidden: unable to create new content in namespace %s "
		   "because it is being terminated",
		   key->resource, key->group[0] ? "." : "", key->group, key->name, key->namespace);
	status_name(status, key->name, key->group, key->resource);
	return -1;
}

/* What a client cannot set on a new object. */
static void strip_new(const struct kind *kind, const struct strategy *strategy, cJSON *object)
{
	if (kind->has_status)
		json_remove(object, "status");
	json_remove(object, "metadata.selfLink");
	store_set_uid(object);
	if (strategy->has_generation)
		obj_set_int(object, "metadata.generation", 1);
	else
		json_remove(object, "metadata.generation");
}

int registry_create(struct cluster *cluster, cJSON *take_object, const struct write *write,
		    struct record **ret_record, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = take_object;
	const struct kind *kind = kinds_find_for(cluster->kinds, object);
	const struct strategy *strategy;
	struct key key;

	if (!kind)
		return unknown_kind(object, status);
	convert_from_client(object);
	strategy = strategy_of(kind);
	generate_name(object);
	registry_key(cluster, object, &key);
	if (obj_version(object)[0])
		return status_bad_request(status,
					  "resourceVersion should not be set on objects to be "
					  "created");
	if (check_namespace(cluster, &key, status) < 0)
		return -1;
	set_defaults(kind, object);
	strip_new(kind, strategy, object);
	/* What the server fills in from here on has no owner. */
	managed_fields_update(object, NULL, kind, write, loop_wall_us(cluster->loop));
	if (strategy->prepare)
		strategy->prepare(cluster, object, NULL);
	if (validate(kind, object, NULL, status) < 0)
		return -1;
	return store_create(cluster->store, &key, STEAL(object), flags_of(write), ret_record,
			    status);
}

/* --- updating -------------------------------------------------------------------------------- */

/* Whether what the generation counts differs. */
static bool is_new_generation(const struct strategy *strategy, const struct kind *kind,
			      const cJSON *object, const cJSON *old)
{
	const cJSON *member;

	if (kind->custom) {
		/* Everything but metadata and status. */
		json_each (member, object) {
			if (strcmp(member->string, "metadata") != 0 &&
			    strcmp(member->string, "status") != 0 &&
			    !json_equal(member, json_get(old, member->string)))
				return true;
		}
		json_each (member, old) {
			if (!json_get(object, member->string) &&
			    strcmp(member->string, "status") != 0)
				return true;
		}
		return false;
	}
	return !json_equal(json_get(object, "spec"), json_get(old, "spec")) ||
	       (strategy->annotations_raise_generation &&
		!json_equal(json_at(object, "metadata.annotations"),
			    json_at(old, "metadata.annotations")));
}

/* The part of the object that the write is about, as a path; NULL: the object. */
static const char *part_of(const struct write *write)
{
	if (is_part(write, "status"))
		return "status";
	return is_part(write, "finalize") ? "spec.finalizers" : NULL;
}

/* A write to one part of the object: everything else stays what it is. */
static cJSON *update_part(struct cluster *cluster, const struct kind *kind, const cJSON *object,
			  const cJSON *old, const struct write *write)
{
	cJSON *merged = obj_copy(old);

	obj_carry(merged, object, part_of(write));
	obj_carry(merged, object, "metadata.resourceVersion");
	obj_carry(merged, object, "metadata.uid");
	obj_carry(merged, object, "metadata.managedFields");
	managed_fields_update(merged, old, kind, write, loop_wall_us(cluster->loop));
	return merged;
}

/* A write to the object: the status stays, and the generation rises if it has to. */
static int update_object(struct cluster *cluster, const struct kind *kind, cJSON *object,
			 const cJSON *old, const struct write *write, struct status *status)
{
	const struct strategy *strategy = strategy_of(kind);
	int64_t generation = json_int_or(old, "metadata.generation", 0);

	set_defaults(kind, object);
	if (kind->has_status)
		obj_carry(object, old, "status");
	obj_carry(object, old, "metadata.generateName");
	obj_carry(object, old, "metadata.generation");
	obj_carry(object, old, "metadata.selfLink");
	managed_fields_update(object, old, kind, write, loop_wall_us(cluster->loop));
	if (strategy->prepare)
		strategy->prepare(cluster, object, old);
	if (generation > 0 && is_new_generation(strategy, kind, object, old))
		obj_set_int(object, "metadata.generation", generation + 1);
	return is_part(write, "binding") ? 0 : validate(kind, object, old, status);
}

int registry_update(struct cluster *cluster, cJSON *take_object, const struct write *write,
		    struct record **ret_record, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = take_object;
	CLEANUP(record_drop_p) struct record *old = NULL;
	const struct kind *kind = kinds_find_for(cluster->kinds, object);
	struct key key;

	if (!kind)
		return unknown_kind(object, status);
	convert_from_client(object);
	registry_key(cluster, object, &key);
	old = store_get(cluster->store, &key);
	if (!old)
		return status_not_found(status, &key);
	/* Before anything else is found wrong with it, as the real server does. */
	if (obj_version(object)[0] && strcmp(obj_version(object), obj_version(old->object)) != 0)
		return store_update(cluster->store, &key, STEAL(object), 0, NULL, status);
	if (part_of(write)) {
		cJSON *merged = update_part(cluster, kind, object, old->object, write);

		cJSON_Delete(object);
		object = merged;
	} else if (update_object(cluster, kind, object, old->object, write, status) < 0) {
		return -1;
	}
	registry_key(cluster, object, &key);
	return store_update(cluster->store, &key, STEAL(object), flags_of(write), ret_record,
			    status);
}

int registry_put(struct cluster *cluster, cJSON *take_object, const struct write *write,
		 struct record **ret_record, bool *ret_created, struct status *status)
{
	const struct kind *kind = kinds_find_for(cluster->kinds, take_object);
	CLEANUP(record_drop_p) struct record *old = NULL;
	struct key key;

	*ret_created = false;
	if (kind && strategy_of(kind)->create_on_update && !is_part(write, "status") &&
	    registry_key(cluster, take_object, &key)) {
		old = store_get(cluster->store, &key);
		*ret_created = !old && !obj_uid(take_object)[0];
	}
	if (!*ret_created)
		return registry_update(cluster, take_object, write, ret_record, status);
	json_remove(take_object, "metadata.resourceVersion");
	return registry_create(cluster, take_object, write, ret_record, status);
}

/* --- deleting -------------------------------------------------------------------------------- */

/* The Namespaces that every cluster has. */
static bool is_protected(const struct key *key)
{
	return strcmp(key->resource, "namespaces") == 0 && !key->group[0] &&
	       (strcmp(key->name, "default") == 0 || strcmp(key->name, "kube-system") == 0 ||
		strcmp(key->name, "kube-public") == 0);
}

int registry_delete(struct cluster *cluster, const struct key *key,
		    const struct delete_options *options, const struct write *write,
		    struct record **ret_record, bool *ret_gone, struct status *status)
{
	if (is_protected(key)) {
		status_set(status, 403, "Forbidden",
			   "namespaces \"%s\" is forbidden: this namespace may not be deleted",
			   key->name);
		status_name(status, key->name, "", "namespaces");
		return -1;
	}
	return store_delete(cluster->store, key, options, flags_of(write), ret_record, ret_gone,
			    status);
}

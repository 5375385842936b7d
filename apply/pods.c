#include "apply/pods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KEY_BYTES 1024

void pods_release(struct pods *pods)
{
	for (size_t i = 0; i < pods->count; i++) {
		free(pods->keys[i]);
		cJSON_Delete(pods->objects[i]);
	}
	free(pods->keys);
	free(pods->objects);
	*pods = (struct pods){0};
}

/* The first place whose key is not below this one. */
static size_t lower_bound(const struct pods *pods, const char *key)
{
	size_t low = 0, high = pods->count;

	if (high > 0 && strcmp(pods->keys[high - 1], key) < 0)
		return high; /* lists come sorted */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(pods->keys[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int grow(struct pods *pods, struct err *err)
{
	if (pods->count < pods->capacity)
		return 0;
	size_t capacity = pods->capacity ? pods->capacity * 2 : 16;
	char **keys = reallocarray(pods->keys, capacity, sizeof(char *));
	if (keys)
		pods->keys = keys;
	cJSON **objects = reallocarray(pods->objects, capacity, sizeof(cJSON *));
	if (objects)
		pods->objects = objects;
	if (!keys || !objects)
		return err_no_memory(err);
	pods->capacity = capacity;
	return 0;
}

/* A key that takes no memory. What is longer than any name can be is cut, and so nobody's. */
struct key {
	char text[MAX_KEY_BYTES];
};

static struct key key_of(const char *namespace, const char *name, const char *end)
{
	struct key key;

	snprintf(key.text, sizeof(key.text), "%s/%s%s", namespace ? namespace : "",
		 name ? name : "", end);
	return key;
}

int pods_put(struct pods *pods, cJSON *take_pod, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *pod = take_pod;
	const struct key key =
		key_of(json_str(pod, "metadata.namespace"), json_str(pod, "metadata.name"), "");

	if (grow(pods, err) < 0)
		return -1;
	size_t place = lower_bound(pods, key.text);
	if (place < pods->count && strcmp(pods->keys[place], key.text) == 0) {
		cJSON_Delete(pods->objects[place]);
		pods->objects[place] = STEAL(pod);
		return 0;
	}
	char *own_key = strdup(key.text);
	if (!own_key)
		return err_no_memory(err);
	memmove(&pods->keys[place + 1], &pods->keys[place], (pods->count - place) * sizeof(char *));
	memmove(&pods->objects[place + 1], &pods->objects[place],
		(pods->count - place) * sizeof(cJSON *));
	pods->keys[place] = own_key;
	pods->objects[place] = STEAL(pod);
	pods->count++;
	return 0;
}

void pods_remove(struct pods *pods, const char *namespace, const char *name)
{
	const struct key key = key_of(namespace, name, "");
	size_t place = lower_bound(pods, key.text);

	if (place == pods->count || strcmp(pods->keys[place], key.text) != 0)
		return;
	free(pods->keys[place]);
	cJSON_Delete(pods->objects[place]);
	pods->count--;
	memmove(&pods->keys[place], &pods->keys[place + 1], (pods->count - place) * sizeof(char *));
	memmove(&pods->objects[place], &pods->objects[place + 1],
		(pods->count - place) * sizeof(cJSON *));
}

const cJSON *const *pods_of(const struct pods *pods, const char *namespace, const char *name,
			    size_t *ret_count)
{
	const struct key prefix = key_of(namespace, name, "-");
	size_t first = lower_bound(pods, prefix.text), end = first, length = strlen(prefix.text);

	while (end < pods->count && strncmp(pods->keys[end], prefix.text, length) == 0)
		end++;
	*ret_count = end - first;
	return end > first ? (const cJSON *const *)&pods->objects[first] : NULL;
}

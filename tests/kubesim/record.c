#include "tests/kubesim/record.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

struct record *record_new(const struct key *key, cJSON *take_object, uint64_t version)
{
	size_t sizes[] = {strlen(key->group) + 1, strlen(key->resource) + 1,
			  strlen(key->namespace) + 1, strlen(key->name) + 1};
	struct record *record =
		alloc_zero(sizeof(*record) + sizes[0] + sizes[1] + sizes[2] + sizes[3]);
	char *text = (char *)(record + 1);

	record->key.group = memcpy(text, key->group, sizes[0]);
	text += sizes[0];
	record->key.resource = memcpy(text, key->resource, sizes[1]);
	text += sizes[1];
	record->key.namespace = memcpy(text, key->namespace, sizes[2]);
	text += sizes[2];
	record->key.name = memcpy(text, key->name, sizes[3]);
	record->object = take_object;
	record->version = version;
	record->references = 1;
	return record;
}

struct record *record_hold(struct record *record)
{
	record->references++;
	return record;
}

void record_drop(struct record *record)
{
	if (!record || --record->references > 0)
		return;
	cJSON_Delete((cJSON *)(uintptr_t)record->object);
	free(record->text);
	free(record);
}

const char *record_text(struct record *record, size_t *ret_length)
{
	if (!record->text) {
		record->text = obj_print(record->object);
		record->text_length = strlen(record->text);
	}
	if (ret_length)
		*ret_length = record->text_length;
	return record->text;
}

void records_add(struct records *records, struct record *record)
{
	if ((records->count & (records->count - 1)) == 0) /* at 0 and each power of two */
		records->items = alloc_grow(records->items, records->count ? records->count * 2 : 1,
					    sizeof(struct record *));
	records->items[records->count++] = record_hold(record);
}

void records_release(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		record_drop(records->items[i]);
	free(records->items);
	*records = (struct records){0};
}

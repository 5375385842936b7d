#include "tests/kubesim/managed_fields.h"

void managed_fields_update(cJSON *object, const cJSON *old, const struct kind *kind,
			   const struct write *write, int64_t wall_us)
{
	(void)object;
	(void)old;
	(void)kind;
	(void)write;
	(void)wall_us;
}

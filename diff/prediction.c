#include "diff/prediction.h"

#include "diff/complete.h"
#include "diff/defaults.h"
#include "diff/replacement.h"

int prediction_build(const cJSON *desired, const cJSON *live, const char *namespace,
		     cJSON **ret_predicted, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *predicted = NULL;

	if (replacement_build(desired, live, namespace, &predicted, err) < 0 ||
	    defaults_fold_string_data(predicted, err) < 0 || defaults_apply(predicted, err) < 0)
		return -1;
	*ret_predicted = STEAL(predicted);
	return 0;
}

int prediction_compare(cJSON *predicted, const cJSON *live, struct changes *ret_changes,
		       struct err *err)
{
	CLEANUP(changes_release) struct changes changes = {0};

	if (compare_set_fields(predicted, live, &changes, err) < 0 ||
	    complete_from_live(predicted, live, err) < 0)
		return -1;
	*ret_changes = changes;
	changes = (struct changes){0};
	return 0;
}

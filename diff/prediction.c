#include "diff/prediction.h"

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

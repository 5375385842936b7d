#include "agent/source_git.h"

#include <stdlib.h>
#include <string.h>

void resolved_release(struct resolved *resolved)
{
	free(resolved->label);
}

int resolved_set(struct resolved *resolved, const char *commit, const char *tag, const char *label,
		 struct err *err)
{
	if (git_oid_fromstr(&resolved->commit, commit) < 0 ||
	    (tag && git_oid_fromstr(&resolved->tag, tag) < 0))
		return err_set(err, ERR_INTERNAL, "no commit id: %s", commit);
	resolved->label = label ? strdup(label) : NULL;
	return label && !resolved->label ? err_no_memory(err) : 0;
}

#include "agent/runner_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"

void runner_tell_manual(struct runner *runner, const struct pass *pass)
{
	const struct log_subject subject = chronicle_subject(&runner->chronicle, NULL);
	const struct plan *plan = pass_plan(pass);
	CLEANUP(buf_release) struct buf text = BUF_INIT(1024);

	if (pass_fault(pass) != PASS_FINE)
		return;
	if (!pass_is_dry_run(pass) || !plan_has_differences(plan)) {
		if (runner->told_manual)
			log_line(LOG_INFO, &subject, "in sync again");
		free(STEAL(runner->told_manual));
		return;
	}
	plan_print_counts(plan, &text);
	buf_printf(&text, " at %s", app_revision(&runner->app));
	if (runner->told_manual && strcmp(runner->told_manual, buf_str(&text)) == 0)
		return;
	log_line(LOG_WARNING, &subject,
		 "out of sync: %s; it is written when somebody asks for it (sync: manual)",
		 buf_str(&text));
	free(runner->told_manual);
	runner->told_manual = buf_steal(&text);
}

#include "agent/exit_code.h"

const char *exit_code_meaning(enum exit_code code)
{
	static const char *const meanings[EXIT_CODE_COUNT] = {
		[EXIT_OK] = "done; diff: no differences; validate: no errors",
		[EXIT_DIFFERENT] = ("diff and sync --dry-run: there are differences; validate: "
				    "there are errors; promote, hold, rollback, suspend, "
				    "resume: there is nothing to do; alerts test: a sink did "
				    "not take it"),
		[EXIT_USAGE] = "a wrong command, flag, argument or configuration",
		[EXIT_ROLLOUT] = ("sync: a rollout is stuck, blocked or rolled back, or the app is "
				  "suspended; --wait: or not over in time"),
		[EXIT_MANIFEST] = "the manifests are refused; nothing was sent or edited",
		[EXIT_SOURCE] = "the repository, ref, path or file cannot be read, or committed to",
		[EXIT_CLUSTER] = "the cluster cannot be reached, or refuses the credentials",
		[EXIT_OBJECTS] = "some objects could not be compared or written; the others were",
		[EXIT_INTERNAL] = "out of memory, or a bug in tranche",
	};

	return meanings[code];
}

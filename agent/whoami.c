#include "agent/whoami.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

void whoami_print(struct buf *out)
{
	char host[128] = "";
	const struct passwd *entry = getpwuid(getuid());
	const char *user = entry ? entry->pw_name : getenv("USER");

	if (user && *user)
		buf_puts(out, user);
	else
		buf_printf(out, "uid %u", (unsigned)getuid());
	if (gethostname(host, sizeof(host) - 1) == 0 && *host)
		buf_printf(out, "@%s", host);
}

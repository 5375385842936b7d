#include "agent/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is_interactive(void)
{
	return isatty(STDOUT_FILENO);
}

static bool wants_colour(const char *color)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (strcmp(color, "auto") != 0)
		return strcmp(color, "always") == 0;
	return terminal_is_interactive() && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

struct render_options terminal_options(const char *color)
{
	struct render_options options = {.colour = wants_colour(color ? color : "auto")};
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		options.width = size.ws_col;
	return options;
}

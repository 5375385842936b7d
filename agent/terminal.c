#include "agent/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_FRAME (16u * 1024 * 1024)

/* Control sequences of ECMA-48 and xterm, which every terminal in use has. */
#define OPEN_SCREEN  "\x1b[?1049h\x1b[?25l\x1b[?7l" /* other screen, no cursor, no wrapping */
#define CLOSE_SCREEN "\x1b[?7h\x1b[?25h\x1b[?1049l"
#define HOME         "\x1b[H"
#define CLEAR_LINE   "\x1b[K" /* from the cursor to its end */
#define CLEAR_BELOW  "\x1b[J"

static bool is_open;

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

/* The first of them that is set and not empty decides (POSIX, 8.2). */
static bool has_utf8_locale(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *locale = getenv(variables[i]);

		if (locale && *locale)
			return strcasestr(locale, ".utf-8") || strcasestr(locale, ".utf8");
	}
	return false;
}

struct render_options terminal_options(const char *color)
{
	struct render_options options = {.colour = wants_colour(color ? color : "auto")};
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		options.width = size.ws_col;
		options.utf8 = has_utf8_locale();
	}
	return options;
}

/* --- the screen ------------------------------------------------------------------------------ */

static void write_all(const char *bytes, size_t length)
{
	fwrite(bytes, 1, length, stdout);
	fflush(stdout);
}

void screen_open(void)
{
	if (is_open)
		return;
	is_open = true;
	write_all(OPEN_SCREEN, strlen(OPEN_SCREEN));
}

void screen_close(void)
{
	if (!is_open)
		return;
	is_open = false;
	write_all(CLOSE_SCREEN, strlen(CLOSE_SCREEN));
}

static size_t line_count(const char *text)
{
	size_t lines = 0;

	while (*text) {
		text = strchrnul(text, '\n');
		text += *text == '\n';
		lines++;
	}
	return lines;
}

void screen_draw(const struct buf *text)
{
	CLEANUP(buf_release) struct buf frame = BUF_INIT(MAX_FRAME);
	const char *line = buf_str(text);
	size_t lines = line_count(line), rows = lines;
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1)
		rows = size.ws_row;
	size_t shown = lines <= rows ? lines : rows - 1;
	buf_puts(&frame, HOME);
	for (size_t i = 0; i < shown; i++) {
		const char *end = strchrnul(line, '\n');

		buf_append(&frame, line, (size_t)(end - line));
		buf_puts(&frame, CLEAR_LINE);
		if (i + 1 < rows)
			buf_puts(&frame, "\r\n");
		line = end + (*end == '\n');
	}
	if (shown < lines)
		buf_printf(&frame, "... %zu more lines than this terminal has" CLEAR_LINE,
			   lines - shown);
	else if (shown < rows)
		buf_puts(&frame, CLEAR_BELOW);
	write_all(buf_str(&frame), frame.length);
}

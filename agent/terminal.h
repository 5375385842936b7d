/*
 * terminal.h - what standard output is: a terminal, how wide, in colour or not; and drawing on it
 * anew.
 */
#ifndef AGENT_TERMINAL_H
#define AGENT_TERMINAL_H

#include "diff/render.h"

/*
 * Characters beyond ASCII are used on a terminal whose locale (LC_ALL, LC_CTYPE, LANG) is of UTF-8.
 * `color` is the option's value: "always", "never", or "auto", which is colour on a terminal
 * unless NO_COLOR is set and not empty (https://no-color.org) or TERM is "dumb".
 */
struct render_options terminal_options(const char *color);

bool terminal_is_interactive(void);

/*
 * The screen: a second one of the terminal's, that is drawn anew again and again, without a cursor
 * and without wrapping lines; what was on the first one comes back when it is closed. Each of these
 * writes at once; both may be called twice.
 */
void screen_open(void);
void screen_close(void);

/*
 * Draws the text in place of what was there, a line over a line, so that nothing flickers. Of more
 * lines than the terminal has the last ones are left out, and a remark says so.
 */
void screen_draw(const struct buf *text);

#endif

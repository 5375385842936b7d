/*
 * terminal.h - what standard output is: a terminal, how wide, in colour or not.
 */
#ifndef AGENT_TERMINAL_H
#define AGENT_TERMINAL_H

#include "diff/render.h"

/*
 * `color` is the option's value: "always", "never", or "auto", which is colour on a terminal
 * unless NO_COLOR is set and not empty (https://no-color.org) or TERM is "dumb".
 */
struct render_options terminal_options(const char *color);

bool terminal_is_interactive(void);

#endif

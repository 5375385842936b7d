/*
 * shell.h - a temporary folder of a test's own, in which it runs shell scripts: to make Git repositories,
 * mostly.
 */
#ifndef TESTS_SUPPORT_SHELL_H
#define TESTS_SUPPORT_SHELL_H

/* Makes the folder, which is HOME from now on; its path, valid until shell_end. */
const char *shell_begin(void);

/* Runs a script in it, with `set -e`; it has to succeed. */
void shell(const char *script);

/* Removes the folder with all that is in it. */
void shell_end(void);

#endif

/*
 * live_file.h - live objects from a file, as `kubectl get -o yaml` or `-o json` prints them.
 */
#ifndef AGENT_LIVE_FILE_H
#define AGENT_LIVE_FILE_H

#include "diff/manifest.h"

/*
 * Reads the file, "-" being standard input. EXIT_OK, or after saying what is wrong EXIT_SOURCE for
 * a file that cannot be read, is damaged, or is empty: a List without items says that there are no
 * objects, nothing at all says that something went wrong.
 */
int live_file_read(const char *path, struct manifest_set *ret_objects);

#endif

/*
 * controller_volume.h - binds PersistentVolumeClaims as soon as they are made.
 *
 * A claim gets the name of a volume, the capacity it asks for and the phase Bound; there is no
 * PersistentVolume behind it.
 */
#ifndef TESTS_KUBESIM_CONTROLLER_VOLUME_H
#define TESTS_KUBESIM_CONTROLLER_VOLUME_H

#include "tests/kubesim/cluster.h"

struct volumes;

struct volumes *volumes_new(struct cluster *cluster);
void volumes_free(struct volumes *volumes);

#endif

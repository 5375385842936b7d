#include "agent/version.h"

const char tranche_version[] = TRANCHE_VERSION;

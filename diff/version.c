#include "diff/version.h"

const char tranche_version[] = TRANCHE_VERSION;
const char tranche_user_agent[] = "tranche/" TRANCHE_VERSION;

/* tests/simulation/ended.h: looks which operations have ended since it was last asked, and what they have done. */
#pragma once

#include "sim.h"

void ended_look(Sim *sim);

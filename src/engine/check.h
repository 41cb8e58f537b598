/* engine/check.h: for tests: is what the engine keeps in memory, fed change by change, what the store says? */
#pragma once

#include "engine/engine.h"

/* Compares every scale set's counters and queues with ones that are built from its rows afresh. FALSE: there are changes that
 * the engine has not looked at yet, so nothing was compared. *ret_difference: the first thing that differs, as a sentence;
 * NULL: nothing does. */
gboolean engine_check(Engine *engine, char **ret_difference);

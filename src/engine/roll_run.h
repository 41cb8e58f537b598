/* engine/roll_run.h: rolling upgrades, done: the planner (rollout/roll.h) is asked for the next action until it says to wait,
 * and what each means is written into the rows in hand. */
#pragma once

#include "engine/pass.h"
#include "engine/sets.h"

/* Plans the rolling upgrade of a set, as far as this pass may take rows in hand; `row` is the set's. *ret_wake: when to look
 * again although nothing changed; 0: never. *ret_more: there is more to do at once than fits in this pass. */
gboolean roll_run(Pass *pass, SetTracked *set, StoreSet *row, UnixTime *ret_wake, gboolean *ret_more, GError **error);

/* engine/repairs.h: automatic instance repairs, done: the planner (rollout/repair.h) is asked for the next action until it says
 * to wait, and what each means is written into the rows in hand. */
#pragma once

#include "engine/pass.h"
#include "engine/sets.h"

/* After the set's rolling upgrade was planned in this pass. `revision` is the set's current one. *ret_wake: when to look again
 * although nothing changed; 0: never. *ret_more: there is more to do at once than fits in this pass. */
gboolean repairs_run(Pass *pass, SetTracked *set, guint revision, UnixTime *ret_wake, gboolean *ret_more, GError **error);

/* Is there anything that a change of an instance may mean for repairs? */
gboolean repairs_concerned(const SetTracked *set);

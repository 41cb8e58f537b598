#include "rollout/repair.h"

guint
repair_limit(const FleetCounts *counts)
{
    return MAX((guint)((guint64)counts->present * REPAIR_PERCENT / 100), 1);
}

static RepairAct
act_on(RepairActType type, const Member *member)
{
    return (RepairAct){ .type = type, .id = member->id };
}

static gboolean
is_waited_with(const Member *member)
{
    return member->repair_from == FLEET_NOT_YET;
}

/* When its grace period is over. A step that ended later than now (but for the second that it is rounded up by) ended before
 * the clock was set back: no wait is counted from that. While the daemon was away nobody asked how it is. */
static UnixTime
due_at(const RepairState *state, const Member *member, const RepairsPolicy *policy, UnixTime now)
{
    UnixTime from = MAX((UnixTime)member->repair_from * USEC_PER_SEC, state->awake);
    return from - now >= USEC_PER_SEC ? now : from + policy->grace_usec;
}

static RepairAct
outcome_of(const Member *member)
{
    if (member->resting || member->unrepairable)
        return act_on(REPAIR_LET_GO, member);
    return act_on(member->failed ? REPAIR_IN_VAIN : REPAIR_WELL, member);
}

RepairAct
repair_next(const RepairState *state, const RepairsPolicy *policy, const Fleet *fleet, UnixTime now)
{
    const FleetCounts *counts = fleet_counts(fleet);
    RepairAct wait = { .type = REPAIR_WAIT };
    if (!policy->enabled || state->suspended || state->rolling)
        return wait;
    if (state->in_vain >= REPAIRS_IN_VAIN)
        return (RepairAct){ .type = REPAIR_SUSPEND };
    const Member *over = fleet_first(fleet, FLEET_REPAIRED);
    if (over)
        return outcome_of(over);
    const Member *waited_for = fleet_first(fleet, FLEET_IN_VAIN);
    const Member *ill = counts->repairing < repair_limit(counts) ? fleet_first(fleet, FLEET_ILL) : NULL;
    if (waited_for && !is_waited_with(waited_for)) {
        wait.at = due_at(state, waited_for, policy, now);
        if (wait.at <= now)
            return act_on(REPAIR_IN_VAIN, waited_for);
    }
    if (ill && !is_waited_with(ill)) {
        UnixTime due = due_at(state, ill, policy, now);
        if (due <= now)
            return act_on(REPAIR_TAKE, ill);
        wait.at = wait.at ? MIN(wait.at, due) : due;
    }
    return wait;
}

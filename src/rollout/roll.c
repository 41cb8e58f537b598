#include "rollout/roll.h"

static const char *const act_texts[ROLL_N_ACTS] = {
    [ROLL_WAIT] = "wait",     [ROLL_ACCEPT] = "accept", [ROLL_REJECT] = "reject", [ROLL_RELEASE] = "release",
    [ROLL_BEGIN] = "begin",   [ROLL_TAKE] = "take",     [ROLL_ADD] = "add",       [ROLL_RETIRE] = "retire",
    [ROLL_REMOVE] = "remove", [ROLL_PAUSE] = "pause",   [ROLL_CHECK] = "check",   [ROLL_TO_UNDO] = "to undo",
    [ROLL_UNDO] = "undo",     [ROLL_END] = "end",
};

typedef struct {
    const RollState *roll;
    const RollingPolicy *policy;
    const Fleet *fleet;
    const FleetCounts *counts;
    UnixTime now;
} Plan;

const char *
roll_act_text(RollActType type)
{
    g_assert(type < ROLL_N_ACTS);
    return act_texts[type];
}

static RollAct
act(RollActType type)
{
    return (RollAct){ .type = type, .code = ARM_N_CODES };
}

static RollAct
act_on(RollActType type, const Member *member)
{
    return (RollAct){ .type = type, .id = member->id, .has_id = TRUE, .code = ARM_N_CODES };
}

static RollAct
wait_until(UnixTime at)
{
    return (RollAct){ .type = ROLL_WAIT, .at = at, .code = ARM_N_CODES };
}

/* Is `part` of `whole` more than `percent`? */
static gboolean
exceeds(guint part, guint whole, guint percent)
{
    return (guint64)part * 100 > (guint64)whole * percent;
}

guint
roll_batch_size(const RollingPolicy *policy, const FleetCounts *counts)
{
    guint whole = counts->present - counts->surge;
    return MAX((guint)((guint64)whole * policy->max_batch_percent / 100), 1);
}

/* ---- may it go on? ---- */

/* ARM_N_CODES: no share is exceeded. */
static ArmCode
breach(const Plan *plan)
{
    guint upgraded = plan->counts->upgraded + plan->roll->removed, ill = plan->counts->upgraded_ill + plan->roll->removed;
    if (exceeds(ill, upgraded, plan->policy->max_unhealthy_upgraded_percent))
        return ARM_ROLL_UNHEALTHY_UPGRADED;
    if (exceeds(plan->counts->ill, plan->counts->present - plan->counts->surge, plan->policy->max_unhealthy_percent))
        return plan->roll->batch == 0 ? ARM_ROLL_UNHEALTHY_BEFORE : ARM_ROLL_UNHEALTHY;
    return ARM_N_CODES;
}

/* Whatever the end: what is beyond the capacity goes first. */
static RollAct
end(const Plan *plan, RollStatus status, ArmCode code)
{
    const Member *surplus = fleet_first(plan->fleet, FLEET_SURGE);
    if (surplus)
        return act_on(ROLL_REMOVE, surplus);
    if (plan->counts->retiring > 0)
        return wait_until(0);
    RollAct last = act(ROLL_END);
    last.status = status;
    last.code = code;
    return last;
}

static RollAct
stop(const Plan *plan, ArmCode code)
{
    if ((plan->policy->rollback || plan->roll->undo) && fleet_first(plan->fleet, FLEET_UNDOABLE)) {
        RollAct undo = act(ROLL_TO_UNDO);
        undo.code = code;
        return undo;
    }
    return end(plan, ROLL_FAULTED, code);
}

/* ---- members that are waited for ---- */

static gboolean
judge(const Plan *plan, RollAct *ret_act)
{
    const Member *member = fleet_first(plan->fleet, FLEET_DECIDED);
    if (member) {
        if (member->mark == ROLL_MARK_IN_HAND && !fleet_on_target(plan->fleet, member))
            *ret_act = act_on(member->surge ? ROLL_REMOVE : ROLL_RELEASE, member);
        else
            *ret_act = act_on(member->failed ? ROLL_REJECT : ROLL_ACCEPT, member);
        return TRUE;
    }
    member = fleet_first(plan->fleet, FLEET_UNDECIDED);
    if (member && member->since + ROLL_HEALTH_WAIT <= plan->now) {
        *ret_act = act_on(ROLL_REJECT, member);
        return TRUE;
    }
    return FALSE;
}

static RollAct
wait_for_members(const Plan *plan)
{
    const Member *member = fleet_first(plan->fleet, FLEET_UNDECIDED);
    return wait_until(member ? member->since + ROLL_HEALTH_WAIT : 0);
}

/* ---- phases ---- */

static RollAct
begin(const Plan *plan)
{
    guint serving = plan->counts->candidates - plan->counts->candidates_resting;
    RollAct next = act(ROLL_BEGIN);
    next.count = MIN(roll_batch_size(plan->policy, plan->counts), serving ? serving : plan->counts->candidates);
    /* What is at rest is changed by writing it down: nothing is gained by a new one in its place. */
    next.surge = plan->policy->max_surge && serving > 0;
    if (!next.surge || plan->roll->room >= next.count)
        return next;
    /* A smaller batch keeps the capacity; only where there is no room at all, it is done in place. */
    next.short_of_room = TRUE;
    if (plan->roll->room > 0)
        next.count = plan->roll->room;
    else if (plan->roll->only_surge)
        return end(plan, ROLL_FAULTED, ARM_OPERATION_NOT_ALLOWED);
    else
        next.surge = FALSE;
    return next;
}

static RollAct
next_check(const Plan *plan)
{
    ArmCode code = breach(plan);
    if (plan->roll->cancel)
        return end(plan, ROLL_CANCELLED, ARM_ROLL_CANCELED);
    if (plan->counts->candidates == 0)
        return plan->counts->candidates_busy > 0 ? wait_until(0) : end(plan, ROLL_COMPLETED, ARM_N_CODES);
    return code != ARM_N_CODES ? stop(plan, code) : begin(plan);
}

/* The new ones of the batch serve: each old one that goes makes one of them part of the capacity. */
static RollAct
next_retire(const Plan *plan, const Member *new_one)
{
    const Member *old_one = fleet_first(plan->fleet, FLEET_CANDIDATES);
    if (plan->roll->cancel || !old_one || old_one->resting) {
        if (!plan->roll->cancel && plan->counts->candidates_busy > 0)
            return wait_until(0);
        return act_on(ROLL_REMOVE, new_one);
    }
    RollAct retire = act_on(ROLL_RETIRE, old_one);
    retire.other = new_one->id;
    return retire;
}

static RollAct
batch_over(const Plan *plan)
{
    if (plan->roll->cancel)
        return end(plan, ROLL_CANCELLED, ARM_ROLL_CANCELED);
    if (plan->policy->pause_usec == 0 || plan->counts->candidates + plan->counts->candidates_busy == 0)
        return act(ROLL_CHECK);
    RollAct pause = act(ROLL_PAUSE);
    pause.at = plan->now + plan->policy->pause_usec;
    return pause;
}

static RollAct
next_batch(const Plan *plan)
{
    const Member *candidate = fleet_first(plan->fleet, FLEET_CANDIDATES);
    if (plan->roll->batch_left > 0 && !plan->roll->cancel) {
        if (plan->roll->surge)
            return act(ROLL_ADD);
        if (candidate)
            return act_on(ROLL_TAKE, candidate);
    }
    if (plan->counts->in_hand > 0)
        return wait_for_members(plan);
    ArmCode code = breach(plan);
    if (code != ARM_N_CODES)
        return stop(plan, code);
    const Member *new_one = fleet_first(plan->fleet, FLEET_SURGE_DONE);
    if (new_one)
        return next_retire(plan, new_one);
    /* What is surplus still was rejected, within what the policy allows: the old one goes on serving. */
    const Member *surplus = fleet_first(plan->fleet, FLEET_SURGE);
    if (surplus)
        return act_on(ROLL_REMOVE, surplus);
    return plan->counts->retiring > 0 ? wait_until(0) : batch_over(plan);
}

static RollAct
next_pause(const Plan *plan)
{
    if (plan->roll->cancel)
        return end(plan, ROLL_CANCELLED, ARM_ROLL_CANCELED);
    return plan->now >= plan->roll->until ? act(ROLL_CHECK) : wait_until(plan->roll->until);
}

static RollAct
next_undo(const Plan *plan, ArmCode code)
{
    const Member *failed = fleet_first(plan->fleet, FLEET_UNDOABLE);
    if (failed)
        return act_on(failed->surge ? ROLL_REMOVE : ROLL_UNDO, failed);
    return plan->counts->undoing > 0 ? wait_for_members(plan) : end(plan, ROLL_FAULTED, code);
}

RollAct
roll_next(const RollState *roll, const RollingPolicy *policy, const Fleet *fleet, ArmCode code, UnixTime now)
{
    const Plan plan = { roll, policy, fleet, fleet_counts(fleet), now };
    RollAct next;
    if (judge(&plan, &next))
        return next;
    switch (roll->phase) {
    case ROLL_PHASE_CHECK:
        return next_check(&plan);
    case ROLL_PHASE_BATCH:
        return next_batch(&plan);
    case ROLL_PHASE_PAUSE:
        return next_pause(&plan);
    case ROLL_PHASE_UNDO:
        return next_undo(&plan, code);
    case ROLL_N_PHASES:
        break;
    }
    g_assert_not_reached();
}

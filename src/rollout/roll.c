#include "rollout/roll.h"

static const char *const act_texts[ROLL_N_ACTS] = {
    [ROLL_WAIT] = "wait",     [ROLL_ACCEPT] = "accept", [ROLL_REJECT] = "reject", [ROLL_RELEASE] = "release",
    [ROLL_RETAKE] = "retake", [ROLL_BEGIN] = "begin",   [ROLL_TAKE] = "take",     [ROLL_ADD] = "add",
    [ROLL_RETIRE] = "retire", [ROLL_REMOVE] = "remove", [ROLL_PAUSE] = "pause",   [ROLL_CHECK] = "check",
    [ROLL_STOP] = "stop",     [ROLL_UNDO] = "undo",     [ROLL_END] = "end",
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
    return (RollAct){ .type = type, .id = member->id, .code = ARM_N_CODES };
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

gboolean
roll_may_begin(const RollingPolicy *policy, const FleetCounts *counts)
{
    return !exceeds(counts->ill, counts->present - counts->surge, policy->max_unhealthy_percent);
}

/* ARM_N_CODES: no share is exceeded. */
static ArmCode
breach(const Plan *plan)
{
    const FleetCounts *counts = plan->counts;
    guint upgraded = counts->upgraded + plan->roll->removed, ill = counts->upgraded_ill + plan->roll->removed;
    if (exceeds(ill, upgraded, plan->policy->max_unhealthy_upgraded_percent))
        return ARM_ROLL_UNHEALTHY_UPGRADED;
    if (!roll_may_begin(plan->policy, counts))
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

/* For good: what there is to do before the end is done in a phase of its own, whatever becomes of the shares meanwhile. */
static RollAct
stop(ArmCode code)
{
    RollAct stop = act(ROLL_STOP);
    stop.code = code;
    return stop;
}

/* What is at rest is changed by writing it down. */
static gboolean
may_go_in_place(const Plan *plan, const Member *member)
{
    return !plan->roll->no_room && (member->resting || !plan->roll->only_surge);
}

/* ---- members that are waited for ---- */

/* Nobody asked for its health while the daemon was away. */
static UnixTime
wait_ends(const Plan *plan, const Member *member)
{
    return MAX(member->since, plan->roll->awake) + plan->roll->health_wait;
}

/* The target is another one by now. What was taken for the old one is down anyway: it is the first to be brought to the new
 * one, so that no more than a batch is. */
static RollAct
supersede(const Plan *plan, const Member *member)
{
    if (member->surge)
        return act_on(ROLL_REMOVE, member);
    gboolean may = !plan->roll->cancel && !member->is_protected && !member->skip && may_go_in_place(plan, member) &&
                   breach(plan) == ARM_N_CODES;
    return act_on(may ? ROLL_RETAKE : ROLL_RELEASE, member);
}

static gboolean
judge(const Plan *plan, RollAct *ret_act)
{
    const Member *superseded = fleet_first(plan->fleet, FLEET_SUPERSEDED);
    const Member *decided = fleet_first(plan->fleet, FLEET_DECIDED);
    const Member *undecided = fleet_first(plan->fleet, FLEET_UNDECIDED);
    /* Whoever has failed counts before anybody is taken to the new target. */
    if (decided)
        *ret_act = act_on(decided->failed ? ROLL_REJECT : ROLL_ACCEPT, decided);
    else if (undecided && wait_ends(plan, undecided) <= plan->now)
        *ret_act = act_on(ROLL_REJECT, undecided);
    else if (superseded)
        *ret_act = supersede(plan, superseded);
    else
        return FALSE;
    return TRUE;
}

/* Those that are not in the queue are in a step or on their way up, both of which end. */
static RollAct
wait_for_members(const Plan *plan)
{
    const Member *member = fleet_first(plan->fleet, FLEET_UNDECIDED);
    return wait_until(member ? wait_ends(plan, member) : 0);
}

/* ---- phase check ---- */

/* A batch is of one phase: each is over before the next begins. */
static RollAct
begin(const Plan *plan)
{
    const Member *first = fleet_first(plan->fleet, FLEET_CANDIDATES);
    RollAct next = act(ROLL_BEGIN);
    next.count = fleet_front(plan->fleet, roll_batch_size(plan->policy, plan->counts));
    /* A new one in the place of one that rests would serve where nobody wants it. */
    next.surge = plan->policy->max_surge && !first->resting;
    next.short_of_room = next.surge && plan->roll->room < next.count;
    /* A smaller batch keeps the capacity; only where there is no room at all, it is done in place. */
    if (next.short_of_room && plan->roll->room > 0)
        next.count = plan->roll->room;
    else if (next.short_of_room)
        next.surge = FALSE;
    if (!next.surge && !may_go_in_place(plan, first))
        return stop(ARM_OPERATION_NOT_ALLOWED);
    return next;
}

static RollAct
next_check(const Plan *plan)
{
    /* The model became another one while something was put back: that comes to its end first. */
    if (plan->counts->undoing > 0)
        return wait_for_members(plan);
    if (plan->roll->cancel)
        return end(plan, ROLL_CANCELLED, ARM_ROLL_CANCELED);
    if (plan->counts->candidates == 0)
        return plan->counts->candidates_busy > 0 ? wait_until(0) : end(plan, ROLL_COMPLETED, ARM_N_CODES);
    ArmCode code = breach(plan);
    return code != ARM_N_CODES ? stop(code) : begin(plan);
}

/* ---- phase batch ---- */

static gboolean
fill(const Plan *plan, RollAct *ret_act)
{
    const Member *candidate = fleet_first(plan->fleet, FLEET_CANDIDATES);
    if (plan->roll->batch_left == 0 || plan->roll->cancel || !candidate || breach(plan) != ARM_N_CODES)
        return FALSE;
    if (plan->roll->surge ? candidate->resting || plan->roll->room == 0 : !may_go_in_place(plan, candidate))
        return FALSE;
    *ret_act = plan->roll->surge ? act(ROLL_ADD) : act_on(ROLL_TAKE, candidate);
    return TRUE;
}

/* All of a batch of new ones are judged. Those that may not serve go first: while one of them is there, none that may has
 * been given an old one's place yet, so that a batch of which nothing came is known as such. */
static RollAct
next_surplus(const Plan *plan)
{
    const Member *fit = fleet_first(plan->fleet, FLEET_SURGE_FIT), *unfit = fleet_first(plan->fleet, FLEET_SURGE_UNFIT);
    const Member *old = fleet_first(plan->fleet, FLEET_CANDIDATES);
    if (old && old->resting)
        old = NULL;
    gboolean wanted = old || plan->counts->candidates_busy > 0;
    /* Who was stopped has not failed for that. */
    if (unfit && unfit->mark != ROLL_MARK_FAILED)
        return act_on(unfit->resting ? ROLL_REMOVE : ROLL_REJECT, unfit);
    if (unfit && wanted && !fit)
        return stop(ARM_ROLL_UNHEALTHY_UPGRADED);
    if (unfit) {
        RollAct remove = act_on(ROLL_REMOVE, unfit);
        remove.count = 1;
        return remove;
    }
    if (!wanted)
        return act_on(ROLL_REMOVE, fit);
    if (!old || fit->busy || fit->health != HEALTH_HEALTHY)
        return wait_until(0);
    RollAct retire = act_on(ROLL_RETIRE, old);
    retire.other = fit->id;
    return retire;
}

static RollAct
batch_over(const Plan *plan)
{
    if (plan->policy->pause_usec == 0 || plan->counts->candidates + plan->counts->candidates_busy == 0)
        return act(ROLL_CHECK);
    RollAct pause = act(ROLL_PAUSE);
    pause.at = plan->now + plan->policy->pause_usec;
    return pause;
}

static RollAct
next_batch(const Plan *plan)
{
    RollAct next;
    if (fill(plan, &next))
        return next;
    if (plan->counts->in_hand > 0)
        return wait_for_members(plan);
    ArmCode code = breach(plan);
    if (code != ARM_N_CODES)
        return stop(code);
    if (plan->roll->cancel)
        return end(plan, ROLL_CANCELLED, ARM_ROLL_CANCELED);
    if (plan->counts->surge > 0)
        return next_surplus(plan);
    return plan->counts->retiring > 0 ? wait_until(0) : batch_over(plan);
}

/* ---- the other phases ---- */

static RollAct
next_pause(const Plan *plan)
{
    if (plan->roll->cancel)
        return end(plan, ROLL_CANCELLED, ARM_ROLL_CANCELED);
    if (plan->now >= plan->roll->until)
        return act(ROLL_CHECK);
    /* Longer than the policy says: the clock went back, or the policy is another one. */
    if (plan->roll->until > plan->now + plan->policy->pause_usec)
        return batch_over(plan);
    return wait_until(plan->roll->until);
}

static RollAct
next_undo(const Plan *plan, ArmCode code)
{
    const Member *failed = fleet_first(plan->fleet, FLEET_UNDOABLE);
    gboolean undo = plan->policy->rollback || plan->roll->undo;
    if (undo && failed)
        return act_on(ROLL_UNDO, failed);
    if (plan->counts->undoing > 0)
        return wait_for_members(plan);
    return undo && plan->counts->undoable_busy > 0 ? wait_until(0) : end(plan, ROLL_FAULTED, code);
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

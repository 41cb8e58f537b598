#include "engine/roll_run.h"

#include "engine/revisions.h"
#include "engine/roll_internal.h"

static void
run_clear(RollRun *run)
{
    store_roll_free(run->roll);
    store_set_free(run->reread);
    store_usage_free(run->usage);
    model_unref(run->target);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RollRun, run_clear)

/* A newer image that was taken by itself has a policy of its own. */
const RollingPolicy *
roll_run_policy(const RollRun *run)
{
    const Policy *policy = &run->target->policy;
    return run->roll->os_upgrade ? &policy->os_upgrade.rolling : &policy->rolling;
}

/* What is written of steps that ended may have ended an operation, and the set's row with it: what was read before that is not
 * to be written over it. */
gboolean
roll_run_write(RollRun *run, GError **error)
{
    StoreSet *row = pass_write(run->pass, error) ? pass_set_row(run->pass, run->set, error) : NULL;
    if (!row)
        return FALSE;
    store_set_free(run->reread);
    run->row = run->reread = row;
    return TRUE;
}

static gboolean
is_held(const RollRun *run, guint id)
{
    return engine_track(run->pass->engine, run->set, id)->held != NULL;
}

/* A pass that is full takes no more rows in hand. Those that it has are decided about in it: each of them would be read and
 * written once more in the next. */
static gboolean
is_within_pass(const RollRun *run, const RollAct *act)
{
    if (run->pass->held->len < PASS_MAX)
        return TRUE;
    switch (act->type) {
    case ROLL_ACCEPT:
    case ROLL_REJECT:
    case ROLL_RELEASE:
    case ROLL_RETAKE:
    case ROLL_TAKE:
    case ROLL_REMOVE:
    case ROLL_UNDO:
        return is_held(run, act->id);
    case ROLL_RETIRE:
        return is_held(run, act->id) && is_held(run, act->other);
    case ROLL_ADD:
        return FALSE;
    case ROLL_WAIT:
    case ROLL_BEGIN:
    case ROLL_PAUSE:
    case ROLL_CHECK:
    case ROLL_STOP:
    case ROLL_END:
    case ROLL_N_ACTS:
        break;
    }
    return TRUE;
}

static gboolean
act_do(RollRun *run, const RollAct *act, GError **error)
{
    switch (act->type) {
    case ROLL_ACCEPT:
    case ROLL_REJECT:
    case ROLL_RELEASE:
        return roll_run_judge(run, act, error);
    case ROLL_RETAKE:
        return roll_run_take(run, act->id, /* again= */ TRUE, error);
    case ROLL_TAKE:
        return roll_run_take(run, act->id, /* again= */ FALSE, error);
    case ROLL_ADD:
        return roll_run_add(run, error);
    case ROLL_RETIRE:
        return roll_run_retire(run, act, error);
    case ROLL_REMOVE:
        run->roll->failed += act->count;
        run->changed = TRUE;
        return roll_run_delete(run, act->id, error);
    case ROLL_UNDO:
        return roll_run_undo(run, act->id, error);
    case ROLL_BEGIN:
        return roll_run_begin(run, act, error);
    case ROLL_PAUSE:
        roll_run_enter(run, ROLL_PHASE_PAUSE, act->at);
        return TRUE;
    case ROLL_CHECK:
        roll_run_enter(run, ROLL_PHASE_CHECK, 0);
        return TRUE;
    case ROLL_STOP:
        g_free(run->roll->code);
        run->roll->code = g_strdup(arm_code_text(act->code));
        roll_run_enter(run, ROLL_PHASE_UNDO, 0);
        return TRUE;
    case ROLL_END:
        return roll_run_finish(run, act, error);
    case ROLL_WAIT:
    case ROLL_N_ACTS:
        break;
    }
    g_assert_not_reached();
}

static gboolean
run_prepare(RollRun *run, GError **error)
{
    SetTracked *set = run->set;
    const Revision *target = revision_get(run->pass, set, run->roll->target, error);
    if (!target)
        return FALSE;
    run->target = model_ref(target->model);
    if (set->roll == run->roll->id && set->target == run->roll->target)
        return TRUE;
    return roll_run_write(run, error) &&
           engine_set_take_aim(run->pass, set, run->roll, roll_run_policy(run)->prioritize_unhealthy, error);
}

gboolean
roll_run(Pass *pass, SetTracked *set, StoreSet *row, UnixTime *ret_wake, gboolean *ret_more, GError **error)
{
    GError *lookup = NULL;
    g_auto(RollRun) run = { .pass = pass, .set = set, .row = row };
    run.roll = store_roll_active(pass->tx, set->id, &lookup);
    if (!run.roll) {
        if (lookup)
            g_propagate_error(error, lookup);
        return lookup == NULL;
    }
    if (!run_prepare(&run, error))
        return FALSE;
    while (!run.over) {
        RollState state;
        ArmCode code = ARM_N_CODES;
        if (run.roll->code && !arm_code_from_text(run.roll->code, &code))
            code = ARM_INTERNAL;
        if (!roll_run_stand(&run, &state, error))
            return FALSE;
        RollAct act = roll_next(&state, roll_run_policy(&run), set->fleet, code, pass->now);
        if (act.type == ROLL_WAIT) {
            *ret_wake = act.at;
            break;
        }
        if (!is_within_pass(&run, &act)) {
            *ret_more = TRUE;
            break;
        }
        if (!act_do(&run, &act, error))
            return FALSE;
    }
    return run.over || !run.changed || store_roll_update(pass->tx, run.roll, error);
}

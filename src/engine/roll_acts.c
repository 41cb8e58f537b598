/* What the acts of a rolling upgrade write. */
#include "engine/notice.h"
#include "engine/revisions.h"
#include "engine/roll_internal.h"
#include "engine/told.h"
#include "model/change.h"
#include "store/desire.h"
#include "store/roll_steps.h"
#include "store/upgrades.h"

/* Something else is wished for: what is to be done for it is planned in this pass. */
static void
row_changed(Held *held)
{
    pass_changed_now(held);
    held->to_act = TRUE;
}

static Held *
hold(const RollRun *run, guint id, GError **error)
{
    return pass_hold_planned(run->pass, run->set, id, error);
}

static gboolean
change_to_target(const RollRun *run, const StoreInstance *instance, Change *ret_change, GError **error)
{
    const Revision *from = revision_get(run->pass, run->set, desire_base(instance), error);
    if (!from)
        return FALSE;
    *ret_change = change_between(from->model, run->target);
    return TRUE;
}

gboolean
roll_run_take(RollRun *run, guint id, gboolean again, GError **error)
{
    Held *held = hold(run, id, error);
    Change change;
    Growth growth;
    if (!held || !change_to_target(run, held->row, &change, error) ||
        !roll_run_growth(run, desire_base(held->row), &growth, error))
        return FALSE;
    run->grown.family += growth.family;
    run->grown.region += growth.region;
    if (again) {
        desire_update(held->row, run->roll->target, &change, run->target);
        roll_mark(held->row, run->roll, ROLL_MARK_IN_HAND, run->pass->now);
    } else {
        roll_take(held->row, run->roll, &change, run->target, run->pass->now);
        run->roll->batch_left--;
        run->changed = TRUE;
    }
    if (step_is_needed(held->row))
        step_join(run->pass->ledger, run->roll->operation, held->row);
    row_changed(held);
    return TRUE;
}

gboolean
roll_run_add(RollRun *run, GError **error)
{
    Pass *pass = run->pass;
    g_autoptr(StoreInstance) instance = instance_new(run->row, run->target, run->row->next_instance, pass->now);
    instance->want_revision = run->roll->target;
    instance->surge = TRUE;
    roll_mark(instance, run->roll, ROLL_MARK_IN_HAND, pass->now);
    step_join(pass->ledger, run->roll->operation, instance);
    if (!upgrade_enlist_new(pass->tx, run->roll->operation, instance, error))
        return FALSE;
    g_clear_pointer(&run->usage, store_usage_free);
    run->roll->batch_left--;
    run->changed = TRUE;
    Held *held = pass_add(pass, run->set, run->row, g_steal_pointer(&instance), error);
    if (!held)
        return FALSE;
    row_changed(held);
    return TRUE;
}

gboolean
roll_run_delete(RollRun *run, guint id, GError **error)
{
    Held *held = hold(run, id, error);
    if (!held)
        return FALSE;
    if (!held->row->surge)
        roll_mark(held->row, run->roll, ROLL_MARK_LEAVING, run->pass->now);
    desire_deletion(held->row, /* forced= */ FALSE);
    if (!held->row->surge && !notice_give(run->pass, run->set, held->row, error))
        return FALSE;
    if (!held->row->operation)
        step_join(run->pass->ledger, run->roll->operation, held->row);
    row_changed(held);
    return TRUE;
}

gboolean
roll_run_retire(RollRun *run, const RollAct *act, GError **error)
{
    Held *new_one = hold(run, act->other, error);
    if (!new_one)
        return FALSE;
    new_one->row->surge = FALSE;
    row_changed(new_one);
    return roll_run_delete(run, act->id, error);
}

gboolean
roll_run_undo(RollRun *run, guint id, GError **error)
{
    Held *held = hold(run, id, error);
    if (!held)
        return FALSE;
    roll_undo(held->row, run->roll, run->pass->now);
    roll_forget(held->row);
    step_join(run->pass->ledger, run->roll->operation, held->row);
    row_changed(held);
    return TRUE;
}

gboolean
roll_run_forget_all(RollRun *run, GError **error)
{
    g_autoptr(GArray) keys = store_instance_undoable(run->pass->tx, run->set->id, error);
    for (guint i = 0; keys && i < keys->len; i++) {
        Held *held = hold(run, g_array_index(keys, StoreInstanceKey, i).id, error);
        if (!held)
            return FALSE;
        roll_forget(held->row);
        held->release = TRUE;
        pass_changed_now(held);
    }
    return keys != NULL;
}

/* The first one that failed is what people look for: it is told with the end. */
static void
failure_note(RollRun *run, const StoreInstance *instance)
{
    if (run->roll->message)
        return;
    run->roll->message = g_strdup_printf("The first instance that failed is %u: %s", instance->id,
                                         instance->failure_message
                                             ? instance->failure_message
                                             : "it did not become healthy within the time that it is given after its upgrade.");
    run->changed = TRUE;
}

gboolean
roll_run_judge(RollRun *run, const RollAct *act, GError **error)
{
    Held *held = hold(run, act->id, error);
    if (!held)
        return FALSE;
    StoreInstance *instance = held->row;
    RollMark mark = ROLL_MARK_NONE;
    if (act->type == ROLL_ACCEPT) {
        mark = instance->roll_mark == ROLL_MARK_UNDOING ? ROLL_MARK_UNDONE : ROLL_MARK_DONE;
        roll_forget(instance);
        held->release = TRUE;
    } else if (act->type == ROLL_REJECT) {
        mark = instance->roll_mark == ROLL_MARK_UNDOING ? ROLL_MARK_UNDONE : ROLL_MARK_FAILED;
        failure_note(run, instance);
    }
    roll_mark(instance, run->roll, mark, run->pass->now);
    pass_changed_now(held);
    return TRUE;
}

static gboolean
warning_record(const RollRun *run, const char *warning, GError **error)
{
    g_autofree char *id = engine_set_resource(run->set);
    return engine_warn(run->pass, OPERATION_ROLLING_UPGRADE, roll_status_text(run->roll->status), id, run->roll->operation,
                       warning, error);
}

/* Told when it begins, not with each batch that goes the same way: room for one makes a batch of every instance. */
static gboolean
warn(RollRun *run, const RollAct *act, GError **error)
{
    gboolean is_news = !run->roll->warning || run->roll->surge != act->surge;
    g_free(run->roll->warning);
    run->roll->warning =
        act->surge ? g_strdup_printf("Batch %u has %u instance(s) only: quota has no room for more new ones.", run->roll->batch,
                                     act->count)
                   : g_strdup_printf("Batch %u is done in place, not with surge: quota has no room for new instances.",
                                     run->roll->batch);
    g_message("rolling upgrade of scale set '%s': %s", run->set->name, run->roll->warning);
    return !is_news || warning_record(run, run->roll->warning, error);
}

gboolean
roll_run_begin(RollRun *run, const RollAct *act, GError **error)
{
    StoreRoll *roll = run->roll;
    roll->phase = ROLL_PHASE_BATCH;
    roll->batch++;
    roll->batch_left = act->count;
    run->changed = TRUE;
    if (act->short_of_room && !warn(run, act, error))
        return FALSE;
    roll->surge = act->surge;
    return TRUE;
}

void
roll_run_enter(RollRun *run, RollPhase phase, UnixTime until)
{
    run->roll->phase = phase;
    run->roll->until = until;
    run->changed = TRUE;
}

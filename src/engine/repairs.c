#include "engine/repairs.h"

#include "engine/notice.h"
#include "engine/replace.h"
#include "engine/revisions.h"
#include "engine/told.h"
#include "rollout/repair.h"
#include "store/desire.h"
#include "store/lock_out.h"

typedef struct {
    Pass *pass;
    SetTracked *set;
    StoreSet *row; /* as it is in this transaction; owned */
    RepairsPolicy policy;
    gboolean written; /* rows that were in hand when the first act was to be done */
} Run;

static void
run_clear(Run *run)
{
    store_set_free(run->row);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

gboolean
repairs_concerned(const SetTracked *set)
{
    return set->repairs && (fleet_counts(set->fleet)->repairing > 0 || fleet_first(set->fleet, FLEET_ILL));
}

/* ---- one instance ---- */

static const char *const verbs[REPAIR_N_ACTIONS] = {
    [REPAIR_REPLACE] = "replaced", [REPAIR_RESTART] = "restarted", [REPAIR_REIMAGE] = "reimaged"
};

static char *
told_of(const Run *run, const StoreInstance *instance)
{
    const char *why = instance->failure_message ? instance->failure_message : "its health is not what it should be.";
    return g_strdup_printf("Instance %u is %s by automatic repair: %s", instance->id, verbs[run->policy.action], why);
}

static StoreOperation *
repair_begin(const Run *run, const StoreInstance *instance, GError **error)
{
    Pass *pass = run->pass;
    if (!engine_subscription_know(pass->engine, pass->tx, error))
        return NULL;
    g_autofree char *id = engine_instance_resource(run->set, instance->id);
    g_autofree char *message = told_of(run, instance);
    g_autoptr(StoreOperation) operation = operation_begin(pass->tx, OPERATION_REPAIR, run->row, id, run->row->location,
                                                          /* of_set= */ FALSE, "engine", pass->now, error);
    if (!operation || !operation_warn(pass->tx, operation, "engine", message, pass->now, error))
        return NULL;
    g_message("scale set '%s': %s", run->set->name, message);
    return g_steal_pointer(&operation);
}

static gboolean
replace(Run *run, Held *held, const StoreOperation *operation, GError **error)
{
    StoreInstance *instance = held->row;
    Held *other = engine_successor_add(run->pass, run->set, run->row, instance, operation->id, error);
    if (!other)
        return FALSE;
    desire_deletion(instance, /* forced= */ FALSE);
    if (!notice_give(run->pass, run->set, instance, error))
        return FALSE;
    other->row->repairing = TRUE;
    pass_changed_now(other);
    return TRUE;
}

/* ---- what would be lost ---- */

/* It is left alone for another grace period, and looked at again then. Told once, for as long as that goes on. */
static gboolean
hold_back(Run *run, Held *held, const char *what, const char *assessed, GError **error)
{
    Pass *pass = run->pass;
    StoreInstance *instance = held->row;
    const gboolean told = instance->repair_held && pass->now - instance->repair_held <= 2 * run->policy.grace_usec;
    instance->repair_held = pass->now;
    instance->repair_after = pass->now;
    pass_changed_now(held);
    if (told)
        return TRUE;
    g_autofree char *id = engine_instance_resource(run->set, instance->id);
    g_autofree char *message = g_strdup_printf(
        "Instance %u is not %s by automatic repair, although it is unhealthy: it has what its present vTPM alone opens, "
        "and that would go: %s (assessed %s). Unbind it and have the instance assessed again, or acknowledge the loss "
        "(testudo vmss set-orchestration-service-state --service-name AutomaticRepairs --action Resume "
        "--acknowledge-data-loss).",
        instance->id, verbs[run->policy.action], what, assessed);
    g_message("scale set '%s': %s", run->set->name, message);
    return engine_warn(pass, OPERATION_REPAIR, "Held", id, /* correlation= */ NULL, message, error);
}

/* A new OS disk comes with a new vTPM; a restart leaves both. What the repair would lock out that nobody acknowledged, as
 * lock_out_words() gives it. */
static gboolean
loss_find(const Run *run, const StoreInstance *instance, char **ret_what, char **ret_assessed, GError **error)
{
    const gboolean loses = run->policy.action != REPAIR_RESTART && instance->loss_acknowledged != instance->run_vtpm_gen;
    const Losses losses = { .vtpm = loses, .os_disk = loses };
    return lock_out_words(run->pass->tx, instance, losses, ret_what, ret_assessed, error);
}

static gboolean
take(Run *run, Held *held, GError **error)
{
    StoreInstance *instance = held->row;
    g_autofree char *lost = NULL, *assessed = NULL;
    if (!loss_find(run, instance, &lost, &assessed, error))
        return FALSE;
    if (lost)
        return hold_back(run, held, lost, assessed, error);
    g_autoptr(StoreOperation) operation = repair_begin(run, instance, error);
    if (!operation)
        return FALSE;
    step_join(run->pass->ledger, operation->id, instance);
    if (run->policy.action == REPAIR_REPLACE) {
        if (!replace(run, held, operation, error))
            return FALSE;
    } else {
        desire_apply(instance, run->policy.action == REPAIR_REIMAGE ? DESIRE_REIMAGE : DESIRE_RESTART,
                     /* skip_shutdown= */ FALSE);
        instance->repairing = TRUE;
    }
    pass_changed_now(held);
    held->to_act = TRUE;
    return TRUE;
}

static gboolean
in_vain_set(const Run *run, guint in_vain, GError **error)
{
    if (run->row->repairs_in_vain == in_vain)
        return TRUE;
    run->row->repairs_in_vain = in_vain;
    return store_set_update(run->pass->tx, run->row, 0, error);
}

static gboolean
let_go(Run *run, Held *held, RepairActType outcome, GError **error)
{
    held->row->repairing = FALSE;
    pass_changed_now(held);
    if (outcome == REPAIR_LET_GO)
        return TRUE;
    return in_vain_set(run, outcome == REPAIR_WELL ? 0 : run->row->repairs_in_vain + 1, error);
}

/* ---- the service ---- */

static gboolean
suspend(Run *run, GError **error)
{
    g_autofree char *id = engine_set_resource(run->set);
    g_autofree char *message =
        g_strdup_printf("Automatic repairs of scale set '%s' are suspended: %u repairs in a row were in vain. Mend the cause, "
                        "and set them going again (setOrchestrationServiceState).",
                        run->set->name, run->row->repairs_in_vain);
    g_message("%s", message);
    run->row->repairs_suspended = TRUE;
    run->row->repairs_in_vain = 0;
    return engine_warn(run->pass, OPERATION_REPAIR, "Suspended", id, /* correlation= */ NULL, message, error) &&
           store_set_update(run->pass->tx, run->row, 0, error);
}

/* Before anything is done: what is written of steps that ended may change the set's row, and quota is a sum over rows. */
static gboolean
run_write(Run *run, GError **error)
{
    if (run->written)
        return TRUE;
    run->written = TRUE;
    store_set_free(run->row);
    run->row = pass_write(run->pass, error) ? pass_set_row(run->pass, run->set, error) : NULL;
    return run->row != NULL;
}

static gboolean
act_do(Run *run, const RepairAct *act, GError **error)
{
    if (act->type == REPAIR_SUSPEND)
        return suspend(run, error);
    Held *held = pass_hold_planned(run->pass, run->set, act->id, error);
    if (!held)
        return FALSE;
    return act->type == REPAIR_TAKE ? take(run, held, error) : let_go(run, held, act->type, error);
}

gboolean
repairs_run(Pass *pass, SetTracked *set, guint revision, UnixTime *ret_wake, gboolean *ret_more, GError **error)
{
    const Revision *current = revision_get(pass, set, revision, error);
    if (!current)
        return FALSE;
    g_auto(Run) run = { .pass = pass, .set = set, .policy = current->model->policy.repairs };
    set->repairs = run.policy.enabled;
    if (!repairs_concerned(set))
        return TRUE;
    run.row = pass_set_row(pass, set, error);
    if (!run.row)
        return FALSE;
    for (;;) {
        RepairState state = {
            .suspended = run.row->repairs_suspended,
            .rolling = set->roll != 0,
            .in_vain = run.row->repairs_in_vain,
            .awake = pass->engine->attached_at,
        };
        RepairAct act = repair_next(&state, &run.policy, set->fleet, pass->now);
        if (act.type == REPAIR_WAIT) {
            *ret_wake = act.at;
            return TRUE;
        }
        if (pass->held->len >= PASS_MAX) {
            *ret_more = TRUE;
            return TRUE;
        }
        if (!run_write(&run, error) || !act_do(&run, &act, error))
            return FALSE;
    }
}

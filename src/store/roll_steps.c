#include "store/roll_steps.h"

#include "store/desire.h"
#include "store/models.h"
#include "store/upgrades.h"

/* Does it go to another thing by now, and not only to another number of the same? */
static gboolean
effect_differs(StoreTx *tx, const StoreRoll *roll, const StoreSet *set, gboolean *ret_differs, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreModel) target = store_model_get(tx, set->id, roll->target, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    *ret_differs = !target || g_strcmp0(target->effect_key, set->effect_key) != 0;
    return TRUE;
}

/* A batch that is in hand is waited for, but takes nobody any more for the old target. */
static gboolean
retarget(StoreTx *tx, StoreRoll *roll, const StoreSet *set, gboolean os_upgrade, GError **error)
{
    gboolean differs;
    if (!effect_differs(tx, roll, set, &differs, error))
        return FALSE;
    /* What somebody wants now is not the newer image alone. */
    if (differs) {
        roll->os_upgrade = os_upgrade;
        g_clear_pointer(&roll->image_before, g_free);
    }
    roll->target = set->revision;
    roll->batch_left = 0;
    /* What failed for the old target says nothing about the new one. */
    roll->failed = 0;
    if (roll->phase != ROLL_PHASE_BATCH)
        roll->phase = ROLL_PHASE_CHECK;
    g_clear_pointer(&roll->code, g_free);
    g_clear_pointer(&roll->message, g_free);
    return TRUE;
}

static StoreRoll *
roll_new(StoreTx *tx, StoreSet *set, const char *resource_id, gboolean os_upgrade, const char *caller, UnixTime now,
         GError **error)
{
    g_autoptr(StoreOperation) operation = operation_begin(tx, OPERATION_ROLLING_UPGRADE, set, resource_id, set->location,
                                                          /* of_set= */ FALSE, caller, now, error);
    if (!operation)
        return NULL;
    /* Its own hold: the operation does not end with the last step of a batch. */
    operation->pending = 1;
    g_autoptr(StoreRoll) roll = g_new0(StoreRoll, 1);
    roll->set_id = set->id;
    roll->target = set->revision;
    roll->status = ROLL_FORWARD;
    roll->phase = ROLL_PHASE_CHECK;
    roll->os_upgrade = os_upgrade;
    roll->started = now;
    roll->last_action = now;
    roll->operation = g_strdup(operation->id);
    if (!store_operation_update(tx, operation, error) || !store_roll_insert(tx, roll, error) ||
        !store_roll_prune(tx, set->id, ROLLS_KEPT, error))
        return NULL;
    return g_steal_pointer(&roll);
}

/* NULL without *error: there is none that is under way. */
static StoreOperation *
cancel_under_way(StoreTx *tx, const StoreRoll *roll, GError **error)
{
    g_autoptr(StoreOperation) operation =
        roll->cancel_operation ? store_operation_get(tx, roll->cancel_operation, error) : NULL;
    return operation && operation->status == OPERATION_IN_PROGRESS ? g_steal_pointer(&operation) : NULL;
}

/* code ARM_N_CODES: what was asked for is done. */
static gboolean
cancel_end(StoreTx *tx, const StoreRoll *roll, ArmCode code, const char *message, UnixTime now, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreOperation) operation = cancel_under_way(tx, roll, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (!operation)
        return TRUE;
    operation->pending = 0;
    if (code != ARM_N_CODES) {
        operation->status = OPERATION_CANCELED;
        operation->code = g_strdup(arm_code_text(code));
        operation->message = g_strdup(message);
    }
    return operation_end(tx, operation, now, error);
}

/* Somebody wants it to go on. */
static gboolean
cancel_take_back(StoreTx *tx, StoreRoll *roll, UnixTime now, GError **error)
{
    if (!roll->cancel)
        return TRUE;
    roll->cancel = FALSE;
    return cancel_end(tx, roll, ARM_OPERATION_PREEMPTED, "The rolling upgrade was started again.", now, error);
}

/* Who is to be taken for what is known from now on. */
static gboolean
change_note(StoreTx *tx, const StoreSet *set, const char *resource_id, const StoreRoll *roll, const char *caller, UnixTime now,
            GError **error)
{
    g_autoptr(StoreUpgrade) change = upgrade_open(tx, set, resource_id, "RollingUpgrade", roll->operation, caller, now, error);
    g_autoptr(Model) target = change ? model_of_revision(tx, set->id, set->name, set->revision, NULL, NULL, error) : NULL;
    return target && upgrade_enlist_all(tx, change, set, target, target->policy.rolling.max_surge, now, error);
}

StoreRoll *
roll_begin(StoreTx *tx, StoreSet *set, const char *resource_id, gboolean os_upgrade, const char *caller, UnixTime now,
           GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreRoll) roll = store_roll_active(tx, set->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!roll) {
        roll = roll_new(tx, set, resource_id, os_upgrade, caller, now, error);
        if (!roll)
            return NULL;
    } else {
        if ((roll->target != set->revision && !retarget(tx, roll, set, os_upgrade, error)) ||
            !cancel_take_back(tx, roll, now, error))
            return NULL;
        roll->last_action = now;
        if (!store_roll_update(tx, roll, error))
            return NULL;
    }
    if (!change_note(tx, set, resource_id, roll, caller, now, error))
        return NULL;
    return store_set_update(tx, set, 0, error) ? g_steal_pointer(&roll) : NULL;
}

/* Whoever asks again waits for the same. */
static gboolean
cancel_begin(StoreTx *tx, StoreRoll *roll, StoreSet *set, const char *resource_id, const char *caller, UnixTime now,
             GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreOperation) operation = cancel_under_way(tx, roll, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (operation)
        return TRUE;
    operation = operation_begin(tx, OPERATION_CANCEL_ROLLING_UPGRADE, set, resource_id, set->location, /* of_set= */ FALSE,
                                caller, now, error);
    if (!operation)
        return FALSE;
    operation->pending = 1;
    g_free(roll->cancel_operation);
    roll->cancel_operation = g_strdup(operation->id);
    return store_operation_update(tx, operation, error);
}

StoreRoll *
roll_cancel(StoreTx *tx, StoreSet *set, const char *resource_id, const char *caller, UnixTime now, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreRoll) roll = store_roll_active(tx, set->id, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return NULL;
    }
    if (!roll) {
        arm_fail(error, ARM_CONFLICT, NULL, "No rolling upgrade of scale set '%s' is under way: there is nothing to cancel.",
                 set->name);
        return NULL;
    }
    roll->cancel = TRUE;
    roll->last_action = now;
    if (!cancel_begin(tx, roll, set, resource_id, caller, now, error) || !store_roll_update(tx, roll, error) ||
        !store_set_update(tx, set, 0, error))
        return NULL;
    return g_steal_pointer(&roll);
}

static OperationStatus
operation_status_of(RollStatus status)
{
    switch (status) {
    case ROLL_COMPLETED:
        return OPERATION_SUCCEEDED;
    case ROLL_CANCELLED:
        return OPERATION_CANCELED;
    default:
        return OPERATION_FAILED;
    }
}

/* The operation ends as its roll does: an instance that failed within what the policy allows is a detail of a success. */
static gboolean
roll_operation_end(StoreTx *tx, const StoreRoll *roll, UnixTime now, GError **error)
{
    GError *lookup = NULL;
    g_autoptr(StoreOperation) operation = store_operation_get(tx, roll->operation, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (!operation || operation->status != OPERATION_IN_PROGRESS)
        return TRUE;
    operation->status = operation_status_of(roll->status);
    operation->pending = 0;
    g_free(operation->code);
    g_free(operation->message);
    operation->code = g_strdup(roll->code);
    operation->message = g_strdup(roll->message);
    return operation_end(tx, operation, now, error);
}

gboolean
roll_end(StoreTx *tx, StoreRoll *roll, RollStatus status, ArmCode code, const char *message, UnixTime now, GError **error)
{
    guint marks[ROLL_N_MARKS];
    if (!store_roll_count(tx, roll->set_id, roll->id, marks, error))
        return FALSE;
    roll->status = status;
    roll->ended = now;
    roll->successful = marks[ROLL_MARK_DONE];
    roll->failed += marks[ROLL_MARK_FAILED] + marks[ROLL_MARK_UNDONE];
    g_free(roll->code);
    g_free(roll->message);
    roll->code = code == ARM_N_CODES ? NULL : g_strdup(arm_code_text(code));
    roll->message = g_strdup(message);
    return store_roll_update(tx, roll, error) && roll_operation_end(tx, roll, now, error) &&
           cancel_end(tx, roll, ARM_N_CODES, NULL, now, error);
}

void
roll_mark(StoreInstance *instance, const StoreRoll *roll, RollMark mark, UnixTime now)
{
    instance->roll = roll->id;
    instance->roll_mark = mark;
    instance->roll_since = now;
}

void
roll_take(StoreInstance *instance, const StoreRoll *roll, const Change *change, const Model *after, UnixTime now)
{
    roll_forget(instance);
    if (instance->run_disk_gen > 0) {
        instance->undo_revision = instance->revision;
        instance->undo_disk_gen = instance->run_disk_gen;
        instance->undo_vars_gen = instance->run_vars_gen;
        instance->undo_vtpm_gen = instance->run_vtpm_gen;
    }
    desire_update(instance, roll->target, change, after);
    roll_mark(instance, roll, ROLL_MARK_IN_HAND, now);
}

void
roll_undo(StoreInstance *instance, const StoreRoll *roll, UnixTime now)
{
    /* What the failed one has not written out yet is of a disk that is put aside. */
    instance->skip_shutdown = instance->disk_gen != instance->undo_disk_gen;
    instance->want_revision = instance->undo_revision;
    instance->disk_gen = instance->undo_disk_gen;
    instance->vars_gen = instance->undo_vars_gen;
    instance->vtpm_gen = instance->undo_vtpm_gen;
    if (instance->want_power == POWER_RUNNING)
        instance->want_epoch++;
    roll_mark(instance, roll, ROLL_MARK_UNDOING, now);
}

void
roll_forget(StoreInstance *instance)
{
    instance->undo_revision = 0;
    instance->undo_disk_gen = 0;
    instance->undo_vars_gen = 0;
    instance->undo_vtpm_gen = 0;
}

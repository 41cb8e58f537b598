#include "store/steps.h"

#include "base/resource_id.h"

static gboolean
event_write(StoreTx *tx, const StoreOperation *operation, const char *status, const char *caller, UnixTime now, GError **error)
{
    StoreEvent event = {
        .time = now,
        .level = operation->status == OPERATION_FAILED ? (char *)"Error" : (char *)"Informational",
        .operation_name = (char *)operation_kind_text(operation->kind),
        .status = (char *)status,
        .resource_id = operation->resource_id,
        .caller = (char *)caller,
        .correlation = operation->id,
        .message = operation->message,
    };
    return store_event_add(tx, &event, error);
}

gboolean
operation_warn(StoreTx *tx, const StoreOperation *operation, const char *caller, const char *warning, UnixTime now,
               GError **error)
{
    StoreEvent event = {
        .time = now,
        .level = (char *)"Warning",
        .operation_name = (char *)operation_kind_text(operation->kind),
        .status = (char *)"Active",
        .resource_id = operation->resource_id,
        .caller = (char *)caller,
        .correlation = operation->id,
        .message = (char *)warning,
    };
    return store_event_add(tx, &event, error);
}

StoreOperation *
operation_begin(StoreTx *tx, OperationKind kind, StoreSet *set, const char *resource_id, const char *location, gboolean of_set,
                const char *caller, UnixTime now, GError **error)
{
    g_autoptr(StoreOperation) operation = g_new0(StoreOperation, 1);
    operation->id = g_uuid_string_random();
    operation->kind = kind;
    operation->resource_id = g_strdup(resource_id);
    operation->location = g_strdup(location);
    operation->set_id = set ? set->id : 0;
    operation->status = OPERATION_IN_PROGRESS;
    operation->started = now;
    if (!store_operation_insert(tx, operation, error))
        return NULL;
    if (!event_write(tx, operation, "Started", caller, now, error))
        return NULL;
    if (of_set && set) {
        g_free(set->operation);
        set->operation = g_strdup(operation->id);
        if (!store_set_update(tx, set, 0, error))
            return NULL;
    }
    return g_steal_pointer(&operation);
}

void
step_take(StoreInstance *instance, const char *operation)
{
    g_assert(!instance->operation);
    instance->operation = g_strdup(operation);
    instance->deadline = 0;
    /* Nor are its deaths: who is asked for something begins anew. */
    instance->revive_at = 0;
    instance->deaths = 0;
    /* State and failure stay: what is seen changes only by what is seen. Whoever was refused is known as such, also where this
     * step is taken back. */
}

static gboolean
step_write(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error)
{
    operation->total++;
    operation->pending++;
    return store_operation_update(tx, operation, error) && store_instance_update(tx, instance, 0, error);
}

gboolean
step_begin(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error)
{
    step_take(instance, operation->id);
    return step_write(tx, operation, instance, error);
}

gboolean
step_begin_or_keep(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error)
{
    return instance->operation ? store_instance_update(tx, instance, 0, error) : step_begin(tx, operation, instance, error);
}

gboolean
step_is_needed(const StoreInstance *instance)
{
    return instance->revive_at == 0 || instance->want_power != POWER_RUNNING || instance->want_deleted ||
           instance->epoch < instance->want_epoch;
}

gboolean
step_begin_beside_revival(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error)
{
    if (step_is_needed(instance) || instance->operation)
        return step_begin_or_keep(tx, operation, instance, error);
    const UnixTime revive_at = instance->revive_at;
    const guint deaths = instance->deaths;
    step_take(instance, operation->id);
    instance->revive_at = revive_at;
    instance->deaths = deaths;
    return step_write(tx, operation, instance, error);
}

gboolean
step_begin_or_take_over(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error)
{
    GError *lookup = NULL;
    if (!instance->operation || strcmp(instance->operation, operation->id) == 0)
        return step_begin_or_keep(tx, operation, instance, error);
    g_autoptr(StoreOperation) other = store_operation_get(tx, instance->operation, &lookup);
    if (lookup) {
        g_propagate_error(error, lookup);
        return FALSE;
    }
    /* One without such a hold would stay open for ever. */
    if (!other || other->kind != OPERATION_ROLLING_UPGRADE)
        return step_begin_or_keep(tx, operation, instance, error);
    other->total--;
    other->pending--;
    g_clear_pointer(&instance->operation, g_free);
    return store_operation_update(tx, other, error) && step_begin(tx, operation, instance, error);
}

/* The state that the set shows when its operation is over. */
static gboolean
set_settle(StoreTx *tx, const StoreOperation *operation, GError **error)
{
    if (!operation->set_id)
        return TRUE;
    GError *lookup = NULL;
    g_autoptr(StoreSet) set = store_set_get_by_id(tx, operation->set_id, &lookup);
    if (!set) {
        if (!lookup)
            return TRUE;
        g_propagate_error(error, lookup);
        return FALSE;
    }
    if (g_strcmp0(set->operation, operation->id) != 0)
        return TRUE;
    g_clear_pointer(&set->operation, g_free);
    g_free(set->state);
    set->state = g_strdup(operation_status_text(operation->status));
    return store_set_update(tx, set, 0, error);
}

/* An operation that deletes leaves nothing behind but its own record. */
static gboolean
leftovers_remove(StoreTx *tx, const StoreOperation *operation, GError **error)
{
    if (operation->kind == OPERATION_DELETE_SCALE_SET && operation->set_id) {
        StoreInstanceCounts counts;
        if (!store_instance_count(tx, operation->set_id, &counts, error))
            return FALSE;
        return counts.total > 0 || store_set_delete(tx, operation->set_id, error);
    }
    if (operation->kind == OPERATION_DELETE_GROUP) {
        g_autoptr(ResourceId) id = resource_id_parse(operation->resource_id, error);
        if (!id)
            return FALSE;
        g_autoptr(GPtrArray) sets = store_set_list(tx, id->group, error);
        if (!sets)
            return FALSE;
        for (guint i = 0; i < sets->len; i++) {
            const StoreSet *set = g_ptr_array_index(sets, i);
            StoreInstanceCounts counts;
            if (!store_instance_count(tx, set->id, &counts, error))
                return FALSE;
            if (counts.total > 0)
                return TRUE;
            if (!store_set_delete(tx, set->id, error))
                return FALSE;
        }
        return store_group_delete(tx, id->group, error);
    }
    return TRUE;
}

gboolean
operation_end(StoreTx *tx, StoreOperation *operation, UnixTime now, GError **error)
{
    if (operation->status == OPERATION_IN_PROGRESS)
        operation->status = operation->code ? OPERATION_FAILED : OPERATION_SUCCEEDED;
    operation->ended = now;
    return store_operation_update(tx, operation, error) &&
           event_write(tx, operation, operation_status_text(operation->status), "engine", now, error) &&
           set_settle(tx, operation, error) &&
           (operation->status != OPERATION_SUCCEEDED || leftovers_remove(tx, operation, error));
}

/* Does a step of this kind change what the instance is made of, and not only whether it runs? A change of the set does in mode
 * Automatic. */
static gboolean
kind_remakes(OperationKind kind)
{
    return kind == OPERATION_PUT_SCALE_SET || kind == OPERATION_UPDATE_INSTANCES || kind == OPERATION_REIMAGE ||
           kind == OPERATION_REIMAGE_ALL || kind == OPERATION_ROLLING_UPGRADE;
}

static gboolean
step_is_begun(const StoreInstance *instance, OperationKind kind)
{
    /* What remakes an instance at rest is done by writing it down: its next start makes it so. */
    if (kind_remakes(kind) && !instance->alive && instance->want_power != POWER_RUNNING)
        return TRUE;
    /* It was stopped to be started again, and waits for that. */
    if (kind != OPERATION_START && instance->want_power == POWER_RUNNING && !instance->alive &&
        instance->epoch < instance->want_epoch &&
        (instance->state == INSTANCE_STOPPED || instance->state == INSTANCE_DEALLOCATED))
        return TRUE;
    /* It is down, is to run, and its step took the place of the start that it waited for. */
    if (kind != OPERATION_ROLLING_UPGRADE && instance->state == INSTANCE_FAILED && !instance->alive &&
        instance->want_power == POWER_RUNNING && instance->epoch < instance->want_epoch)
        return TRUE;
    /* A repair is nobody's wish that could be taken back: it is needed still, also where a newer operation has taken it over.
     * It is told by the deaths: whoever asks for something else begins anew (step_take()). */
    return kind == OPERATION_REPAIR || instance->deaths > 0 || instance->want_deleted || instance->state == INSTANCE_STOPPING ||
           instance->state == INSTANCE_STARTING || instance->run_disk_gen == 0 || instance->deadline != 0;
}

/* A step that nothing was done for yet: what was wanted is again what is. A start that is taken back leaves the disk that
 * it would have made to the next one. */
static void
desire_revert(StoreInstance *instance, OperationKind kind)
{
    instance->want_epoch = instance->epoch;
    if (kind_remakes(kind)) {
        instance->want_revision = instance->revision;
        instance->disk_gen = instance->run_disk_gen;
        instance->vars_gen = instance->run_vars_gen;
        instance->vtpm_gen = instance->run_vtpm_gen;
        instance->data_gen = instance->run_data_gen;
    }
    if (instance->alive || instance->state == INSTANCE_FAILED)
        instance->want_power = POWER_RUNNING;
    else if (instance->state == INSTANCE_DEALLOCATED)
        instance->want_power = POWER_DEALLOCATED;
    else
        instance->want_power = POWER_STOPPED;
}

static StoreOperation *
find_operation(const GPtrArray *operations, const char *id)
{
    for (guint i = 0; id && i < operations->len; i++) {
        StoreOperation *operation = g_ptr_array_index(operations, i);
        if (strcmp(operation->id, id) == 0)
            return operation;
    }
    return NULL;
}

/* A rolling upgrade is not ended by a newer model, it turns to it (roll_begin()). Its steps that are begun go on; nobody is
 * touched for what is superseded. */
static gboolean
roll_step_revert(StoreTx *tx, StoreOperation *operation, StoreInstance *instance, GError **error)
{
    /* On its way back it is not left on what failed: the newer model finds it where it was before. */
    if (instance->roll_mark == ROLL_MARK_UNDOING || step_is_begun(instance, operation->kind))
        return TRUE;
    g_clear_pointer(&instance->operation, g_free);
    desire_revert(instance, operation->kind);
    instance->roll_mark = ROLL_MARK_NONE;
    instance->roll = 0;
    instance->undo_revision = 0;
    operation->total--;
    operation->pending--;
    return store_operation_update(tx, operation, error) && store_instance_update(tx, instance, 0, error);
}

gboolean
operations_supersede(StoreTx *tx, StoreSet *set, StoreOperation *successor, UnixTime now, GError **error)
{
    gboolean deletes_all = successor->kind == OPERATION_DELETE_SCALE_SET || successor->kind == OPERATION_DELETE_GROUP;
    g_autoptr(GPtrArray) running = store_operation_in_progress(tx, set->id, error);
    if (!running)
        return FALSE;
    for (guint i = running->len; i > 0; i--) {
        const StoreOperation *operation = g_ptr_array_index(running, i - 1);
        if (strcmp(operation->id, successor->id) == 0 || (operation->kind == OPERATION_DELETE_INSTANCES && !deletes_all))
            g_ptr_array_remove_index(running, i - 1);
    }
    if (running->len == 0)
        return TRUE;

    g_autoptr(GPtrArray) instances = store_instance_list(tx, set->id, error);
    if (!instances)
        return FALSE;
    for (guint i = 0; i < instances->len; i++) {
        StoreInstance *instance = g_ptr_array_index(instances, i);
        StoreOperation *superseded = find_operation(running, instance->operation);
        if (!superseded)
            continue;
        if (superseded->kind == OPERATION_ROLLING_UPGRADE && !deletes_all) {
            if (!roll_step_revert(tx, superseded, instance, error))
                return FALSE;
            continue;
        }
        g_clear_pointer(&instance->operation, g_free);
        if (step_is_begun(instance, superseded->kind)) {
            instance->operation = g_strdup(successor->id);
            successor->total++;
            successor->pending++;
        } else {
            desire_revert(instance, superseded->kind);
        }
        if (!store_instance_update(tx, instance, 0, error))
            return FALSE;
    }
    for (guint i = 0; i < running->len; i++) {
        StoreOperation *operation = g_ptr_array_index(running, i);
        if (operation->kind == OPERATION_ROLLING_UPGRADE && !deletes_all)
            continue;
        operation->status = OPERATION_CANCELED;
        operation->pending = 0;
        g_free(operation->code);
        g_free(operation->message);
        operation->code = g_strdup(arm_code_text(ARM_OPERATION_PREEMPTED));
        operation->message =
            g_strdup_printf("Operation '%s' ended because a newer change of scale set '%s' took over (operation '%s').",
                            operation->id, set->name, successor->id);
        if (!operation_end(tx, operation, now, error))
            return FALSE;
    }
    return store_operation_update(tx, successor, error);
}

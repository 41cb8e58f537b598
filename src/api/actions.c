#include "api/actions.h"

#include "api/capacity.h"
#include "api/draft.h"
#include "api/lock_out.h"
#include "api/place.h"
#include "api/quarantine.h"
#include "api/quota_growth.h"
#include "api/roll_start.h"
#include "store/models.h"
#include "store/upgrades.h"

#include <string.h>

/* What one request works with. */
typedef struct {
    Call *call;
    StoreTx *tx;
    StoreSet *set;
    const Action *action;
    StoreOperation *operation;
    Model *current;       /* for updates */
    StoreUpgrade *change; /* the same, once an instance is changed */
    GHashTable *models;   /* revision -> Model, for updates and deletions */
    gboolean named;       /* the instances were named, not "all" */
    gboolean by_set;
    gboolean skip_shutdown;
    guint deleted;         /* of the capacity */
    char *joined;          /* the operation that deletes already what is to be deleted */
    GPtrArray *locked_out; /* of GError: what instances would be locked out of */
    GArray *hurried;       /* ids of instances that are deleted with notice already, and by force now */
} Run;

static gboolean
busy_check(const StoreInstance *instance, GError **error)
{
    return !instance->operation ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "instanceIds",
                    "Instance %u has a step in hand: operation '%s' is in progress on it. Wait for its end.", instance->id,
                    instance->operation);
}

/* Protection is from what the set does: its upgrades, reimages and deallocations; starting and deleting by name is a person's
 * own doing. */
static gboolean
is_protected(const Run *run, const StoreInstance *instance)
{
    if (!run->by_set || !instance->protect_scale_set_actions)
        return FALSE;
    return run->action->is_update || run->action->desire == DESIRE_REIMAGE || run->action->desire == DESIRE_REIMAGE_ALL ||
           run->action->desire == DESIRE_DEALLOCATE;
}

static gboolean
enlist(Run *run, const StoreInstance *instance, const Change *change, GError **error)
{
    const Call *call = run->call;
    if (!upgrade_takes(instance, change))
        return TRUE;
    if (!run->change)
        run->change = upgrade_open(run->tx, run->set, run->operation->resource_id, "ManualUpgrade", run->operation->id,
                                   call->request->caller, call->now, error);
    return run->change && upgrade_enlist(run->tx, run->change, instance, change, /* replaced= */ FALSE, call->now, error);
}

/* 1: something is to be done, 0: nothing, -1: *error is set. */
static int
update_apply(Run *run, StoreInstance *instance, GError **error)
{
    const guint base = desire_base(instance);
    if (base == run->set->revision)
        return 0;
    Model *from = models_by_revision_get(run->models, run->tx, run->set, base, error);
    if (!from)
        return -1;
    if (!update_in_place_check(instance, from, run->current, "instanceIds", error))
        return -1;
    Change change = change_between(from, run->current);
    if (!lock_out_judge(run->tx, instance, losses_of_change(&change, /* replaced= */ FALSE), run->locked_out, error))
        return -1;
    if (!enlist(run, instance, &change, error))
        return -1;
    desire_update(instance, run->set->revision, &change, run->current);
    return 1;
}

/* The same. */
static int
desire_run(Run *run, StoreInstance *instance, GError **error)
{
    static const Losses all = { .vtpm = TRUE, .os_disk = TRUE };
    const Desire desire = run->action->desire;
    if ((desire == DESIRE_REIMAGE || desire == DESIRE_REIMAGE_ALL) &&
        !lock_out_judge(run->tx, instance, all, run->locked_out, error))
        return -1;
    const int todo = desire_apply(instance, desire, run->skip_shutdown) ? 1 : 0;
    if (desire != DESIRE_DELETE)
        return todo;
    run->deleted += instance->surge || instance->replaced ? 0 : 1;
    return models_notice_give(run->models, run->tx, run->set, instance, run->call->now, error) ? todo : -1;
}

/* An instance on its way out: deleting it again joins what is under way, anything else comes too late. */
static gboolean
leaving_run(Run *run, StoreInstance *instance, GError **error)
{
    if (run->action->desire == DESIRE_DELETE && !run->action->is_update) {
        g_free(run->joined);
        run->joined = g_strdup(instance->operation);
        if (!run->skip_shutdown || !desire_notice_end(instance))
            return TRUE;
        g_array_append_val(run->hurried, instance->id);
        return store_instance_update(run->tx, instance, 0, error);
    }
    return !run->named ||
           arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "instanceIds", "Instance %u is being deleted by operation '%s'.",
                    instance->id, instance->operation ? instance->operation : "");
}

static gboolean
instance_run(Run *run, StoreInstance *instance, GError **error)
{
    if (instance->want_deleted)
        return leaving_run(run, instance, error);
    const gboolean is_deleted = !run->action->is_update && run->action->desire == DESIRE_DELETE;
    if (instance->quarantined && !(run->named && is_deleted))
        return !run->named || quarantine_check(instance, error);
    if (is_protected(run, instance)) {
        if (!run->named)
            return TRUE;
        return arm_fail(error, ARM_OPERATION_NOT_ALLOWED, "instanceIds",
                        "Instance %u is protected from scale set actions (protectionPolicy.protectFromScaleSetActions).",
                        instance->id);
    }
    if (!busy_check(instance, error))
        return FALSE;
    int todo;
    if (run->action->is_update) {
        todo = update_apply(run, instance, error);
    } else {
        g_autoptr(GError) unfit = NULL;
        if (!desire_check(instance, run->action->desire, &unfit)) {
            if (!run->named)
                return TRUE;
            g_propagate_error(error, g_steal_pointer(&unfit));
            return FALSE;
        }
        todo = desire_run(run, instance, error);
    }
    return todo >= 0 && (todo == 0 || step_begin_beside_revival(run->tx, run->operation, instance, error));
}

static gboolean
instances_run(Run *run, const char *const *ids, GError **error)
{
    if (!ids) {
        g_autoptr(GPtrArray) instances = store_instance_list(run->tx, run->set->id, error);
        for (guint i = 0; instances && i < instances->len; i++) {
            if (!instance_run(run, g_ptr_array_index(instances, i), error))
                return FALSE;
        }
        return instances != NULL;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (; *ids; ids++) {
        g_autoptr(StoreInstance) instance = call_instance(run->tx, run->set, *ids, error);
        if (!instance)
            return FALSE;
        if (g_hash_table_add(seen, GUINT_TO_POINTER(instance->id)) && !instance_run(run, instance, error))
            return FALSE;
    }
    return TRUE;
}

/* Deleting named instances lowers the capacity with them, or the set would make new ones. What a rolling upgrade has beyond the
 * capacity was no part of it. */
static gboolean
capacity_lower(Run *run, GError **error)
{
    g_autoptr(StoreSet) set = store_set_get_by_id(run->tx, run->set->id, error);
    return set && capacity_write(run->tx, set, set->capacity - MIN(set->capacity, run->deleted), run->call->now, error);
}

/* The instances, and for an update the quota that they then use. */
static gboolean
instances_run_within_quota(Run *run, const char *const *ids, GError **error)
{
    if (!run->action->is_update)
        return instances_run(run, ids, error);
    g_autoptr(StoreUsage) before = store_usage(run->tx, /* except_set= */ 0, error);
    return before && instances_run(run, ids, error) &&
           quota_growth_check(run->call, run->tx, before, run->current, "instanceIds", error);
}

static gboolean
run_prepare(Run *run, GError **error)
{
    Call *call = run->call;
    g_autofree char *id = resource_id_scale_set(call->api->subscription, run->set->group, run->set->name);
    run->operation = operation_begin(run->tx, run->action->kind, run->set, id, run->set->location, /* of_set= */ FALSE,
                                     call->request->caller, call->now, error);
    run->models = models_by_revision_new();
    if (!run->operation || !run->action->is_update)
        return run->operation != NULL;
    run->current = models_by_revision_get(run->models, run->tx, run->set, run->set->revision, error);
    return run->current != NULL;
}

static void
run_clear(Run *run)
{
    store_abort(run->tx);
    store_set_free(run->set);
    store_operation_free(run->operation);
    store_upgrade_free(run->change);
    g_free(run->joined);
    g_clear_pointer(&run->hurried, g_array_unref);
    g_clear_pointer(&run->locked_out, g_ptr_array_unref);
    g_clear_pointer(&run->models, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* Nothing was begun: what this request changed is kept without an operation of its own. */
static gboolean
hurry(Run *run, GError **error)
{
    if (run->hurried->len == 0)
        return TRUE;
    store_abort(g_steal_pointer(&run->tx));
    run->tx = store_write(run->call->api->store, error);
    for (guint i = 0; run->tx && i < run->hurried->len; i++) {
        GError *lookup = NULL;
        g_autoptr(StoreInstance) instance =
            store_instance_get(run->tx, run->set->id, g_array_index(run->hurried, guint, i), &lookup);
        if (lookup) {
            g_propagate_error(error, lookup);
            return FALSE;
        }
        /* It may be gone by now. */
        if (instance && desire_notice_end(instance) && !store_instance_update(run->tx, instance, 0, error))
            return FALSE;
    }
    return run->tx && store_commit(g_steal_pointer(&run->tx), error);
}

ApiResponse *
action_run(Call *call, const Action *action, const char *const *ids, gboolean by_set, GError **error)
{
    g_auto(Run)
        run = { .call = call,
                .action = action,
                .named = ids != NULL,
                .by_set = by_set,
                .hurried = g_array_new(FALSE, FALSE, sizeof(guint)),
                .locked_out = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free),
                .skip_shutdown = call_query_is_true(call, "skipShutdown") || call_query_is_true(call, "forceDeletion") };
    run.tx = store_write(call->api->store, error);
    run.set = run.tx ? call_set(run.tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    if (!run.set || !call_not_deleting(run.set, error) || !run_prepare(&run, error) ||
        !instances_run_within_quota(&run, ids, error) || !lock_out_settle(call, run.tx, run.set, run.locked_out, error))
        return NULL;
    if (run.operation->total == 0 && run.joined)
        return hurry(&run, error) ? respond_accepted(call, run.joined) : NULL;
    if (run.deleted > 0 && !capacity_lower(&run, error))
        return NULL;
    if (run.operation->pending == 0 && !operation_end(run.tx, run.operation, call->now, error))
        return NULL;
    if (!store_commit(g_steal_pointer(&run.tx), error))
        return NULL;
    return respond_accepted(call, run.operation->id);
}

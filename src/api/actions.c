/* Actions on instances: start, poweroff, restart, deallocate, reimage, reimageall, redeploy, delete, manualupgrade. */
#include "api/actions.h"

#include "api/draft.h"

#include <string.h>

#define SET                                                                                                                \
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{set}"
enum { PARAM_GROUP = 1, PARAM_SET = 2, PARAM_INSTANCE = 3 };

static const Action action_update = { .kind = OPERATION_UPDATE_INSTANCES, .is_update = TRUE };
static const Action action_start = { OPERATION_START, FALSE, DESIRE_START, FALSE };
static const Action action_power_off = { OPERATION_POWER_OFF, FALSE, DESIRE_POWER_OFF, TRUE };
static const Action action_restart = { OPERATION_RESTART, FALSE, DESIRE_RESTART, FALSE };
static const Action action_deallocate = { OPERATION_DEALLOCATE, FALSE, DESIRE_DEALLOCATE, FALSE };
static const Action action_reimage = { OPERATION_REIMAGE, FALSE, DESIRE_REIMAGE, FALSE };
static const Action action_reimage_all = { OPERATION_REIMAGE_ALL, FALSE, DESIRE_REIMAGE_ALL, FALSE };
static const Action action_redeploy = { OPERATION_REDEPLOY, FALSE, DESIRE_REDEPLOY, FALSE };
static const Action action_delete = { OPERATION_DELETE_INSTANCES, FALSE, DESIRE_DELETE, FALSE };

/* What one request works with. */
typedef struct {
    Call *call;
    StoreTx *tx;
    StoreSet *set;
    const Action *action;
    StoreOperation *operation;
    Model *current;             /* for updates */
    GHashTable *models;         /* revision -> Model, for updates */
    gboolean named;             /* the instances were named, not "all" */
    gboolean by_set;
    gboolean skip_shutdown;
    guint deleted;
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

static Model *
model_at(Run *run, guint revision, GError **error)
{
    Model *model = g_hash_table_lookup(run->models, GUINT_TO_POINTER(revision));
    if (model)
        return model;
    model = model_of_revision(run->tx, run->set, revision, NULL, error);
    if (model)
        g_hash_table_insert(run->models, GUINT_TO_POINTER(revision), model);
    return model;
}

/* 1: something is to be done, 0: nothing, -1: *error is set. */
static int
update_apply(Run *run, StoreInstance *instance, GError **error)
{
    if (instance->want_revision == run->set->revision)
        return 0;
    Model *from = model_at(run, instance->want_revision, error);
    if (!from)
        return -1;
    Change change = change_between(from, run->current);
    desire_update(instance, run->set->revision, &change, run->current);
    return 1;
}

static gboolean
instance_run(Run *run, StoreInstance *instance, GError **error)
{
    if (instance->want_deleted)
        return TRUE;
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
        todo = desire_apply(instance, run->action->desire, run->skip_shutdown) ? 1 : 0;
        run->deleted += run->action->desire == DESIRE_DELETE ? 1 : 0;
    }
    return todo >= 0 && (todo == 0 || step_begin(run->tx, run->operation, instance, error));
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
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (; *ids; ids++) {
        g_autoptr(StoreInstance) instance = call_instance(run->tx, run->set, *ids, error);
        if (!instance)
            return FALSE;
        if (g_hash_table_add(seen, (gpointer)*ids) && !instance_run(run, instance, error))
            return FALSE;
    }
    return TRUE;
}

/* Deleting named instances lowers the capacity with them, or the set would make new ones. */
static gboolean
capacity_lower(Run *run, GError **error)
{
    g_autoptr(StoreSet) set = store_set_get_by_id(run->tx, run->set->id, error);
    g_autoptr(StoreModel) model = set ? store_model_get(run->tx, set->id, set->revision, error) : NULL;
    g_autoptr(json_t) document = model ? json_parse(model->document, strlen(model->document), error) : NULL;
    if (!document)
        return FALSE;
    set->capacity -= MIN(set->capacity, run->deleted);
    set->revision++;
    json_object_set_new(json_object_get(document, "sku"), "capacity", json_integer(set->capacity));
    g_free(model->document);
    model->document = json_text(document);
    model->revision = set->revision;
    model->created = run->call->now;
    return store_model_insert(run->tx, set->id, model, error) && store_set_update(run->tx, set, 0, error);
}

static gboolean
run_prepare(Run *run, GError **error)
{
    Call *call = run->call;
    g_autofree char *id = resource_id_scale_set(call->api->subscription, run->set->group, run->set->name);
    run->operation = operation_begin(run->tx, run->action->kind, run->set, id, run->set->location, /* of_set= */ FALSE,
                                     call->request->caller, call->now, error);
    if (!run->operation || !run->action->is_update)
        return run->operation != NULL;
    run->models = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)model_unref);
    run->current = model_at(run, run->set->revision, error);
    return run->current != NULL;
}

static void
run_clear(Run *run)
{
    store_abort(run->tx);
    store_set_free(run->set);
    store_operation_free(run->operation);
    g_clear_pointer(&run->models, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static gboolean
skip_shutdown_read(Call *call, const Action *action, gboolean *ret_skip, GError **error)
{
    const char *text = call_query(call, "skipshutdown");
    *ret_skip = FALSE;
    if (!text || !action->takes_skip_shutdown)
        return TRUE;
    if (g_ascii_strcasecmp(text, "true") != 0 && g_ascii_strcasecmp(text, "false") != 0)
        return arm_fail(error, ARM_INVALID_PARAMETER, "skipShutdown", "'skipShutdown' is true or false, not '%.40s'.", text);
    *ret_skip = g_ascii_strcasecmp(text, "true") == 0;
    return TRUE;
}

ApiResponse *
action_run(Call *call, const Action *action, const char *const *ids, gboolean by_set, GError **error)
{
    g_auto(Run) run = { .call = call, .action = action, .named = ids != NULL, .by_set = by_set };
    if (!skip_shutdown_read(call, action, &run.skip_shutdown, error))
        return NULL;
    run.tx = store_write(call->api->store, error);
    run.set = run.tx ? call_set(run.tx, call->params[PARAM_GROUP], call->params[PARAM_SET], error) : NULL;
    if (!run.set || !call_not_deleting(run.set, error) || !run_prepare(&run, error) || !instances_run(&run, ids, error))
        return NULL;
    if (run.deleted > 0 && !capacity_lower(&run, error))
        return NULL;
    if (run.operation->pending == 0 && !operation_end(run.tx, run.operation, call->now, error))
        return NULL;
    if (!store_commit(g_steal_pointer(&run.tx), error))
        return NULL;
    return respond_accepted(call, run.operation->id);
}

/* ---- by the set's route ---- */

/* {"instanceIds":["0","3"]} or ["*"]; absent or without the member: all. *ret_ids NULL: all. */
static gboolean
ids_read(const json_t *body, gboolean required, char ***ret_ids, GError **error)
{
    static const char accepted[] = "an array of instance ids as texts, or [\"*\"] for all";
    const json_t *list = NULL;
    const char *key;
    json_t *value;

    *ret_ids = NULL;
    json_object_foreach((json_t *)body, key, value)
    {
        if (g_ascii_strcasecmp(key, "instanceIds") != 0 && !json_is_null(value))
            return arm_fail(error, ARM_INVALID_REQUEST_CONTENT, key,
                            "Could not find member '%.100s' on the body of this action; accepted: instanceIds.", key);
        if (g_ascii_strcasecmp(key, "instanceIds") == 0 && !json_is_null(value))
            list = value;
    }
    if (!list)
        return !required || arm_fail(error, ARM_INVALID_PARAMETER, "instanceIds", "'instanceIds' is required: %s.", accepted);
    if (!json_is_array(list) || json_array_size(list) > 1000)
        return arm_fail(error, ARM_INVALID_PARAMETER, "instanceIds", "'instanceIds' is %s.", accepted);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));
        if (!id)
            return arm_fail(error, ARM_INVALID_PARAMETER, "instanceIds", "'instanceIds' is %s.", accepted);
        if (strcmp(id, "*") == 0)
            return TRUE;
        g_ptr_array_add(ids, g_strdup(id));
    }
    g_ptr_array_add(ids, NULL);
    *ret_ids = (char **)g_ptr_array_steal(ids, NULL);
    return TRUE;
}

static ApiResponse *
set_action(Call *call, const Action *action, gboolean ids_required, GError **error)
{
    g_auto(GStrv) ids = NULL;
    if (!ids_read(call->body, ids_required, &ids, error))
        return NULL;
    return action_run(call, action, (const char *const *)ids, /* by_set= */ TRUE, error);
}

#define SET_ACTION(name, required)                                                                                         \
    static ApiResponse *set_##name(Call *call, GError **error)                                                             \
    {                                                                                                                      \
        return set_action(call, &action_##name, required, error);                                                         \
    }
SET_ACTION(update, TRUE)
SET_ACTION(start, FALSE)
SET_ACTION(power_off, FALSE)
SET_ACTION(restart, FALSE)
SET_ACTION(deallocate, FALSE)
SET_ACTION(reimage, FALSE)
SET_ACTION(reimage_all, FALSE)
SET_ACTION(redeploy, FALSE)
SET_ACTION(delete, TRUE)

/* ---- by an instance's own route ---- */

static ApiResponse *
own_action(Call *call, const Action *action, GError **error)
{
    const char *const ids[] = { call->params[PARAM_INSTANCE], NULL };
    g_auto(GStrv) none = NULL;
    if (!ids_read(call->body, /* required= */ FALSE, &none, error))
        return NULL;
    return action_run(call, action, ids, /* by_set= */ FALSE, error);
}

#define OWN_ACTION(name)                                                                                                   \
    static ApiResponse *own_##name(Call *call, GError **error)                                                             \
    {                                                                                                                      \
        return own_action(call, &action_##name, error);                                                                   \
    }
OWN_ACTION(start)
OWN_ACTION(power_off)
OWN_ACTION(restart)
OWN_ACTION(deallocate)
OWN_ACTION(reimage)
OWN_ACTION(reimage_all)
OWN_ACTION(redeploy)

static ApiResponse *
own_delete(Call *call, GError **error)
{
    g_autoptr(GError) problem = NULL;
    ApiResponse *response = own_action(call, &action_delete, &problem);
    if (g_error_matches(problem, ARM_ERROR, ARM_INSTANCE_NOT_FOUND))
        return respond_empty(204);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    return response;
}

#define OWN SET "/virtualMachines/{instance}"

const Route routes_scale_set_actions[] = {
    { "POST", SET "/manualupgrade", set_update, ROUTE_BODY },
    { "POST", SET "/start", set_start, ROUTE_OPTIONAL_BODY },
    { "POST", SET "/poweroff", set_power_off, ROUTE_OPTIONAL_BODY },
    { "POST", SET "/restart", set_restart, ROUTE_OPTIONAL_BODY },
    { "POST", SET "/deallocate", set_deallocate, ROUTE_OPTIONAL_BODY },
    { "POST", SET "/reimage", set_reimage, ROUTE_OPTIONAL_BODY },
    { "POST", SET "/reimageall", set_reimage_all, ROUTE_OPTIONAL_BODY },
    { "POST", SET "/redeploy", set_redeploy, ROUTE_OPTIONAL_BODY },
    { "POST", SET "/delete", set_delete, ROUTE_BODY },
    { "POST", OWN "/start", own_start, ROUTE_OPTIONAL_BODY },
    { "POST", OWN "/poweroff", own_power_off, ROUTE_OPTIONAL_BODY },
    { "POST", OWN "/restart", own_restart, ROUTE_OPTIONAL_BODY },
    { "POST", OWN "/deallocate", own_deallocate, ROUTE_OPTIONAL_BODY },
    { "POST", OWN "/reimage", own_reimage, ROUTE_OPTIONAL_BODY },
    { "POST", OWN "/reimageall", own_reimage_all, ROUTE_OPTIONAL_BODY },
    { "POST", OWN "/redeploy", own_redeploy, ROUTE_OPTIONAL_BODY },
    { "DELETE", OWN, own_delete, 0 },
    { 0 },
};
